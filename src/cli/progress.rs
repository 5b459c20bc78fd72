//! What is told on stderr while a run goes on: one live line on a terminal, else a line now and then.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::outcome::{CaseName, Counts, Diagnosis, ScenarioOutcome, Verdict};
use crate::run::Progress;

/// How often the live line is renewed at most.
const LIVE: Duration = Duration::from_millis(100);

/// How often a line is written where there is no terminal.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A running count. Clones show the same one.
#[derive(Clone)]
pub struct Shown(Arc<Mutex<State>>);

struct State {
    live: bool,
    quiet: bool,
    planned: usize,
    counts: Counts,
    under_way: BTreeSet<String>,
    last: Instant,
    drawn: bool,
}

impl Shown {
    /// Shows nothing if `quiet`.
    pub fn new(quiet: bool) -> Self {
        let live = io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self(Arc::new(Mutex::new(State {
            live,
            quiet,
            planned: 0,
            counts: Counts::default(),
            under_way: BTreeSet::new(),
            last: Instant::now(),
            drawn: false,
        })))
    }

    /// Shows that it is still alive, for as long as it is polled.
    pub async fn beat(&self) {
        let mut pace = tokio::time::interval(LIVE);
        loop {
            pace.tick().await;
            self.state().show(false);
        }
    }

    /// Takes the live line away.
    pub fn clear(&self) {
        self.state().clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Shown {
    fn planned(&self, scenarios: usize) {
        let mut state = self.state();
        state.planned = scenarios;
        state.say(&format!("{scenarios} scenarios to run; the doctor looks at the services first"));
    }

    fn diagnosed(&self, diagnoses: &[Diagnosis]) {
        let mut state = self.state();
        for diagnosis in diagnoses {
            let word = if diagnosis.blocking { "not ready" } else { "note" };
            state.say(&format!("doctor: {word}: {}", diagnosis.problem));
        }
    }

    fn started(&self, case: &CaseName) {
        self.state().under_way.insert(case.title.clone());
    }

    fn ended(&self, scenario: &ScenarioOutcome) {
        let mut state = self.state();
        state.under_way.remove(&scenario.case.title);
        state.counts.add(&scenario.verdict);
        let check = scenario.case.check.as_deref().unwrap_or("your own");
        match &scenario.verdict {
            Verdict::Fail(_) => state.say(&format!("failed: {check} {}", scenario.case.title)),
            Verdict::Error { .. } => state.say(&format!("undecided: {check} {}", scenario.case.title)),
            Verdict::Pass | Verdict::Warn(_) | Verdict::Skip { .. } => state.show(false),
        }
    }
}

impl State {
    /// A line that stays.
    fn say(&mut self, text: &str) {
        if self.quiet {
            return;
        }
        self.clear();
        let _ = writeln!(io::stderr().lock(), "{}", crate::report::harmless(text));
        self.show(true);
    }

    fn show(&mut self, now: bool) {
        let every = if self.live { LIVE } else { HEARTBEAT };
        if self.quiet || self.planned == 0 || (now && !self.live) || (!now && self.last.elapsed() < every) {
            return;
        }
        self.last = Instant::now();
        let line = crate::report::harmless(&self.line());
        let mut stderr = io::stderr().lock();
        let _ = match self.live {
            true => write!(stderr, "\r\u{1b}[K{}", cut(&line)).and_then(|()| stderr.flush()),
            false => writeln!(stderr, "{line}"),
        };
        self.drawn = self.live;
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }

    fn line(&self) -> String {
        let done = self.counts.judged() + self.counts.error;
        let mut line = format!("{done}/{} done", self.planned);
        for (count, word) in [(self.counts.fail, "failed"), (self.counts.error, "undecided")] {
            if count > 0 {
                line.push_str(&format!(", {count} {word}"));
            }
        }
        if let Some(first) = self.under_way.first() {
            line.push_str(&format!("; waiting for {first}"));
        }
        match self.under_way.len() {
            0 | 1 => line,
            several => format!("{line} and {} more", several - 1),
        }
    }
}

/// One row of a terminal: a longer line could not be taken away again.
fn cut(line: &str) -> String {
    line.chars().take(super::output::width().saturating_sub(1).min(79)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_done_and_what_is_waited_for() {
        let shown = Shown::new(true);
        shown.planned(3);
        let case =
            |title: &str| CaseName { check: None, service: None, title: title.into(), feature: "f".into(), line: 1 };
        shown.started(&case("a"));
        shown.started(&case("b"));
        shown.state().counts.add(&Verdict::Error { reason: "x".into() });

        assert_eq!(shown.state().line(), "1/3 done, 1 undecided; waiting for a and 1 more");
    }
}
