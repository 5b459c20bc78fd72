//! What is known of a run while it goes on. Shared by hooks, collector and driver, so that nothing is lost at an interrupt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::journal::{Journal, JournalError};
use super::{Progress, level_of};
use crate::evidence::{Recorder, Redactor};
use crate::outcome::{
    CaseName, Diagnosis, EndReason, Finding, Level, ScenarioOutcome, StepOutcome, StepStatus, Verdict,
};
use crate::suite::Case;
use crate::world::{Context, ScenarioRecord};

/// The tag that names a case while cucumber has it.
const CASE_TAG: &str = "authproof-case:";

/// The state of a run.
pub(super) struct Running {
    fail_on: Level,
    cases: BTreeMap<String, Mutex<Entry>>,
    /// Ended, not yet handed over.
    fresh: Mutex<Vec<Fresh>>,
    results: Mutex<Results>,
    news: Notify,
}

/// One case and how far it is.
pub(super) struct Entry {
    pub(super) case: Case,
    pub(super) record: Arc<ScenarioRecord>,
    pub(super) steps: Vec<StepOutcome>,
    /// Why the scenario ended early, where no judgement says so.
    pub(super) broken: Option<String>,
    begun: bool,
    over: bool,
}

enum Fresh {
    Started(CaseName),
    Ended(Box<ScenarioOutcome>),
    Diagnosed(Vec<Diagnosis>),
}

#[derive(Default)]
struct Results {
    diagnoses: Vec<Diagnosis>,
    scenarios: Vec<ScenarioOutcome>,
}

impl Running {
    pub(super) fn new<'a>(context: &Context, fail_on: Level, cases: impl Iterator<Item = &'a Case>) -> Self {
        let secrets = context.target.clients.iter().filter_map(|client| client.secret.as_ref());
        let secrets: Vec<String> = secrets.map(|secret| secret.reveal().clone()).collect();
        let entry = |case: &Case| {
            let redactor = Redactor::new(secrets.clone(), context.lab.idp_is_ours());
            let record = Arc::new(ScenarioRecord::new(case.name.clone(), Recorder::new(redactor)));
            let entry = Entry { case: case.clone(), record, steps: vec![], broken: None, begun: false, over: false };
            (key(&case.name), Mutex::new(entry))
        };
        Self {
            fail_on,
            cases: cases.map(entry).collect(),
            fresh: Mutex::default(),
            results: Mutex::default(),
            news: Notify::new(),
        }
    }

    /// The tag by which `entry` finds the case again.
    pub(super) fn tag(case: &Case) -> String {
        format!("{CASE_TAG}{}", key(&case.name))
    }

    /// The case that a scenario of cucumber's is.
    pub(super) fn entry(&self, tags: &[String]) -> Option<MutexGuard<'_, Entry>> {
        let key = tags.iter().find_map(|tag| tag.strip_prefix(CASE_TAG))?;
        Some(lock(self.cases.get(key)?))
    }

    pub(super) fn begin(&self, tags: &[String]) {
        let Some(mut entry) = self.entry(tags) else { return };
        entry.begun = true;
        let case = entry.case.name.clone();
        drop(entry);
        self.tell(Fresh::Started(case));
    }

    pub(super) fn finish(&self, tags: &[String]) {
        let Some(mut entry) = self.entry(tags) else { return };
        entry.over = true;
        let outcome = self.outcome(&entry);
        drop(entry);
        self.add(outcome);
    }

    pub(super) fn add(&self, outcome: ScenarioOutcome) {
        self.tell(Fresh::Ended(Box::new(outcome)));
    }

    pub(super) fn diagnosed(&self, diagnoses: &[Diagnosis]) {
        self.tell(Fresh::Diagnosed(diagnoses.to_vec()));
    }

    fn tell(&self, fresh: Fresh) {
        lock(&self.fresh).push(fresh);
        self.news.notify_one();
    }

    /// Resolves when there is something to hand over.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    /// Ends the cases that have not ended by themselves.
    pub(super) fn cut_off(&self, end: &EndReason) {
        let why = match end {
            EndReason::Completed => "cucumber never came to it",
            EndReason::Interrupted => "the run was interrupted before it ended",
            EndReason::Deadline { .. } => "the deadline of the run passed before it ended",
            EndReason::LabDied { .. } => "something that it needs has ended",
            EndReason::TargetLost { .. } | EndReason::NotReady | EndReason::Cut => {
                "nothing can be proven on this target: see what the doctor found"
            }
        };
        for entry in self.cases.values() {
            let mut entry = lock(entry);
            if entry.over {
                continue;
            }
            entry.over = true;
            entry.broken = Some(why.into());
            let outcome = self.outcome(&entry);
            drop(entry);
            self.add(outcome);
        }
    }

    /// Gives everything that is new to the journal and to whoever watches.
    pub(super) fn hand_over(&self, journal: &mut Journal, progress: &dyn Progress) -> Result<(), JournalError> {
        let fresh = std::mem::take(&mut *lock(&self.fresh));
        let mut results = lock(&self.results);
        for fresh in fresh {
            match fresh {
                Fresh::Started(case) => progress.started(&case),
                Fresh::Ended(outcome) => {
                    journal.scenario(&outcome)?;
                    progress.ended(&outcome);
                    results.scenarios.push(*outcome);
                }
                Fresh::Diagnosed(diagnoses) => {
                    journal.doctor(&diagnoses)?;
                    progress.diagnosed(&diagnoses);
                    results.diagnoses = diagnoses;
                }
            }
        }
        Ok(())
    }

    pub(super) fn take_results(&self) -> (Vec<Diagnosis>, Vec<ScenarioOutcome>) {
        let results = std::mem::take(&mut *lock(&self.results));
        (results.diagnoses, results.scenarios)
    }

    fn outcome(&self, entry: &Entry) -> ScenarioOutcome {
        let Entry { case, record, steps, broken, .. } = entry;
        let mut verdicts = record.verdicts();
        let told = verdicts.iter().any(|verdict| *verdict != Verdict::Pass);
        // A step that failed without a judgement has found nothing out.
        verdicts.extend(broken.iter().filter(|_| !told).map(|reason| Verdict::Error { reason: reason.clone() }));
        let verdict = Verdict::worst(verdicts).at_level(level_of(&case.name), self.fail_on);
        let mut steps: Vec<StepOutcome> = steps.clone();
        let rest = case.scenario.steps.iter().skip(steps.len());
        steps.extend(
            rest.map(|step| StepOutcome {
                text: format!("{}{}", step.keyword, step.value),
                status: StepStatus::NotRun,
            }),
        );
        let mut notes = record.notes();
        notes.extend(record.recorder().notes());
        let hide = |text: &str| record.recorder().redacted(text);
        ScenarioOutcome {
            case: case.name.clone(),
            verdict: redacted(verdict, hide),
            steps,
            exchanges: record.exchanges(),
            notes: notes.iter().map(|note| hide(note)).collect(),
            started: record.started(),
            took_ms: u64::try_from(record.took().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

fn redacted(verdict: Verdict, hide: impl Fn(&str) -> String) -> Verdict {
    let finding = |finding: Finding| Finding { expected: hide(&finding.expected), observed: hide(&finding.observed) };
    match verdict {
        Verdict::Pass => Verdict::Pass,
        Verdict::Fail(found) => Verdict::Fail(finding(found)),
        Verdict::Warn(found) => Verdict::Warn(finding(found)),
        Verdict::Error { reason } => Verdict::Error { reason: hide(&reason) },
        Verdict::Skip { reason } => Verdict::Skip { reason: hide(&reason) },
    }
}

/// No two cases of a plan have the same title in one feature.
fn key(case: &CaseName) -> String {
    format!("{}:{}:{}", case.feature, case.line, case.title)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
