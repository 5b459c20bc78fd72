Feature: The authorization request is complete, fresh and bound
  What the browser carries to the provider decides whether the answer can be bound to this browser and this login.

  @id:B-01
  Scenario Outline: The authorization request of <service> is complete
    When alice starts to log in at <service>
    Then the authorization request is complete

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:B-02
  Scenario Outline: Each login at <service> has a state of its own
    When 8 logins are started at <service>
    Then each authorization request has its own unguessable "state"

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:B-03
  Scenario Outline: Each login at <service> has a nonce of its own
    When 8 logins are started at <service>
    Then each authorization request has its own unguessable "nonce"

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:B-04 @needs:idp-control
  Scenario Outline: A login at <service> is protected by PKCE with S256
    When alice logs in to <service>
    Then alice is signed in to <service>
    And the login used PKCE with S256

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:B-12 @needs:idp-control
  Scenario Outline: The challenge at <path> of <service> shows nothing protected
    Given alice can log in to <service>
    And <path> of <service> opens for alice
    When <path> of <service> is requested without credentials
    Then nothing protected is shown

    @each:rp-protected-path
    Examples:
      | service | path |
      | *       | *    |

  @id:N-03 @needs:idp-control
  Scenario Outline: The Host header does not reach the redirect URI of <service>: <host>
    Given alice can log in to <service>
    When a login is started at <service> with the Host header "<host>"
    Then the redirect URI is the registered one

    @each:relying-party
    Examples:
      | service | host              |
      | *       | evil.test         |
      | *       | {host}.evil.test  |
      | *       | evil.test:80      |
