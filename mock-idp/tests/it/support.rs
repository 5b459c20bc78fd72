//! A started provider with two confidential clients and a public one, and the requests of a login.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mock_idp::{
    Behaviour, Client, Issuer, IssuerSettings, MockIdp, PERSONA_COOKIE, Persona, SCENARIO_COOKIE, ScenarioEntry,
};
use reqwest::{RequestBuilder, Response};
use serde_json::{Map, Value};
use url::Url;

pub const CALLBACK: &str = "http://127.0.0.1:8080/callback";
pub const LOGGED_OUT: &str = "http://127.0.0.1:8080/bye";
pub const SECRET: &str = "s3cret-of-web";
pub const SCENARIO: &str = "scenario-1";
pub const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";

/// The challenge of [`VERIFIER`] (RFC 7636 section 4.2).
pub fn challenge() -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

/// An issuer at `path` with the clients `web`, `other` and `spa` and the personas alice and bob.
pub fn settings(path: &str) -> IssuerSettings {
    IssuerSettings::at_path(path)
        .client(Client::confidential("web", SECRET).redirect_uri(CALLBACK).post_logout_redirect_uri(LOGGED_OUT))
        .client(Client::confidential("other", "s3cret-of-other").redirect_uri(CALLBACK))
        .client(Client::public("spa").redirect_uri(CALLBACK))
        .persona(Persona::named("alice"))
        .persona(Persona::named("bob"))
}

/// A server with one such issuer, whose scenario [`SCENARIO`] is entered.
pub async fn start() -> (MockIdp, Caller) {
    let idp = MockIdp::builder().issuer(settings("")).start().await.unwrap();
    let caller = Caller::of(idp.first_issuer());
    caller.enter(SCENARIO);
    (idp, caller)
}

/// Sends requests to one issuer and follows no redirect.
#[derive(Clone)]
pub struct Caller {
    pub issuer: Issuer,
    pub http: reqwest::Client,
}

impl Caller {
    pub fn of(issuer: Issuer) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Self { issuer, http }
    }

    /// Makes `scenario` known with the personas alice and bob.
    pub fn enter(&self, scenario: &str) {
        let personas = vec![Persona::named("alice"), Persona::named("bob")];
        self.issuer.enter_scenario(ScenarioEntry { id: scenario.into(), personas });
    }

    /// Gives an order that was checked.
    pub fn behave(&self, behaviour: Behaviour) -> mock_idp::BehaviourId {
        behaviour.check().unwrap();
        self.issuer.behave(behaviour)
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.url())
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.at(path))
    }

    pub fn post(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        self.http.post(self.at(path)).form(form)
    }

    /// An authorization request of `web` by a browser of the scenario.
    pub async fn authorize_as(
        &self,
        scenario: &str,
        persona: Option<&str>,
        changes: &[(&str, Option<&str>)],
    ) -> Response {
        let persona = persona.map(|name| format!("; {PERSONA_COOKIE}={name}")).unwrap_or_default();
        let cookie = format!("{SCENARIO_COOKIE}={scenario}{persona}");
        let request = self.http.get(self.authorization_url(changes)).header("cookie", cookie);
        request.send().await.unwrap()
    }

    pub async fn authorize(&self, changes: &[(&str, Option<&str>)]) -> Response {
        self.authorize_as(SCENARIO, None, changes).await
    }

    /// The URL of a good authorization request, with some parameters set or left out.
    pub fn authorization_url(&self, changes: &[(&str, Option<&str>)]) -> Url {
        let challenge = challenge();
        let mut params = vec![
            ("response_type", "code"),
            ("client_id", "web"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid email profile"),
            ("state", "state-1"),
            ("nonce", "nonce-1"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            params.retain(|(known, _)| known != name);
            params.extend(value.map(|value| (*name, value)));
        }
        Url::parse_with_params(&self.at("/authorize"), params).unwrap()
    }

    /// A code for `web`, of the scenario.
    pub async fn code(&self) -> String {
        code_of(&self.authorize(&[]).await)
    }

    /// A token request with the secret of `web` in a Basic header.
    pub fn token(&self, form: &[(&str, &str)]) -> RequestBuilder {
        self.post("/token", form).header("authorization", basic("web", SECRET))
    }

    pub async fn redeem(&self, code: &str) -> Response {
        self.token(&redemption(code)).send().await.unwrap()
    }

    pub async fn refresh(&self, refresh_token: &str) -> Response {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.token(&form).send().await.unwrap()
    }

    /// The token response of a whole login in the scenario.
    pub async fn log_in(&self) -> Value {
        self.log_in_as(SCENARIO).await
    }

    pub async fn log_in_as(&self, scenario: &str) -> Value {
        let code = code_of(&self.authorize_as(scenario, None, &[]).await);
        let response = self.redeem(&code).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    pub async fn userinfo(&self, access_token: &str) -> Response {
        self.get("/userinfo").bearer_auth(access_token).send().await.unwrap()
    }

    pub async fn introspect(&self, token: &str) -> Value {
        let request = self.post("/introspect", &[("token", token)]).header("authorization", basic("web", SECRET));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// The server still answers.
    pub async fn assert_serves(&self) {
        let response = self.get("/.well-known/openid-configuration").send().await.unwrap();
        assert_eq!(response.status(), 200);
    }
}

pub fn redemption(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
}

/// A Basic header as RFC 6749 section 2.3.1 wants it: both halves form-encoded.
pub fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

/// The parameter of the URL that a response redirects to.
pub fn redirected(response: &Response, name: &str) -> Option<String> {
    assert!(response.status().is_redirection(), "{}", response.status());
    let to = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    to.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

pub fn code_of(response: &Response) -> String {
    redirected(response, "code").expect("a code")
}

/// The status and the OAuth error of a refused request.
pub async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    (status, body["error"].as_str().unwrap().to_owned())
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {value}"))
}

/// The header (0) or the claims (1) of a compact token.
pub fn segment(token: &str, at: usize) -> Map<String, Value> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub fn claims(token: &str) -> Value {
    segment(token, 1).into()
}
