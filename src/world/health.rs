//! Open paths and the closed ones beside them: probes, and requests written byte for byte.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mock_idp::Action;
use mock_idp::Behaviour;
use mock_idp::BehaviourId;
use mock_idp::Endpoint;
use mock_idp::Fault;
use mock_idp::Received;
use mock_idp::ReceivedFilter;
use mock_idp::Scope;
use mock_idp::StatusFault;
use mock_idp::Times;

use super::Stage;
use crate::browser::Dialect;
use crate::browser::RawRequest;
use crate::evidence::Exchange;
use crate::judge;
use crate::judge::Closed;
use crate::target::Service;

const ENDPOINTS: [Endpoint; 8] = [
    Endpoint::Discovery,
    Endpoint::Jwks,
    Endpoint::Authorization,
    Endpoint::Token,
    Endpoint::Userinfo,
    Endpoint::Introspection,
    Endpoint::Revocation,
    Endpoint::EndSession,
];

/// What probes leave behind for the steps that judge them.
#[derive(Default)]
pub struct Probes {
    closed: Option<Closed>,
    answers: Vec<Exchange>,
    /// Orders that touch everybody; taken back when the scenario ends.
    orders: Vec<BehaviourId>,
    since_idp: u64,
}

impl Stage {
    /// The service's protected path is closed to a caller without credentials.
    ///
    /// # Errors
    /// It opens: the control failed.
    pub async fn prove_closed(&mut self, service: &str) -> Result<(), String> {
        let service = self.service(service)?;
        let exchange = self.client().raw(&service.url, RawRequest::get(protected_path(&service))).await;
        self.probes.closed = Some(self.undecided(judge::closed(&exchange))?);
        self.seen.push(exchange);
        Ok(())
    }

    /// It is closed, and it opens for the person: by a login where the service logs people in, else by a token.
    ///
    /// # Errors
    /// One of the two does not hold: the control failed.
    pub async fn prove_open_and_closed(&mut self, person: &str, service: &str) -> Result<(), String> {
        let known = self.service(service)?;
        let path = protected_path(&known).to_owned();
        if known.is_relying_party() {
            self.prove_login(person, service).await?;
            self.prove_browser(person, service, &path).await?;
        } else {
            self.prove_token(person, service, &path).await?;
        }
        self.prove_closed(service).await
    }

    /// Sends a request target as it stands, without credentials. `open` is the health path that placeholders mean.
    ///
    /// # Errors
    /// The scenario names a service that the target does not have.
    pub async fn ask_raw(&mut self, service: &str, open: Option<&str>, target: &str) -> Result<(), String> {
        let service = self.service(service)?;
        let open = open.or_else(|| service.health.first().map(String::as_str)).map(str::to_owned);
        self.learn_open_answers(&service, open.as_deref()).await;
        let target = fill_in(target, &service, open.as_deref());
        let exchange = self.client().raw(&service.url, RawRequest::get(target)).await;
        self.seen.push(exchange);
        Ok(())
    }

    /// Asks for the protected path without credentials but with this header line.
    ///
    /// # Errors
    /// The scenario names a service that the target does not have, or the line has no colon.
    pub async fn ask_with_header(&mut self, service: &str, open: Option<&str>, line: &str) -> Result<(), String> {
        let service = self.service(service)?;
        let open = open.or_else(|| service.health.first().map(String::as_str)).map(str::to_owned);
        self.learn_open_answers(&service, open.as_deref()).await;
        let line = fill_in(line, &service, open.as_deref());
        let split = line.split_once(':').ok_or_else(|| format!("`{line}` is no header line"));
        let (name, value) = self.undecided(split)?;
        let request = RawRequest::get(protected_path(&service)).header(name, value.trim());
        let exchange = self.client().raw(&service.url, request).await;
        self.seen.push(exchange);
        Ok(())
    }

    /// Keeps what the open path answers, and what paths that no service has answer. A page that everybody gets at any
    /// unknown path (an application's shell) gives nothing away, wherever it shows up.
    async fn learn_open_answers(&mut self, service: &Service, open: Option<&str>) {
        let unknown = format!("/authproof-nothing-{}", self.id);
        let below = open.map(|open| format!("{}{unknown}", open.trim_end_matches('/')));
        let paths = open.map(str::to_owned).into_iter().chain([unknown]).chain(below);
        for (at, path) in paths.enumerate() {
            let exchange = self.client().raw(&service.url, RawRequest::get(path)).await;
            let Ok(response) = exchange.response else { continue };
            if !response.is_success() {
                continue;
            }
            let is_health = open.is_some() && at == 0;
            if !is_health && !self.asked.open.contains(&response.body) {
                self.record.note(format!(
                    "{} answers {} to {}; the same answer elsewhere counts as nothing protected",
                    service.name, response.status, exchange.request.target
                ));
            }
            self.asked.open.push(response.body);
        }
    }

    /// Sends a probe of that kind to an open path.
    ///
    /// # Errors
    /// No probe has that name.
    pub async fn probe_health(&mut self, service: &str, path: &str, kind: &str) -> Result<(), String> {
        let request = self.undecided(probe_of_kind(kind, path))?;
        self.probe_with(service, request).await
    }

    /// Sends that many plain probes to an open path, one after the other.
    ///
    /// # Errors
    /// The scenario names a service that the target does not have.
    pub async fn probe_health_times(&mut self, service: &str, path: &str, times: usize) -> Result<(), String> {
        for _ in 0..times {
            self.probe_with(service, RawRequest::get(path)).await?;
        }
        Ok(())
    }

    /// Sends a plain probe with these credentials to an open path.
    ///
    /// # Errors
    /// No credentials have that name.
    pub async fn probe_health_with(&mut self, service: &str, path: &str, credentials: &str) -> Result<(), String> {
        let request = self.undecided(probe_with_credentials(credentials, path))?;
        self.probe_with(service, request).await
    }

    async fn probe_with(&mut self, service: &str, request: RawRequest) -> Result<(), String> {
        let service = self.service(service)?;
        let exchange = self.client().raw(&service.url, request).await;
        self.probes.answers.push(exchange.clone());
        self.seen.push(exchange);
        Ok(())
    }

    /// From now on the provider is up as ever, or fails at every endpoint, for everybody.
    ///
    /// # Errors
    /// No state has that name, or the provider is not ours.
    pub fn set_provider(&mut self, state: &str) -> Result<(), String> {
        match state {
            "up" => self.undecided(self.lab.health())?,
            "failing" => {
                for endpoint in ENDPOINTS {
                    let fault = StatusFault { status: 500, body: String::new(), content_type: "text/plain".into() };
                    let behaviour = Behaviour {
                        scope: Scope::Deployment,
                        on: endpoint.into(),
                        times: Times::Always,
                        action: Action::Fault(Fault::Status(fault)),
                    };
                    let order = self.undecided(self.lab.behave(behaviour))?;
                    self.probes.orders.push(order);
                }
            }
            other => return self.undecided(Err(format!("a provider cannot be `{other}`"))),
        }
        self.probes.since_idp = self.lab.idp_mark();
        Ok(())
    }

    /// Takes back what touches everybody.
    pub(super) fn take_back_orders(&self) {
        for order in &self.probes.orders {
            self.lab.forget(*order);
        }
    }

    /// What the provider received, from whomever, since its state was set.
    pub fn provider_received(&self) -> Vec<Received> {
        let since = Some(self.probes.since_idp);
        self.lab.received(&ReceivedFilter { scenario: None, endpoint: None, since })
    }

    /// The answers to all probes of this scenario.
    pub fn probes(&self) -> &[Exchange] {
        &self.probes.answers
    }

    /// The proof that a protected path of the service is closed.
    ///
    /// # Errors
    /// No step has shown it.
    pub fn closed(&self) -> Result<&Closed, String> {
        let missing = || "no step before this one has shown that a protected path is closed".to_owned();
        self.undecided(self.probes.closed.as_ref().ok_or_else(missing))
    }
}

/// The first protected path without a query, which decorations would end up in.
fn protected_path(service: &Service) -> &str {
    let plain = service.protected.iter().find(|path| !path.contains('?'));
    plain.or(service.protected.first()).map_or("/", String::as_str)
}

/// `template` with its placeholders filled in.
fn fill_in(template: &str, service: &Service, open: Option<&str>) -> String {
    let protected = protected_path(service);
    let first_encoded = encode_first(protected, "%");
    [
        ("{open}", open.unwrap_or("/").to_owned()),
        ("{protected}", protected.to_owned()),
        ("{bare}", protected.strip_prefix('/').unwrap_or(protected).to_owned()),
        ("{upper}", protected.to_ascii_uppercase()),
        ("{first-encoded}", first_encoded),
        ("{all-encoded}", encode_all(protected)),
        ("{double-encoded}", encode_first(protected, "%25")),
        ("{origin}", service.url.origin().ascii_serialization()),
    ]
    .iter()
    .fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// `/api` → `/%61pi`, with `percent` in place of `%`.
fn encode_first(path: &str, percent: &str) -> String {
    match path.char_indices().find(|(_, c)| c.is_ascii_alphanumeric()) {
        Some((at, c)) => format!("{}{percent}{:02x}{}", &path[..at], u32::from(c), &path[at + 1..]),
        None => path.to_owned(),
    }
}

/// `/api` → `/%61%70%69`; only letters and digits, so that the segments stay.
fn encode_all(path: &str) -> String {
    let encode = |c: char| match c.is_ascii_alphanumeric() {
        true => format!("%{:02x}", u32::from(c)),
        false => c.to_string(),
    };
    path.chars().map(encode).collect()
}

fn probe_of_kind(kind: &str, path: &str) -> Result<RawRequest, String> {
    match kind {
        "a plain GET" => Ok(RawRequest::get(path)),
        "a HEAD request" => Ok(RawRequest::new("HEAD", path)),
        // As the kubelet sends them.
        "a Kubernetes probe" => Ok(RawRequest::get(path)
            .header("User-Agent", "kube-probe/1.30")
            .header("Accept", "*/*")
            .header("Connection", "close")),
        "HTTP/1.0 without Host" => Ok(RawRequest::get(path).dialect(Dialect::Http10WithoutHost)),
        other => Err(format!("there is no probe called `{other}`")),
    }
}

fn probe_with_credentials(credentials: &str, path: &str) -> Result<RawRequest, String> {
    let request = RawRequest::get(path);
    let garbage = "Bearer authproof-garbage";
    match credentials {
        "a garbage bearer" => Ok(request.header("Authorization", garbage)),
        "an expired JWT as bearer" => Ok(request.header("Authorization", format!("Bearer {}", expired_jwt()))),
        "garbage cookies" => Ok(request.header("Cookie", garbage_cookies())),
        "two Authorization headers" => {
            let basic = "Basic Z2FyYmFnZTpnYXJiYWdl";
            Ok(request.header("Authorization", garbage).header("Authorization", basic))
        }
        "an identity header" => Ok(request.header("X-Forwarded-User", "admin")),
        other => Err(format!("there are no credentials called `{other}`")),
    }
}

/// Well-formed, long past, and signed by nobody: health must not look at it.
fn expired_jwt() -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let claims = r#"{"iss":"https://idp.test","sub":"nobody","aud":"nobody","iat":1500000000,"exp":1500003600}"#;
    format!("{}.{}.{}", part(r#"{"alg":"RS256","kid":"expired"}"#), part(claims), part(&"x".repeat(256)))
}

/// The names under which common stacks keep their sessions.
fn garbage_cookies() -> String {
    let names = [
        "session",
        "oidc_id_token",
        "connect.sid",
        "id",
        "sid",
        "JSESSIONID",
        "_oauth2_proxy",
        "mod_auth_openidc_session",
    ];
    names.map(|name| format!("{name}=garbage.%00\\x.e30")).join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_is_encoded_once_or_twice() {
        assert_eq!(encode_first("/api/me", "%"), "/%61pi/me");
        assert_eq!(encode_first("/api/me", "%25"), "/%2561pi/me");
        assert_eq!(encode_first("/", "%"), "/");
    }

    #[test]
    fn encoding_keeps_the_segments() {
        assert_eq!(encode_all("/a-1/b"), "/%61-%31/%62");
    }

    #[test]
    fn an_unknown_probe_is_refused() {
        assert!(probe_of_kind("a plain GETT", "/health").is_err());
        assert!(probe_with_credentials("a garbage", "/health").is_err());
    }
}
