//! Validation of access tokens that are JWTs (RFC 9068 section 4), one function a rule.

use serde_json::{Map, Value};

use crate::defects::{Defect, Defects};
use crate::id_token::{LEEWAY, numeric_date};
use crate::jws::{Jws, Refusal};
use crate::provider::{Provider, ProviderError};

/// What an access token must fit.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a str,
    /// Seconds since 1970.
    pub(crate) now: i64,
    pub(crate) defects: &'a Defects,
}

/// Why an access token opens nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum AccessTokenError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

/// The claims of `token`, once every rule holds.
pub(crate) async fn validated(
    token: &str,
    provider: &Provider,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, AccessTokenError> {
    let jws = Jws::read(token)?;
    check_header(&jws, expected.defects)?;
    check_signature(&jws, provider, expected.defects).await?;
    if !expected.defects.has(Defect::BearerIssuerUnchecked) {
        check_issuer(&jws.claims, expected.issuer)?;
    }
    check_claims(&jws.claims, expected)?;
    Ok(jws.claims)
}

/// The rules that hold for the claims of a token and for the members of an introspection response alike.
pub(crate) fn check_claims(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), Refusal> {
    if !expected.defects.has(Defect::BearerAudienceUnchecked) {
        check_audience(claims, expected.audience)?;
    }
    if !expected.defects.has(Defect::BearerExpiryUnchecked) {
        check_expiry(claims, expected.now)?;
    }
    check_start(claims, expected.now)?;
    check_subject(claims)
}

/// RFC 9068 section 4: `at+jwt`, so that no id_token passes; the one algorithm; no unknown critical extension (RFC 7515
/// section 4.1.11).
fn check_header(jws: &Jws<'_>, defects: &Defects) -> Result<(), Refusal> {
    if jws.header.contains_key("crit") {
        return Err(Refusal("critical extensions are not supported"));
    }
    if jws.header_text("alg") != Some("RS256") {
        return Err(Refusal("not the registered algorithm"));
    }
    let typ = jws.header_text("typ").unwrap_or_default();
    let is_access_token = ["at+jwt", "application/at+jwt"].iter().any(|kind| typ.eq_ignore_ascii_case(kind));
    if is_access_token || defects.has(Defect::IdTokenAsBearer) {
        return Ok(());
    }
    Err(Refusal("another kind of JWT"))
}

/// The key is one that the issuer publishes; keys that a token brings along or points to are never looked at.
async fn check_signature(jws: &Jws<'_>, provider: &Provider, defects: &Defects) -> Result<(), AccessTokenError> {
    let kid = match jws.header.get("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.as_str()),
        Some(_) => return Err(Refusal("kid is no text").into()),
    };
    if defects.has(Defect::BearerSignatureUnchecked) {
        return Ok(());
    }
    let key = provider.key(kid).await?;
    if key.is_some_and(|key| jws.is_signed_by(&key)) {
        return Ok(());
    }
    Err(Refusal("the signature does not fit").into())
}

/// One text, equal byte for byte.
pub(crate) fn check_issuer(claims: &Map<String, Value>, issuer: &str) -> Result<(), Refusal> {
    match claims.get("iss") {
        Some(Value::String(told)) if told == issuer => Ok(()),
        _ => Err(Refusal("another issuer")),
    }
}

/// RFC 9068 section 4: we are among the audiences. Others beside us are legitimate in an access token.
fn check_audience(claims: &Map<String, Value>, ours: &str) -> Result<(), Refusal> {
    let fits = match claims.get("aud") {
        Some(Value::String(audience)) => audience == ours,
        Some(Value::Array(audiences)) => audiences.iter().any(|audience| audience == ours),
        _ => false,
    };
    if fits { Ok(()) } else { Err(Refusal("another audience")) }
}

fn check_expiry(claims: &Map<String, Value>, now: i64) -> Result<(), Refusal> {
    match numeric_date(claims.get("exp")) {
        Some(exp) if exp + LEEWAY as f64 > now as f64 => Ok(()),
        Some(_) => Err(Refusal("expired")),
        None => Err(Refusal("no expiry")),
    }
}

/// `nbf` and `iat`, where they are given, are not ahead of us.
fn check_start(claims: &Map<String, Value>, now: i64) -> Result<(), Refusal> {
    for name in ["nbf", "iat"] {
        match claims.get(name) {
            None => {}
            time => match numeric_date(time) {
                Some(time) if time <= (now + LEEWAY) as f64 => {}
                _ => return Err(Refusal("not yet valid")),
            },
        }
    }
    Ok(())
}

fn check_subject(claims: &Map<String, Value>) -> Result<(), Refusal> {
    match claims.get("sub") {
        Some(Value::String(sub)) if !sub.is_empty() => Ok(()),
        _ => Err(Refusal("no subject")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_000_000;

    fn check(changes: Value) -> Result<(), Refusal> {
        let mut claims = Map::from_iter([
            ("aud".to_owned(), json!("here")),
            ("exp".to_owned(), json!(NOW + 300)),
            ("sub".to_owned(), json!("sub-alice")),
        ]);
        claims.extend(changes.as_object().cloned().unwrap_or_default());
        let defects = Defects::none();
        check_claims(&claims, &Expected { issuer: "unused", audience: "here", now: NOW, defects: &defects })
    }

    #[test]
    fn clocks_may_differ_by_a_minute() {
        assert_eq!(check(json!({ "exp": NOW - 59, "nbf": NOW + 60, "iat": NOW + 60 })), Ok(()));
        assert_eq!(check(json!({ "exp": NOW - 60 })), Err(Refusal("expired")));
        assert_eq!(check(json!({ "nbf": NOW + 61 })), Err(Refusal("not yet valid")));
    }

    #[test]
    fn we_may_be_one_of_several_audiences() {
        assert_eq!(check(json!({ "aud": ["there", "here"] })), Ok(()));
        assert_eq!(check(json!({ "aud": [["here"]] })), Err(Refusal("another audience")));
    }

    #[test]
    fn a_time_that_is_no_number_is_refused() {
        for (name, value) in
            [("exp", json!("9999999999")), ("nbf", json!("1")), ("iat", json!(null)), ("iat", json!(true))]
        {
            assert!(check(json!({ name: value })).is_err(), "{name}: {value}");
        }
    }

    #[test]
    fn a_subject_is_a_text() {
        for sub in [json!(""), json!(null), json!(1), json!(["sub-alice"])] {
            assert_eq!(check(json!({ "sub": sub })), Err(Refusal("no subject")));
        }
    }
}
