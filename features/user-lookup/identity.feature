@needs:idp-control
Feature: The user lookup tells who the token is about, and nobody else

  @id:K-01
  Scenario Outline: The same subject with another e-mail address is the same user at <service>
    Given alice can log in to <service>
    When alice's e-mail address changes
    And alice logs in to <service>
    Then alice is signed in to <service>

    @each:user-lookup
    Examples:
      | service |
      | *       |

  @id:K-02 @needs:downstream
  Scenario Outline: The same e-mail address with another subject gets no token of the victim's at <downstream>
    Given alice is signed in to <service>
    When mallory, who has alice's e-mail address, logs in to <service>
    And mallory triggers the call from <service> to <downstream>
    Then <downstream> receives no token of alice's from mallory

    @each:call
    Examples:
      | service | downstream |
      | *       | *          |

  @id:K-03
  Scenario Outline: An unverified e-mail address is no identity at <service>: email_verified <verified>
    Given alice is signed in to <service>
    When mallory, who has alice's e-mail address with email_verified <verified>, logs in to <service>
    Then mallory is not taken for alice at <service>

    @each:user-lookup
    Examples:
      | service | verified |
      | *       | false    |
      | *       | absent   |

  @id:K-09
  Scenario Outline: Two people with <fault> never share a user at <service>
    Given alice can log in to <service>
    When alice and bob log in to <service> with <fault>
    Then alice and bob are not the same user at <service>

    @each:user-lookup
    Examples:
      | service | fault              |
      | *       | no e-mail address  |
      | *       | an empty e-mail address |
      | *       | null as e-mail address |

  @id:K-15 @needs:relogin
  Scenario Outline: A login over an existing session of <service> replaces it wholly
    Given alice is signed in to <service>
    When bob logs in to <service> in alice's browser
    Then that browser is bob's at <service>

    @each:user-lookup
    Examples:
      | service |
      | *       |

  @id:K-19
  Scenario Outline: The user lookup of <service> answers for the caller only: <channel>
    Given alice is signed in to <service>
    And bob is signed in to <service>
    When alice asks the user lookup of <service> for bob by <channel>
    Then the answer is not about bob

    @each:user-lookup
    Examples:
      | service | channel                 |
      | *       | the parameter user_id   |
      | *       | the parameter sub       |
      | *       | the parameter email     |
      | *       | the header X-User       |
      | *       | the header X-User-Id    |

  @id:K-20
  Scenario Outline: A claim does not set an internal field at <service>: <claim>
    Given alice can log in to <service>
    When mallory logs in to <service> with the claim "<claim>" set to alice's subject
    Then mallory is not taken for alice at <service>

    @each:user-lookup
    Examples:
      | service | claim   |
      | *       | user_id |
      | *       | id      |
      | *       | __id    |
      | *       | uid     |
