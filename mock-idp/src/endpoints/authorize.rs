//! The authorization endpoint (OIDC Core 3.1.2): logs in the browser of a scenario by itself, and asks anybody else.

use axum::http::{Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::answer::Answer;
use crate::behaviour::{Action, AuthorizationResponse, Endpoint, Parameter};
use crate::incoming::{Incoming, find};
use crate::issuer::{IssuerState, Login, SESSION_LIFETIME, now, random_id};
use crate::login_page;
use crate::model::{Client, PERSONA_COOKIE, Persona, SCENARIO_COOKIE};

/// A code is redeemed at once or not at all (RFC 6749 section 4.1.2 recommends ten minutes at most).
const CODE_LIFETIME: i64 = 60;

const SESSION_COOKIE: &str = "mock_idp_session";

/// The field of the login page.
const USERNAME: &str = "username";

/// A login at the provider, sealed into its cookie.
#[derive(Serialize, Deserialize)]
pub(crate) struct Session {
    persona: Persona,
    auth_time: i64,
    expires: i64,
    pub(crate) sid: String,
}

impl Session {
    fn start(persona: Persona) -> Self {
        Self { persona, auth_time: now(), expires: now() + SESSION_LIFETIME, sid: random_id() }
    }
}

/// A request that may be answered at its redirect URI: client and URI are known to be good.
struct Request {
    client: Client,
    method: Method,
    redirect_uri: Url,
    params: Vec<(String, String)>,
}

impl Request {
    fn param(&self, name: &str) -> Option<&str> {
        find(&self.params, name)
    }
}

pub(crate) fn authorize(issuer: &IssuerState, incoming: &Incoming, scenario: Option<&str>) -> Answer {
    if !matches!(incoming.method, Method::GET | Method::POST) {
        return Answer::method_not_allowed("GET, POST");
    }
    let params = match incoming.method {
        Method::POST if find(&incoming.form, "client_id").is_some() => &incoming.form,
        _ => &incoming.query,
    };
    // What the person typed into the login page is not part of the request.
    let params = params.iter().filter(|(name, _)| name != USERNAME).cloned().collect();
    let request = match checked(issuer, incoming, params) {
        Ok(request) => request,
        Err(answer) => return answer,
    };
    let client_id = request.client.id.clone();
    let answer = match refusal(&request) {
        Some((error, why)) => error_response(issuer, &request, error, why),
        None => log_in(issuer, incoming, &request, scenario),
    };
    answer.for_client(&client_id)
}

/// RFC 6749 section 4.1.2.1: without a known client and redirect URI nobody is redirected anywhere.
fn checked(issuer: &IssuerState, incoming: &Incoming, params: Vec<(String, String)>) -> Result<Request, Answer> {
    let page = |why: &str| Answer::html(StatusCode::BAD_REQUEST, login_page::error(why));
    crate::incoming::refuse_duplicates(&params)
        .map_err(|_| page("A parameter comes twice in the authorization request."))?;
    let client_id = find(&params, "client_id").ok_or_else(|| page("The authorization request has no client_id."))?;
    let client = issuer.find_client(client_id).ok_or_else(|| page("No client has this client_id."))?;
    let redirect_uri =
        find(&params, "redirect_uri").ok_or_else(|| page("The authorization request has no redirect_uri."))?;
    if !client.redirect_uris.iter().any(|known| known == redirect_uri) {
        return Err(page("This redirect_uri is not registered for the client."));
    }
    let redirect_uri = Url::parse(redirect_uri).map_err(|_| page("The redirect_uri is no URL."))?;
    Ok(Request { client, method: incoming.method.clone(), redirect_uri, params })
}

/// What is wrong with the request, where it can be told at the redirect URI.
fn refusal(request: &Request) -> Option<(&'static str, &'static str)> {
    match request.param("response_type") {
        Some("code") => {}
        None => return Some(("invalid_request", "no response_type")),
        Some(_) => return Some(("unsupported_response_type", "only `code` is supported")),
    }
    if request.param("request").is_some() {
        return Some(("request_not_supported", "request objects are not supported"));
    }
    if request.param("request_uri").is_some() {
        return Some(("request_uri_not_supported", "request objects are not supported"));
    }
    if request.param("response_mode").is_some_and(|mode| mode != "query") {
        return Some(("invalid_request", "only the response mode `query` is supported"));
    }
    match (request.param("code_challenge"), request.param("code_challenge_method")) {
        (None, None) if request.client.secret.is_none() => Some(("invalid_request", "a public client must use PKCE")),
        (None, None) => None,
        (None, Some(_)) => Some(("invalid_request", "a code_challenge_method without a code_challenge")),
        (Some(challenge), Some("S256")) if challenge.len() == 43 => None,
        (Some(_), Some("S256")) => Some(("invalid_request", "an S256 code_challenge has 43 characters")),
        (Some(_), _) => Some(("invalid_request", "only the code_challenge_method S256 is supported")),
    }
}

fn log_in(issuer: &IssuerState, incoming: &Incoming, request: &Request, scenario: Option<&str>) -> Answer {
    let prompt: Vec<&str> = request.param("prompt").unwrap_or_default().split(' ').collect();
    if let Some(persona) = automatic_persona(issuer, incoming, scenario) {
        return response(issuer, request, &Session::start(persona), scenario);
    }
    if let Some(answer) = posted_login(issuer, incoming, request, scenario) {
        return answer;
    }
    let max_age = request.param("max_age").and_then(|text| text.parse::<i64>().ok());
    let fresh = session(issuer, incoming).filter(|session| {
        !prompt.contains(&"login") && max_age.is_none_or(|seconds| now() - session.auth_time <= seconds)
    });
    match fresh {
        Some(session) => response(issuer, request, &session, scenario),
        None if prompt.contains(&"none") => error_response(issuer, request, "login_required", "nobody is logged in"),
        None => ask(issuer, request, None),
    }
}

/// The scenario's browser is logged in by itself; anybody else only where the issuer was told to be lenient.
fn automatic_persona(issuer: &IssuerState, incoming: &Incoming, scenario: Option<&str>) -> Option<Persona> {
    let wanted = incoming.cookie(PERSONA_COOKIE);
    let of_scenario = scenario.and_then(|scenario| issuer.persona_of(scenario, wanted.as_deref()));
    of_scenario.or_else(|| issuer.settings.auto_login.as_deref().and_then(|name| issuer.find_persona(name)))
}

/// The browser's login at the provider, unless it is over.
pub(crate) fn session(issuer: &IssuerState, incoming: &Incoming) -> Option<Session> {
    let session: Session = issuer.seal.open("session", &incoming.cookie(SESSION_COOKIE)?)?;
    (session.expires > now() && !issuer.spent.contains(&session.sid)).then_some(session)
}

/// Where the provider's own cookies are sent, and who may read them.
pub(crate) fn cookie_attributes(issuer: &IssuerState) -> String {
    let path = if issuer.path.is_empty() { "/" } else { &issuer.path };
    let secure = if issuer.url.starts_with("https:") { "; Secure" } else { "" };
    format!("Path={path}; HttpOnly; SameSite=Lax{secure}")
}

/// The answer to a filled-in login page; `None` where the request is none.
fn posted_login(
    issuer: &IssuerState,
    incoming: &Incoming,
    request: &Request,
    scenario: Option<&str>,
) -> Option<Answer> {
    let name = find(&incoming.form, USERNAME).filter(|_| incoming.method == Method::POST)?;
    let Some(persona) = issuer.find_persona(name) else {
        return Some(ask(issuer, request, Some("There is no such persona.")));
    };
    let session = Session::start(persona);
    let cookie = format!("{SESSION_COOKIE}={}; {}", issuer.seal.close("session", &session), cookie_attributes(issuer));
    Some(response(issuer, request, &session, scenario).header(header::SET_COOKIE, &cookie))
}

fn ask(issuer: &IssuerState, request: &Request, problem: Option<&str>) -> Answer {
    let status = if problem.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    Answer::html(status, login_page::login(&issuer.settings.personas, &request.client.id, &request.params, problem))
}

fn response(issuer: &IssuerState, request: &Request, session: &Session, scenario: Option<&str>) -> Answer {
    let (order, change) = changes(issuer, scenario);
    if let Some(error) = &change.error {
        let description = change.error_description.as_deref();
        return redirect(issuer, request, &change, &[("error", Some(error)), ("error_description", description)])
            .caused_by(order);
    }
    let login = Login {
        id: random_id(),
        grant: random_id(),
        generation: 0,
        issuer: issuer.url.clone(),
        client_id: request.client.id.clone(),
        persona: session.persona.clone(),
        scenario: scenario.map(str::to_owned),
        scope: request.param("scope").unwrap_or_default().into(),
        nonce: request.param("nonce").map(str::to_owned),
        redirect_uri: request.param("redirect_uri").map(str::to_owned),
        code_challenge: request.param("code_challenge").map(str::to_owned),
        auth_time: session.auth_time,
        expires: now() + CODE_LIFETIME,
        sid: session.sid.clone(),
    };
    let code = issuer.seal.close("code", &login);
    let code = kept(&change.code, Some(&code));
    redirect(issuer, request, &change, &[("code", code.as_deref())]).caused_by(order)
}

fn error_response(issuer: &IssuerState, request: &Request, error: &str, why: &str) -> Answer {
    let nothing = AuthorizationResponse::default();
    redirect(issuer, request, &nothing, &[("error", Some(error)), ("error_description", Some(why))])
}

fn changes(issuer: &IssuerState, scenario: Option<&str>) -> (Option<crate::BehaviourId>, AuthorizationResponse) {
    let taken = issuer.orders.take(Endpoint::Authorization, None, scenario, |action| match action {
        Action::Authorization(change) => Some(change.clone()),
        _ => None,
    });
    taken.map_or_else(|| (None, AuthorizationResponse::default()), |(id, change)| (Some(id), change))
}

/// RFC 9207: the response names its issuer.
fn redirect(
    issuer: &IssuerState,
    request: &Request,
    change: &AuthorizationResponse,
    params: &[(&str, Option<&str>)],
) -> Answer {
    let mut to = request.redirect_uri.clone();
    let state = kept(&change.state, request.param("state"));
    let iss = kept(&change.iss, Some(&issuer.url));
    let common = [("state", state.as_deref()), ("iss", iss.as_deref())];
    for (name, value) in params.iter().chain(&common) {
        if let Some(value) = value {
            to.query_pairs_mut().append_pair(name, value);
        }
    }
    Answer::redirect(&request.method, &to)
}

fn kept(change: &Parameter, value: Option<&str>) -> Option<String> {
    match change {
        Parameter::Keep => value.map(str::to_owned),
        Parameter::Drop => None,
        Parameter::Set(other) => Some(other.clone()),
    }
}

/// The scenario that the browser names.
pub(crate) fn scenario(incoming: &Incoming) -> Option<String> {
    incoming.cookie(SCENARIO_COOKIE)
}
