@needs:idp-control
Feature: A session belongs to one browser and one login

  @id:G-01
  Scenario Outline: The session cookie of <service> is protected
    Given alice is signed in to <service>
    Then the session cookie of <service> is HttpOnly, has SameSite, and is Secure where the site is https

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:G-03
  Scenario Outline: Cookies from before the login are worth nothing after it at <service>
    Given alice can log in to <service>
    When alice logs in to <service> with cookies that an attacker knows
    Then alice is signed in to <service>
    And the attacker's cookies are not signed in to <service>

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:G-05
  Scenario Outline: A tampered session cookie of <service> is no session: <tampering>
    Given alice is signed in to <service>
    When the session cookie of <service> is <tampering>
    Then that browser is nobody's at <service>

    @each:relying-party
    Examples:
      | service | tampering                     |
      | *       | changed in its first character |
      | *       | changed in the middle         |
      | *       | changed in its last character |
      | *       | cut in half                   |
      | *       | emptied                       |

  @id:G-06
  Scenario Outline: The session cookie of <service> is not signed with a published key
    Given alice is signed in to <service>
    Then no published key signs the session cookie of <service>

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:G-10
  Scenario Outline: <service> shows no token to the browser
    Given alice is signed in to <service>
    Then no token of alice's came to the browser from <service>

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:G-13 @needs:logout
  Scenario Outline: A cookie from before the logout stays dead after the next login at <service>
    Given alice is signed in to <service>
    When alice's cookies are copied
    And alice logs out of <service>
    And alice logs in to <service>
    Then the copied cookies are not signed in to <service>

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:G-14 @needs:logout
  Scenario Outline: A logout in one browser leaves the other one signed in at <service>
    Given alice is signed in to <service>
    And alice is signed in to <service> in a second browser
    When alice logs out of <service>
    Then alice's second browser is still signed in to <service>

    @each:relying-party
    Examples:
      | service |
      | *       |

  @id:G-15
  Scenario Outline: A personal answer of <service> may not be cached for others: <path>
    Given alice is signed in to <service>
    When alice requests <path> of <service>
    Then the answer may not be stored by a shared cache

    @each:rp-protected-path
    Examples:
      | service | path |
      | *       | *    |
