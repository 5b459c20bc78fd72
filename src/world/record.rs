//! What one scenario has found so far. Shared with the run, so that nothing is lost when the scenario is cut off.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use crate::evidence::{RecordedExchange, Recorder};
use crate::outcome::{CaseName, Verdict};

/// Verdicts, notes and exchanges of a scenario.
pub struct ScenarioRecord {
    case: CaseName,
    begun: OnceLock<Begun>,
    recorder: Recorder,
    verdicts: Mutex<Vec<Verdict>>,
    notes: Mutex<Vec<String>>,
}

/// When a scenario began, and how long it may take.
struct Begun {
    at: OffsetDateTime,
    clock: Instant,
    allowed: Duration,
}

impl ScenarioRecord {
    pub fn new(case: CaseName, recorder: Recorder) -> Self {
        Self { case, begun: OnceLock::new(), recorder, verdicts: Mutex::default(), notes: Mutex::default() }
    }

    /// Starts the clock; the scenario may take as long as `allowed`.
    pub fn begin(&self, allowed: Duration) {
        let begun = Begun { at: OffsetDateTime::now_utc(), clock: Instant::now(), allowed };
        self.begun.get_or_init(|| begun);
    }

    /// How long the scenario may take in all.
    pub fn time_allowed(&self) -> Duration {
        self.begun.get().map_or(Duration::MAX, |begun| begun.allowed)
    }

    /// How much of that is left.
    pub fn time_left(&self) -> Duration {
        self.begun.get().map_or(Duration::MAX, |begun| begun.allowed.saturating_sub(begun.clock.elapsed()))
    }

    /// How long it has taken so far.
    pub fn took(&self) -> Duration {
        self.begun.get().map_or(Duration::ZERO, |begun| begun.clock.elapsed())
    }

    pub fn case(&self) -> &CaseName {
        &self.case
    }

    /// When it began; now, if it has not.
    pub fn started(&self) -> OffsetDateTime {
        self.begun.get().map_or_else(OffsetDateTime::now_utc, |begun| begun.at)
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
