//! A JWS writer over bytes: JWT libraries refuse to make what a hostile token needs.

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::keys::{self, KeySet};
use crate::recipe::{Key, Kid, Placeholders, Recipe, Signature};

/// The keys for one token.
pub(crate) struct KeyRing {
    /// Rises with each rotation.
    pub(crate) generation: u32,
    /// The published keys.
    pub(crate) current: Arc<KeySet>,
    /// The set that the recipe's key is of; the published one where it is of none.
    pub(crate) signing: Arc<KeySet>,
    pub(crate) client_secret: Option<String>,
}

/// A valid token, before its recipe.
pub(crate) struct Draft {
    /// The algorithm that the client is registered with.
    pub(crate) alg: String,
    /// The header's `typ`, where the kind of token has one.
    pub(crate) typ: Option<&'static str>,
    pub(crate) claims: Map<String, Value>,
}

/// Why a recipe cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    #[error("the recipe signs with the client's secret, but the client `{client_id}` has none")]
    NoClientSecret { client_id: String },
    #[error("the recipe spoils the signature, but the token would have none anyway")]
    NoSignature,
}

/// `draft` signed, with what `recipe` changes. `now` in seconds since 1970.
pub(crate) fn write(
    draft: &Draft,
    recipe: &Recipe,
    placeholders: &Placeholders,
    keys: &KeyRing,
    now: i64,
) -> Result<String, RecipeError> {
    let alg = alg(draft, recipe);
    let header = header(draft, recipe, placeholders, keys, alg, now);
    let mut claims = draft.claims.clone();
    let unchanged = serde_json::to_vec(&claims).expect("a JSON object can be written");
    recipe.claims.apply(&mut claims, placeholders, now);
    let payload = match &recipe.payload_text {
        Some(text) => placeholders.fill_text(text).into_bytes(),
        None => serde_json::to_vec(&claims).expect("a JSON object can be written"),
    };
    let signing_input =
        |payload: &[u8]| format!("{}.{}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(payload));
    let input = signing_input(&payload);
    let signed = match recipe.signature {
        Signature::BeforeChange => signing_input(&unchanged),
        Signature::OfAnother => signing_input(br#"{"another":"token"}"#),
        _ => input.clone(),
    };
    // A client that registered `none` gets no signature; a recipe that says `none` decides about it by itself.
    let unsigned = recipe.key == Key::None || (recipe.alg.is_none() && alg == "none");
    let signature = match unsigned {
        true => Vec::new(),
        false => sign(&recipe.key, alg, signed.as_bytes(), placeholders, keys)?,
    };
    if signature.is_empty() && matches!(recipe.signature, Signature::Flipped | Signature::Cut) {
        return Err(RecipeError::NoSignature);
    }
    Ok(match recipe.signature {
        Signature::Dropped => input,
        Signature::Empty => format!("{input}."),
        Signature::Garbage => format!("{input}.{}", URL_SAFE_NO_PAD.encode(b"this is no signature of anything at all")),
        Signature::Cut => format!("{input}.{}", URL_SAFE_NO_PAD.encode(&signature[..signature.len() / 2])),
        Signature::Flipped => {
            let mut flipped = signature;
            if let Some(byte) = flipped.first_mut() {
                *byte ^= 0x01;
            }
            format!("{input}.{}", URL_SAFE_NO_PAD.encode(flipped))
        }
        Signature::Valid | Signature::OfAnother | Signature::BeforeChange => {
            format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    })
}

/// A weak RSA key cannot sign with what an EC client registered.
fn alg<'a>(draft: &'a Draft, recipe: &'a Recipe) -> &'a str {
    match (&recipe.alg, &recipe.key) {
        (Some(alg), _) => alg,
        (None, Key::Weak1024) => "RS256",
        (None, _) => &draft.alg,
    }
}

fn header(draft: &Draft, recipe: &Recipe, fill: &Placeholders, keys: &KeyRing, alg: &str, now: i64) -> Vec<u8> {
    if let Some(text) = &recipe.header_text {
        return fill.fill_text(text).into_bytes();
    }
    let mut header = Map::new();
    header.insert("alg".into(), json!(alg));
    if let Some(typ) = draft.typ {
        header.insert("typ".into(), json!(typ));
    }
    let kid = match &recipe.kid {
        Kid::Current => kid(draft, &recipe.key, alg, keys),
        Kid::Unknown => Some("no-key-has-this-identifier"),
        Kid::Missing => None,
        Kid::Literal(text) => Some(text.as_str()),
    };
    if let Some(kid) = kid {
        header.insert("kid".into(), json!(kid));
    }
    if recipe.key == Key::RogueEmbeddedJwk {
        let mut jwk = keys.signing.jwk(alg);
        if let (Value::Object(jwk), Some(kid)) = (&mut jwk, header.get("kid")) {
            jwk.insert("kid".into(), kid.clone());
        }
        header.insert("jwk".into(), jwk);
    }
    recipe.header.apply(&mut header, fill, now);
    serde_json::to_vec(&header).expect("a JSON object can be written")
}

/// A rogue key hides behind the published identifier: otherwise the unknown identifier would be a second fault. So does
/// whatever else is not published, unless the client's valid tokens name no published key either.
fn kid<'a>(draft: &Draft, key: &Key, alg: &str, keys: &'a KeyRing) -> Option<&'a str> {
    match key {
        Key::Retired if KeySet::serves(alg) => Some(keys.signing.kid(alg)),
        Key::PublicKeyAsHmac(_) | Key::Weak1024 => Some(&keys.current.rsa.kid),
        _ if KeySet::serves(alg) => Some(keys.current.kid(alg)),
        _ if KeySet::serves(&draft.alg) => Some(keys.current.kid(&draft.alg)),
        _ => None,
    }
}

fn sign(key: &Key, alg: &str, input: &[u8], fill: &Placeholders, keys: &KeyRing) -> Result<Vec<u8>, RecipeError> {
    // An `alg` that names nothing is signed like RS256, so that the text alone is the fault.
    let with = |set: &KeySet| set.sign(alg, input).or_else(|| set.sign("RS256", input)).unwrap_or_default();
    Ok(match key {
        Key::Current if alg.starts_with("HS") => hmac_sign(alg, client_secret(fill, keys)?.as_bytes(), input),
        // Neither is a secret that the client knows.
        Key::Retired | Key::Rogue if alg.starts_with("HS") => hmac_sign(alg, keys.signing.rsa.kid.as_bytes(), input),
        Key::Current | Key::Retired | Key::Rogue | Key::RogueEmbeddedJwk => with(&keys.signing),
        Key::Weak1024 => keys::weak().sign_rs256(input),
        Key::ClientSecret => hmac_sign(alg, client_secret(fill, keys)?.as_bytes(), input),
        Key::Hmac(secret) => hmac_sign(alg, fill.fill_text(secret).as_bytes(), input),
        Key::PublicKeyAsHmac(spelling) => hmac_sign(alg, &keys.current.rsa.public_key(*spelling), input),
        Key::None => Vec::new(),
    })
}

fn client_secret<'a>(fill: &Placeholders, keys: &'a KeyRing) -> Result<&'a str, RecipeError> {
    keys.client_secret.as_deref().ok_or_else(|| RecipeError::NoClientSecret { client_id: fill.client_id.clone() })
}

fn hmac_sign(alg: &str, key: &[u8], input: &[u8]) -> Vec<u8> {
    let algorithm = match alg {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(algorithm, key), input).as_ref().to_vec()
}

/// OIDC Core 3.1.3.6: the left half of the hash that belongs to the algorithm of the token's header. `None` where nobody
/// could compute it, since the header names no algorithm: a hash would be a second fault.
pub(crate) fn at_hash(draft_alg: &str, recipe: &Recipe, access_token: &str) -> Option<String> {
    let alg = match (recipe.header.set.get("alg"), &recipe.alg) {
        (Some(alg), _) => alg.as_str()?,
        _ if recipe.header.remove.iter().any(|name| name == "alg") => return None,
        (None, Some(alg)) => alg,
        (None, None) => draft_alg,
    };
    let algorithm = match alg {
        "RS256" | "PS256" | "ES256" | "HS256" => &aws_lc_rs::digest::SHA256,
        "RS384" | "PS384" | "ES384" | "HS384" => &aws_lc_rs::digest::SHA384,
        "RS512" | "PS512" | "ES512" | "HS512" | "EdDSA" => &aws_lc_rs::digest::SHA512,
        _ => return None,
    };
    let digest = aws_lc_rs::digest::digest(algorithm, access_token.as_bytes());
    Some(URL_SAFE_NO_PAD.encode(&digest.as_ref()[..digest.as_ref().len() / 2]))
}

/// The claims of a compact JWS, whatever its signature; `None` where it is none.
pub(crate) fn claims_of(token: &str) -> Option<Map<String, Value>> {
    segment(token, 1)
}

/// The algorithm that a compact JWS names.
pub(crate) fn alg_of(token: &str) -> Option<String> {
    segment(token, 0)?.get("alg")?.as_str().map(str::to_owned)
}

/// Whether a compact JWS demands that its reader understands an extension (RFC 7515 section 4.1.11).
pub(crate) fn has_crit(token: &str) -> bool {
    segment(token, 0).is_some_and(|header| header.contains_key("crit"))
}

fn segment(token: &str, at: usize) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(at)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}
