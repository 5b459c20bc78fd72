//! Tokens as text: read hostile ones leniently, tell them apart, and dress them for an `Authorization` header.
//! Signing and forging is the mock IdP's; judging is `judge`'s.

mod compact;
mod dress;
mod published;

pub use compact::{Compact, Problem};
pub use dress::{Spelling, dress, undress};
pub use published::{published_key, published_keys};

/// A short, stable name for a token: enough to see that two are the same, useless to anybody else.
pub fn fingerprint(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_stable_and_tells_tokens_apart() {
        // First six bytes of SHA-256("abc"), FIPS 180-2 appendix B.1.
        assert_eq!(fingerprint("abc"), "ba7816bf8f01");
        assert_ne!(fingerprint("abc"), fingerprint("abd"));
    }
}
