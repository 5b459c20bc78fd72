//! Feature files: find, lint, expand for the target, select or skip with a reason.

use crate::outcome::CaseName;

/// One scenario made ready for one place of the target.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: CaseName,
    /// The scenario needs the deployment for itself (`@exclusive`).
    pub exclusive: bool,
    /// The expanded scenario, outline values filled in, background steps still in the feature.
    pub scenario: cucumber::gherkin::Scenario,
    /// The feature it stands in, without its scenarios.
    pub feature: cucumber::gherkin::Feature,
}

/// What will run and what will not.
#[derive(Debug, Clone)]
pub struct Plan {
    pub run: Vec<Case>,
    pub skipped: Vec<(CaseName, String)>,
}
