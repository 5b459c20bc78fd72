//! A live exchange. It may hold secrets, so it is neither `Serialize` nor printed.

use std::time::Duration;

use time::OffsetDateTime;
use url::Url;

pub use http::Method;

/// Who spoke to whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// A person's browser, by persona.
    Browser(String),
    /// A program that calls a service with or without a bearer token.
    Client,
    /// A service of the target.
    Service(String),
    Idp,
    /// A recording stand-in for a service that another one calls.
    Downstream(String),
}

/// Header lines in the order and spelling seen on the wire; names compare without case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(String, Vec<u8>)>);

impl Headers {
    /// The first value of that name, where it is valid UTF-8.
    pub fn find(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        value.and_then(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// Every value of that name that is valid UTF-8, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }
}

/// A request as it was written.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    /// Where the connection went; its path may differ from `target` when that was written raw.
    pub url: Url,
    /// The request target exactly as sent, e.g. `/healthcheck/../admin`.
    pub target: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// A response as it was read; the body is cut at the browser's limit.
#[derive(Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Headers,
    pub body: Vec<u8>,
    /// The body went on beyond the limit and was cut.
    pub body_cut: bool,
}

impl Response {
    /// 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportFailure {
    #[error("cannot connect to {to}: {reason}")]
    Connect { to: String, reason: String },
    #[error("no answer within {} ms", .after.as_millis())]
    Deadline { after: Duration },
    #[error("the connection ended before a complete answer: {reason}")]
    Broken { reason: String },
    #[error("the answer is not HTTP: {reason}")]
    NotHttp { reason: String },
    #[error("{host} is not a host of the target, so nothing was sent to it")]
    ForeignHost { host: String },
}

/// One request with its response, or with the reason why there is none.
#[derive(Clone)]
pub struct Exchange {
    pub from: Party,
    pub to: Party,
    pub at: OffsetDateTime,
    pub took: Duration,
    pub request: Request,
    pub response: Result<Response, TransportFailure>,
}

impl Exchange {
    /// The status, where there is a response.
    pub fn status(&self) -> Option<u16> {
        self.response.as_ref().ok().map(|response| response.status)
    }

    /// The redirect target of a 3xx response, resolved against the request's URL as a browser does.
    pub fn location(&self) -> Option<Url> {
        let response = self.response.as_ref().ok()?;
        if !(300..400).contains(&response.status) {
            return None;
        }
        self.request.url.join(response.headers.find("location")?).ok()
    }

    /// The body as text, invalid bytes replaced; empty where there is no response.
    pub fn body_text(&self) -> String {
        self.response.as_ref().map(|response| String::from_utf8_lossy(&response.body).into_owned()).unwrap_or_default()
    }

    /// The body as JSON, where it is JSON.
    pub fn body_json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.response.as_ref().ok()?.body).ok()
    }
}
