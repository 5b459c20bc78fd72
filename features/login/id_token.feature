@needs:idp-control
Feature: An id_token signs somebody in only when it is valid
  Each scenario logs in twice: once honestly, which must work, and once with an id_token that differs in one thing.
  What counts is who is signed in afterwards, not how the refusal looks.

  @id:E-01
  Scenario Outline: An honest login at <service> works
    When alice logs in to <service>
    Then alice is signed in to <service>

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:E-01
  Scenario Outline: A correct id_token that looks unusual is accepted at <service>: <variant>
    When alice logs in to <service> with an id_token where <variant>
    Then alice is signed in to <service>

    @each:relying-party
    Examples:
      | service | variant                              |
      | *       | aud is a list with only the client_id |
      | *       | unknown claims are present            |

  @id:E-02
  Scenario Outline: An id_token without a valid signature is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                                   |
      | *       | one bit of the signature is flipped         |
      | *       | the claims were changed after signing       |
      | *       | another key signed it under the published kid |
      | *       | the signature is empty                      |
      | *       | the signature belongs to another token      |

  @id:E-03
  Scenario Outline: An unsigned id_token is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                                |
      | *       | alg is none and the signature is empty   |
      | *       | alg is None and the signature is empty   |
      | *       | alg is NONE and the signature is empty   |
      | *       | alg is nOnE and the signature is empty   |
      | *       | alg is none and kid is missing           |
      | *       | alg is none and kid is unknown           |
      | *       | alg is none and the signature is dropped |
      | *       | alg is none and the signature is garbage |
      | *       | alg is empty                             |
      | *       | alg is missing                           |

  @id:E-04
  Scenario Outline: An id_token keyed with the public key is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                                                             |
      | *       | HS256 is keyed with the public key as SPKI PEM                        |
      | *       | HS256 is keyed with the public key as SPKI PEM without final newline  |
      | *       | HS256 is keyed with the public key as SPKI PEM with CRLF              |
      | *       | HS256 is keyed with the public key as PKCS1 PEM                       |
      | *       | HS256 is keyed with the public key as PKCS1 PEM without final newline |
      | *       | HS256 is keyed with the public key as DER                             |
      | *       | HS256 is keyed with the public key as base64 DER                      |
      | *       | HS256 is keyed with the public key as JWK                             |
      | *       | HS256 is keyed with the modulus                                       |

  @id:E-05
  Scenario Outline: An id_token with a guessable key is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                                               |
      | *       | HS256 is keyed with the empty string                    |
      | *       | HS256 is keyed with the empty string and kid is missing |
      | *       | HS256 is keyed with a zero byte                         |
      | *       | HS256 is keyed with the word null                       |
      | *       | HS256 is keyed with the word secret                     |
      | *       | HS256 is keyed with the client_id                       |

  @id:E-07
  Scenario Outline: A key that the id_token brings along is not trusted at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                                             |
      | *       | the header brings its own jwk                         |
      | *       | the header brings its own jwk under the published kid |

  @id:E-09
  Scenario Outline: An id_token with a critical extension is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                       |
      | *       | crit names an unknown extension |
      | *       | crit names exp                  |
      | *       | crit is an empty list           |

  @id:E-12
  Scenario Outline: An id_token of another issuer is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                               |
      | *       | iss is another issuer                   |
      | *       | iss has a trailing slash                |
      | *       | iss has a longer path                   |
      | *       | iss is a list with the right issuer     |
      | *       | iss is a list with another issuer first |
      | *       | iss is null                             |
      | *       | iss is missing                          |
      | *       | iss is empty                            |
      | *       | iss is only http                        |

  @id:E-13
  Scenario Outline: An id_token for another client is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                                       |
      | *       | aud is another client                           |
      | *       | aud is a prefix of the client_id                |
      | *       | aud is longer than the client_id                |
      | *       | aud contains the client_id inside a longer text |

  @id:E-14
  Scenario Outline: An id_token without a usable audience is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                        |
      | *       | aud is missing                   |
      | *       | aud is null                      |
      | *       | aud is empty                     |
      | *       | aud is an empty list             |
      | *       | aud is a list with an empty text |
      | *       | aud is a number                  |
      | *       | aud is a nested list             |

  @id:E-15
  Scenario Outline: An id_token for an untrusted audience beside ours is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                              |
      | *       | aud lists another audience beside ours |

  @id:E-17
  Scenario Outline: An expired id_token is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                |
      | *       | exp was an hour ago      |
      | *       | exp was ten minutes ago  |
      | *       | exp was five minutes ago |

  @id:E-18
  Scenario Outline: An id_token without a usable expiry is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                      |
      | *       | exp is missing                 |
      | *       | exp is null                    |
      | *       | exp is a text of a future time |
      | *       | exp is the word never          |
      | *       | exp is negative                |
      | *       | exp is true                    |
      | *       | exp is a list                  |

  @id:E-19
  Scenario Outline: An id_token from the future is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure            |
      | *       | nbf is an hour ahead |
      | *       | iat is missing       |
      | *       | iat is a day ahead   |

  @id:E-20
  Scenario Outline: An id_token for another login is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure                            |
      | *       | nonce is missing                     |
      | *       | nonce is another value               |
      | *       | nonce is a list with the right value |
      | *       | nonce is empty                       |

  @id:E-22
  Scenario Outline: An id_token without a usable subject is refused at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure       |
      | *       | sub is missing  |
      | *       | sub is null     |
      | *       | sub is empty    |
      | *       | sub is a number |
      | *       | sub is true     |
      | *       | sub is a list   |

  @id:E-25
  Scenario Outline: Another kind of JWT is not an id_token at <service>: <departure>
    Given alice can log in to <service>
    When alice logs in to <service> with an id_token where <departure>
    Then the login is refused

    @each:relying-party
    Examples:
      | service | departure             |
      | *       | typ says access token |
      | *       | typ says logout token |
