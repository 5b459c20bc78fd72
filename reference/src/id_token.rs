//! Validation of id_tokens (OIDC Core 3.1.3.7), one function a rule.

use serde_json::{Map, Value};

use crate::defects::{Defect, Defects};
use crate::jws::{Jws, Refusal, public_key_pem};
use crate::provider::{Provider, ProviderError, RsaJwk};

/// Tolerated difference of clocks, in seconds.
pub(crate) const LEEWAY: i64 = 60;

/// What an id_token must fit.
pub(crate) struct Expected<'a> {
    pub(crate) client_id: &'a str,
    /// The nonce of the login, as the only one. `None` at a refresh, where it may be left out (Core 12.2).
    pub(crate) nonces: Option<&'a [String]>,
    /// Seconds since 1970.
    pub(crate) now: i64,
    pub(crate) defects: &'a Defects,
}

/// Why nobody is signed in.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum IdTokenError {
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
) -> Result<Map<String, Value>, IdTokenError> {
    let defects = expected.defects;
    let jws = Jws::read(token)?;
    check_header(&jws, defects)?;
    check_signature(&jws, provider, defects).await?;
    check_issuer(&jws.claims, provider.issuer(), defects)?;
    check_audience(&jws.claims, expected.client_id, defects)?;
    check_times(&jws.claims, expected.now, defects)?;
    if let Some(nonces) = expected.nonces {
        check_nonce(&jws.claims, nonces, defects)?;
    }
    check_subject(&jws.claims, defects)?;
    Ok(jws.claims)
}

/// RFC 7515 section 4.1.11 and RFC 8725 section 3.11: no unknown critical extension, no other kind of JWT.
fn check_header(jws: &Jws<'_>, defects: &Defects) -> Result<(), Refusal> {
    if jws.header.contains_key("crit") && !defects.has(Defect::IdTokenCritIgnored) {
        return Err(Refusal("critical extensions are not supported"));
    }
    match jws.header.get("typ") {
        None => Ok(()),
        Some(Value::String(typ)) if typ.eq_ignore_ascii_case("JWT") => Ok(()),
        Some(_) if defects.has(Defect::IdTokenTypeUnchecked) => Ok(()),
        Some(_) => Err(Refusal("another kind of JWT")),
    }
}

/// Core 3.1.3.7 (6) to (8): the registered algorithm, RS256, and a key that the provider publishes.
async fn check_signature(jws: &Jws<'_>, provider: &Provider, defects: &Defects) -> Result<(), IdTokenError> {
    let alg = jws.header_text("alg");
    if defects.has(Defect::IdTokenAlgNone) && alg.is_some_and(|alg| alg.eq_ignore_ascii_case("none")) {
        return Ok(());
    }
    if defects.has(Defect::IdTokenHmacEmptyKey) && alg == Some("HS256") {
        return signed(jws.is_keyed_with(b""));
    }
    let kid = match jws.header.get("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.as_str()),
        Some(_) => return Err(Refusal("kid is no text").into()),
    };
    if let Some(jwk) = jws.header.get("jwk").filter(|_| defects.has(Defect::IdTokenEmbeddedKey)) {
        let jwk: RsaJwk = serde_json::from_value(jwk.clone()).map_err(|_| Refusal("no RSA key"))?;
        return signed(jws.is_signed_by(&jwk));
    }
    let key = provider.key(kid).await?;
    if defects.has(Defect::IdTokenHmacPublicKey) && alg == Some("HS256") {
        let pem = key.as_ref().and_then(public_key_pem).unwrap_or_default();
        return signed(jws.is_keyed_with(pem.as_bytes()));
    }
    if alg != Some("RS256") {
        return Err(Refusal("not the registered algorithm").into());
    }
    if defects.has(Defect::IdTokenSignatureUnchecked) {
        return Ok(());
    }
    signed(key.is_some_and(|key| jws.is_signed_by(&key)))
}

fn signed(is_signed: bool) -> Result<(), IdTokenError> {
    if is_signed { Ok(()) } else { Err(Refusal("the signature does not fit").into()) }
}

/// Core 3.1.3.7 (2): one text, equal byte for byte.
pub(crate) fn check_issuer(claims: &Map<String, Value>, issuer: &str, defects: &Defects) -> Result<(), Refusal> {
    let told = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
    let fits = match defects.has(Defect::IssuerPrefix) {
        true => told.starts_with(issuer),
        false => told == issuer,
    };
    if fits { Ok(()) } else { Err(Refusal("another issuer")) }
}

/// Core 3.1.3.7 (3): our client, and no audience that we do not trust.
pub(crate) fn check_audience(claims: &Map<String, Value>, client_id: &str, defects: &Defects) -> Result<(), Refusal> {
    let fits = match claims.get("aud") {
        None => defects.has(Defect::AudienceMissing),
        Some(Value::String(audience)) if defects.has(Defect::AudienceSubstring) => audience.contains(client_id),
        Some(Value::String(audience)) => audience == client_id,
        Some(Value::Array(audiences)) if defects.has(Defect::AudienceExtra) => {
            audiences.iter().any(|audience| audience == client_id)
        }
        Some(Value::Array(audiences)) => matches!(audiences.as_slice(), [only] if only == client_id),
        Some(_) => false,
    };
    if fits { Ok(()) } else { Err(Refusal("another audience")) }
}

/// Core 3.1.3.7 (9) and (10), RFC 7519 section 4.1.5.
fn check_times(claims: &Map<String, Value>, now: i64, defects: &Defects) -> Result<(), Refusal> {
    match claims.get("exp") {
        None if defects.has(Defect::ExpiryMissing) => {}
        exp => {
            let exp = numeric_date(exp).ok_or(Refusal("no expiry"))?;
            if exp + LEEWAY as f64 <= now as f64 && !defects.has(Defect::ExpiryUnchecked) {
                return Err(Refusal("expired"));
            }
        }
    }
    let iat = numeric_date(claims.get("iat")).ok_or(Refusal("no time of issue"))?;
    if iat > (now + LEEWAY) as f64 {
        return Err(Refusal("issued in the future"));
    }
    match claims.get("nbf") {
        None => Ok(()),
        Some(_) if defects.has(Defect::NotBeforeIgnored) => Ok(()),
        nbf => match numeric_date(nbf) {
            Some(nbf) if nbf <= (now + LEEWAY) as f64 => Ok(()),
            _ => Err(Refusal("not yet valid")),
        },
    }
}

/// RFC 7519 section 2: a number of seconds; fractions are allowed, negative ones are of no use here.
pub(crate) fn numeric_date(value: Option<&Value>) -> Option<f64> {
    value?.as_f64().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}

/// Core 3.1.3.7 (11).
fn check_nonce(claims: &Map<String, Value>, nonces: &[String], defects: &Defects) -> Result<(), Refusal> {
    match claims.get("nonce") {
        Some(Value::String(told)) if nonces.contains(told) => Ok(()),
        None if defects.has(Defect::NonceUnchecked) => Ok(()),
        _ => Err(Refusal("another nonce")),
    }
}

/// Core section 2: a text of 1 to 255 ASCII characters.
pub(crate) fn check_subject(claims: &Map<String, Value>, defects: &Defects) -> Result<(), Refusal> {
    match claims.get("sub") {
        Some(Value::String(sub)) if sub.is_empty() && defects.has(Defect::SubjectEmpty) => Ok(()),
        Some(Value::String(sub)) if (1..=255).contains(&sub.len()) && sub.is_ascii() => Ok(()),
        _ => Err(Refusal("no subject")),
    }
}
