//! From a plan to an outcome: cucumber runs the scenarios side by side, each result goes into the journal as it comes.

mod collector;
mod dispatch;
mod doctor;
mod engine;
mod handbook;
mod journal;
mod quiet;
mod running;
mod vocabulary;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::catalogue::Catalogue;
use crate::outcome::{
    CaseName, Diagnosis, EndReason, Level, RunEnd, RunHeader, RunOutcome, ScenarioOutcome, ServiceHeader,
};
use crate::suite::Plan;
use crate::target::{Environment, IdpMode, Target};
use crate::world::Context;

pub use doctor::diagnose;
pub use handbook::{StepPage, handbook};
pub use journal::{Journal, JournalError, read_journal};
pub use vocabulary::{StepUsage, knows_step, vocabulary};

use running::Running;

/// How a run goes.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// Scenarios side by side.
    pub concurrency: usize,
    /// For the whole run; scenarios that have not ended by then are errors.
    pub deadline: Duration,
    /// For each scenario; one that has not ended by then is an error, and the others go on.
    pub scenario_deadline: Duration,
    pub fail_on: Level,
    /// Where the journal goes; `None` keeps none.
    pub journal: Option<PathBuf>,
    /// The command that tests the same target again.
    pub again: String,
    /// What was asked for, in words.
    pub selection: Vec<String>,
}

impl RunSettings {
    /// What suits the target: the embedded reference stands more at a time than a deployment.
    pub fn for_target(target: &Target) -> Self {
        Self {
            concurrency: if target.embedded { 64 } else { 8 },
            deadline: Duration::from_secs(600),
            scenario_deadline: Duration::from_secs(60),
            fail_on: Level::Must,
            journal: None,
            again: "authproof run".into(),
            selection: vec![],
        }
    }
}

/// Is told what happens while it runs.
pub trait Progress {
    /// So many scenarios will be run.
    fn planned(&self, _scenarios: usize) {}
    /// The doctor has looked.
    fn diagnosed(&self, _diagnoses: &[Diagnosis]) {}
    fn started(&self, _case: &CaseName) {}
    fn ended(&self, _scenario: &ScenarioOutcome) {}
}

/// Nobody wants to know.
impl Progress for () {}

/// Why nothing could be run.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RunError {
    #[error("only {found} steps are registered, and there are at least {expected}")]
    #[diagnostic(
        code("run::lost-steps"),
        help("the program was built in a way that drops code which nobody names; build it as its Cargo.toml says")
    )]
    LostSteps { found: usize, expected: usize },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Journal(#[from] JournalError),
}

/// Runs `plan`. When `interrupted` resolves the run ends with what it has seen.
///
/// # Errors
/// The journal cannot be written, or steps are missing from the program. Whatever happens at the target is no error
/// but part of the outcome.
pub async fn run(
    context: Arc<Context>,
    plan: Plan,
    settings: &RunSettings,
    progress: &dyn Progress,
    interrupted: impl Future<Output = ()>,
) -> Result<RunOutcome, RunError> {
    let found = vocabulary().len();
    if found < crate::steps::AT_LEAST {
        return Err(RunError::LostSteps { found, expected: crate::steps::AT_LEAST });
    }
    let header = header(&context, &plan, settings);
    let mut journal = Journal::create(settings.journal.as_deref(), &header)?;
    let started = header.started;
    progress.planned(plan.run.len());
    let (concurrent, alone): (Vec<_>, Vec<_>) =
        plan.run.into_iter().partition(|case| context.target.embedded || !case.exclusive);
    let running = Arc::new(Running::new(&context, settings.fail_on, concurrent.iter().chain(&alone)));
    let work = async {
        let diagnoses = match concurrent.is_empty() && alone.is_empty() {
            true => vec![],
            false => diagnose(&context).await,
        };
        running.diagnosed(&diagnoses);
        if doctor::is_hopeless(&context, &diagnoses) {
            return EndReason::NotReady;
        }
        engine::run(&context, concurrent, settings.concurrency, settings, &running).await;
        let had_it_alone = !alone.is_empty();
        engine::run(&context, alone, 1, settings, &running).await;
        match had_it_alone {
            true => doctor::still_works(&context, &diagnoses).await,
            false => EndReason::Completed,
        }
    };
    let mut end = drive(work, &running, &mut journal, progress, settings.deadline, interrupted).await?;
    if let (EndReason::Completed, Err(what)) = (&end, context.lab.health()) {
        end = EndReason::LabDied { what };
    }
    running.cut_off(&end);
    for scenario in plan.skipped.into_iter().map(|(case, reason)| skipped(case, reason)) {
        running.add(scenario);
    }
    running.hand_over(&mut journal, progress)?;
    let finished = OffsetDateTime::now_utc();
    let took_ms = u64::try_from((finished - started).whole_milliseconds()).unwrap_or(0);
    let end = RunEnd { finished, took_ms, reason: end };
    journal.end(&end)?;
    let (diagnoses, scenarios) = running.take_results();
    Ok(RunOutcome { header, diagnoses, scenarios, end })
}

/// Lets `work` go on until it, the deadline or somebody ends it; what ends meanwhile goes into the journal at once.
async fn drive(
    work: impl Future<Output = EndReason>,
    running: &Running,
    journal: &mut Journal,
    progress: &dyn Progress,
    deadline: Duration,
    interrupted: impl Future<Output = ()>,
) -> Result<EndReason, RunError> {
    let mut work = std::pin::pin!(work);
    let mut interrupted = std::pin::pin!(interrupted);
    let mut deadline_passed = std::pin::pin!(tokio::time::sleep(deadline));
    loop {
        let end = tokio::select! {
            biased;
            () = &mut interrupted => Some(EndReason::Interrupted),
            () = &mut deadline_passed => Some(EndReason::Deadline { seconds: deadline.as_secs() }),
            end = &mut work => Some(end),
            () = running.news() => None,
        };
        running.hand_over(journal, progress)?;
        if let Some(end) = end {
            return Ok(end);
        }
    }
}

fn header(context: &Context, plan: &Plan, settings: &RunSettings) -> RunHeader {
    let target = &context.target;
    RunHeader {
        tool: env!("CARGO_PKG_VERSION").into(),
        id: format!("{:016x}", rand::random::<u64>()),
        target: target.name.clone(),
        preset: target.preset.clone(),
        environment: match target.environment {
            Environment::Local => "local".into(),
            Environment::Staging => "staging".into(),
            Environment::Production => "production".into(),
        },
        issuer: target.idp.issuer.as_str().into(),
        idp_is_mock: target.idp.mode == IdpMode::Mock,
        services: target.services.iter().map(service_header).collect(),
        defects: context.defects.names().into_iter().map(str::to_owned).collect(),
        started: OffsetDateTime::now_utc(),
        fail_on: settings.fail_on,
        again: settings.again.clone(),
        selection: settings.selection.clone(),
        deselected: plan.deselected,
        planned: plan.run.len(),
    }
}

fn service_header(service: &crate::target::Service) -> ServiceHeader {
    let roles = [(service.is_relying_party(), "relying-party"), (service.is_resource_server(), "resource-server")];
    ServiceHeader {
        name: service.name.clone(),
        url: service.url.to_string(),
        roles: roles.into_iter().filter(|(is, _)| *is).map(|(_, name)| name.to_owned()).collect(),
    }
}

fn skipped(case: CaseName, reason: String) -> ScenarioOutcome {
    ScenarioOutcome {
        case,
        verdict: crate::outcome::Verdict::Skip { reason },
        steps: vec![],
        exchanges: vec![],
        notes: vec![],
        started: OffsetDateTime::now_utc(),
        took_ms: 0,
    }
}

/// The level of a scenario's check; one without a check must hold.
fn level_of(case: &CaseName) -> Level {
    let check = case.check.as_deref().and_then(|id| Catalogue::built_in().find(id));
    check.map_or(Level::Must, |check| check.level)
}
