@needs:idp-control
Feature: Only the declared health paths are open
  Request targets go out byte for byte as written here. {open} is the health path, {protected} the protected one.

  @id:L-07
  Scenario Outline: <target> of <service> is closed or absent
    Given a protected path of <service> opens for alice and is closed to an anonymous caller
    When <service> is asked raw for "<target>"
    Then nothing protected is shown

    @each:service
    Examples:
      | service | target          |
      | *       | /               |
      | *       | /api            |
      | *       | /metrics        |
      | *       | /debug          |
      | *       | /docs           |
      | *       | /openapi.json   |
      | *       | /swagger        |
      | *       | /apidocs/       |
      | *       | /admin          |
      | *       | /actuator/env   |
      | *       | /.git/HEAD      |
      | *       | /.env           |
      | *       | /console        |
      | *       | /graphql        |

  @id:L-08
  Scenario Outline: An entry of the white-list of <service> is exact: <target>
    Given a protected path of <service> opens for alice and is closed to an anonymous caller
    When <service> with the open path <path> is asked raw for "<target>"
    Then nothing protected is shown

    @each:health-path
    Examples:
      | service | path | target                    |
      | *       | *    | {open}x                   |
      | *       | *    | {open}-admin              |
      | *       | *    | {open}{protected}         |
      | *       | *    | /x{open}                  |
      | *       | *    | {protected}?x={open}      |
      | *       | *    | {protected}{open}         |
      | *       | *    | {protected};{open}        |
      | *       | *    | {protected}&{open}        |

  @id:L-09
  Scenario Outline: A way out of the open path does not lead to a protected one at <service>: <target>
    Given a protected path of <service> opens for alice and is closed to an anonymous caller
    When <service> with the open path <path> is asked raw for "<target>"
    Then nothing protected is shown

    @each:health-path
    Examples:
      | service | path | target                         |
      | *       | *    | {open}/..{protected}           |
      | *       | *    | {open}/%2e%2e{protected}       |
      | *       | *    | {open}/.%2e{protected}         |
      | *       | *    | {open}/%2e.{protected}         |
      | *       | *    | {open}/..%2f{bare}             |
      | *       | *    | {open}%2f..%2f{bare}           |
      | *       | *    | {open}/..;{protected}          |
      | *       | *    | {open};/..{protected}          |
      | *       | *    | {open}/..%5c{bare}             |
      | *       | *    | {open}\\..\\{bare}             |
      | *       | *    | {open}/%252e%252e{protected}   |
      | *       | *    | {open}/..%252f{bare}           |
      | *       | *    | {open}/%c0%ae%c0%ae{protected} |
      | *       | *    | {open}//..{protected}          |
      | *       | *    | {open}/./..{protected}         |

  @id:L-10
  Scenario Outline: A decorated protected path stays closed at <service>: <target>
    Given a protected path of <service> opens for alice and is closed to an anonymous caller
    When <service> with the open path <path> is asked raw for "<target>"
    Then nothing protected is shown

    @each:health-path
    Examples:
      | service | path | target                |
      | *       | *    | /{protected}          |
      | *       | *    | //{protected}         |
      | *       | *    | /.{protected}         |
      | *       | *    | /./{protected}        |
      | *       | *    | {protected}/          |
      | *       | *    | {protected}//         |
      | *       | *    | {protected}/.         |
      | *       | *    | {protected};          |
      | *       | *    | {protected};x={open}  |
      | *       | *    | {protected}%3b        |
      | *       | *    | {protected}%3bx       |
      | *       | *    | {protected}%20        |
      | *       | *    | {protected}%09        |
      | *       | *    | {protected}%0a        |
      | *       | *    | {protected}%0d%0a     |
      | *       | *    | {protected}%00        |
      | *       | *    | {protected}%23        |
      | *       | *    | {protected}%23{open}  |
      | *       | *    | {protected}#{open}    |
      | *       | *    | {protected}?{open}    |
      | *       | *    | {protected}%3f        |
      | *       | *    | {protected}%3f{open}  |
      | *       | *    | {protected}/..;{open} |
      | *       | *    | {protected}.json      |
      | *       | *    | {protected}.css       |
      | *       | *    | {protected}.html      |
      | *       | *    | {upper}               |
      | *       | *    | {first-encoded}       |
      | *       | *    | {all-encoded}         |
      | *       | *    | {double-encoded}      |
      | *       | *    | {protected}\\         |

  @id:L-11
  Scenario Outline: A header does not change the judged path at <service>: <header>
    Given a protected path of <service> opens for alice and is closed to an anonymous caller
    When <service> with the open path <path> is asked for its protected path with the header "<header>"
    Then nothing protected is shown

    @each:health-path
    Examples:
      | service | path | header                          |
      | *       | *    | X-Original-URL: {open}          |
      | *       | *    | X-Rewrite-URL: {open}           |
      | *       | *    | X-Original-URI: {open}          |
      | *       | *    | X-Forwarded-Uri: {open}         |
      | *       | *    | X-Forwarded-Path: {open}        |
      | *       | *    | X-Forwarded-Prefix: {open}      |
      | *       | *    | X-Envoy-Original-Path: {open}   |
      | *       | *    | X-Auth-Request-Redirect: {open} |
      | *       | *    | X-Replaced-Path: {open}         |

  @id:L-12
  Scenario Outline: A header of trust does not open the door at <service>: <header>
    Given a protected path of <service> opens for alice and is closed to an anonymous caller
    When <service> is asked for its protected path with the header "<header>"
    Then nothing protected is shown

    @each:service
    Examples:
      | service | header                                                                          |
      | *       | X-Forwarded-For: 127.0.0.1                                                      |
      | *       | X-Forwarded-For: 10.0.0.1                                                       |
      | *       | X-Forwarded-For: ::1                                                            |
      | *       | X-Forwarded-For: garbage                                                        |
      | *       | X-Real-IP: 127.0.0.1                                                            |
      | *       | Forwarded: for=127.0.0.1;proto=https                                            |
      | *       | X-Forwarded-Host: localhost                                                     |
      | *       | Referer: {origin}/                                                              |
      | *       | X-Internal: 1                                                                   |
      | *       | X-Envoy-Internal: true                                                          |
      | *       | X-Forwarded-Proto: https                                                        |
      | *       | x-middleware-subrequest: middleware:middleware:middleware:middleware:middleware |

  @id:L-13
  Scenario Outline: A client that looks like a probe gets no privilege at <service>: <header>
    Given a protected path of <service> opens for alice and is closed to an anonymous caller
    When <service> is asked for its protected path with the header "<header>"
    Then nothing protected is shown

    @each:service
    Examples:
      | service | header                                          |
      | *       | User-Agent: kube-probe/1.30                     |
      | *       | User-Agent: GoogleHC/1.0                        |
      | *       | User-Agent: ELB-HealthChecker/2.0               |
      | *       | User-Agent: Envoy/HC                            |
      | *       | User-Agent: Prometheus/2.50.0                   |
      | *       | User-Agent: Amazon-Route53-Health-Check-Service |
