//! The token endpoint and userinfo, as a client uses them.

use std::sync::Arc;

use reqwest::RequestBuilder;
use serde_json::{Map, Value};

use crate::backchannel::{self, NoAnswer};
use crate::clock::now;
use crate::defects::{Defect, Defects};
use crate::provider::{Provider, ProviderError};
use crate::store::{Grant, PendingLogin};

/// A registered client of the provider.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: Arc<str>,
    /// `None` for a public client.
    pub(crate) secret: Option<Arc<str>>,
    pub(crate) provider: Provider,
    pub(crate) http: reqwest::Client,
    pub(crate) defects: Defects,
}

/// Why there are no tokens.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum TokenError {
    /// The endpoint said no: an OAuth error response (RFC 6749 section 5.2).
    #[error("the provider refuses to give tokens")]
    Refused,
    #[error("the provider's answer is not what the specification says")]
    Malformed,
    #[error("the provider cannot be reached")]
    Unreachable,
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// A successful token response (RFC 6749 section 5.1). Only its own methods read it.
pub(crate) struct TokenResponse(Map<String, Value>);

impl std::fmt::Debug for TokenResponse {
    /// Names only: the values are secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TokenResponse").field(&self.0.keys()).finish()
    }
}

impl TokenResponse {
    pub(crate) fn id_token(&self) -> Option<&str> {
        self.0.get("id_token").and_then(Value::as_str)
    }

    /// The tokens that are kept.
    pub(crate) fn grant(&self) -> Result<Grant, TokenError> {
        let text = |name: &str| self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("Bearer")) {
            return Err(TokenError::Malformed);
        }
        Ok(Grant {
            access_token: text("access_token").ok_or(TokenError::Malformed)?.into(),
            refresh_token: text("refresh_token").map(str::to_owned),
            id_token: text("id_token").map(str::to_owned),
            expires: self.0.get("expires_in").and_then(Value::as_i64).map(|seconds| now().saturating_add(seconds)),
        })
    }

    /// Every member as text (defect `secrets-in-error-page`).
    pub(crate) fn reveal(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap_or_default()
    }
}

impl Client {
    /// Redeems the code of an authorization response (RFC 6749 section 4.1.3).
    pub(crate) async fn redeem(&self, code: &str, login: &PendingLogin) -> Result<TokenResponse, TokenError> {
        let mut form =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &login.redirect_uri)];
        form.extend(login.verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
        let repeated = if self.defects.has(Defect::CodeInAddress) { &[("code", code)][..] } else { &[] };
        self.ask(&form, repeated).await
    }

    /// Fresh tokens for an old refresh token (RFC 6749 section 6).
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<TokenResponse, TokenError> {
        self.ask(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)], &[]).await
    }

    /// A token of the service's own (defect `service-token-forwarded`).
    pub(crate) async fn own_token(&self) -> Result<TokenResponse, TokenError> {
        self.ask(&[("grant_type", "client_credentials")], &[]).await
    }

    /// Sends `form`, once; `query` is what must not be there.
    async fn ask(&self, form: &[(&str, &str)], query: &[(&str, &str)]) -> Result<TokenResponse, TokenError> {
        let endpoint = self.provider.metadata().await?.token_endpoint;
        let request = match query {
            [] => self.http.post(endpoint),
            query => self.http.post(endpoint).query(query),
        };
        match &self.secret {
            Some(_) => send(self.authenticated(request).form(form)).await,
            None => send(request.form(&[form, &[("client_id", &*self.id)]].concat())).await,
        }
    }

    fn authenticated(&self, request: RequestBuilder) -> RequestBuilder {
        let secret = self.secret.as_deref().unwrap_or_default();
        request.header("authorization", backchannel::basic(&self.id, secret))
    }

    /// The claims of userinfo (OIDC Core 5.3). The caller compares `sub`.
    pub(crate) async fn userinfo(&self, access_token: &str) -> Result<Map<String, Value>, TokenError> {
        let endpoint = self.provider.metadata().await?.userinfo_endpoint;
        let mut request = self.http.get(endpoint).bearer_auth(access_token);
        if self.defects.has(Defect::ClientSecretInAddress) {
            request = request.query(&[("client_secret", &self.secret)]);
        }
        let answer = request.send().await;
        let answer = answer.map_err(|_| TokenError::Unreachable)?;
        if answer.status() != 200 {
            return Err(TokenError::Refused);
        }
        Ok(backchannel::json(answer).await?)
    }
}

async fn send(request: RequestBuilder) -> Result<TokenResponse, TokenError> {
    let answer = request.header("accept", "application/json").send().await.map_err(|_| TokenError::Unreachable)?;
    match answer.status().as_u16() {
        200 => Ok(TokenResponse(backchannel::json(answer).await?)),
        400..500 => Err(TokenError::Refused),
        _ => Err(TokenError::Malformed),
    }
}

impl From<NoAnswer> for TokenError {
    fn from(no_answer: NoAnswer) -> Self {
        match no_answer {
            NoAnswer::Unreachable => Self::Unreachable,
            NoAnswer::Malformed => Self::Malformed,
        }
    }
}
