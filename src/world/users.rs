//! People whose claims come near each other: whom does a service take them for?

use serde_json::Value;

use super::Stage;
use super::login::login_url;
use super::login::probe;
use crate::browser::Outgoing;
use crate::evidence::Exchange;
use crate::judge::Access;
use crate::judge::Carried;
use crate::judge::LoginAttempt;
use crate::target::UserLookup;

impl Stage {
    /// Sets a claim of `person` at the provider, or removes it.
    ///
    /// # Errors
    /// Nobody has that name.
    pub fn set_claim(&mut self, person: &str, claim: &str, value: Option<Value>) -> Result<(), String> {
        let claims = &mut self.person(person)?.persona.claims;
        match value {
            Some(value) => claims.insert(claim.into(), value),
            None => claims.remove(claim),
        };
        self.announce_people();
        Ok(())
    }

    /// Gives `person` the e-mail address of `owner`.
    ///
    /// # Errors
    /// Nobody has one of the names.
    pub fn share_email(&mut self, person: &str, owner: &str) -> Result<(), String> {
        let email = self.person(owner)?.persona.claims.get("email").cloned();
        self.set_claim(person, "email", email)
    }

    /// Sets `email_verified` of `person` as a step says it: `true`, `false` or `absent`.
    ///
    /// # Errors
    /// The word is another one.
    pub fn set_verified(&mut self, person: &str, word: &str) -> Result<(), String> {
        let value = match word {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "absent" => None,
            other => return self.undecided(Err(format!("email_verified cannot be `{other}`"))),
        };
        self.set_claim(person, "email_verified", value)
    }

    /// Sets a claim of `person` to the subject of `owner`.
    ///
    /// # Errors
    /// Nobody has one of the names.
    pub fn claim_subject_of(&mut self, person: &str, claim: &str, owner: &str) -> Result<(), String> {
        let subject = self.person(owner)?.persona.sub.clone();
        self.set_claim(person, claim, Some(subject.into()))
    }

    /// Two people log in, each with a fresh browser, and both with a faulty e-mail claim.
    ///
    /// # Errors
    /// The fault is not understood.
    pub async fn log_in_both(&mut self, people: [&str; 2], service: &str, fault: &str) -> Result<(), String> {
        let email = match fault {
            "no e-mail address" => None,
            "an empty e-mail address" => Some(Value::from("")),
            "null as e-mail address" => Some(Value::Null),
            other => return self.undecided(Err(format!("the fault `{other}` is not understood"))),
        };
        for person in people {
            self.set_claim(person, "email", email.clone())?;
        }
        for person in people {
            self.fresh_browser(person)?;
            self.log_in(person, service, None).await?;
        }
        Ok(())
    }

    /// `person` logs in over the session of `host`, in that one's browser, which is then "that browser".
    ///
    /// # Errors
    /// The scenario names something that does not exist.
    pub async fn log_in_over(&mut self, person: &str, host: &str, service: &str) -> Result<(), String> {
        let service = self.service(service)?;
        let jar = self.person(host)?.browser.jar().snapshot();
        let browser = self.person(person)?.browser.with_jar(jar);
        self.person(person)?.browser = browser;
        self.attempt(person, person, &service, Outgoing::get(login_url(&service)), None).await.map(drop)
    }

    /// Who the browser of `person` is signed in as now.
    ///
    /// # Errors
    /// The scenario names something that does not exist.
    pub async fn access_now(&mut self, person: &str, service: &str) -> Result<Access, String> {
        let service = self.service(service)?;
        Ok(probe(&mut self.person(person)?.browser, &service).await)
    }

    /// The last login of `person` at `service`.
    ///
    /// # Errors
    /// There was none.
    pub fn login_of(&self, person: &str, service: &str) -> Result<&LoginAttempt, String> {
        let login = self.aside.logins.get(&(person.to_owned(), service.to_owned()));
        self.undecided(login.ok_or_else(|| format!("no step has logged {person} in to {service}")))
    }

    /// `person` asks the user lookup for `other`, by `the parameter user_id` or `the header X-User`.
    ///
    /// # Errors
    /// The channel is not understood, or the service has no user lookup.
    pub async fn ask_lookup_for(
        &mut self,
        person: &str,
        other: &str,
        service: &str,
        channel: &str,
    ) -> Result<(), String> {
        let lookup = self.lookup_of(service)?;
        let url = self.service(service)?.path_url(&lookup.path);
        let identity = self.person(other)?.identity();
        for value in [identity.subject, identity.email].into_iter().flatten() {
            let request = match channel.split_once(' ').and_then(|(_, kind)| kind.split_once(' ')) {
                Some(("parameter", name)) => {
                    let mut url = url.clone();
                    url.query_pairs_mut().append_pair(name, &value);
                    Outgoing::get(url)
                }
                Some(("header", name)) => Outgoing::get(url.clone()).header(name, value),
                Some((_, _)) | None => {
                    return self.undecided(Err(format!("the channel `{channel}` is not understood")));
                }
            };
            let exchange = self.person(person)?.browser.request(request).await;
            self.aside.answers.push((person.into(), service.into(), exchange.clone()));
            self.seen.push(exchange);
        }
        Ok(())
    }

    /// Who asked a user lookup for somebody else, where, and what was answered.
    ///
    /// # Errors
    /// No step has asked.
    pub fn lookup_answers(&self) -> Result<(&LoginAttempt, UserLookup, Vec<Exchange>), String> {
        let none = "no step before this one has asked the user lookup";
        let (person, service, _) = self.undecided(self.aside.answers.first().ok_or_else(|| none.to_owned()))?;
        let answers = self.aside.answers.iter().map(|(_, _, exchange)| exchange.clone()).collect();
        Ok((self.login_of(person, service)?, self.lookup_of(service)?, answers))
    }

    /// What the stand-in of `downstream` received of both people's tokens. Those of `victim` count from the time at which
    /// the other person's login gave out its first token.
    ///
    /// # Errors
    /// There is no such stand-in.
    pub fn carried_to(&self, downstream: &str, victim: &str, other: &str) -> Result<Carried, String> {
        let spy =
            self.undecided(self.lab.find_spy(downstream).ok_or_else(|| format!("{downstream} is not recorded")))?;
        let tokens = |person: &str| self.aside.issued.get(person).cloned().unwrap_or_default();
        let own = tokens(other);
        let began = self.idp_received_since(0).into_iter().find_map(|received| {
            received.issued.iter().any(|issued| own.contains(&issued.token)).then_some(received.at)
        });
        let began = self.undecided(began.ok_or_else(|| format!("{other} was given no token")))?;
        let victims = spy.received_with(&tokens(victim)).into_iter().filter(|request| request.at >= began).count();
        Ok(Carried { victims, own: spy.received_with(&own).len() })
    }

    fn lookup_of(&self, service: &str) -> Result<UserLookup, String> {
        let lookup = self.service(service)?.user;
        self.undecided(lookup.ok_or_else(|| format!("{service} has no user lookup")))
    }
}
