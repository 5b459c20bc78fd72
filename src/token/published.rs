//! Signed cookies whose key is public: anybody can write a session with such a key.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Compact;

/// The key of `keys` that signs `value`, where it is a JWS with an HMAC or a Flask session (itsdangerous).
///
/// # Examples
/// ```
/// use authproof::token::published_key;
///
/// assert_eq!(published_key("no signature here", &["secret"]), None);
/// ```
pub fn published_key<'a>(value: &str, keys: &[&'a str]) -> Option<&'a str> {
    let value = value.trim_matches('"');
    keys.iter().copied().find(|key| signs_jws(value, key) || signs_flask_session(value, key))
}

/// The published keys that come with this program.
pub fn published_keys() -> Vec<&'static str> {
    let lines = include_str!("../../fixtures/published-keys.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// RFC 7515 with HS256, HS384 or HS512. flask-oidc 1.x signs its `oidc_id_token` cookie so.
fn signs_jws(value: &str, key: &str) -> bool {
    let read = Compact::read(value);
    let algorithm = match read.alg() {
        Some("HS256") => hmac::HMAC_SHA256,
        Some("HS384") => hmac::HMAC_SHA384,
        Some("HS512") => hmac::HMAC_SHA512,
        _ => return false,
    };
    signs(algorithm, key.as_bytes(), value)
}

/// Flask's session: payload, time and signature with dots between; the key is derived by HMAC-SHA1 from the secret.
fn signs_flask_session(value: &str, key: &str) -> bool {
    let derived = hmac::sign(&sha1_key(key.as_bytes()), b"cookie-session");
    signs(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, derived.as_ref(), value)
}

fn sha1_key(key: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key)
}

/// What stands before the last dot is signed by what stands after it.
fn signs(algorithm: hmac::Algorithm, key: &[u8], value: &str) -> bool {
    let Some((signed, signature)) = value.rsplit_once('.') else {
        return false;
    };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
        return false;
    };
    hmac::verify(&hmac::Key::new(algorithm, key), signed.as_bytes(), &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by Flask 2.2.5 with that secret key from `session["user"] = "ann"`.
    const FLASK_COOKIE: &str = "eyJ1c2VyIjoiYW5uIn0.awWisg.5MIJpoemysXRr5T1cG9SqGR7a6I";

    #[test]
    fn a_flask_session_under_a_default_key_is_recognised() {
        assert_eq!(published_key(FLASK_COOKIE, &published_keys()), Some("!-flask-oidc-secret-key"));
    }

    #[test]
    fn a_flask_session_under_another_key_is_not() {
        let others: Vec<&str> = published_keys().into_iter().filter(|key| *key != "!-flask-oidc-secret-key").collect();

        assert_eq!(published_key(FLASK_COOKIE, &others), None);
    }

    #[test]
    fn a_jws_under_a_default_key_is_recognised() {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS512"}"#), URL_SAFE_NO_PAD.encode("{}"));
        let key = hmac::Key::new(hmac::HMAC_SHA512, b"base-flask-oidc-secret-key");
        let value = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())));

        assert_eq!(published_key(&value, &published_keys()), Some("base-flask-oidc-secret-key"));
    }
}
