//! What a run finds out: verdicts, findings, the outcome of a scenario and of a run. Knows nothing of how it was found.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::evidence::RecordedExchange;

/// How strongly a check is required. Ordered: `Hardening < Should < Must`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// No specification text, but known faults.
    Hardening,
    /// A recommendation of a specification or a best current practice.
    Should,
    /// A specification requires it.
    Must,
}

/// How bad it is when the check does not hold; orders the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// What was expected and what was seen instead. Why it matters and what to do stand in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub expected: String,
    pub observed: String,
}

/// The answer to one question about the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds, and its control shows that the test could have failed.
    Pass,
    /// It does not hold.
    Fail(Finding),
    /// It does not hold, and its level is below `--fail-on`.
    Warn(Finding),
    /// It could not be found out: unreachable, deadline, failed control.
    Error { reason: String },
    /// It does not apply to this target; the reason says what would make it apply.
    Skip { reason: String },
}

/// Which scenario this is. Stable over runs of the same target: no line numbers, no times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseName {
    /// The check's id, for example `E-12`. `None` for a user's own scenario without `@id:`.
    pub check: Option<String>,
    /// The service under test, where the scenario names one.
    pub service: Option<String>,
    /// The expanded scenario title, example values included.
    pub title: String,
    /// The feature's path, relative: `features/login/id_token.feature`.
    pub feature: String,
    /// The scenario's line in that file; for an outline, the line of its row. Counted from 1.
    pub line: usize,
}

/// One Gherkin step as it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOutcome {
    pub text: String,
    pub status: StepStatus,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepStatus {
    Passed,
    Failed,
    /// A step before it ended the scenario.
    NotRun,
}

/// One scenario's verdict with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioOutcome {
    pub case: CaseName,
    pub verdict: Verdict,
    pub steps: Vec<StepOutcome>,
    pub exchanges: Vec<RecordedExchange>,
    /// Facts worth a line in the report that are not findings, e.g. "refused with 500".
    pub notes: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    pub took_ms: u64,
}
