//! The stored form of an exchange: redacted, serialisable.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Party;

/// One request with its response, redacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedExchange {
    /// Position in the scenario, from 1, in order of time.
    pub number: u32,
    pub from: Party,
    pub to: Party,
    /// The Gherkin step that caused it.
    pub step: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub took_ms: u64,
    pub request: RecordedRequest,
    /// The response, or in words why there is none.
    pub response: Result<RecordedResponse, String>,
}

/// A redacted request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedRequest {
    pub method: String,
    /// Scheme, host and port: `http://127.0.0.1:5000`.
    pub origin: String,
    /// The request target exactly as sent, secrets masked.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: RecordedBody,
}

/// A redacted response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: RecordedBody,
}

/// A body as far as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedBody {
    /// Text, invalid bytes replaced, cut at 64 KiB.
    pub text: String,
    /// Length in bytes before any cut.
    pub bytes: u64,
}
