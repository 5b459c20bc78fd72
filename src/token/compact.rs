//! Splits a token in compact form, however broken, and says what is odd about it. Verifies nothing.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A token as far as it could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Compact {
    /// The first segment, where it is JSON.
    pub header: Option<Value>,
    /// The second segment, where it is JSON and the token is not encrypted.
    pub claims: Option<Value>,
    /// The third segment as written; `None` where there is none, empty where the dot is there and nothing behind it.
    pub signature: Option<String>,
    /// All segments as written.
    pub segments: Vec<String>,
    /// What is not as RFC 7515 has it.
    pub problems: Vec<Problem>,
}

/// Something odd about a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("{0} segments instead of 3")]
    SegmentCount(usize),
    #[error("segment {segment} is not base64url")]
    NotBase64 { segment: usize },
    #[error("segment {segment} is padded with `=`")]
    Padded { segment: usize },
    #[error("segment {segment} uses the base64 alphabet with `+` and `/`")]
    StandardAlphabet { segment: usize },
    #[error("segment {segment} is not JSON")]
    NotJson { segment: usize },
    #[error("segment {segment} is JSON, but not an object")]
    NotAnObject { segment: usize },
    #[error("white space around the token")]
    Surrounded,
}

impl Compact {
    /// Reads as much as there is to read. Never fails: whatever is wrong stands in `problems`.
    pub fn read(text: &str) -> Self {
        let mut problems = Vec::new();
        let trimmed = text.trim();
        if trimmed.len() != text.len() {
            problems.push(Problem::Surrounded);
        }
        let segments: Vec<String> = trimmed.split('.').map(str::to_string).collect();
        let encrypted = segments.len() == 5;
        if segments.len() != 3 && !encrypted {
            problems.push(Problem::SegmentCount(segments.len()));
        }
        let header = segments.first().and_then(|segment| read_json(segment, 1, &mut problems));
        let claims = segments.get(1).filter(|_| !encrypted).and_then(|segment| read_json(segment, 2, &mut problems));
        for (at, segment) in segments.iter().enumerate().skip(if encrypted { 1 } else { 2 }) {
            decode(segment, at + 1, &mut problems);
        }
        let signature = segments.get(2).filter(|_| !encrypted).cloned();
        Self { header, claims, signature, segments, problems }
    }

    /// Whether it has the shape of a signed or unsigned JWT: header and claims are JSON objects.
    pub fn is_jwt(&self) -> bool {
        let is_object = |part: &Option<Value>| part.as_ref().is_some_and(Value::is_object);
        is_object(&self.header) && is_object(&self.claims)
    }

    /// The header's `alg`, where it is text.
    pub fn alg(&self) -> Option<&str> {
        self.header.as_ref()?.get("alg")?.as_str()
    }

    /// The header's `kid` of whatever type.
    pub fn kid(&self) -> Option<&Value> {
        self.header.as_ref()?.get("kid")
    }

    /// A claim of whatever type.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        self.claims.as_ref()?.get(name)
    }

    /// The bytes of the signature, where it can be decoded.
    pub fn signature_bytes(&self) -> Option<Vec<u8>> {
        decode(self.signature.as_deref()?, 3, &mut Vec::new())
    }
}

fn read_json(segment: &str, number: usize, problems: &mut Vec<Problem>) -> Option<Value> {
    let bytes = decode(segment, number, problems)?;
    let Ok(value) = serde_json::from_slice::<Value>(&bytes) else {
        problems.push(Problem::NotJson { segment: number });
        return None;
    };
    if !value.is_object() {
        problems.push(Problem::NotAnObject { segment: number });
    }
    Some(value)
}

fn decode(segment: &str, number: usize, problems: &mut Vec<Problem>) -> Option<Vec<u8>> {
    if segment.ends_with('=') {
        problems.push(Problem::Padded { segment: number });
    }
    if segment.contains(['+', '/']) {
        problems.push(Problem::StandardAlphabet { segment: number });
    }
    let plain = segment.trim_end_matches('=').replace('+', "-").replace('/', "_");
    let decoded = LENIENT.decode(plain);
    if decoded.is_err() {
        problems.push(Problem::NotBase64 { segment: number });
    }
    decoded.ok()
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    fn part(text: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn a_regular_token_is_read_without_problems() {
        let text = format!("{}.{}.c2ln", part(r#"{"alg":"RS256","kid":"k1"}"#), part(r#"{"sub":"alice"}"#));

        let token = Compact::read(&text);

        assert_eq!(token.alg(), Some("RS256"));
        assert_eq!(token.claim("sub"), Some(&json!("alice")));
        assert_eq!(token.signature_bytes().as_deref(), Some(&b"sig"[..]));
        assert!(token.is_jwt());
        assert_eq!(token.problems, []);
    }

    #[test]
    fn hostile_shapes_are_read_as_far_as_they_go() {
        let header = part(r#"{"alg":"none","kid":{"a":[1]}}"#);
        let claims = part(r#"{"sub":""}"#);
        let cases = [
            (format!("{header}.{claims}."), vec![]),
            (format!("{header}.{claims}"), vec![Problem::SegmentCount(2)]),
            (format!("{header}.{claims}.a2.a2"), vec![Problem::SegmentCount(4)]),
            (format!(" {header}.{claims}.\n"), vec![Problem::Surrounded]),
        ];
        for (text, problems) in cases {
            let token = Compact::read(&text);

            assert_eq!(token.alg(), Some("none"), "{text}");
            assert_eq!(token.kid(), Some(&json!({"a": [1]})), "{text}");
            assert_eq!(token.claim("sub"), Some(&json!("")), "{text}");
            assert_eq!(token.problems, problems, "{text}");
        }
    }

    #[test]
    fn other_base64_dialects_are_read_and_named() {
        let text =
            format!("{}.{}.", BASE64_STANDARD.encode(r#"{"alg":"RS256" }"#), BASE64_STANDARD.encode(r#"{"a":"??>"}"#));

        let token = Compact::read(&text);

        assert_eq!(token.alg(), Some("RS256"));
        assert!(token.problems.contains(&Problem::Padded { segment: 1 }), "{:?}", token.problems);
        assert!(token.is_jwt());
    }

    #[test]
    fn rubbish_of_any_kind_is_described_and_never_panics() {
        for text in ["", ".", "..", "....", "a", "é.ü.ß", "eyJ.eyJ.eyJ", "\0.\0.\0", "=.=.=", "bnVsbA.W10.x"] {
            let token = Compact::read(text);

            assert!(!token.is_jwt(), "{text}");
            assert!(!token.problems.is_empty(), "{text}");
        }
    }

    #[test]
    fn an_encrypted_token_shows_its_header_only() {
        let token = Compact::read(&format!("{}.YQ.YQ.YQ.YQ", part(r#"{"alg":"dir","enc":"A256GCM"}"#)));

        assert_eq!(token.alg(), Some("dir"));
        assert_eq!((token.claims, token.signature), (None, None));
        assert_eq!(token.problems, []);
    }
}
