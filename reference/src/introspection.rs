//! Token introspection (RFC 7662): the provider is asked about each token, each time. Nothing is kept, so a revoked token
//! is refused from that moment.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::access_token::{AccessTokenError, Expected, check_claims, check_issuer};
use crate::backchannel;
use crate::defects::{Defect, Defects};
use crate::jws::Refusal;
use crate::provider::{Provider, ProviderError};

/// As whom the provider is asked.
#[derive(Clone)]
pub(crate) struct Introspection {
    pub(crate) client_id: Arc<str>,
    pub(crate) client_secret: Arc<str>,
    pub(crate) http: reqwest::Client,
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// What the provider knows of `token`, once it says that the token is active and every rule holds.
pub(crate) async fn validated(
    token: &str,
    provider: &Provider,
    introspection: &Introspection,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, AccessTokenError> {
    let answer = match introspection.ask(token, provider).await {
        Ok(answer) => answer,
        Err(_) if expected.defects.has(Defect::IntrospectionFailsOpen) => return Ok(Map::new()),
        Err(outage) => return Err(outage.into()),
    };
    let Value::Object(members) = answer else {
        return Err(Refusal("no introspection response").into());
    };
    if !check_active(&members, expected.defects)? {
        return Ok(members);
    }
    if members.contains_key("iss") && !expected.defects.has(Defect::BearerIssuerUnchecked) {
        check_issuer(&members, expected.issuer)?;
    }
    check_token_type(&members)?;
    check_claims(&members, expected)?;
    Ok(members)
}

/// RFC 7662 section 2.2: the JSON boolean `true` and nothing that resembles it. The answer tells whether the other members
/// are looked at, which is so without defects.
fn check_active(members: &Map<String, Value>, defects: &Defects) -> Result<bool, Refusal> {
    match members.get("active") {
        Some(Value::Bool(true)) => Ok(true),
        Some(active) if *active != Value::Bool(false) && defects.has(Defect::IntrospectionTruthy) => Ok(false),
        _ => Err(Refusal("not active")),
    }
}

/// A token that is bound to a key is none that anybody may bear (RFC 9449 section 6.2).
fn check_token_type(members: &Map<String, Value>) -> Result<(), Refusal> {
    match members.get("token_type") {
        None => Ok(()),
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("Bearer") => Ok(()),
        Some(_) => Err(Refusal("no bearer token")),
    }
}

impl Introspection {
    /// Whatever JSON the provider answers with; anything else is an outage.
    async fn ask(&self, token: &str, provider: &Provider) -> Result<Value, ProviderError> {
        let endpoint = provider.metadata().await?.introspection_endpoint.ok_or(ProviderError::Malformed)?;
        let basic = backchannel::basic(&self.client_id, &self.client_secret);
        let request = self.http.post(endpoint).header("authorization", basic);
        let request = request.header("accept", "application/json");
        let sent = request.form(&[("token", token), ("token_type_hint", "access_token")]).send().await;
        let answer = sent.map_err(|_| ProviderError::Unreachable)?;
        if answer.status() != 200 {
            return Err(ProviderError::Malformed);
        }
        backchannel::json(answer).await.map_err(|_| ProviderError::Malformed)
    }
}
