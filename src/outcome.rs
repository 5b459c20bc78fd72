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

/// What a run is about; the first line of its journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHeader {
    /// Version of the program that ran.
    pub tool: String,
    /// Tells this run from others of the same target.
    pub id: String,
    pub target: String,
    /// Picks the remedies for that stack.
    pub preset: Option<String>,
    /// `local`, `staging` or `production`.
    pub environment: String,
    pub issuer: String,
    /// The provider is ours, so it issues what we ask for.
    pub idp_is_mock: bool,
    pub services: Vec<ServiceHeader>,
    /// Defects that were planted into the embedded reference.
    pub defects: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub started: OffsetDateTime,
    /// The least level at which a departure fails the run.
    pub fail_on: Level,
    /// The command that tests the same target again; a report adds which scenario.
    pub again: String,
    /// What was asked for, in words: `--area login`. Empty: everything.
    pub selection: Vec<String>,
    /// How many scenarios the selection did not ask for.
    pub deselected: usize,
    /// How many scenarios were to be run.
    pub planned: usize,
}

/// One service of the target, as the report names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceHeader {
    pub name: String,
    pub url: String,
    /// `relying-party`, `resource-server`.
    pub roles: Vec<String>,
}

/// What stands in the way of testing, and the setting that is probably wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    pub service: Option<String>,
    /// What was seen.
    pub problem: String,
    /// Which setting is probably wrong, and what to do.
    pub remedy: String,
    /// Nothing can be proven about the service before this is solved.
    pub blocking: bool,
}

/// How a run ended; the last line of its journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEnd {
    #[serde(with = "time::serde::rfc3339")]
    pub finished: OffsetDateTime,
    pub took_ms: u64,
    pub reason: EndReason,
}

/// Why a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// Every planned scenario has its verdict.
    Completed,
    /// Somebody pressed Ctrl-C.
    Interrupted,
    /// The run took longer than it may.
    Deadline { seconds: u64 },
    /// Something that we started has ended.
    LabDied { what: String },
    /// After scenarios that had the deployment for themselves, an honest login works no more.
    TargetLost { reason: String },
    /// No service could be told apart from one that lets nobody in, or everybody.
    NotReady,
    /// The journal ends in the middle: the program was killed.
    Cut,
}

/// One line of a journal. The order is: header, doctor, scenarios, end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JournalLine {
    Header(Box<RunHeader>),
    Doctor(Vec<Diagnosis>),
    Scenario(Box<ScenarioOutcome>),
    End(RunEnd),
}

/// All that a run found out.
#[derive(Debug, Clone, PartialEq)]
pub struct RunOutcome {
    pub header: RunHeader,
    pub diagnoses: Vec<Diagnosis>,
    /// In the order in which they ended; that of the journal.
    pub scenarios: Vec<ScenarioOutcome>,
    pub end: RunEnd,
}

/// How many scenarios ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub pass: usize,
    pub fail: usize,
    pub warn: usize,
    pub error: usize,
    pub skip: usize,
}

impl Verdict {
    /// The verdict of a scenario that was judged several times: a finding counts most, then a doubt, then what was left out.
    ///
    /// No judgement at all is an error: a scenario that judged nothing has proven nothing.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        let nothing = || Self::Error { reason: "the scenario ended without judging anything".into() };
        // Of equals the first is kept: it is the cause of those behind it.
        let worse = |kept: Self, next: Self| if next.rank() > kept.rank() { next } else { kept };
        verdicts.into_iter().reduce(worse).unwrap_or_else(nothing)
    }

    /// A departure below `fail_on` warns only.
    pub fn at_level(self, level: Level, fail_on: Level) -> Self {
        match self {
            Self::Fail(finding) if level < fail_on => Self::Warn(finding),
            Self::Fail(_) | Self::Pass | Self::Warn(_) | Self::Error { .. } | Self::Skip { .. } => self,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Skip { .. } => 1,
            Self::Warn(_) => 2,
            Self::Error { .. } => 3,
            Self::Fail(_) => 4,
        }
    }
}

impl Counts {
    /// The scenarios that say something about the target.
    pub fn judged(self) -> usize {
        self.pass + self.fail + self.warn
    }

    pub fn total(self) -> usize {
        self.judged() + self.error + self.skip
    }

    pub fn of<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Self {
        let mut counts = Self::default();
        verdicts.into_iter().for_each(|verdict| counts.add(verdict));
        counts
    }

    pub fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Fail(_) => self.fail += 1,
            Verdict::Warn(_) => self.warn += 1,
            Verdict::Error { .. } => self.error += 1,
            Verdict::Skip { .. } => self.skip += 1,
        }
    }
}

impl RunOutcome {
    pub fn counts(&self) -> Counts {
        Counts::of(self.scenarios.iter().map(|scenario| &scenario.verdict))
    }

    /// The run came to its own end.
    pub fn is_complete(&self) -> bool {
        self.end.reason == EndReason::Completed
    }

    /// Every scenario was judged and none failed; and there was at least one.
    pub fn is_green(&self) -> bool {
        self.exit_code() == 0
    }

    /// What the command ends with: 0 nothing failed, 1 a check failed, 3 no verdict, 4 nothing was run, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        let counts = self.counts();
        match &self.end.reason {
            EndReason::Interrupted => return 130,
            EndReason::Deadline { .. }
            | EndReason::LabDied { .. }
            | EndReason::TargetLost { .. }
            | EndReason::NotReady
            | EndReason::Cut => return 3,
            EndReason::Completed => {}
        }
        if counts.error > 0 || self.diagnoses.iter().any(|diagnosis| diagnosis.blocking) {
            return 3;
        }
        if counts.fail > 0 {
            return 1;
        }
        if counts.judged() == 0 { 4 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        Finding { expected: "refused".into(), observed: "let in".into() }
    }

    fn error() -> Verdict {
        Verdict::Error { reason: "no answer".into() }
    }

    fn skip() -> Verdict {
        Verdict::Skip { reason: "no logout".into() }
    }

    fn run(verdicts: Vec<Verdict>, reason: EndReason) -> RunOutcome {
        let at = OffsetDateTime::UNIX_EPOCH;
        let scenario = |verdict| ScenarioOutcome {
            case: CaseName { check: None, service: None, title: "t".into(), feature: "f".into(), line: 1 },
            verdict,
            steps: vec![],
            exchanges: vec![],
            notes: vec![],
            started: at,
            took_ms: 0,
        };
        RunOutcome {
            header: RunHeader {
                tool: "0".into(),
                id: "1".into(),
                target: "t".into(),
                preset: None,
                environment: "local".into(),
                issuer: "http://idp.test".into(),
                idp_is_mock: true,
                services: vec![],
                defects: vec![],
                started: at,
                fail_on: Level::Must,
                again: "authproof run".into(),
                selection: vec![],
                deselected: 0,
                planned: verdicts.len(),
            },
            diagnoses: vec![],
            scenarios: verdicts.into_iter().map(scenario).collect(),
            end: RunEnd { finished: at, took_ms: 0, reason },
        }
    }

    #[test]
    fn exit_codes_follow_the_worst_that_happened() {
        use EndReason::Completed;
        let fail = || Verdict::Fail(finding());
        let cases = [
            (vec![Verdict::Pass, skip()], Completed, 0),
            (vec![Verdict::Pass, Verdict::Warn(finding())], Completed, 0),
            (vec![Verdict::Pass, fail()], Completed, 1),
            (vec![fail(), error()], Completed, 3),
            (vec![], Completed, 4),
            (vec![skip()], Completed, 4),
            (vec![Verdict::Pass], EndReason::Interrupted, 130),
            (vec![fail()], EndReason::Interrupted, 130),
            (vec![Verdict::Pass], EndReason::Deadline { seconds: 1 }, 3),
            (vec![Verdict::Pass], EndReason::LabDied { what: "the mock IdP".into() }, 3),
            (vec![Verdict::Pass], EndReason::TargetLost { reason: "no".into() }, 3),
            (vec![], EndReason::NotReady, 3),
            (vec![Verdict::Pass], EndReason::Cut, 3),
        ];
        for (verdicts, reason, expected) in cases {
            let outcome = run(verdicts, reason);
            assert_eq!(outcome.exit_code(), expected, "{outcome:?}");
        }
    }

    #[test]
    fn a_service_that_could_not_be_tested_is_no_green_run() {
        let mut outcome = run(vec![Verdict::Pass], EndReason::Completed);
        outcome.diagnoses.push(Diagnosis {
            service: Some("search".into()),
            problem: "no answer".into(),
            remedy: "start it".into(),
            blocking: true,
        });

        assert_eq!(outcome.exit_code(), 3);
    }

    #[test]
    fn a_finding_counts_more_than_a_doubt_and_a_doubt_more_than_a_pass() {
        assert_eq!(Verdict::worst([Verdict::Pass, error(), Verdict::Fail(finding())]), Verdict::Fail(finding()));
        assert_eq!(Verdict::worst([Verdict::Pass, error()]), error());
        assert_eq!(Verdict::worst([Verdict::Pass, skip()]), skip());
        assert_eq!(Verdict::worst([Verdict::Pass]), Verdict::Pass);
    }

    #[test]
    fn a_scenario_that_judged_nothing_is_an_error() {
        assert!(matches!(Verdict::worst([]), Verdict::Error { .. }));
    }

    #[test]
    fn only_departures_below_the_threshold_become_warnings() {
        let fail = Verdict::Fail(finding());

        assert_eq!(fail.clone().at_level(Level::Should, Level::Must), Verdict::Warn(finding()));
        assert_eq!(fail.clone().at_level(Level::Should, Level::Should), fail);
        assert_eq!(error().at_level(Level::Hardening, Level::Must), error());
    }
}
