//! The whole of authproof as a library: tests your services inside `cargo test`, with the built-in features and your own.
//!
//! A test starts the provider, starts its own service with the provider's issuer, and hands the service's URL over:
//!
//! ```no_run
//! use authproof::mock_idp::MockIdp;
//! use authproof::target::{Client, Service, Target};
//!
//! # async fn start_my_service(_issuer: &str) -> String { String::new() }
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let idp = MockIdp::builder().start().await?;
//! let url = start_my_service(idp.first_issuer().url()).await;
//! let notes = Service::resource_server("notes", url.parse()?).protected("/notes").health("/health").audience("notes");
//! let target = Target::builder("notes").provider(&idp).client(Client::public("notes")).service(notes).build()?;
//! authproof::check(target).idp(idp).features("features").junit("reports/junit.xml").run().await?.assert_passed();
//! # Ok(())
//! # }
//! ```
//!
//! Steps of your own are functions with `#[given]`, `#[when]` or `#[then]` on [`World`](crate::world::World): it is enough
//! that they are compiled into the test.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use mock_idp::MockIdp;
use reference::Defects;
use url::Url;

use crate::browser::{Network, NetworkError};
use crate::catalogue::Catalogue;
use crate::lab::{Lab, LabError};
use crate::outcome::{CaseName, Diagnosis, Level, RunOutcome};
use crate::report::{self, Layout, WriteError};
use crate::run::{self, Progress, RunError, RunSettings};
use crate::suite::{self, Plan, Selection, SelectionError, SuiteErrors};
use crate::target::{self, ReferenceUrls, Target, TargetBuilder};
use crate::world::Context;

/// Tests `target` with the built-in features.
pub fn check(target: Target) -> Check {
    Check::new(Under::Target(Box::new(target)))
}

/// Tests the embedded reference services with `defects` planted; without any everything holds.
pub fn check_reference(defects: Defects) -> Check {
    Check::new(Under::Reference(defects))
}

/// A run in the making. It does nothing before [`Check::run`].
pub struct Check {
    under: Under,
    idp: Option<MockIdp>,
    features: Vec<PathBuf>,
    built_in: bool,
    selection: Selection,
    wanted: Box<dyn Fn(&CaseName) -> bool>,
    concurrency: Option<usize>,
    deadline: Option<Duration>,
    scenario_deadline: Option<Duration>,
    timeout: Option<Duration>,
    fail_on: Level,
    junit: Vec<PathBuf>,
    journal: Option<PathBuf>,
    again: String,
    progress: Box<dyn Progress>,
    interrupted: Pin<Box<dyn Future<Output = ()>>>,
}

enum Under {
    Target(Box<Target>),
    Reference(Defects),
}

/// Why nothing could be tested. What goes wrong at the target is no error but part of the outcome.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CheckError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Suite(#[from] SuiteErrors),
    #[error("the selection asks for something that is not there")]
    #[diagnostic(code("selection"))]
    Selection(#[related] Vec<SelectionError>),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lab(#[from] LabError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Write(#[from] WriteError),
}

impl CheckError {
    /// 2: what was asked for is wrong, and nothing was sent. 3: it could not be done.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Suite(_) | Self::Selection(_) | Self::Network(_) => 2,
            Self::Lab(_) | Self::Run(_) | Self::Write(_) => 3,
        }
    }
}

impl TargetBuilder {
    /// The provider that this target's services use: its issuer and its address.
    #[must_use]
    pub fn provider(self, idp: &MockIdp) -> Self {
        self.issuer(idp.first_issuer().url()).listen(idp.address())
    }
}

impl Check {
    fn new(under: Under) -> Self {
        Self {
            under,
            idp: None,
            features: vec![],
            built_in: true,
            selection: Selection::default(),
            wanted: Box::new(|_| true),
            concurrency: None,
            deadline: None,
            scenario_deadline: None,
            timeout: None,
            fail_on: Level::Must,
            junit: vec![],
            journal: None,
            again: "authproof run".into(),
            progress: Box::new(()),
            interrupted: Box::pin(std::future::pending()),
        }
    }

    /// The provider that is already running; without it one is started where the target says.
    #[must_use]
    pub fn idp(mut self, idp: MockIdp) -> Self {
        self.idp = Some(idp);
        self
    }

    /// Adds the feature files below this folder.
    #[must_use]
    pub fn features(mut self, folder: impl Into<PathBuf>) -> Self {
        self.features.push(folder.into());
        self
    }

    /// Leaves the built-in features out.
    #[must_use]
    pub fn without_built_in_features(mut self) -> Self {
        self.built_in = false;
        self
    }

    /// What to run; everything by default.
    #[must_use]
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Of those selected, only the scenarios that `wanted` wants.
    #[must_use]
    pub fn retain(mut self, wanted: impl Fn(&CaseName) -> bool + 'static) -> Self {
        self.wanted = Box::new(wanted);
        self
    }

    /// How many scenarios run side by side.
    #[must_use]
    pub fn concurrency(mut self, scenarios: usize) -> Self {
        self.concurrency = Some(scenarios.max(1));
        self
    }

    /// How long the whole run may take.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long each scenario may take; the others go on without one that takes longer.
    #[must_use]
    pub fn scenario_deadline(mut self, deadline: Duration) -> Self {
        self.scenario_deadline = Some(deadline);
        self
    }

    /// How long one exchange may take.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The least level at which a departure fails the run; below it warns. `must` by default.
    #[must_use]
    pub fn fail_on(mut self, level: Level) -> Self {
        self.fail_on = level;
        self
    }

    /// Writes a JUnit file there, whatever the outcome.
    #[must_use]
    pub fn junit(mut self, path: impl Into<PathBuf>) -> Self {
        self.junit.push(path.into());
        self
    }

    /// Writes the journal there, with every exchange.
    #[must_use]
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.journal = Some(path.into());
        self
    }

    /// The command that a report names for running a scenario again.
    #[must_use]
    pub fn again(mut self, command: impl Into<String>) -> Self {
        self.again = command.into();
        self
    }

    /// Is told what happens while it runs.
    #[must_use]
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// When this resolves the run ends with what it has seen.
    #[must_use]
    pub fn until(mut self, interrupted: impl Future<Output = ()> + 'static) -> Self {
        self.interrupted = Box::pin(interrupted);
        self
    }

    /// Starts what the target needs, runs the scenarios and writes the reports.
    ///
    /// # Errors
    /// Features or a selection that cannot be used, an address that cannot be bound, a report that cannot be written.
    pub async fn run(self) -> Result<RunOutcome, CheckError> {
        let (catalogue, suite) = (Catalogue::built_in(), load(&self.features, self.built_in)?);
        let context = Arc::new(set_up(self.under, self.idp, self.timeout).await?);
        let plan = suite::plan(&suite, &context.target, catalogue, &self.selection);
        let outcome = match narrowed(plan, &self.wanted) {
            Ok(plan) => {
                let usual = RunSettings::for_target(&context.target);
                let settings = RunSettings {
                    concurrency: self.concurrency.unwrap_or(usual.concurrency),
                    deadline: self.deadline.unwrap_or(usual.deadline),
                    scenario_deadline: self.scenario_deadline.unwrap_or(usual.scenario_deadline),
                    fail_on: self.fail_on,
                    journal: self.journal,
                    again: self.again,
                    selection: words(&self.selection),
                };
                let run = run::run(Arc::clone(&context), plan, &settings, self.progress.as_ref(), self.interrupted);
                run.await.map_err(CheckError::from)
            }
            Err(error) => Err(error),
        };
        context.lab.stop().await;
        let outcome = outcome?;
        for path in &self.junit {
            report::write_whole(path, report::junit(&outcome, catalogue).as_bytes())?;
        }
        Ok(outcome)
    }

    /// What would be run, and what not and why. Starts nothing and sends nothing.
    ///
    /// # Errors
    /// Features or a selection that cannot be used.
    pub fn plan(&self) -> Result<Plan, CheckError> {
        let suite = load(&self.features, self.built_in)?;
        let plan = match &self.under {
            Under::Target(target) => suite::plan(&suite, target, Catalogue::built_in(), &self.selection),
            Under::Reference(_) => suite::plan(&suite, &reference_at_rest(), Catalogue::built_in(), &self.selection),
        };
        narrowed(plan, &self.wanted)
    }

    /// Starts what the target needs and asks only whether signed in can be told from refused.
    ///
    /// # Errors
    /// An address that cannot be bound.
    pub async fn diagnose(self) -> Result<(Arc<Context>, Vec<Diagnosis>), CheckError> {
        let context = Arc::new(set_up(self.under, self.idp, self.timeout).await?);
        let diagnoses = tokio::select! {
            diagnoses = run::diagnose(&context) => diagnoses,
            () = self.interrupted => vec![],
        };
        context.lab.stop().await;
        Ok((context, diagnoses))
    }
}

impl RunOutcome {
    /// Ends a test unless every scenario that was run has passed, and there was one.
    ///
    /// # Panics
    /// With the report in full if anything failed, could not be decided, or nothing was tested.
    pub fn assert_passed(&self) {
        assert!(self.is_green(), "\n{}", report::terminal(self, Catalogue::built_in(), &Layout::default()));
    }
}

/// The built-in features and those below `folders`, without a mistake.
///
/// # Errors
/// All mistakes at once.
pub fn load(folders: &[PathBuf], built_in: bool) -> Result<suite::Suite, SuiteErrors> {
    let mut sources = if built_in { suite::built_in() } else { vec![] };
    for folder in folders {
        sources.extend(suite::find(Path::new(folder))?);
    }
    suite::lint(&sources, &run::knows_step(), Catalogue::built_in())
}

async fn set_up(under: Under, idp: Option<MockIdp>, timeout: Option<Duration>) -> Result<Context, CheckError> {
    let (lab, target, defects) = match under {
        Under::Reference(defects) => {
            let (lab, target) = Lab::embedded(defects.clone()).await?;
            (lab, target, defects)
        }
        Under::Target(target) => (Lab::with_idp(&target, idp).await?, *target, Defects::none()),
    };
    let mut settings = lab.network_settings(&target);
    settings.timeout = timeout.unwrap_or(settings.timeout);
    let network = Network::new(settings)?;
    Ok(Context { target: Arc::new(target), lab: Arc::new(lab), network, defects })
}

fn narrowed(mut plan: Plan, wanted: &dyn Fn(&CaseName) -> bool) -> Result<Plan, CheckError> {
    if !plan.unmatched.is_empty() {
        return Err(CheckError::Selection(plan.unmatched));
    }
    let all = plan.run.len() + plan.skipped.len();
    plan.run.retain(|case| wanted(&case.name));
    plan.skipped.retain(|(name, _)| wanted(name));
    plan.deselected += all - plan.run.len() - plan.skipped.len();
    Ok(plan)
}

/// The embedded reference as a target before it has been started: everything but its ports is known.
pub fn reference_at_rest() -> Target {
    let at = |port: u16| Url::parse(&format!("http://127.0.0.1:{port}")).expect("an address and a port make a URL");
    target::reference(&ReferenceUrls {
        issuer: "http://127.0.0.1:1".into(),
        frontend: at(2),
        metadata: at(3),
        search: at(4),
        client_id: "authproof-reference".into(),
        client_secret: String::new(),
    })
}

/// The selection as one would type it.
fn words(selection: &Selection) -> Vec<String> {
    let mut words = Vec::new();
    let mut option = |name: &str, value: &str| words.push(format!("{name} {}", report::quoted(value)));
    selection.ids.iter().for_each(|id| option("--check", id));
    selection.areas.iter().for_each(|area| option("--area", area));
    selection.services.iter().for_each(|service| option("--service", service));
    selection.tags.iter().for_each(|tags| option("--tags", tags));
    selection.name.iter().for_each(|name| option("--name", name));
    words
}
