//! Sealed boxes: codes, refresh tokens and sessions carry their own state, encrypted, so that no table is needed and any
//! replica with the key can open them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A key that seals and opens; one a server.
pub(crate) struct Seal(RandomizedNonceKey);

impl Seal {
    /// A fresh random key.
    pub(crate) fn new() -> Self {
        let key: [u8; 32] = rand::random();
        Self(RandomizedNonceKey::new(&AES_256_GCM, &key).expect("32 bytes are an AES-256 key"))
    }

    /// `value` as text that nobody else can read or change. `kind` keeps one sort of box from being taken for another.
    pub(crate) fn close<T: Serialize>(&self, kind: &str, value: &T) -> String {
        let mut text = serde_json::to_vec(value).expect("what is sealed can be written as JSON");
        let nonce = self.0.seal_in_place_append_tag(Aad::from(kind.as_bytes()), &mut text).expect("the text is short");
        let mut sealed = nonce.as_ref().to_vec();
        sealed.extend(text);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// What `close` was given; `None` for anything that this key has not sealed as this kind.
    pub(crate) fn open<T: DeserializeOwned>(&self, kind: &str, sealed: &str) -> Option<T> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let mut text = bytes.get(NONCE_LEN..)?.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&bytes[..NONCE_LEN]).ok()?;
        let open = self.0.open_in_place(nonce, Aad::from(kind.as_bytes()), &mut text).ok()?;
        serde_json::from_slice(open).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened_by_the_same_key_as_the_same_kind_only() {
        let seal = Seal::new();
        let sealed = seal.close("code", &("alice", 1));

        assert_eq!(seal.open("code", &sealed), Some(("alice".to_owned(), 1)));
        assert_eq!(seal.open::<(String, i32)>("refresh", &sealed), None);
        assert_eq!(Seal::new().open::<(String, i32)>("code", &sealed), None);
        assert_eq!(seal.open::<(String, i32)>("code", "AAAA"), None);
        assert_eq!(seal.open::<(String, i32)>("code", ""), None);
    }
}
