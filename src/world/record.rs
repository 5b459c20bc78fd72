//! What one scenario has found so far. Shared with the run, so that nothing is lost when the scenario is cut off.

use std::sync::{Mutex, PoisonError};

use time::OffsetDateTime;

use crate::evidence::{RecordedExchange, Recorder};
use crate::outcome::{CaseName, Verdict};

/// Verdicts, notes and exchanges of a scenario.
pub struct ScenarioRecord {
    case: CaseName,
    started: OffsetDateTime,
    recorder: Recorder,
    verdicts: Mutex<Vec<Verdict>>,
    notes: Mutex<Vec<String>>,
}

impl ScenarioRecord {
    pub fn new(case: CaseName, recorder: Recorder) -> Self {
        Self { case, started: OffsetDateTime::now_utc(), recorder, verdicts: Mutex::default(), notes: Mutex::default() }
    }

    pub fn case(&self) -> &CaseName {
        &self.case
    }

    pub fn started(&self) -> OffsetDateTime {
        self.started
    }

    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Keeps a verdict; the worst one counts in the end.
    pub fn judge(&self, verdict: Verdict) {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner).push(verdict);
    }

    pub fn verdicts(&self) -> Vec<Verdict> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a fact that is worth a line in the report and is no finding.
    pub fn note(&self, text: impl Into<String>) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(text.into());
    }

    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn exchanges(&self) -> Vec<RecordedExchange> {
        self.recorder.exchanges()
    }
}
