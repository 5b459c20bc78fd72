@needs:idp-control @needs:logout
Feature: A logout ends the session

  @id:H-01
  Scenario Outline: A logout ends the session on the server of <service>
    Given alice is signed in to <service>
    When alice's cookies are copied
    And alice logs out of <service>
    Then the copied cookies are not signed in to <service>

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:H-02
  Scenario Outline: After the logout the browser holds no live session cookie of <service>
    Given alice is signed in to <service>
    When alice logs out of <service>
    Then that browser is nobody's at <service>

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:H-03 @needs:rp-initiated-logout
  Scenario Outline: A logout of <service> goes on to the provider
    Given alice is signed in to <service>
    When alice logs out of <service>
    Then the provider's end-session endpoint is told

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:H-05
  Scenario Outline: A logout of <service> does not lead to another site: <target>
    Given alice is signed in to <service>
    When alice logs out of <service> with the return target "<target>"
    Then every redirect stays at <service> or the provider

    @each:relying-party
    Examples:
      | service | target              |
      | *       | https://evil.test/  |
      | *       | //evil.test/        |
      | *       | /\\evil.test/       |
