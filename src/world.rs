//! The state of one scenario, and what a scenario can do: log people in, ask services, read what others received.
//!
//! Steps call the methods here and in the files below; what the evidence means is decided in `judge`.

mod aside;
mod callback;
mod calls;
mod context;
pub mod departure;
mod evidence;
mod health;
mod login;
mod people;
mod record;
mod request;
mod session;
mod starts;
mod tokens;
mod users;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::browser::Client;
use crate::browser::Network;
use crate::evidence::Exchange;
use crate::judge::Control;
use crate::judge::LoginAttempt;
use crate::lab::Lab;
use crate::outcome::Verdict;
use crate::suite::Case;
use crate::target::Service;
use crate::target::Target;

pub use context::Context;
pub use login::Stimulus;
pub use people::Person;
pub use record::ScenarioRecord;

/// What a step returns: the text is for the step list, the verdict is already kept in the record.
pub type StepResult = Result<(), String>;

/// The state of one scenario. Empty until the before hook has called [`World::enter`].
#[derive(cucumber::World, Default)]
#[world(init = Self::default)]
pub struct World {
    stage: Option<Stage>,
}

/// What a scenario works with.
pub struct Stage {
    pub record: Arc<ScenarioRecord>,
    pub target: Arc<Target>,
    pub lab: Arc<Lab>,
    pub network: Network,
    /// The scenario's name at the provider; sealed into its codes and tokens.
    pub id: String,
    pub people: BTreeMap<String, Person>,
    /// Accepted twins, by service.
    pub controls: BTreeMap<String, Control>,
    /// The last login.
    pub attempt: Option<LoginAttempt>,
    /// The last request that a step made on its own, and all before it in this scenario.
    pub seen: Vec<Exchange>,
    asked: request::Asked,
    calls: calls::Calls,
    probes: health::Probes,
    /// What the steps about logins keep for later ones.
    pub(crate) aside: aside::Aside,
    /// The scenario started services of its own and stops them at its end.
    owns_lab: bool,
}

impl World {
    /// Prepares the scenario: a name at the provider, a recorder, and for an exclusive one services of its own.
    ///
    /// # Errors
    /// Why the services could not be started.
    pub async fn enter(&mut self, context: &Context, case: &Case, record: Arc<ScenarioRecord>) -> Result<(), String> {
        let owns_lab = case.exclusive && context.target.embedded;
        let (lab, target) = match owns_lab {
            true => {
                let (lab, target) = Lab::embedded(context.defects.clone()).await.map_err(|error| error.to_string())?;
                (Arc::new(lab), Arc::new(target))
            }
            false => (Arc::clone(&context.lab), Arc::clone(&context.target)),
        };
        let network = match owns_lab {
            true => Network::new(lab.network_settings(&target)).map_err(|error| error.to_string())?,
            false => context.network.clone(),
        };
        self.begin(record, target, lab, network, owns_lab);
        Ok(())
    }

    /// Prepares it on what all scenarios share.
    pub fn enter_shared(&mut self, context: &Context, record: Arc<ScenarioRecord>) {
        let (target, lab) = (Arc::clone(&context.target), Arc::clone(&context.lab));
        self.begin(record, target, lab, context.network.clone(), false);
    }

    fn begin(
        &mut self,
        record: Arc<ScenarioRecord>,
        target: Arc<Target>,
        lab: Arc<Lab>,
        network: Network,
        owns_lab: bool,
    ) {
        let mut stage = Stage {
            record,
            target,
            lab,
            network,
            id: format!("{:016x}", rand::random::<u64>()),
            people: BTreeMap::new(),
            controls: BTreeMap::new(),
            attempt: None,
            seen: Vec::new(),
            asked: request::Asked::default(),
            calls: calls::Calls::default(),
            probes: health::Probes::default(),
            aside: aside::Aside::default(),
            owns_lab,
        };
        stage.invite_everybody();
        self.stage = Some(stage);
    }

    /// Collects what the provider received for this scenario and puts back what was changed for it.
    pub async fn leave(&mut self) {
        let Some(stage) = self.stage.take() else { return };
        stage.collect_hidden_exchanges();
        stage.take_back_orders();
        stage.lab.leave_scenario(&stage.id, &stage.marks());
        if stage.owns_lab {
            stage.lab.stop().await;
        }
    }

    /// What the scenario works with.
    ///
    /// # Errors
    /// The before hook has not run; then nothing may be tested.
    pub fn stage(&mut self) -> Result<&mut Stage, String> {
        self.stage.as_mut().ok_or_else(|| "the scenario was not prepared: its before hook did not run".into())
    }

    /// Keeps `verdict`; anything but a pass ends the scenario.
    ///
    /// # Errors
    /// The finding or reason in words.
    pub fn judge(&mut self, verdict: Verdict) -> StepResult {
        self.stage()?.judge(verdict)
    }
}

impl Stage {
    /// Keeps `verdict`; anything but a pass ends the scenario.
    ///
    /// # Errors
    /// The finding or reason in words.
    pub fn judge(&self, verdict: Verdict) -> StepResult {
        self.record.judge(verdict.clone());
        match verdict {
            Verdict::Pass => Ok(()),
            Verdict::Fail(finding) | Verdict::Warn(finding) => {
                Err(format!("expected: {}; observed: {}", finding.expected, finding.observed))
            }
            Verdict::Error { reason } | Verdict::Skip { reason } => Err(reason),
        }
    }

    /// Turns a reason why nothing can be decided into the scenario's verdict.
    pub fn undecided<T>(&self, result: Result<T, String>) -> Result<T, String> {
        result.inspect_err(|reason| self.record.judge(Verdict::Error { reason: reason.clone() }))
    }

    /// The service of that name.
    ///
    /// # Errors
    /// The scenario names a service that the target does not have.
    pub fn service(&self, name: &str) -> Result<Service, String> {
        let found = self.target.find_service(name).cloned();
        self.undecided(found.ok_or_else(|| format!("the target has no service `{name}`")))
    }

    /// A program without cookies, recorded like everything else.
    pub fn client(&self) -> Client {
        let services = self.target.services.iter().map(|service| (&service.url, service.name.as_str()));
        let idp = self.lab.idp_url(&self.target);
        Client::new(self.network.clone(), self.record.recorder().clone(), services, Some(&idp))
    }

    /// The exchange that the last step looked at.
    ///
    /// # Errors
    /// No step has made one.
    pub fn last_seen(&self) -> Result<&Exchange, String> {
        self.undecided(self.seen.last().ok_or_else(|| "no step before this one has made a request".into()))
    }
}

impl fmt::Debug for World {
    /// Counts only: cucumber prints it on failure, and the state holds tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.stage.as_ref().map_or(0, |stage| stage.seen.len());
        f.debug_struct("World").field("exchanges_seen", &seen).finish_non_exhaustive()
    }
}
