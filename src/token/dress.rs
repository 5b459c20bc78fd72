//! How a token is spelled behind `Bearer`.

use std::fmt::Write as _;

use serde_json::Value;
use time::OffsetDateTime;

const LIFETIME_SECONDS: i64 = 3600;

/// How a token is spelled in the `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// `Bearer <JWT>`
    Jwt,
    /// `Bearer <opaque text>`
    Opaque,
    /// `Bearer {"access_token": "<JWT>", ..., "expires_at": 1795490792}`: flaskoidc 1.x
    FlaskoidcJson,
}

/// The text to put behind `Bearer `. What stands around the token depends on nothing in it, so that two requests
/// differ only in what was meant to differ.
pub fn dress(access_token: &str, spelling: Spelling, now: OffsetDateTime) -> String {
    match spelling {
        Spelling::Jwt | Spelling::Opaque => access_token.to_string(),
        Spelling::FlaskoidcJson => format!(
            concat!(
                r#"{{"access_token": {}, "expires_in": {}, "scope": "openid email profile", "#,
                r#""token_type": "Bearer", "refresh_token": "authproof-has-none", "expires_at": {}}}"#
            ),
            ascii_json(access_token),
            LIFETIME_SECONDS,
            now.unix_timestamp() + LIFETIME_SECONDS,
        ),
    }
}

/// The access token in a credential of any spelling: that of the JSON object, or the text itself.
pub fn undress(credential: &str) -> String {
    let object: Option<Value> = serde_json::from_str(credential).ok();
    let inner = object.as_ref().and_then(|object| object.get("access_token")).and_then(Value::as_str);
    inner.unwrap_or(credential).to_string()
}

/// A JSON string as Python's `json.dumps` writes it: ASCII only, so that any token fits into a header.
fn ascii_json(text: &str) -> String {
    let mut ascii = String::new();
    for c in Value::from(text).to_string().chars() {
        if (' '..='~').contains(&c) {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(ascii, "\\u{unit:04x}").expect("writing to a String does not fail");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_795_487_192).unwrap()
    }

    #[test]
    fn flaskoidc_gets_the_spacing_of_python() {
        let dressed = dress("a.b.c", Spelling::FlaskoidcJson, noon());

        assert_eq!(
            dressed,
            r#"{"access_token": "a.b.c", "expires_in": 3600, "scope": "openid email profile", "token_type": "Bearer", "refresh_token": "authproof-has-none", "expires_at": 1795490792}"#
        );
    }

    #[test]
    fn a_hostile_token_stays_inside_its_string() {
        for token in ["\"}, {\"", "\r\nX: y", "ü😀\u{7f}", "\\", ""] {
            let dressed = dress(token, Spelling::FlaskoidcJson, noon());

            assert!(dressed.chars().all(|c| (' '..='~').contains(&c)), "{dressed}");
            assert_eq!(undress(&dressed), token);
        }
    }

    #[test]
    fn plain_spellings_change_nothing() {
        for spelling in [Spelling::Jwt, Spelling::Opaque] {
            assert_eq!(dress(" a.b ", spelling, noon()), " a.b ");
            assert_eq!(undress("a.b.c"), "a.b.c");
        }
    }
}
