//! Callbacks that do not belong to the login that the browser started.

use url::Url;

use super::Stage;
use super::departure::SCRIPT;
use super::departure::refusal;
use super::login::login_url;
use crate::browser::End;
use crate::browser::Outgoing;
use crate::browser::RawRequest;
use crate::judge::LoginAttempt;
use crate::judge::Replay;
use crate::judge::Route;
use crate::judge::login_done;
use crate::judge::parameter;
use crate::target::Service;

/// The parameters by which services take a return target.
const RETURN_PARAMETERS: [&str; 11] = [
    "return_to",
    "next",
    "rd",
    "redirect",
    "returnTo",
    "url",
    "target",
    "continue",
    "dest",
    "goto",
    "post_logout_redirect_uri",
];

impl Stage {
    /// Brings a good code to the callback in the browser that it was issued to, with `state` in the place of the right one.
    ///
    /// # Errors
    /// The login does not come to a callback, or the words are not understood.
    pub async fn bring_code(&mut self, person: &str, service: &str, state: &str) -> Result<(), String> {
        let of_service = self.service(service)?;
        self.fresh_browser(person)?;
        let (owner, state) = match state {
            "no state" => (person, None),
            "another state" => (person, Some(format!("{:032x}", rand::random::<u128>()))),
            "an empty state" => (person, Some(String::new())),
            // The person is signed in after the ended login, so somebody else's code shows whether the next one works.
            "the state of an ended login" => ("bob", Some(self.ended_state(person, service).await?)),
            other => return self.undecided(Err(format!("the state `{other}` is not understood"))),
        };
        let jar = self.person(person)?.browser.jar().snapshot();
        let mut browser = self.person(owner)?.browser.with_jar(jar);
        let callback = self.pending_callback(&mut browser, &of_service).await?;
        self.person(person)?.browser = browser;
        let altered = with_parameter(&callback, "state", state.as_deref());
        self.attempt(person, owner, &of_service, Outgoing::get(altered), None).await.map(drop)
    }

    /// The state of a login that `person` has finished.
    async fn ended_state(&mut self, person: &str, service: &str) -> Result<String, String> {
        self.log_in(person, service, None).await?;
        let callback = self.opened_callback()?;
        self.undecided(parameter(&callback, "state").ok_or_else(|| "the login uses no state".into()))
    }

    /// A fresh browser of `person` opens the callback that `owner` has not opened.
    ///
    /// # Errors
    /// `owner` has no such callback.
    pub async fn open_callback_of(&mut self, person: &str, owner: &str) -> Result<(), String> {
        let callback = self.pending_of(owner)?;
        let service = self.service_of(&callback)?;
        self.fresh_browser(person)?;
        self.attempt(person, owner, &service, Outgoing::get(callback), None).await.map(drop)
    }

    /// The browser of `person` opens its own unopened callback with the code of `owner`.
    ///
    /// # Errors
    /// One of them has no such callback.
    pub async fn open_callback_with_code_of(&mut self, person: &str, owner: &str) -> Result<(), String> {
        let (own, others) = (self.pending_of(person)?, self.pending_of(owner)?);
        let service = self.service_of(&own)?;
        let code = self.undecided(parameter(&others, "code").ok_or_else(|| format!("{owner} was given no code")))?;
        let altered = with_parameter(&own, "code", Some(&code));
        self.attempt(person, owner, &service, Outgoing::get(altered), None).await.map(drop)
    }

    /// The browser of `person` opens the callback of the last login once more.
    ///
    /// # Errors
    /// No login came to its callback.
    pub async fn replay_callback(&mut self, person: &str) -> Result<(), String> {
        let redeemed_first = self.last_attempt()?.redeemed_code;
        let callback = self.opened_callback()?;
        let service = self.service_of(&callback)?;
        let (again, _) = self.attempt(person, person, &service, Outgoing::get(callback), None).await?;
        self.aside.replay = Some(Replay {
            redeemed_first,
            redeemed_again: again.redeemed_code,
            answered: again.end_status.is_some(),
            ended: again.ended,
        });
        Ok(())
    }

    /// The provider answers a login of `person` with an error, which may come with a script as its description.
    ///
    /// # Errors
    /// The scenario names something that does not exist.
    pub async fn log_in_with_error(
        &mut self,
        person: &str,
        service: &str,
        error: &str,
        with_script: bool,
    ) -> Result<(), String> {
        self.fresh_browser(person)?;
        let stimulus = refusal(error, with_script.then_some(SCRIPT));
        self.log_in(person, service, Some(stimulus)).await.map(drop)
    }

    /// Logs `person` in with a fresh browser and a return target, given by a channel: `every parameter` or `the path`.
    ///
    /// # Errors
    /// The channel is not understood.
    pub async fn log_in_towards(
        &mut self,
        person: &str,
        service: &str,
        target: &str,
        channel: &str,
    ) -> Result<(), String> {
        let service = self.service(service)?;
        let target = self.return_target(&service, target);
        let browser = self.fresh_browser(person)?;
        let (first, start) = match channel {
            "every parameter" => (None, Outgoing::get(with_return_target(&login_url(&service), &target))),
            "the path" => {
                let exchange = browser.raw(&service.url, RawRequest::get(target.clone())).await;
                let next = exchange.location().map(Outgoing::get);
                (Some(exchange), next.unwrap_or_else(|| Outgoing::get(login_url(&service))))
            }
            other => return self.undecided(Err(format!("the channel `{other}` is not understood"))),
        };
        let (attempt, trail) = self.attempt(person, person, &service, start, None).await?;
        let begun = first.as_ref().or(trail.exchanges.first());
        let done = login_done(begun, &attempt.ended, &attempt.access);
        let exchanges = first.iter().chain(&trail.exchanges).cloned().collect();
        self.aside.route = Some(Route { what: "the login".into(), exchanges, end: trail.end, done });
        Ok(())
    }

    pub(super) fn return_target(&self, service: &Service, words: &str) -> String {
        words.replace("{origin}", &service.url.origin().ascii_serialization())
    }

    /// The origins that a login or logout at this target may lead through.
    pub fn home(&self) -> Vec<url::Origin> {
        let idp = self.lab.idp_url(&self.target);
        let registered = self.target.clients.iter().flat_map(|client| &client.redirect_uris);
        let services = self.target.services.iter().map(|service| &service.url);
        services.chain(registered).chain([&idp]).map(Url::origin).collect()
    }

    /// The last redirect chain with a chosen return target.
    ///
    /// # Errors
    /// No step has made one.
    pub fn route(&self) -> Result<&Route, String> {
        let none = "no step before this one has given a return target";
        self.undecided(self.aside.route.as_ref().ok_or_else(|| none.into()))
    }

    /// The last replay of a callback, with the login that it repeats.
    ///
    /// # Errors
    /// No step has made one.
    pub fn replay(&self) -> Result<(&Replay, &LoginAttempt), String> {
        let none = "no step before this one has opened a callback again";
        let replay = self.undecided(self.aside.replay.as_ref().ok_or_else(|| none.to_owned()))?;
        Ok((replay, self.last_attempt()?))
    }

    /// The callback that the last login opened.
    fn opened_callback(&self) -> Result<Url, String> {
        let none = "the last login did not come to its callback";
        self.undecided(self.aside.callback.clone().ok_or_else(|| none.into()))
    }

    fn pending_of(&self, person: &str) -> Result<Url, String> {
        let pending = self.aside.pending.get(person).cloned();
        self.undecided(pending.ok_or_else(|| format!("no login of {person}'s was stopped before its callback")))
    }

    fn service_of(&self, callback: &Url) -> Result<Service, String> {
        let mut services = self.target.services.iter();
        let found = services.find(|service| service.is_relying_party() && service.url.origin() == callback.origin());
        self.undecided(found.cloned().ok_or_else(|| "the callback is at no service of the target".into()))
    }
}

/// Every way that a navigation with a return target can end before anything was tried is told apart from one that went on.
pub(super) fn broke_off(end: &End) -> bool {
    match end {
        End::Failed | End::Loop | End::TooMany => true,
        End::Page | End::LeftTarget(_) | End::Stopped(_) => false,
    }
}

/// `url` with one parameter changed, in its place, or removed; the others stay as they are.
fn with_parameter(url: &Url, name: &str, value: Option<&str>) -> Url {
    let others = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect::<Vec<_>>();
    let mut altered = url.clone();
    altered.query_pairs_mut().clear().extend_pairs(others).extend_pairs(value.map(|value| (name, value)));
    altered
}

/// `url` with `target` in every parameter; an escape in it stays one, so that the service reads what it stands for.
pub(super) fn with_return_target(url: &Url, target: &str) -> Url {
    let encoded: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
    let encoded = encoded.replace("%25", "%");
    let pairs: Vec<String> = RETURN_PARAMETERS.iter().map(|name| format!("{name}={encoded}")).collect();
    let before = url.query().map(|query| format!("{query}&")).unwrap_or_default();
    let mut towards = url.clone();
    towards.set_query(Some(&format!("{before}{}", pairs.join("&"))));
    towards
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn a_parameter_is_replaced_emptied_or_removed() {
        let callback = url("https://app.test/cb?code=1&state=2&iss=3");

        assert_eq!(with_parameter(&callback, "state", None).query(), Some("code=1&iss=3"));
        assert_eq!(with_parameter(&callback, "state", Some("")).query(), Some("code=1&iss=3&state="));
        assert_eq!(with_parameter(&callback, "code", Some("x")).query(), Some("state=2&iss=3&code=x"));
    }

    #[test]
    fn an_escape_in_a_return_target_reaches_the_service_as_what_it_stands_for() {
        let towards = with_return_target(&url("https://app.test/login?a=b"), "/%09/evil.test/");

        assert_eq!(parameter(&towards, "a").as_deref(), Some("b"));
        assert_eq!(parameter(&towards, "next").as_deref(), Some("/\t/evil.test/"));
    }
}
