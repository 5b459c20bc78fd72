//! Calls to downstream services: triggered through a person's browser, read back from the stand-in's record.

use std::mem;

use mock_idp::Endpoint;
use mock_idp::Received;
use mock_idp::ReceivedFilter;
use mock_idp::TokenKind;
use time::OffsetDateTime;
use url::Url;

use super::Stage;
use crate::browser::Outgoing;
use crate::evidence::Exchange;
use crate::judge;
use crate::judge::Call;
use crate::judge::Kept;
use crate::lab::SpiedRequest;
use crate::lab::Spy;
use crate::lab::SpyBehaviour;
use crate::lab::SpyReply;
use crate::outcome::Verdict;
use crate::target::Service;
use crate::token::Compact;

/// Headers by which proxies tell services who is signed in.
const IDENTITY_HEADERS: [&str; 22] = [
    "X-User",
    "X-User-Id",
    "X-Username",
    "X-Userinfo",
    "X-Email",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Access-Token",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-Auth-Request-Groups",
    "X-Auth-Request-Access-Token",
    "X-Remote-User",
    "X-Remote-Group",
    "Remote-User",
    "X-Webauth-User",
    "X-Authenticated-User",
    "X-Amzn-Oidc-Identity",
    "X-Goog-Authenticated-User-Email",
    "X-Ms-Client-Principal-Name",
];

/// A shorter cookie value may stand in a request by chance.
const TELLING_COOKIE: usize = 16;

/// What triggered calls leave behind for the steps that judge them.
#[derive(Default)]
pub struct Calls {
    made: Vec<Call>,
    /// Calls that are known to arrive, as controls of those that should not or should carry less.
    controls: Vec<Call>,
    forged: Vec<(String, String)>,
    /// The status that the downstream was told to answer with.
    planned: Option<u16>,
    since_idp: u64,
    /// What a downstream received after the call was triggered without credentials.
    for_nobody: Vec<SpiedRequest>,
    /// What the callers without credentials were answered.
    nobodys_answers: Vec<Exchange>,
}

impl Stage {
    /// Requests in the person's browser what makes `service` call `downstream`.
    ///
    /// # Errors
    /// The scenario names something that does not exist.
    pub async fn trigger_call(&mut self, person: &str, service: &str, downstream: &str) -> Result<(), String> {
        self.trigger_with(person, service, downstream, &[]).await
    }

    /// The same with identity headers that the client has made up, after one without them as the control.
    ///
    /// # Errors
    /// The scenario names something that does not exist.
    pub async fn trigger_forged_call(
        &mut self,
        person: &str,
        service: &str,
        downstream: &str,
        underscores: bool,
    ) -> Result<(), String> {
        let forged: Vec<(String, String)> = IDENTITY_HEADERS
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let name = if underscores { name.replace('-', "_") } else { (*name).to_owned() };
                (name, format!("forged-{at}-{}", self.id))
            })
            .collect();
        self.trigger_control(person, service, downstream).await?;
        self.calls.forged.clone_from(&forged);
        self.trigger_with(person, service, downstream, &forged).await
    }

    async fn trigger_control(&mut self, person: &str, service: &str, downstream: &str) -> Result<(), String> {
        self.trigger_with(person, service, downstream, &[]).await?;
        self.calls.controls = mem::take(&mut self.calls.made);
        Ok(())
    }

    async fn trigger_with(
        &mut self,
        person: &str,
        service: &str,
        downstream: &str,
        headers: &[(String, String)],
    ) -> Result<(), String> {
        let caller = self.service(service)?;
        for request in self.triggers(person, &caller, downstream)? {
            let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value.as_str()));
            let from = OffsetDateTime::now_utc();
            self.calls.since_idp = self.lab.idp_mark();
            let answer = self.person(person)?.browser.request(request).await;
            let until = OffsetDateTime::now_utc();
            let mut marks = self.marks();
            marks.extend(headers.iter().map(|(_, value)| value.clone()));
            let spy = self.spy(downstream)?;
            let under_way = |request: &SpiedRequest| (from..=until).contains(&request.at);
            let arrived = spy.received_with(&marks).into_iter().filter(under_way).collect();
            let nobodys = spy.received_since(from).into_iter().filter(under_way);
            let nobodys = nobodys.filter(|request| !judge::names_somebody(request)).collect();
            let callers = self.target.services.iter().filter(|service| calls(service, downstream));
            let sole_caller = callers.count() == 1;
            self.calls.made.push(Call {
                person: person.into(),
                caller: caller.name.clone(),
                downstream: downstream.into(),
                arrived,
                nobodys,
                sole_caller,
                answer: answer.clone(),
            });
            self.seen.push(answer);
        }
        Ok(())
    }

    /// Shows with alice's browser that the call arrives, then triggers it without any credentials.
    ///
    /// # Errors
    /// The scenario names something that does not exist.
    pub async fn trigger_call_for_nobody(&mut self, service: &str, downstream: &str) -> Result<(), String> {
        self.trigger_control("alice", service, downstream).await?;
        let caller = self.service(service)?;
        let requests = self.triggers("alice", &caller, downstream)?;
        let since = OffsetDateTime::now_utc();
        for request in requests {
            let answer = self.client().request(request).await;
            self.calls.nobodys_answers.push(answer.clone());
            self.seen.push(answer);
        }
        self.calls.for_nobody = self.spy(downstream)?.received_since(since);
        Ok(())
    }

    /// `downstream` answers the person's calls with this status from now on.
    ///
    /// # Errors
    /// The scenario names something that does not exist.
    pub fn order_downstream_status(&mut self, person: &str, downstream: &str, status: u16) -> Result<(), String> {
        self.order_downstream(person, downstream, status, vec![])
    }

    /// `downstream` redirects the person's calls to an origin that nobody has a reason to talk to.
    ///
    /// # Errors
    /// The other origin is on loopback; where the downstream's stand-in is not, the service may not reach it.
    pub fn order_redirect_elsewhere(&mut self, person: &str, downstream: &str, status: u16) -> Result<(), String> {
        let settings = self.service(downstream)?.spy;
        if settings.is_some_and(|spy| !spy.listen.ip().is_loopback()) {
            let reason = "the other origin listens on loopback, where the service may not reach it; \
                          run authproof beside the services, with `spy.listen` on 127.0.0.1";
            return self.judge(Verdict::Skip { reason: reason.into() });
        }
        let mut location = self.lab.elsewhere().url();
        location.set_path(&format!("/carried-away/{}", self.id));
        self.order_downstream(person, downstream, status, vec![("Location".into(), location.into())])
    }

    /// `downstream` redirects the person's calls to the provider's login page, as a service does that takes them for
    /// anonymous.
    ///
    /// # Errors
    /// The scenario names something that does not exist.
    pub fn order_redirect_to_login(&mut self, person: &str, downstream: &str) -> Result<(), String> {
        let location = self.login_page();
        self.order_downstream(person, downstream, 302, vec![("Location".into(), location.into())])
    }

    fn login_page(&self) -> Url {
        let mut url = self.lab.idp_url(&self.target);
        let client = self.target.clients.iter().find(|client| !client.redirect_uris.is_empty());
        let mut query = url.query_pairs_mut();
        query.append_pair("response_type", "code").append_pair("scope", "openid").append_pair("state", &self.id);
        if let Some(client) = client {
            query.append_pair("client_id", &client.id.0);
            query.append_pair("redirect_uri", client.redirect_uris[0].as_str());
        }
        drop(query);
        url
    }

    fn order_downstream(
        &mut self,
        person: &str,
        downstream: &str,
        status: u16,
        headers: Vec<(String, String)>,
    ) -> Result<(), String> {
        let subject = self.person(person)?.persona.sub.clone();
        let marks = self.tokens_of(&subject).into_iter().chain([subject]).collect();
        let reply = SpyReply {
            status,
            headers,
            body: r#"{"error":"refused"}"#.into(),
            content_type: "application/json".into(),
        };
        self.spy(downstream)?.behave(SpyBehaviour { marks, answer: reply });
        self.calls.planned = Some(status);
        Ok(())
    }

    /// The requests that make `caller` call `downstream`, one for each declared call.
    fn triggers(&mut self, person: &str, caller: &Service, downstream: &str) -> Result<Vec<Outgoing>, String> {
        let identity = self.person(person)?.identity();
        let fill = |path: &str| {
            let encoded = |text: &Option<String>| {
                let text = text.as_deref().unwrap_or_default();
                url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
            };
            path.replace("{sub}", &encoded(&identity.subject)).replace("{email}", &encoded(&identity.email))
        };
        let declared = caller.calls.iter().filter(|call| call.service == downstream);
        let requests: Vec<Outgoing> =
            declared.map(|call| Outgoing::new(&call.method, caller.path_url(&fill(&call.path)))).collect();
        match requests.is_empty() {
            false => Ok(requests),
            true => self.undecided(Err(format!("{} declares no call to `{downstream}`", caller.name))),
        }
    }

    fn spy(&self, downstream: &str) -> Result<&Spy, String> {
        let missing = || format!("no stand-in records the calls of `{downstream}`");
        self.undecided(self.lab.find_spy(downstream).ok_or_else(missing))
    }

    /// The calls to `downstream` that this person's requests triggered, or anybody's.
    ///
    /// # Errors
    /// No step has triggered one.
    pub fn calls_to(&self, downstream: &str, person: Option<&str>) -> Result<Vec<&Call>, String> {
        let wanted = |call: &&Call| call.downstream == downstream && person.is_none_or(|person| call.person == person);
        let calls: Vec<&Call> = self.calls.made.iter().filter(wanted).collect();
        match calls.is_empty() {
            false => Ok(calls),
            true => self.undecided(Err(format!("no step before this one has triggered a call to {downstream}"))),
        }
    }

    /// The calls that are known to arrive, as controls.
    ///
    /// # Errors
    /// No step has triggered one.
    pub fn control_calls(&self) -> Result<&[Call], String> {
        match self.calls.controls.as_slice() {
            [] => self.undecided(Err("no step before this one has shown that the call arrives".into())),
            controls => Ok(controls),
        }
    }

    /// The calls to `downstream`, each with what its service must keep to itself.
    ///
    /// # Errors
    /// No step has triggered one.
    pub fn calls_with_secrets(&mut self, downstream: &str) -> Result<Vec<(Call, Vec<Kept>)>, String> {
        let calls: Vec<Call> = self.calls_to(downstream, None)?.into_iter().cloned().collect();
        calls.into_iter().map(|call| self.secrets_behind(&call).map(|kept| (call, kept))).collect()
    }

    /// All triggered calls.
    ///
    /// # Errors
    /// No step has triggered one.
    pub fn triggered_calls(&self) -> Result<&[Call], String> {
        match self.calls.made.as_slice() {
            [] => self.undecided(Err("no step before this one has triggered a call".into())),
            calls => Ok(calls),
        }
    }

    /// The identity headers that the client made up.
    pub fn forged_headers(&self) -> &[(String, String)] {
        &self.calls.forged
    }

    /// The status that the downstream was told to answer with.
    pub fn planned_status(&self) -> Option<u16> {
        self.calls.planned
    }

    /// What the downstream received after the call was triggered without credentials.
    pub fn received_for_nobody(&self) -> &[SpiedRequest] {
        &self.calls.for_nobody
    }

    /// What the callers without credentials were answered.
    pub fn answers_to_nobody(&self) -> &[Exchange] {
        &self.calls.nobodys_answers
    }

    /// What arrived at the other origin with something of this scenario's.
    pub fn carried_away(&self) -> Vec<SpiedRequest> {
        let tokens: Vec<String> = self.issued_tokens().into_iter().map(|issued| issued.token).collect();
        self.lab.elsewhere().received_with(&tokens)
    }

    /// What the provider's login page received since the last call was triggered, from whomever.
    pub fn login_page_received(&self) -> Vec<Received> {
        let endpoint = Some(Endpoint::Authorization);
        self.lab.received(&ReceivedFilter { scenario: None, endpoint, since: Some(self.calls.since_idp) })
    }

    /// The access tokens that the provider has issued to this person in this scenario.
    ///
    /// # Errors
    /// Nobody has that name.
    pub fn access_tokens_of(&mut self, person: &str) -> Result<Vec<String>, String> {
        let subject = self.person(person)?.persona.sub.clone();
        Ok(self.tokens_of(&subject))
    }

    fn tokens_of(&self, subject: &str) -> Vec<String> {
        let access_tokens = self.issued_tokens().into_iter().filter(|issued| issued.kind == TokenKind::AccessToken);
        let tokens = access_tokens.map(|issued| issued.token);
        tokens.filter(|token| Compact::read(token).claim("sub").and_then(|sub| sub.as_str()) == Some(subject)).collect()
    }

    /// Everything but access tokens that `call`'s service must keep to itself.
    fn secrets_behind(&mut self, call: &Call) -> Result<Vec<Kept>, String> {
        let caller = self.service(&call.caller)?;
        let named = |kind| match kind {
            TokenKind::RefreshToken => Some("a refresh token"),
            TokenKind::IdToken => Some("an id_token"),
            TokenKind::LogoutToken => Some("a logout token"),
            TokenKind::AccessToken => None,
        };
        let tokens = self.issued_tokens().into_iter();
        let tokens = tokens.filter_map(|issued| Some(Kept { what: named(issued.kind)?.into(), text: issued.token }));
        let mut kept: Vec<Kept> = tokens.collect();
        let client = caller.client.as_ref().and_then(|id| self.target.find_client(id));
        if let Some(secret) = client.and_then(|client| client.secret.as_ref()) {
            kept.push(Kept { what: "the client secret".into(), text: secret.reveal().clone() });
        }
        let jar = self.person(&call.person)?.browser.jar();
        let telling = jar.cookies(&caller.url).filter(|cookie| cookie.value.len() >= TELLING_COOKIE);
        kept.extend(
            telling.map(|cookie| Kept { what: format!("the cookie `{}`", cookie.name), text: cookie.value.clone() }),
        );
        Ok(kept)
    }
}

fn calls(service: &Service, downstream: &str) -> bool {
    service.calls.iter().any(|call| call.service == downstream)
}
