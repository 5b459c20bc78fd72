//! What an issuer has received and given out. Client secrets and passwords are masked before anything is kept.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::behaviour::{BehaviourId, Endpoint};
use crate::incoming::Incoming;
use crate::model::TokenKind;

/// The oldest go first beyond it, so that memory stays bounded.
const KEPT: usize = 50_000;

/// Stands in for every masked value.
const MASK: &str = "***";

/// One request as the provider got it, and what it did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Received {
    /// Rises with each request of the server.
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
pub(crate) struct Journal {
    received: Mutex<VecDeque<Received>>,
    last: AtomicU64,
}

impl Journal {
    pub(crate) fn mark(&self) -> u64 {
        self.last.load(Ordering::SeqCst)
    }

    pub(crate) fn add(&self, mut received: Received) {
        let mut all = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.seq = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        if all.len() == KEPT {
            all.pop_front();
        }
        all.push_back(received);
    }

    pub(crate) fn find(&self, filter: &ReceivedFilter) -> Vec<Received> {
        let all = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        // The numbers rise, so what is older than asked for is never looked at.
        let start = filter.since.map_or(0, |since| all.partition_point(|received| received.seq <= since));
        all.range(start..).filter(|received| filter.wants(received)).cloned().collect()
    }

    pub(crate) fn forget_scenario(&self, scenario: &str) {
        let mut all = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|received| received.scenario.as_deref() != Some(scenario));
    }
}

/// The request's headers with credentials of clients masked; bearer tokens stay, they are the mock's own.
pub(crate) fn masked_headers(incoming: &Incoming) -> Vec<(String, String)> {
    let headers = incoming.headers.iter();
    headers
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let text = match text.get(..6) {
                Some(scheme) if name == "authorization" && scheme.eq_ignore_ascii_case("basic ") => masked_basic(&text),
                _ => text,
            };
            (name.to_string(), text)
        })
        .collect()
}

/// Keeps the client's identifier, since it tells who called.
fn masked_basic(header: &str) -> String {
    let decoded = STANDARD.decode(header[6..].trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let client = decoded.as_deref().and_then(|text| text.split_once(':')).map_or(MASK, |(client, _)| client).to_owned();
    format!("Basic {}", STANDARD.encode(format!("{client}:{MASK}")))
}

/// The request's parameters with secrets masked.
pub(crate) fn masked_params(params: &[(String, String)]) -> Vec<(String, String)> {
    params
        .iter()
        .map(|(name, value)| match name.as_str() {
            "client_secret" | "password" | "client_assertion" => (name.clone(), MASK.to_owned()),
            _ => (name.clone(), value.clone()),
        })
        .collect()
}
