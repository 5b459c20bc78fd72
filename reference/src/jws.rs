//! A JWS in compact form, read strictly (RFC 7515 section 5.2), and its signature.
//!
//! `jsonwebtoken` checks signatures. Reading is done here, since that crate passes over `crit` and `typ`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use rsa::BoxedUint;
use rsa::pkcs8::EncodePublicKey;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::provider::RsaJwk;

/// Header, claims and signature of a token; nothing is proven yet.
pub(crate) struct Jws<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    signing_input: &'a str,
    signature: &'a str,
}

/// Why a token is refused. It says nothing that an attacker could use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(pub(crate) &'static str);

impl<'a> Jws<'a> {
    /// Reads `token`: three segments, strict base64url, JSON objects without duplicate members.
    pub(crate) fn read(token: &'a str) -> Result<Self, Refusal> {
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Refusal("not a JWS"))?;
        let (header, payload) = signing_input.split_once('.').ok_or(Refusal("not a JWS"))?;
        if payload.contains('.') {
            return Err(Refusal("not a JWS"));
        }
        Ok(Self { header: object(header)?, claims: object(payload)?, signing_input, signature })
    }

    pub(crate) fn header_text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// The signature is that of `key` by RS256.
    pub(crate) fn is_signed_by(&self, key: &RsaJwk) -> bool {
        let Ok(key) = DecodingKey::from_rsa_components(&key.n, &key.e) else { return false };
        self.verifies(&key, Algorithm::RS256)
    }

    /// The signature is an HMAC under `secret`: legitimate nowhere in these services, the ground of two defects.
    pub(crate) fn is_keyed_with(&self, secret: &[u8]) -> bool {
        self.verifies(&DecodingKey::from_secret(secret), Algorithm::HS256)
    }

    fn verifies(&self, key: &DecodingKey, algorithm: Algorithm) -> bool {
        jsonwebtoken::crypto::verify(self.signature, self.signing_input.as_bytes(), key, algorithm).unwrap_or(false)
    }
}

fn object(segment: &str) -> Result<Map<String, Value>, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(segment).map_err(|_| Refusal("not base64url"))?;
    let Distinct(members) =
        serde_json::from_slice(&bytes).map_err(|_| Refusal("not a JSON object with distinct members"))?;
    Ok(members)
}

/// A JSON object that names no member twice (RFC 7519 section 4).
struct Distinct(Map<String, Value>);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Distinct;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Distinct, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member comes twice"));
                    }
                }
                Ok(Distinct(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The key as SPKI in PEM: what a confused library takes for an HMAC secret.
pub(crate) fn public_key_pem(key: &RsaJwk) -> Option<String> {
    let number = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        BoxedUint::from_be_slice(&bytes, u32::try_from(bytes.len()).ok()? * 8).ok()
    };
    let key = rsa::PublicKey::new(number(&key.n)?, number(&key.e)?).ok()?;
    let der = key.to_public_key_der().ok()?;
    let text = STANDARD.encode(der.as_bytes());
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Some(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
}
