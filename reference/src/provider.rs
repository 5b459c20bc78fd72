//! The OpenID provider as a client sees it: discovery and keys, fetched when first needed and kept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::backchannel::{self, NoAnswer};

/// An unknown `kid` leads to a new fetch of the keys, but not more often than this: a flood of them must not become a
/// flood at the provider.
const REFETCH_AFTER: Duration = Duration::from_secs(5);

/// The part of the discovery document that is used (OpenID Connect Discovery 1.0 section 3).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
    pub(crate) userinfo_endpoint: String,
    pub(crate) jwks_uri: String,
    pub(crate) introspection_endpoint: Option<String>,
    pub(crate) end_session_endpoint: Option<String>,
    /// RFC 9207 section 3.
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

/// A key of the key set, as far as RS256 needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct RsaJwk {
    pub(crate) kid: Option<String>,
    pub(crate) n: String,
    pub(crate) e: String,
}

/// The provider cannot be asked. Nobody is let in then.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ProviderError {
    #[error("the provider cannot be reached")]
    Unreachable,
    #[error("the provider's answer is not what the specification says")]
    Malformed,
    #[error("the discovery document is another issuer's")]
    OtherIssuer,
}

impl From<NoAnswer> for ProviderError {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::Unreachable => Self::Unreachable,
            NoAnswer::Malformed => Self::Malformed,
        }
    }
}

/// A provider with what is known of it.
#[derive(Clone)]
pub(crate) struct Provider {
    issuer: Arc<str>,
    http: reqwest::Client,
    metadata: Arc<Mutex<Option<Metadata>>>,
    keys: Arc<Mutex<Keys>>,
}

#[derive(Default)]
struct Keys {
    known: Vec<RsaJwk>,
    fetched: Option<Instant>,
}

impl Provider {
    pub(crate) fn new(issuer: &str, http: reqwest::Client) -> Self {
        Self { issuer: issuer.into(), http, metadata: Arc::default(), keys: Arc::default() }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The discovery document; its issuer is compared exactly (Discovery 4.3).
    pub(crate) async fn metadata(&self) -> Result<Metadata, ProviderError> {
        let mut kept = self.metadata.lock().await;
        if let Some(metadata) = &*kept {
            return Ok(metadata.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let metadata: Metadata = self.fetch(&url).await?;
        if metadata.issuer != *self.issuer {
            return Err(ProviderError::OtherIssuer);
        }
        Ok(kept.insert(metadata).clone())
    }

    /// The key that signs under `kid`; without one, the only key there is.
    pub(crate) async fn key(&self, kid: Option<&str>) -> Result<Option<RsaJwk>, ProviderError> {
        let uri = self.metadata().await?.jwks_uri;
        let mut keys = self.keys.lock().await;
        if let Some(key) = keys.find(kid) {
            return Ok(Some(key));
        }
        if keys.fetched.is_some_and(|at| at.elapsed() < REFETCH_AFTER) {
            return Ok(None);
        }
        let document: Value = self.fetch(&uri).await?;
        let listed = document.get("keys").and_then(Value::as_array).ok_or(ProviderError::Malformed)?;
        // Keys of other kinds and for other uses are passed over, not mistaken for ours (RFC 7517 section 5).
        let usable = listed.iter().filter(|key| {
            let is = |name: &str, value: &str| key.get(name).is_none_or(|found| found == value);
            key.get("kty").is_some_and(|kty| kty == "RSA") && is("use", "sig") && is("alg", "RS256")
        });
        keys.known = usable.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect();
        keys.fetched = Some(Instant::now());
        Ok(keys.find(kid))
    }

    async fn fetch<T: serde::de::DeserializeOwned>(&self, url: &str) -> Result<T, ProviderError> {
        let answer = self.http.get(url).send().await.map_err(|_| ProviderError::Unreachable)?;
        if answer.status() != 200 {
            return Err(ProviderError::Malformed);
        }
        Ok(backchannel::json(answer).await?)
    }
}

impl Keys {
    fn find(&self, kid: Option<&str>) -> Option<RsaJwk> {
        match (kid, self.known.as_slice()) {
            (Some(kid), known) => known.iter().find(|key| key.kid.as_deref() == Some(kid)).cloned(),
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
        }
    }
}
