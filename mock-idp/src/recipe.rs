//! A recipe says how a token departs from a valid one: one fault, everything else valid and freshly signed.
//!
//! ```
//! use mock_idp::Recipe;
//!
//! let recipe: Recipe = serde_json::from_str(r#"{ "claims": { "set": { "aud": "another-client" } } }"#).unwrap();
//! assert!(recipe.claims.set.contains_key("aud"));
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::keys::PublicKeySpelling;

/// How a token departs from a valid one. The default departs in nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Recipe {
    pub header: Edits,
    pub claims: Edits,
    /// The header's `alg`, any text. The signature is made with it where it names an algorithm.
    pub alg: Option<String>,
    pub key: Key,
    pub kid: Kid,
    pub signature: Signature,
    /// The payload, literally, in place of the claims: for duplicate members and the like.
    pub payload_text: Option<String>,
    /// The header, literally.
    pub header_text: Option<String>,
}

/// Changes to the members of a JSON object. Texts may hold `{issuer}`, `{client_id}`, `{nonce}`, `{sub}`, `{audience}`,
/// `{email}` and `{client_id-without-last}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Edits {
    pub set: Map<String, Value>,
    pub remove: Vec<String>,
    /// Times in seconds from now; negative ones are past.
    pub at: BTreeMap<String, i64>,
}

/// The key that signs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// The issuer's published key.
    #[default]
    Current,
    /// A key that the issuer has published before and no longer does.
    Retired,
    /// A key that the issuer has never published.
    Rogue,
    /// Such a key, brought along in the header's `jwk` (RFC 8725 section 3.10 forbids to trust it).
    RogueEmbeddedJwk,
    /// An RSA key of 1024 bits.
    #[serde(rename = "weak-1024")]
    Weak1024,
    /// The client's secret.
    ClientSecret,
    /// HMAC with these bytes. Placeholders are filled in.
    Hmac(String),
    /// HMAC with the public key, in the spelling that a flawed library would use.
    PublicKeyAsHmac(PublicKeySpelling),
    /// No signature is made.
    None,
}

/// The header's `kid`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kid {
    /// The identifier of the key that signs; where that one is not published, of the key that would have.
    #[default]
    Current,
    /// An identifier that no key has.
    Unknown,
    /// No `kid` at all.
    Missing,
    /// This text.
    Literal(String),
}

/// What becomes of the signature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signature {
    #[default]
    Valid,
    /// The third segment is empty.
    Empty,
    /// One bit is changed.
    Flipped,
    /// Only the first half is kept.
    Cut,
    /// Two segments; not even the last dot is there.
    Dropped,
    /// A valid signature of another token.
    OfAnother,
    Garbage,
    /// The claims were changed after signing: the signature fits the unchanged ones.
    BeforeChange,
}

/// What the placeholders of a recipe stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placeholders {
    pub issuer: String,
    pub client_id: String,
    pub nonce: String,
    pub sub: String,
    pub audience: String,
    pub email: String,
}

impl Recipe {
    /// The token departs in nothing.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

impl Edits {
    /// Applies the changes to `object`; `now` in seconds since 1970.
    pub(crate) fn apply(&self, object: &mut Map<String, Value>, placeholders: &Placeholders, now: i64) {
        for name in &self.remove {
            object.remove(name);
        }
        for (name, value) in &self.set {
            object.insert(name.clone(), placeholders.fill(value));
        }
        for (name, seconds) in &self.at {
            object.insert(name.clone(), Value::from(now.saturating_add(*seconds)));
        }
    }
}

impl Placeholders {
    /// `value` with the placeholders of all its texts filled in.
    pub(crate) fn fill(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill_text(text)),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), self.fill(value))).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    pub(crate) fn fill_text(&self, text: &str) -> String {
        let without_last: String =
            self.client_id.chars().take(self.client_id.chars().count().saturating_sub(1)).collect();
        [
            ("{issuer}", self.issuer.as_str()),
            ("{client_id-without-last}", &without_last),
            ("{client_id}", &self.client_id),
            ("{nonce}", &self.nonce),
            ("{sub}", &self.sub),
            ("{audience}", &self.audience),
            ("{email}", &self.email),
        ]
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_member_is_refused() {
        let read = serde_json::from_str::<Recipe>(r#"{ "claim": {} }"#);

        assert!(read.unwrap_err().to_string().contains("unknown field `claim`"));
    }

    #[test]
    fn placeholders_are_filled_at_any_depth() {
        let placeholders =
            Placeholders { issuer: "https://a.test".into(), client_id: "web".into(), ..Default::default() };
        let value = serde_json::json!({ "iss": ["{issuer}/"], "aud": "{client_id-without-last}" });

        assert_eq!(placeholders.fill(&value), serde_json::json!({ "iss": ["https://a.test/"], "aud": "we" }));
    }

    #[test]
    fn every_key_has_a_spelling_in_yaml_and_json() {
        for text in [r#""rogue""#, r#"{"hmac":""}"#, r#"{"public-key-as-hmac":"spki-pem"}"#, r#""weak-1024""#] {
            let key: Key = serde_json::from_str(text).unwrap();

            assert_eq!(serde_json::to_string(&key).unwrap(), text);
        }
    }
}
