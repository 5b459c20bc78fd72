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
use url::Url;

use super::Stage;
use crate::browser::Browser;
use crate::browser::Outgoing;
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
        let start = Outgoing::get(login_url(&service));
        let (attempt, _) = self.attempt(person, person, &service, start, stimulus).await?;
        Ok(attempt)
    }

    /// Sends `first` from the browser of `person` and follows it wherever it leads; if it signs somebody in, it should
    /// be `owner`.
    pub(super) async fn attempt(
        &mut self,
        person: &str,
        owner: &str,
        service: &Service,
        first: Outgoing,
        stimulus: Option<Stimulus>,
    ) -> Result<(LoginAttempt, Trail), String> {
        let (before, mut probed) = ask(&mut self.person(person)?.browser, service).await;
        let since = self.lab.idp_mark();
        // A service may answer a refusal by starting over; the provider then does the same again, so that a second,
        // honest login does not hide the refusal of the first.
        let armed = stimulus.map(|stimulus| self.order(stimulus, Times::Always)).transpose()?;
        let trail = self.person(person)?.browser.navigate_with(first).await;
        let departure = armed.map(|(words, id)| {
            let fired = self.lab.fired(id) > 0;
            self.lab.forget(id);
            (words, fired)
        });
        let (access, after) = ask(&mut self.person(person)?.browser, service).await;
        probed.extend(after);
        let attempt = self.judgeable(person, owner, service, (before, access), since, departure, &trail)?;
        self.aside.since = since;
        self.aside.callback = find_callback(service, &trail);
        let issued = self.idp_received_since(since).into_iter().flat_map(|received| received.issued);
        self.aside.issued.entry(owner.into()).or_default().extend(issued.map(|issued| issued.token));
        self.aside.logins.insert((owner.into(), service.name.clone()), attempt.clone());
        // The login's own way comes last, since `last_seen` is about it.
        self.seen.extend(probed);
        self.seen.extend(trail.exchanges.iter().cloned());
        self.attempt = Some(attempt.clone());
        Ok((attempt, trail))
    }

    /// Orders the provider to do otherwise once, for this scenario alone.
    ///
    /// # Errors
    /// The provider is not ours.
    pub fn arm(&self, stimulus: Stimulus) -> Result<(String, BehaviourId), String> {
        self.order(stimulus, Times::Once)
    }

    fn order(&self, stimulus: Stimulus, times: Times) -> Result<(String, BehaviourId), String> {
        let behaviour =
            Behaviour { scope: Scope::Scenario(self.id.clone()), on: stimulus.on, times, action: stimulus.action };
        let id = self.undecided(self.lab.behave(behaviour))?;
        Ok((stimulus.words, id))
    }

    /// Puts together what a judge needs.
    #[expect(clippy::too_many_arguments, reason = "each is one fact about the login")]
    fn judgeable(
        &mut self,
        person: &str,
        owner: &str,
        service: &Service,
        (before, access): (Access, Access),
        since: u64,
        departure: Option<(String, bool)>,
        trail: &Trail,
    ) -> Result<LoginAttempt, String> {
        let asked = self.idp_received_since(since);
        let idp = self.lab.idp_url(&self.target).origin();
        Ok(LoginAttempt {
            person: person.into(),
            service: service.name.clone(),
            expected: self.person(owner)?.identity(),
            before,
            reached_idp: trail.exchanges.iter().any(|exchange| exchange.request.url.origin() == idp),
            reached_callback: find_callback(service, trail).is_some(),
            redeemed_code: asked.iter().any(|received| received.endpoint == Endpoint::Token),
            departure,
            ended: trail.exchanges.last().map_or_else(|| "nothing was sent".into(), describe),
            end_status: trail.exchanges.last().and_then(Exchange::status),
            end: trail.end.clone(),
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

    /// The last login, which must be this person's.
    ///
    /// # Errors
    /// It was another one's.
    pub fn attempt_by(&self, person: &str) -> Result<&LoginAttempt, String> {
        let attempt = self.last_attempt()?;
        match attempt.person == person {
            true => Ok(attempt),
            false => self.undecided(Err(format!("the last login was {}'s", attempt.person))),
        }
    }

    /// The accepted twin of the last login.
    ///
    /// # Errors
    /// No step has made one.
    pub fn control_of_attempt(&self) -> Result<&Control, String> {
        self.control_at(&self.last_attempt()?.service)
    }

    /// The accepted twin of every login at `service`.
    ///
    /// # Errors
    /// No step has made one.
    pub fn control_at(&self, service: &str) -> Result<&Control, String> {
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

/// Where a login at `service` starts.
pub(super) fn login_url(service: &Service) -> Url {
    service.path_url(service.login.as_deref().unwrap_or("/"))
}

/// The URL is the service's redirect URI with an answer of the provider.
pub(super) fn is_callback(service: &Service, url: &Url) -> bool {
    let answers = url.query_pairs().any(|(name, _)| name == "code" || name == "error");
    let right_path = service.callback.as_deref().is_none_or(|path| url.path() == path);
    url.origin() == service.url.origin() && answers && right_path
}

fn find_callback(service: &Service, trail: &Trail) -> Option<Url> {
    let mut urls = trail.exchanges.iter().rev().map(|exchange| &exchange.request.url);
    urls.find(|url| is_callback(service, url) || Some(url.path()) == service.callback.as_deref()).cloned()
}

/// Who `service` takes this browser for: its user lookup and its first protected path, asked without following.
pub async fn probe(browser: &mut Browser, service: &Service) -> Access {
    ask(browser, service).await.0
}

/// What `probe` finds, and the exchanges that it is drawn from.
pub(super) async fn ask(browser: &mut Browser, service: &Service) -> (Access, Vec<Exchange>) {
    let protected = service.protected.first().map_or("/", String::as_str);
    let protected = browser.get(&service.path_url(protected)).await;
    let lookup = match &service.user {
        Some(user) => Some((user, browser.get(&service.path_url(&user.path)).await)),
        None => None,
    };
    let access = access_of(lookup.as_ref().map(|(user, exchange)| (*user, exchange)), &protected);
    let exchanges = lookup.into_iter().map(|(_, exchange)| exchange).chain([protected]);
    (access, exchanges.collect())
}
