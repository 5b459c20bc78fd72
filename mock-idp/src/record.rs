//! What an issuer has received and given out. Client secrets and passwords are masked before anything is kept.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::form_urlencoded;

use crate::answer::Answer;
use crate::behaviour::{BehaviourId, Endpoint};
use crate::incoming::Incoming;
use crate::issuer::IssuerState;
use crate::model::TokenKind;

/// The oldest go first beyond it, so that memory stays bounded.
const KEPT: usize = 50_000;

/// The same in bytes, since a single request may be large.
const KEPT_BYTES: usize = 64 * 1024 * 1024;

/// Stands in for every masked value.
const MASK: &str = "***";

/// One request as the provider got it, and what it did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Received {
    /// Rises with each request of the issuer.
    pub seq: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The issuer identifier.
    pub issuer: String,
    pub endpoint: Endpoint,
    /// The scenario it belongs to, as far as it can be told.
    pub scenario: Option<String>,
    pub method: String,
    pub path_and_query: String,
    pub headers: Vec<(String, String)>,
    /// Parameters of the query and of a form, in order.
    pub params: Vec<(String, String)>,
    pub client_id: Option<String>,
    pub client_auth: ClientAuth,
    /// 0 where nothing was sent: the connection was dropped, or its client did not wait.
    pub response_status: u16,
    /// The response's body, where it is text.
    pub response_body: String,
    pub issued: Vec<Issued>,
    /// The order that was carried out.
    pub behaviour: Option<BehaviourId>,
}

/// A token that was given out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    pub kind: TokenKind,
    pub token: String,
}

/// How a client authenticated (OIDC Core section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    None,
    ClientSecretBasic,
    ClientSecretPost,
    /// More than one method in one request, which RFC 6749 section 2.3 forbids.
    Several,
    /// The secret stood in the URL.
    Query,
}

impl Received {
    /// The first parameter of that name.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Received {
    /// About how many bytes of memory it holds.
    fn weight(&self) -> usize {
        const PER_TEXT: usize = size_of::<String>() + 16;
        let pairs = self.headers.iter().chain(&self.params);
        let pairs: usize = pairs.map(|(name, value)| name.len() + value.len() + 2 * PER_TEXT).sum();
        let issued: usize = self.issued.iter().map(|issued| issued.token.len() + PER_TEXT).sum();
        size_of::<Self>() + self.path_and_query.len() + self.response_body.len() + pairs + issued
    }
}

/// Which requests are asked for; everything that is `None` matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceivedFilter {
    pub scenario: Option<String>,
    pub endpoint: Option<Endpoint>,
    /// Only those with a higher `seq`.
    pub since: Option<u64>,
}

impl ReceivedFilter {
    fn wants(&self, received: &Received) -> bool {
        self.scenario.as_ref().is_none_or(|scenario| received.scenario.as_ref() == Some(scenario))
            && self.endpoint.is_none_or(|endpoint| received.endpoint == endpoint)
            && self.since.is_none_or(|since| received.seq > since)
    }
}

/// The requests of an issuer, newest last.
#[derive(Default)]
pub(crate) struct Journal(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    received: VecDeque<Received>,
    bytes: usize,
    last: u64,
}

impl Journal {
    pub(crate) fn mark(&self) -> u64 {
        self.lock().last
    }

    fn add(&self, received: Received) {
        self.lock().add(received, KEPT, KEPT_BYTES);
    }

    pub(crate) fn find(&self, filter: &ReceivedFilter) -> Vec<Received> {
        let kept = self.lock();
        // The numbers rise, so what is older than asked for is never looked at.
        let start = filter.since.map_or(0, |since| kept.received.partition_point(|received| received.seq <= since));
        kept.received.range(start..).filter(|received| filter.wants(received)).cloned().collect()
    }

    pub(crate) fn forget_scenario(&self, scenario: &str) {
        let mut kept = self.lock();
        kept.received.retain(|received| received.scenario.as_deref() != Some(scenario));
        kept.bytes = kept.received.iter().map(Received::weight).sum();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, mut received: Received, most: usize, most_bytes: usize) {
        self.last += 1;
        received.seq = self.last;
        self.bytes += received.weight();
        self.received.push_back(received);
        while self.received.len() > most || (self.bytes > most_bytes && self.received.len() > 1) {
            self.bytes -= self.received.pop_front().map_or(0, |oldest| oldest.weight());
        }
    }
}

/// A request that is on its way into the record. It is recorded when it was answered, and also when it never is: where
/// the client goes away before, its handler is dropped, and this with it.
pub(crate) struct Entry<'a> {
    journal: &'a Journal,
    received: Option<Received>,
}

impl<'a> Entry<'a> {
    pub(crate) fn new(
        issuer: &'a IssuerState,
        endpoint: Endpoint,
        incoming: &Incoming,
        scenario: Option<String>,
    ) -> Self {
        let credentials = incoming.credentials();
        let received = Received {
            seq: 0,
            at: OffsetDateTime::now_utc(),
            issuer: issuer.url.clone(),
            endpoint,
            scenario,
            method: incoming.method.to_string(),
            path_and_query: masked_query(incoming),
            headers: masked_headers(incoming),
            params: masked_params(&incoming.params()),
            client_id: credentials.client_id,
            client_auth: credentials.method,
            response_status: 0,
            response_body: String::new(),
            issued: Vec::new(),
            behaviour: None,
        };
        Self { journal: &issuer.journal, received: Some(received) }
    }

    /// The order that decides about the answer.
    pub(crate) fn caused_by(&mut self, behaviour: Option<BehaviourId>) {
        if let Some(received) = &mut self.received {
            received.behaviour = behaviour;
        }
    }

    /// Records the request with its answer.
    pub(crate) fn answered(mut self, answer: Answer) -> Answer {
        if let Some(received) = &mut self.received {
            received.response_status = answer.status.as_u16();
            received.response_body.clone_from(&answer.body);
            received.issued.clone_from(&answer.issued);
            received.behaviour = received.behaviour.or(answer.behaviour);
            if answer.client_id.is_some() {
                received.client_id.clone_from(&answer.client_id);
            }
        }
        answer
    }

    /// Records the request now: nothing will be sent.
    pub(crate) fn unanswered(self) {}
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if let Some(received) = self.received.take() {
            self.journal.add(received);
        }
    }
}

/// The request's headers with credentials of clients masked; bearer tokens stay, they are the mock's own.
fn masked_headers(incoming: &Incoming) -> Vec<(String, String)> {
    let headers = incoming.headers.iter();
    headers
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let text = if name == "authorization" { masked_authorization(&text) } else { text };
            (name.to_string(), text)
        })
        .collect()
}

/// Keeps the client's identifier, since it tells who called.
fn masked_authorization(header: &str) -> String {
    let (scheme, rest) = header.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((header, ""));
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => header.to_owned(),
        "basic" => {
            let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let client = decoded.as_deref().and_then(|text| text.split_once(':')).map_or(MASK, |(client, _)| client);
            format!("Basic {}", STANDARD.encode(format!("{client}:{MASK}")))
        }
        _ => MASK.to_owned(),
    }
}

fn is_secret(name: &str) -> bool {
    matches!(name, "client_secret" | "password" | "client_assertion")
}

/// The request's parameters with secrets masked.
fn masked_params(params: &[(String, String)]) -> Vec<(String, String)> {
    let mask = |name: &str, value: &str| if is_secret(name) { MASK.to_owned() } else { value.to_owned() };
    params.iter().map(|(name, value)| (name.clone(), mask(name, value))).collect()
}

/// Path and query as they came, unless a secret stands in the query.
fn masked_query(incoming: &Incoming) -> String {
    if !incoming.query.iter().any(|(name, _)| is_secret(name)) {
        return incoming.path_and_query.clone();
    }
    let path = incoming.path_and_query.split('?').next().unwrap_or_default();
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(masked_params(&incoming.query)).finish();
    format!("{path}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(body: &str) -> Received {
        Received {
            seq: 0,
            at: OffsetDateTime::UNIX_EPOCH,
            issuer: String::new(),
            endpoint: Endpoint::Token,
            scenario: None,
            method: "POST".into(),
            path_and_query: "/token".into(),
            headers: vec![],
            params: vec![],
            client_id: None,
            client_auth: ClientAuth::None,
            response_status: 200,
            response_body: body.into(),
            issued: vec![],
            behaviour: None,
        }
    }

    #[test]
    fn the_oldest_go_first_when_there_are_too_many() {
        let mut kept = Kept::default();

        for _ in 0..5 {
            kept.add(received(""), 3, usize::MAX);
        }

        assert_eq!(kept.received.iter().map(|received| received.seq).collect::<Vec<_>>(), [3, 4, 5]);
    }

    #[test]
    fn the_oldest_go_first_when_they_are_too_large() {
        let mut kept = Kept::default();
        let large = received(&"x".repeat(10_000));

        for _ in 0..100 {
            kept.add(large.clone(), usize::MAX, 50_000);
        }

        assert_eq!(kept.received.len(), 50_000 / large.weight());
        assert_eq!(kept.bytes, kept.received.iter().map(Received::weight).sum::<usize>());
    }

    #[test]
    fn an_authorization_header_keeps_no_secret_in_any_spelling() {
        let secret = STANDARD.encode("web:s3cret");

        for header in [format!("Basic {secret}"), format!("bAsIc\t{secret}"), format!("Other {secret}"), secret.clone()]
        {
            let masked = masked_authorization(&header);

            assert!(!masked.contains(&secret), "{masked}");
        }
        assert_eq!(masked_authorization("Bearer abc"), "Bearer abc");
    }
}
