//! A recording stand-in for a downstream service, on wiremock: answers what the target file says and keeps each request.
//!
//! Requests are kept here, not read back from wiremock: its list has no times, and each reading copies all of it.

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

use super::LabError;
use crate::evidence::Headers;
use crate::target::{Spy as SpySettings, SpyAnswer};

/// More than a run sends; the oldest go first beyond it, so that memory stays bounded.
const KEPT: usize = 20_000;

/// A running stand-in.
pub struct Spy {
    name: String,
    /// Taken only when this is dropped.
    server: Option<MockServer>,
    url: Url,
    state: Arc<State>,
}

/// A stand-in on a free loopback port that answers a GET of `path` with an empty list.
pub(super) fn on_a_free_port(path: &str) -> SpySettings {
    let answer =
        SpyAnswer { method: "GET".into(), path: path.into(), status: 200, json: serde_json::json!({ "items": [] }) };
    SpySettings { listen: ([127, 0, 0, 1], 0).into(), answers: vec![answer] }
}

/// The origin that nobody has a reason to talk to.
pub(super) async fn elsewhere() -> Result<Spy, LabError> {
    Spy::start("another origin", &on_a_free_port("/")).await
}

/// One request that a stand-in received.
#[derive(Clone)]
pub struct SpiedRequest {
    pub at: OffsetDateTime,
    pub method: String,
    /// As wiremock parsed it: dot segments are resolved, so this proves nothing about raw paths.
    pub url: Url,
    pub headers: Headers,
    pub body: Vec<u8>,
    /// What the stand-in answered.
    pub status: u16,
}

/// What a stand-in does instead of its declared answers, for requests that carry one of the marks.
#[derive(Clone)]
pub struct SpyBehaviour {
    /// Texts that tell a scenario's requests: its access tokens, its subject. Any one in a header value or the URL.
    pub marks: Vec<String>,
    pub answer: SpyReply,
}

/// A ready answer.
#[derive(Clone)]
pub struct SpyReply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub content_type: String,
}

struct State {
    answers: Vec<SpyAnswer>,
    behaviours: Mutex<Vec<SpyBehaviour>>,
    received: Mutex<VecDeque<SpiedRequest>>,
}

impl Spy {
    /// Starts a stand-in for the service `name`.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(name: &str, settings: &SpySettings) -> Result<Self, LabError> {
        let listener = TcpListener::bind(settings.listen).map_err(|source| LabError::Listen {
            what: format!("the stand-in for `{name}`"),
            address: settings.listen,
            source,
        })?;
        let state = Arc::new(State {
            answers: settings.answers.clone(),
            behaviours: Mutex::default(),
            received: Mutex::default(),
        });
        let server = MockServer::builder().listener(listener).disable_request_recording().start().await;
        Mock::given(any()).respond_with(Responder(Arc::clone(&state))).mount(&server).await;
        let url = server.uri().parse().expect("wiremock tells its own address as a URL");
        Ok(Self { name: name.into(), server: Some(server), url, state })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// What came in that carries one of `marks` in a header value, the URL or the body.
    pub fn received_with(&self, marks: &[String]) -> Vec<SpiedRequest> {
        let received = self.state.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.iter().filter(|request| request.carries(marks)).cloned().collect()
    }

    /// What came in since `since`, whoever caused it. Only for scenarios that have the deployment for themselves.
    pub fn received_since(&self, since: OffsetDateTime) -> Vec<SpiedRequest> {
        let received = self.state.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.iter().filter(|request| request.at >= since).cloned().collect()
    }

    /// Answers the requests that carry one of the marks otherwise, from now on.
    pub fn behave(&self, behaviour: SpyBehaviour) {
        self.state.behaviours.lock().unwrap_or_else(PoisonError::into_inner).push(behaviour);
    }

    /// Drops every behaviour that has one of `marks`.
    pub fn forget(&self, marks: &[String]) {
        let mut behaviours = self.state.behaviours.lock().unwrap_or_else(PoisonError::into_inner);
        behaviours.retain(|behaviour| !behaviour.marks.iter().any(|mark| marks.contains(mark)));
    }
}

impl Drop for Spy {
    /// wiremock blocks on a lock of tokio's when it is dropped. Inside a task that has used up its budget (tokio's
    /// cooperative scheduling) that lock is never given, and the thread would spin for ever; a plain thread has no budget.
    fn drop(&mut self) {
        let server = self.server.take();
        std::thread::spawn(move || drop(server));
    }
}

impl SpiedRequest {
    fn carries(&self, marks: &[String]) -> bool {
        let body = String::from_utf8_lossy(&self.body);
        marks.iter().filter(|mark| !mark.is_empty()).any(|mark| {
            self.url.as_str().contains(mark.as_str())
                || body.contains(mark.as_str())
                || self.headers.0.iter().any(|(_, value)| String::from_utf8_lossy(value).contains(mark.as_str()))
        })
    }
}

struct Responder(Arc<State>);

impl Respond for Responder {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let headers = request.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        let mut spied = SpiedRequest {
            at: OffsetDateTime::now_utc(),
            method: request.method.to_string(),
            url: request.url.clone(),
            headers: Headers(headers.collect()),
            body: request.body.clone(),
            status: 404,
        };
        let reply = self.reply(&spied);
        spied.status = reply.status;
        let mut received = self.0.received.lock().unwrap_or_else(PoisonError::into_inner);
        if received.len() == KEPT {
            received.pop_front();
        }
        received.push_back(spied);
        let template = ResponseTemplate::new(reply.status).set_body_raw(reply.body, &reply.content_type);
        reply
            .headers
            .iter()
            .fold(template, |template, (name, value)| template.append_header(name.as_str(), value.as_str()))
    }
}

impl Responder {
    fn reply(&self, request: &SpiedRequest) -> SpyReply {
        let behaviours = self.0.behaviours.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(behaviour) = behaviours.iter().rev().find(|behaviour| request.carries(&behaviour.marks)) {
            return behaviour.answer.clone();
        }
        let declared = self.0.answers.iter().find_map(|answer| {
            let stars = match_path(&answer.path, request.url.path())?;
            answer.method.eq_ignore_ascii_case(&request.method).then_some((answer, stars))
        });
        match declared {
            Some((answer, stars)) => SpyReply {
                status: answer.status,
                headers: vec![],
                body: fill(&answer.json, &stars).to_string(),
                content_type: "application/json".into(),
            },
            None => SpyReply {
                status: 404,
                headers: vec![],
                body: r#"{"error":"this stand-in has no answer for that path; add one under `spy.answers`"}"#.into(),
                content_type: "application/json".into(),
            },
        }
    }
}

/// What the stars of `pattern` stand for in `path`; `None` where it does not match.
fn match_path(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut stars, mut path) = (Vec::new(), path.trim_start_matches('/').split('/'));
    for part in pattern.trim_start_matches('/').split('/') {
        match part {
            "**" => {
                stars.push(path.by_ref().collect::<Vec<_>>().join("/"));
                return Some(stars);
            }
            "*" => stars.push(percent_decoded(path.next()?)),
            literal if Some(literal) == path.next() => {}
            _ => return None,
        }
    }
    path.next().is_none().then_some(stars)
}

fn percent_decoded(segment: &str) -> String {
    // A `+` stands for itself in a path, so it is kept from the form decoder.
    let form = format!("x={}", segment.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// `json` with `{1}`, `{2}`, ... in its texts replaced.
fn fill(json: &serde_json::Value, stars: &[String]) -> serde_json::Value {
    use serde_json::Value;
    match json {
        Value::String(text) => {
            let filled = stars
                .iter()
                .enumerate()
                .fold(text.clone(), |text, (at, star)| text.replace(&format!("{{{}}}", at + 1), star));
            Value::String(filled)
        }
        Value::Array(items) => items.iter().map(|item| fill(item, stars)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), fill(value, stars))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => json.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_decoded_segment() {
        assert_eq!(match_path("/user/*", "/user/a%40b.test"), Some(vec!["a@b.test".into()]));
        assert_eq!(match_path("/user/*", "/user/a/b"), None);
        assert_eq!(match_path("/user/*", "/users/a"), None);
    }

    #[test]
    fn two_stars_stand_for_the_rest() {
        assert_eq!(match_path("/v2/**", "/v2/a/b"), Some(vec!["a/b".into()]));
        assert_eq!(match_path("/**", "/"), Some(vec![String::new()]));
    }

    #[test]
    fn stars_are_filled_into_the_answer() {
        let json = serde_json::json!({ "user_id": "{1}", "tags": ["{1}", 1] });

        assert_eq!(fill(&json, &["ann".into()]), serde_json::json!({ "user_id": "ann", "tags": ["ann", 1] }));
    }
}
