@needs:idp-control
Feature: A resource server takes only a valid access token that is meant for it
  Each scenario first opens the path with a valid token; then the same request carries one that differs in one thing.

  @id:I-01
  Scenario Outline: <path> of <service> is closed without credentials
    Given <path> of <service> opens for alice's access token
    When <path> of <service> is requested without credentials
    Then the request is refused
    And nothing protected is shown

    @each:rs-protected-path
    Examples:
      | service | path |
      | *       | *    |

  @id:I-02
  Scenario Outline: <service> tells why a bearer is refused: <credentials>
    Given <path> of <service> opens for alice's access token
    When the same request carries <credentials>
    Then the request is refused
    And the answer is a Bearer challenge with <error>

    @each:rs-protected-path
    Examples:
      | service | path | credentials     | error          |
      | *       | *    | nothing         | no error       |
      | *       | *    | a garbage token | invalid_token  |

  @id:I-03
  Scenario Outline: A malformed Authorization header at <path> of <service> is refused without a crash: <header>
    Given <path> of <service> opens for alice's access token
    When the same request has the Authorization header "<header>"
    Then the request is refused
    And the answer is no server error

    @each:rs-protected-path
    Examples:
      | service | path | header          |
      | *       | *    | Bearer          |
      | *       | *    | Bearer garbage  |
      | *       | *    | Bearer: {token} |
      | *       | *    | Basic {token}   |
      | *       | *    | Token {token}   |
      | *       | *    | {token}         |

  @id:I-03
  Scenario Outline: The scheme of the Authorization header is read without case at <path> of <service>: <header>
    Given <path> of <service> opens for alice's access token
    When the same request has the Authorization header "<header>"
    Then the request is accepted

    @each:rs-protected-path
    Examples:
      | service | path | header         |
      | *       | *    | bearer {token} |
      | *       | *    | BEARER {token} |

  @id:I-04
  Scenario Outline: A token that anybody can write opens nothing at <path> of <service>: <text>
    Given <path> of <service> opens for alice's access token
    When the same request has the Authorization header "Bearer <text>"
    Then the request is refused

    @each:rs-protected-path
    Examples:
      | service | path | text                                                   |
      | *       | *    | {"expires_at":9999999999}                              |
      | *       | *    | {"expires_at":9999999999,"sub":"admin"}                |
      | *       | *    | {"access_token":"forged","expires_at":9999999999}      |
      | *       | *    | eyJleHBpcmVzX2F0Ijo5OTk5OTk5OTk5LCJzdWIiOiJhZG1pbiJ9   |
      | *       | *    | user:admin                                             |
      | *       | *    | null                                                   |
      | *       | *    | true                                                   |

  @id:I-05
  Scenario Outline: A token in the query string opens nothing at <path> of <service>: <parameter>
    Given <path> of <service> opens for alice's access token
    When the same request carries the token only as the query parameter "<parameter>"
    Then the request is refused

    @each:rs-protected-path
    Examples:
      | service | path | parameter    |
      | *       | *    | access_token |
      | *       | *    | token        |
      | *       | *    | jwt          |
      | *       | *    | auth_token   |

  @id:I-07
  Scenario Outline: Two credentials in one request are refused at <path> of <service>: <credentials>
    Given <path> of <service> opens for alice's access token
    When the same request carries <credentials>
    Then the request is refused

    @each:rs-protected-path
    Examples:
      | service | path | credentials                            |
      | *       | *    | a good and then a garbage header       |
      | *       | *    | a garbage and then a good header       |
      | *       | *    | a garbage header and a good query token |

  @id:I-26
  Scenario Outline: <method> is guarded like GET at <path> of <service>
    Given <path> of <service> opens for alice's access token
    When <path> of <service> is requested by <method> without credentials
    Then the request is refused or the method is not allowed
    And nothing protected is shown

    @each:rs-protected-path
    Examples:
      | service | path | method   |
      | *       | *    | HEAD     |
      | *       | *    | POST     |
      | *       | *    | PUT      |
      | *       | *    | PATCH    |
      | *       | *    | DELETE   |
      | *       | *    | OPTIONS  |
      | *       | *    | TRACE    |
      | *       | *    | PROPFIND |
      | *       | *    | FOO      |

  @id:I-08
  Scenario Outline: A token without a valid signature opens nothing at <path> of <service>: <departure>
    Given <path> of <service> opens for alice's access token
    When the same request carries an access token where <departure>
    Then the request is refused

    @each:rs-protected-path
    Examples:
      | service | path | departure                                                            |
      | *       | *    | one bit of the signature is flipped                                  |
      | *       | *    | the claims were changed after signing                                |
      | *       | *    | another key signed it under the published kid                        |
      | *       | *    | the signature is empty                                               |
      | *       | *    | the signature belongs to another token                               |
      | *       | *    | alg is none and the signature is empty                               |
      | *       | *    | alg is nOnE and the signature is empty                               |
      | *       | *    | alg is none and kid is missing                                       |
      | *       | *    | alg is none and the signature is dropped                             |
      | *       | *    | HS256 is keyed with the public key as SPKI PEM                       |
      | *       | *    | HS256 is keyed with the public key as SPKI PEM without final newline |
      | *       | *    | HS256 is keyed with the public key as DER                            |
      | *       | *    | HS256 is keyed with the public key as JWK                            |
      | *       | *    | HS256 is keyed with the empty string                                 |
      | *       | *    | HS256 is keyed with the word secret                                  |
      | *       | *    | the header brings its own jwk                                        |
      | *       | *    | crit names an unknown extension                                      |

  @id:I-09
  Scenario Outline: A token of another issuer opens nothing at <path> of <service>: <departure>
    Given <path> of <service> opens for alice's access token
    When the same request carries an access token where <departure>
    Then the request is refused

    @each:rs-protected-path
    Examples:
      | service | path | departure                           |
      | *       | *    | iss is another issuer               |
      | *       | *    | iss has a trailing slash            |
      | *       | *    | iss has a longer path               |
      | *       | *    | iss is a list with the right issuer |
      | *       | *    | iss is missing                      |
      | *       | *    | iss is empty                        |

  @id:I-10
  Scenario Outline: A token for another service opens nothing at <path> of <service>: <departure>
    Given <path> of <service> opens for alice's access token
    When the same request carries an access token where <departure>
    Then the request is refused

    @each:rs-protected-path
    Examples:
      | service | path | departure               |
      | *       | *    | aud is another service  |
      | *       | *    | aud is longer than ours |
      | *       | *    | aud lists only others   |
      | *       | *    | aud is missing          |
      | *       | *    | aud is an empty list    |
      | *       | *    | aud is a number         |

  @id:I-13
  Scenario Outline: A token outside its time opens nothing at <path> of <service>: <departure>
    Given <path> of <service> opens for alice's access token
    When the same request carries an access token where <departure>
    Then the request is refused

    @each:rs-protected-path
    Examples:
      | service | path | departure                      |
      | *       | *    | exp was an hour ago            |
      | *       | *    | exp was ten minutes ago        |
      | *       | *    | exp is missing                 |
      | *       | *    | exp is null                    |
      | *       | *    | exp is a text of a future time |
      | *       | *    | nbf is an hour ahead           |

  @id:I-11
  Scenario Outline: An id_token opens nothing at <path> of <service>
    Given <path> of <service> opens for alice's access token
    When the same request carries alice's id_token
    Then the request is refused

    @each:rs-protected-path
    Examples:
      | service | path |
      | *       | *    |
