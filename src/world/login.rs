//! A login from its start to the question who is signed in.

use mock_idp::Action;
use mock_idp::Behaviour;
use mock_idp::BehaviourId;
use mock_idp::Endpoint;
use mock_idp::Issued;
use mock_idp::Received;
use mock_idp::ReceivedFilter;
use mock_idp::Scope;
use mock_idp::Times;
use mock_idp::Trigger;

use super::Stage;
use crate::browser::Browser;
use crate::browser::Trail;
use crate::evidence::Exchange;
use crate::judge::Access;
use crate::judge::Control;
use crate::judge::LoginAttempt;
use crate::judge::access_of;
use crate::judge::control;
use crate::judge::describe;
use crate::target::Service;

/// What the provider does otherwise in one login, in words and as an order to it.
pub struct Stimulus {
    /// Completes "since ...": `aud is another client`.
    pub words: String,
    pub on: Trigger,
    pub action: Action,
}

impl Stage {
    /// Logs `person` in at `service` with a fresh browser and sees that it worked, so that a refusal later means something.
    ///
    /// # Errors
    /// The reason why it did not; it is the scenario's verdict.
    pub async fn prove_login(&mut self, person: &str, service: &str) -> Result<(), String> {
        self.fresh_browser(person)?;
        let attempt = self.log_in(person, service, None).await?;
        let proof = self.undecided(control(&attempt))?;
        self.controls.insert(service.into(), proof);
        Ok(())
    }

    /// Logs `person` in at `service` in the person's browser as it is, with the provider doing what `stimulus` says.
    ///
    /// # Errors
    /// The scenario names something that does not exist.
    pub async fn log_in(
        &mut self,
        person: &str,
        service: &str,
        stimulus: Option<Stimulus>,
    ) -> Result<LoginAttempt, String> {
        let service = self.service(service)?;
        let start = service.path_url(service.login.as_deref().unwrap_or("/"));
        let before = probe(&mut self.person(person)?.browser, &service).await;
        let since = self.lab.idp_mark();
        let armed = stimulus.map(|stimulus| self.arm(stimulus)).transpose()?;
        let trail = self.person(person)?.browser.navigate(&start).await;
        let attempt = self.judgeable(person, &service, before, since, armed, &trail).await?;
        self.seen.extend(trail.exchanges);
        self.attempt = Some(attempt.clone());
        Ok(attempt)
    }

    /// Orders the provider to do otherwise once, for this scenario alone.
    ///
    /// # Errors
    /// The provider is not ours.
    pub fn arm(&self, stimulus: Stimulus) -> Result<(String, BehaviourId), String> {
        let behaviour = Behaviour {
            scope: Scope::Scenario(self.id.clone()),
            on: stimulus.on,
            times: Times::Once,
            action: stimulus.action,
        };
        let id = self.undecided(self.lab.behave(behaviour))?;
        Ok((stimulus.words, id))
    }

    /// Asks who is signed in after `trail` and puts together what a judge needs.
    async fn judgeable(
        &mut self,
        person: &str,
        service: &Service,
        before: Access,
        since: u64,
        armed: Option<(String, BehaviourId)>,
        trail: &Trail,
    ) -> Result<LoginAttempt, String> {
        let access = probe(&mut self.person(person)?.browser, service).await;
        let asked = self.idp_received_since(since);
        let visited =
            |path: Option<&str>| trail.exchanges.iter().any(|exchange| Some(exchange.request.url.path()) == path);
        let idp = self.lab.idp_url(&self.target).origin();
        Ok(LoginAttempt {
            person: person.into(),
            service: service.name.clone(),
            expected: self.person(person)?.identity(),
            closed_before: matches!(before, Access::Nobody { .. }),
            reached_idp: trail.exchanges.iter().any(|exchange| exchange.request.url.origin() == idp),
            reached_callback: visited(service.callback.as_deref()),
            redeemed_code: asked.iter().any(|received| received.endpoint == Endpoint::Token),
            departure: armed.map(|(words, id)| (words, self.lab.fired(id) > 0)),
            ended: trail.exchanges.last().map_or_else(|| "nothing was sent".into(), describe),
            end_status: trail.exchanges.last().and_then(Exchange::status),
            access,
        })
    }

    /// The last login.
    ///
    /// # Errors
    /// No step has logged anybody in.
    pub fn last_attempt(&self) -> Result<&LoginAttempt, String> {
        self.undecided(self.attempt.as_ref().ok_or_else(|| "no step before this one has logged anybody in".into()))
    }

    /// The last login, which must be this person's at this service.
    ///
    /// # Errors
    /// It was another one.
    pub fn attempt_of(&self, person: &str, service: &str) -> Result<&LoginAttempt, String> {
        let attempt = self.last_attempt()?;
        match attempt.person == person && attempt.service == service {
            true => Ok(attempt),
            false => self.undecided(Err(format!("the last login was {}'s at {}", attempt.person, attempt.service))),
        }
    }

    /// The accepted twin of the last login.
    ///
    /// # Errors
    /// No step has made one.
    pub fn control_of_attempt(&self) -> Result<&Control, String> {
        let service = &self.last_attempt()?.service;
        let control = self.controls.get(service);
        self.undecided(control.ok_or_else(|| format!("no step has shown that an honest login works at {service}")))
    }

    /// What the provider received for this scenario since `mark`.
    pub fn idp_received_since(&self, mark: u64) -> Vec<Received> {
        self.lab.received(&ReceivedFilter { scenario: Some(self.id.clone()), endpoint: None, since: Some(mark) })
    }

    /// Every token that the provider has given out in this scenario, with its kind.
    pub fn issued_tokens(&self) -> Vec<Issued> {
        let received = self.idp_received_since(0);
        received.into_iter().flat_map(|received| received.issued).collect()
    }
}

/// Who `service` takes this browser for: its user lookup and its first protected path, asked without following.
pub async fn probe(browser: &mut Browser, service: &Service) -> Access {
    let protected = service.protected.first().map_or("/", String::as_str);
    let protected = browser.get(&service.path_url(protected)).await;
    let lookup = match &service.user {
        Some(user) => Some((user, browser.get(&service.path_url(&user.path)).await)),
        None => None,
    };
    access_of(lookup.as_ref().map(|(user, exchange)| (*user, exchange)), &protected)
}
