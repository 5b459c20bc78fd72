Feature: Notes belong to their owner

  Scenario: The notes open for their owner only
    Given /notes of notes opens for alice's access token
    When /notes of notes is requested without credentials
    Then the request is refused
    And nothing protected is shown
