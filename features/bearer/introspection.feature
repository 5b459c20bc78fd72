@needs:idp-control @needs:introspection
Feature: Introspection opens a path only when the provider says so clearly

  @id:I-18
  Scenario Outline: Only the JSON boolean true counts as active at <path> of <service>: <answer>
    Given <path> of <service> opens for alice's access token
    When the provider's introspection answers <answer>
    And the same request is made again
    Then the request is refused

    @each:introspecting-service
    Examples:
      | service | path | answer                                  |
      | *       | *    | {"active":false}                        |
      | *       | *    | {"active":"true"}                       |
      | *       | *    | {"active":"false"}                      |
      | *       | *    | {"active":1}                            |
      | *       | *    | {"active":null}                         |
      | *       | *    | {}                                      |
      | *       | *    | []                                      |
      | *       | *    | {"active":false,"expires_in":3600}      |
      | *       | *    | {"error":"invalid_client"}              |

  @id:I-22
  Scenario Outline: A failing introspection endpoint opens nothing at <path> of <service>: <fault>
    Given <path> of <service> opens for alice's access token
    When the provider's introspection fails with <fault>
    And the same request is made again
    Then the request is refused

    @each:introspecting-service
    Examples:
      | service | path | fault                |
      | *       | *    | status 500           |
      | *       | *    | status 401           |
      | *       | *    | an HTML page         |
      | *       | *    | a dropped connection |
