@needs:idp-control @needs:downstream
Feature: A call on the user's behalf carries the user's own access token and nothing else

  @id:J-01
  Scenario Outline: <downstream> receives the caller's access token from <service>
    Given alice is signed in to <service>
    When alice triggers the call from <service> to <downstream>
    Then <downstream> receives alice's access token

    @each:call
    Examples:
      | service | downstream |
      | *       | *          |

  @id:J-02
  Scenario Outline: <downstream> receives no other secret from <service>
    Given alice is signed in to <service>
    When alice triggers the call from <service> to <downstream>
    Then <downstream> receives no refresh token, id_token, client secret or session cookie

    @each:call
    Examples:
      | service | downstream |
      | *       | *          |

  @id:J-04
  Scenario Outline: Two users of <service> never share a token at <downstream>
    Given alice is signed in to <service>
    And bob is signed in to <service>
    When bob triggers the call from <service> to <downstream>
    And alice triggers the call from <service> to <downstream>
    Then <downstream> receives alice's access token
    And <downstream> receives bob's access token

    @each:call
    Examples:
      | service | downstream |
      | *       | *          |

  @id:J-06
  Scenario Outline: Identity headers of the client do not reach <downstream> from <service>
    Given alice is signed in to <service>
    When alice triggers the call from <service> to <downstream> with forged identity headers
    Then <downstream> receives none of the forged values

    @each:call
    Examples:
      | service | downstream |
      | *       | *          |

  @id:J-07
  Scenario Outline: Identity headers in an odd spelling do not reach <downstream> from <service>
    Given alice is signed in to <service>
    When alice triggers the call from <service> to <downstream> with forged identity headers spelled with underscores
    Then <downstream> receives none of the forged values

    @each:call
    Examples:
      | service | downstream |
      | *       | *          |

  @id:J-12
  Scenario Outline: A redirect of <downstream> does not carry the token of <service> away: <status>
    Given alice is signed in to <service>
    And <downstream> answers alice's calls with a redirect <status> to another origin
    When alice triggers the call from <service> to <downstream>
    Then the other origin receives no token

    @each:call
    Examples:
      | service | downstream | status |
      | *       | *          | 302    |
      | *       | *          | 307    |
      | *       | *          | 308    |

  @id:J-13 @exclusive
  Scenario Outline: <service> does not call <downstream> without a token
    Given alice is signed in to <service>
    When the call from <service> to <downstream> is triggered without credentials
    Then <downstream> receives nothing

    @each:call
    Examples:
      | service | downstream |
      | *       | *          |

  @id:J-14
  Scenario Outline: A refusal by <downstream> is not a success of <service>: <status>
    Given alice is signed in to <service>
    And <downstream> answers alice's calls with status <status>
    When alice triggers the call from <service> to <downstream>
    Then the caller gets no success
    And <downstream> is called at most twice

    @each:call
    Examples:
      | service | downstream | status |
      | *       | *          | 401    |
      | *       | *          | 403    |
      | *       | *          | 500    |

  @id:J-15
  Scenario Outline: A login page of <downstream> is not data for <service>
    Given alice is signed in to <service>
    And <downstream> answers alice's calls with a redirect to the provider's login page
    When alice triggers the call from <service> to <downstream>
    Then the caller gets no success
    And the provider receives no access token of alice's at its login page

    @each:call
    Examples:
      | service | downstream |
      | *       | *          |
