//! The HTTP client for the provider and the downstream services: no redirects, no proxy, no retries, and never more of an
//! answer than it could need.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::redirect::Policy;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

/// Far more than a token response, a key set or a page of resources needs.
const BODY_LIMIT: usize = 1024 * 1024;

/// An answer that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoAnswer {
    #[error("no answer came")]
    Unreachable,
    #[error("the answer is too long or not JSON")]
    Malformed,
}

/// The value of `Authorization` by which a client proves itself; both halves are form-encoded before they are joined
/// (RFC 6749 section 2.3.1).
pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(client_id), encoded(secret))))
}

/// One client for all, so that connections are reused.
pub(crate) fn client(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(timeout.min(Duration::from_secs(5)))
        .timeout(timeout)
        .build()
}

/// The JSON of an answer, whatever its status.
pub(crate) async fn json<T: DeserializeOwned>(mut answer: reqwest::Response) -> Result<T, NoAnswer> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| NoAnswer::Unreachable)? {
        if body.len() + chunk.len() > BODY_LIMIT {
            return Err(NoAnswer::Malformed);
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| NoAnswer::Malformed)
}
