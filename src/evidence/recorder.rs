//! Keeps the exchanges of one scenario, each redacted once: here, when it comes in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::redact::Learned;
use super::{Exchange, RecordedExchange, Redactor};

/// The evidence of one scenario. Clones write to the same record.
#[derive(Clone)]
pub struct Recorder {
    redactor: Arc<Redactor>,
    trace: u128,
    record: Arc<Mutex<Record>>,
}

#[derive(Default)]
struct Record {
    step: Option<String>,
    exchanges: Vec<RecordedExchange>,
    notes: Vec<String>,
    learned: Learned,
}

impl Recorder {
    /// An empty record with a trace id of its own.
    pub fn new(redactor: Redactor) -> Self {
        // A trace id of zeros is invalid (Trace Context 3.2.2.3).
        let trace = rand::random::<u128>().max(1);
        Self { redactor: Arc::new(redactor), trace, record: Arc::default() }
    }

    /// Names the Gherkin step that causes what is recorded from now on.
    pub fn step(&self, text: Option<String>) {
        let mut record = self.lock();
        record.step = text.map(|text| self.redactor.learned_text(&text, &record.learned));
    }

    /// Stores a redacted copy and returns how many there are now. The final numbers follow the time: see `exchanges`.
    pub fn record(&self, exchange: &Exchange) -> u32 {
        let mut record = self.lock();
        let step = record.step.clone();
        let recorded = self.redactor.exchange(exchange, &mut record.learned, step);
        record.exchanges.push(recorded);
        u32::try_from(record.exchanges.len()).unwrap_or(u32::MAX)
    }

    /// What was recorded so far, in order of time, numbered from 1.
    pub fn exchanges(&self) -> Vec<RecordedExchange> {
        let mut exchanges = self.lock().exchanges.clone();
        exchanges.sort_by_key(|exchange| exchange.at);
        for (number, exchange) in (1..).zip(&mut exchanges) {
            exchange.number = number;
        }
        exchanges
    }

    /// Adds a fact that is worth a line in the report and is not a finding.
    pub fn note(&self, text: impl AsRef<str>) {
        let mut record = self.lock();
        let text = self.redactor.learned_text(text.as_ref(), &record.learned);
        record.notes.push(text);
    }

    /// The notes so far, in the order they came.
    pub fn notes(&self) -> Vec<String> {
        self.lock().notes.clone()
    }

    /// A text for the report, for example of a finding, with all that is known to be secret hidden.
    pub fn redacted(&self, text: &str) -> String {
        self.redactor.learned_text(text, &self.lock().learned)
    }

    /// A `traceparent` value: the scenario's trace, a span of its own.
    pub fn traceparent(&self) -> String {
        format!("00-{:032x}-{:016x}-01", self.trace, rand::random::<u64>().max(1))
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorder({} exchanges)", self.lock().exchanges.len())
    }
}
