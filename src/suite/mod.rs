//! Feature files: find, lint, expand for the target, select or skip with a reason.

mod each;
mod estimate;
mod expand;
mod find;
mod lint;
mod mistake;
mod plan;
mod select;
mod source;
mod spelling;
mod tags;
mod template;

use crate::outcome::CaseName;

pub use each::Each;
pub use estimate::estimate;
pub use find::{built_in, find};
pub use lint::{StepMatch, lint};
pub use mistake::{Mistake, SuiteError, SuiteErrors};
pub use plan::plan;
pub use select::{Selection, SelectionError};
pub use template::Suite;

/// One feature file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureSource {
    /// `features/login/id_token.feature` for ours; for a user's file the path as given on the command line.
    pub path: String,
    pub text: String,
    /// It is one of ours: every scenario must name a check.
    pub built_in: bool,
}

/// One scenario made ready for one place of the target.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: CaseName,
    /// The scenario needs the deployment for itself (`@exclusive`).
    pub exclusive: bool,
    /// The tags of feature, rule, scenario and examples, without `@`.
    pub tags: Vec<String>,
    /// The expanded scenario: outline values filled in, background steps put in front.
    pub scenario: cucumber::gherkin::Scenario,
    /// The feature it stands in, without its scenarios, rules and background.
    pub feature: cucumber::gherkin::Feature,
}

/// What will run and what will not.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// In the order of the files.
    pub run: Vec<Case>,
    /// Selected, but not possible or not allowed on this target; with the reason.
    pub skipped: Vec<(CaseName, String)>,
    /// How many cases the selection did not ask for.
    pub deselected: usize,
    /// Parts of the selection that match nothing. If there is one, nothing is run.
    pub unmatched: Vec<SelectionError>,
}
