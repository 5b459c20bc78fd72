Feature: A health endpoint answers a probe, whatever else goes on
  "Open" counts only while a protected path of the same service is closed.

  @id:L-01
  Scenario Outline: <path> of <service> answers a probe without credentials: <probe>
    Given a protected path of <service> is closed to an anonymous caller
    When <path> of <service> is probed as <probe>
    Then it answers as a health endpoint

    @each:health-path
    Examples:
      | service | path | probe                     |
      | *       | *    | a plain GET               |
      | *       | *    | a HEAD request            |
      | *       | *    | a Kubernetes probe        |
      | *       | *    | HTTP/1.0 without Host     |

  @id:L-02
  Scenario Outline: Bad credentials do not break <path> of <service>: <credentials>
    Given a protected path of <service> is closed to an anonymous caller
    When <path> of <service> is probed with <credentials>
    Then it answers as a health endpoint

    @each:health-path
    Examples:
      | service | path | credentials               |
      | *       | *    | a garbage bearer          |
      | *       | *    | an expired JWT as bearer  |
      | *       | *    | garbage cookies           |
      | *       | *    | two Authorization headers |
      | *       | *    | an identity header        |

  @id:L-03
  Scenario Outline: <path> of <service> sets no cookie and is not stored
    Given a protected path of <service> is closed to an anonymous caller
    When <path> of <service> is probed as a plain GET
    Then it answers as a health endpoint
    And it sets no cookie and forbids storing

    @each:health-path
    Examples:
      | service | path |
      | *       | *    |

  @id:L-05 @needs:idp-control @exclusive
  Scenario Outline: <path> of <service> answers while the provider is <state>, and does not ask it
    Given a protected path of <service> is closed to an anonymous caller
    When the provider is <state>
    And <path> of <service> is probed 5 times
    Then it answers as a health endpoint
    And the provider was not asked

    @each:health-path
    Examples:
      | service | path | state     |
      | *       | *    | up        |
      | *       | *    | failing   |
