@needs:idp-control
Feature: The token request is bound to the authorization request, and its answer is read with care

  @id:D-01
  Scenario Outline: The token request of <service> is complete
    When alice logs in to <service>
    Then alice is signed in to <service>
    And the token request is bound to the authorization request

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:D-02
  Scenario Outline: <service> authenticates once, and never in the URL
    When alice logs in to <service>
    Then alice is signed in to <service>
    And the client authenticated by exactly one method

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:D-06
  Scenario Outline: An incomplete token response signs nobody in at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with a token response where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                |
      | *       | id_token is missing      |
      | *       | id_token is null         |
      | *       | id_token is a number     |
      | *       | access_token is missing  |

  @id:D-14
  Scenario Outline: <service> never shows a secret to the browser
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where aud is another client
    And the provider answers alice's login at <service> with the error "server_error"
    Then no secret came back to the browser

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:E-31
  Scenario Outline: A refused login leaves nothing behind at <service>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where aud is another client
    Then the login is refused
    And the tokens of the refused login are never used

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:E-32
  Scenario Outline: The refusal of an id_token is a controlled answer at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused
    And the refusal is a controlled answer

    @each:relying-party
    Examples:
      | service | departure                          |
      | *       | one bit of the signature is flipped |
      | *       | aud is another client              |
      | *       | exp was an hour ago                |
      | *       | nonce is missing                   |
