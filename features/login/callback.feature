@needs:idp-control
Feature: The callback takes only the answer to a login that this browser started

  @id:C-01
  Scenario Outline: A callback with <state> is refused at <service> before any token request
    Given alice can log in to <service>
    When alice brings a good code to the callback of <service> with <state>
    Then the login is refused
    And no code was redeemed

    @each:relying-party
    Examples:
      | service | state                      |
      | *       | no state                   |
      | *       | another state              |
      | *       | an empty state             |

    @each:relying-party @needs:relogin
    Examples:
      | service | state                       |
      | *       | the state of an ended login |

  @id:C-02
  Scenario Outline: A callback that another browser started is refused at <service>
    Given alice can log in to <service>
    When mallory starts to log in at <service> and stops before the callback
    And alice's browser opens mallory's callback
    Then the login is refused

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:C-03
  Scenario Outline: A callback works once at <service>
    Given alice can log in to <service>
    When alice logs in to <service>
    And alice's browser opens the same callback again
    Then no second code was redeemed

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:C-06
  Scenario Outline: A refusal by the provider ends the login at <service> calmly: <error>
    Given alice can log in to <service>
    When the provider answers alice's login at <service> with the error "<error>"
    Then the login is refused
    And no code was redeemed
    And the refusal is a controlled answer

    @each:relying-party
    Examples:
      | service | error           |
      | *       | access_denied   |
      | *       | login_required  |
      | *       | server_error    |
      | *       | no_such_error   |

  @id:C-07
  Scenario Outline: An error text is not put into a page of <service> unescaped
    Given alice can log in to <service>
    When the provider answers alice's login at <service> with the error "access_denied" and a script as description
    Then the script is not in the page

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:C-09
  Scenario Outline: A code of another login is refused at <service>
    Given alice can log in to <service>
    When alice starts to log in at <service> and stops before the callback
    And mallory starts to log in at <service> and stops before the callback
    And alice's browser opens her callback with mallory's code
    Then the login is refused

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:C-11
  Scenario Outline: A login at <service> does not lead to another site: <target> by <channel>
    Given alice can log in to <service>
    When alice logs in to <service> with the return target "<target>" by <channel>
    Then every redirect stays at <service> or the provider

    @each:relying-party
    Examples:
      | service | target                      | channel        |
      | *       | https://evil.test/          | every parameter |
      | *       | //evil.test/                | every parameter |
      | *       | /\\evil.test/               | every parameter |
      | *       | /%09/evil.test/             | every parameter |
      | *       | https:evil.test             | every parameter |
      | *       | ///evil.test/               | every parameter |
      | *       | {origin}@evil.test/         | every parameter |
      | *       | {origin}.evil.test/         | every parameter |
      | *       | //evil.test/                | the path       |
      | *       | /\\evil.test/               | the path       |
      | *       | /%5cevil.test/              | the path       |
