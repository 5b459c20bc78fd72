//! Signing keys: RSA, EC and Ed25519, generated beside the start, never before it.
//!
//! The `rsa` crate makes RSA keys and their public forms; `aws-lc-rs` signs, with the parsed key kept: `jsonwebtoken`
//! would parse it anew for every token, which costs two thirds of the speed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RSA_PSS_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rsa::pkcs1::{EncodeRsaPrivateKey, EncodeRsaPublicKey};
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::EncodePublicKey;
use rsa::signature::{SignatureEncoding, Signer};
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// A set of keys of one issuer: one of each kind that the discovery document announces.
pub struct KeySet {
    pub(crate) rsa: RsaKey,
    pub(crate) ec: EcKey,
    pub(crate) ed: EdKey,
}

/// An RSA key, parsed once.
pub(crate) struct RsaKey {
    private: rsa::PrivateKey,
    /// `None` where aws-lc refuses the key: it is too short for it.
    pair: Option<RsaKeyPair>,
    pub(crate) kid: String,
    jwk: Value,
}

/// An EC key on P-256.
pub(crate) struct EcKey {
    pair: EcdsaKeyPair,
    pub(crate) kid: String,
    jwk: Value,
}

/// An Ed25519 key.
pub(crate) struct EdKey {
    pair: Ed25519KeyPair,
    pub(crate) kid: String,
    jwk: Value,
}

impl RsaKey {
    /// Makes a key of `bits`; 1024 and 2048 are used here.
    pub(crate) fn generate(bits: usize) -> Self {
        let private = rsa::PrivateKey::new(&mut rand::rng(), bits).expect("1024 bits and more can be generated");
        let der = private.to_pkcs1_der().expect("a generated key can be encoded");
        let pair = RsaKeyPair::from_der(der.as_bytes()).ok();
        let public = private.to_public_key();
        let number = |bytes: Box<[u8]>| URL_SAFE_NO_PAD.encode(bytes);
        let n = number(public.n().to_be_bytes_trimmed_vartime());
        let e = number(public.e().to_be_bytes_trimmed_vartime());
        let kid = thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#));
        let jwk = json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e });
        Self { private, pair, kid, jwk }
    }

    fn sign(&self, alg: &str, message: &[u8]) -> Option<Vec<u8>> {
        let Some(pair) = &self.pair else {
            let signer = SigningKey::<rsa::sha2::Sha256>::new(self.private.clone());
            return (alg == "RS256").then(|| signer.sign(message).to_vec());
        };
        let padding: &'static dyn aws_lc_rs::signature::RsaEncoding = match alg {
            "RS256" => &RSA_PKCS1_SHA256,
            "RS384" => &RSA_PKCS1_SHA384,
            "RS512" => &RSA_PKCS1_SHA512,
            "PS256" => &RSA_PSS_SHA256,
            _ => return None,
        };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }

    /// The public key in one of the spellings that flawed libraries take for an HMAC key.
    pub(crate) fn public_key(&self, spelling: PublicKeySpelling) -> Vec<u8> {
        let public = self.private.to_public_key();
        let spki = || public.to_public_key_der().expect("a public key can be encoded").as_bytes().to_vec();
        let pkcs1 = || public.to_pkcs1_der().expect("a public key can be encoded").as_bytes().to_vec();
        match spelling {
            PublicKeySpelling::SpkiPem => pem("PUBLIC KEY", &spki(), "\n").into_bytes(),
            PublicKeySpelling::SpkiPemNoNewline => trimmed(&pem("PUBLIC KEY", &spki(), "\n")),
            PublicKeySpelling::SpkiPemCrlf => pem("PUBLIC KEY", &spki(), "\r\n").into_bytes(),
            PublicKeySpelling::Pkcs1Pem => pem("RSA PUBLIC KEY", &pkcs1(), "\n").into_bytes(),
            PublicKeySpelling::Pkcs1PemNoNewline => trimmed(&pem("RSA PUBLIC KEY", &pkcs1(), "\n")),
            PublicKeySpelling::SpkiDer => spki(),
            PublicKeySpelling::SpkiDerBase64 => STANDARD.encode(spki()).into_bytes(),
            PublicKeySpelling::Jwk => self.jwk.to_string().into_bytes(),
            PublicKeySpelling::JwkPretty => serde_json::to_vec_pretty(&self.jwk).expect("a JSON value can be written"),
            PublicKeySpelling::Modulus => public.n().to_be_bytes_trimmed_vartime().into_vec(),
        }
    }
}

/// How a public key is written where a flawed library uses its text as an HMAC key (RFC 8725 section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicKeySpelling {
    SpkiPem,
    SpkiPemNoNewline,
    SpkiPemCrlf,
    Pkcs1Pem,
    Pkcs1PemNoNewline,
    SpkiDer,
    SpkiDerBase64,
    Jwk,
    JwkPretty,
    Modulus,
}

impl KeySet {
    fn generate() -> Self {
        let random = SystemRandom::new();
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a P-256 key can be generated");
        let ed = Ed25519KeyPair::generate_pkcs8(&random).expect("an Ed25519 key can be generated");
        let ed = Ed25519KeyPair::from_pkcs8(ed.as_ref()).expect("a generated key can be read");
        Self { rsa: RsaKey::generate(2048), ec: EcKey::new(ec), ed: EdKey::new(ed) }
    }

    /// The public keys, as the key set document lists them.
    pub fn jwks(&self) -> Vec<Value> {
        vec![self.rsa.jwk.clone(), self.ec.jwk.clone(), self.ed.jwk.clone()]
    }

    /// Whether one of the keys is meant for `alg`.
    pub(crate) fn serves(alg: &str) -> bool {
        matches!(alg, "RS256" | "RS384" | "RS512" | "PS256" | "ES256" | "EdDSA")
    }

    /// The key identifier of the key that signs with `alg`.
    pub fn kid(&self, alg: &str) -> &str {
        match alg {
            "ES256" => &self.ec.kid,
            "EdDSA" => &self.ed.kid,
            _ => &self.rsa.kid,
        }
    }

    /// The public key that belongs to `alg`, as a JWK.
    pub fn jwk(&self, alg: &str) -> Value {
        match alg {
            "ES256" => self.ec.jwk.clone(),
            "EdDSA" => self.ed.jwk.clone(),
            _ => self.rsa.jwk.clone(),
        }
    }

    /// Signs `message`; `None` for an algorithm that no key of the set serves.
    pub(crate) fn sign(&self, alg: &str, message: &[u8]) -> Option<Vec<u8>> {
        match alg {
            "ES256" => Some(self.ec.pair.sign(&SystemRandom::new(), message).ok()?.as_ref().to_vec()),
            "EdDSA" => Some(self.ed.pair.sign(message).as_ref().to_vec()),
            _ => self.rsa.sign(alg, message),
        }
    }
}

impl EcKey {
    fn new(pair: EcdsaKeyPair) -> Self {
        // RFC 5480: an uncompressed point is 0x04, then x, then y.
        let point = pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
        let kid = thumbprint(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#));
        let jwk = json!({ "kty": "EC", "use": "sig", "alg": "ES256", "kid": kid, "crv": "P-256", "x": x, "y": y });
        Self { pair, kid, jwk }
    }
}

impl EdKey {
    fn new(pair: Ed25519KeyPair) -> Self {
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let kid = thumbprint(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        let jwk = json!({ "kty": "OKP", "use": "sig", "alg": "EdDSA", "kid": kid, "crv": "Ed25519", "x": x });
        Self { pair, kid, jwk }
    }
}

/// A key set that is being made on a thread of its own; whoever needs it first waits for it.
pub(crate) struct Pending<T> {
    made: Mutex<Making<T>>,
    /// Wakes threads.
    ready: Condvar,
    /// Wakes tasks.
    announced: Notify,
}

enum Making<T> {
    UnderWay,
    Made(Arc<T>),
    /// Its maker panicked, so it will never come.
    Failed,
}

impl<T: Send + Sync + 'static> Pending<T> {
    /// Starts `make` beside and returns at once.
    pub(crate) fn start(make: impl FnOnce() -> T + Send + 'static) -> Arc<Self> {
        let making = Mutex::new(Making::UnderWay);
        let pending = Arc::new(Self { made: making, ready: Condvar::new(), announced: Notify::new() });
        let maker = Arc::clone(&pending);
        std::thread::spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(make));
            maker.announce(outcome.map_or(Making::Failed, |made| Making::Made(Arc::new(made))));
        });
        pending
    }

    fn announce(&self, outcome: Making<T>) {
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
        self.ready.notify_all();
        self.announced.notify_waiters();
    }

    /// The value, once it is there.
    pub(crate) async fn get(&self) -> Arc<T> {
        loop {
            let mut announced = pin!(self.announced.notified());
            // From here on no announcement is missed.
            announced.as_mut().enable();
            if let Some(made) = self.made.lock().unwrap_or_else(PoisonError::into_inner).made() {
                return made;
            }
            announced.await;
        }
    }

    /// The value, once it is there; blocks the thread until then.
    pub(crate) fn wait(&self) -> Arc<T> {
        let making = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let under_way = |making: &mut Making<T>| matches!(making, Making::UnderWay);
        let making = self.ready.wait_while(making, under_way).unwrap_or_else(PoisonError::into_inner);
        making.made().expect("waited for just above")
    }
}

impl<T> Making<T> {
    fn made(&self) -> Option<Arc<T>> {
        match self {
            Self::UnderWay => None,
            Self::Made(made) => Some(Arc::clone(made)),
            Self::Failed => panic!("a key could not be generated; its thread has said why"),
        }
    }
}

/// The keys of a process: servers of one test run share them, since making an RSA key takes longer than a test.
pub(crate) fn shared(what: Shared) -> Arc<Pending<KeySet>> {
    static CURRENT: OnceLock<Arc<Pending<KeySet>>> = OnceLock::new();
    static RETIRED: OnceLock<Arc<Pending<KeySet>>> = OnceLock::new();
    static ROGUE: OnceLock<Arc<Pending<KeySet>>> = OnceLock::new();
    let cell = match what {
        Shared::Current => &CURRENT,
        Shared::Retired => &RETIRED,
        Shared::Rogue => &ROGUE,
    };
    Arc::clone(cell.get_or_init(fresh))
}

/// Which of the process's key sets.
#[derive(Clone, Copy)]
pub(crate) enum Shared {
    Current,
    Retired,
    Rogue,
}

/// A key set that nobody else uses.
pub(crate) fn fresh() -> Arc<Pending<KeySet>> {
    Pending::start(KeySet::generate)
}

/// A key that is too short to be trusted (RFC 7518 section 3.3 asks for 2048 bits).
pub(crate) fn weak() -> Arc<RsaKey> {
    static WEAK: OnceLock<Arc<RsaKey>> = OnceLock::new();
    Arc::clone(WEAK.get_or_init(|| Arc::new(RsaKey::generate(1024))))
}

impl RsaKey {
    /// Signs with RS256, whatever the length of the key.
    pub(crate) fn sign_rs256(&self, message: &[u8]) -> Vec<u8> {
        self.sign("RS256", message).expect("RS256 is served by every RSA key")
    }
}

/// RFC 7638: the identifier follows from the key, since services cache keys by it.
fn thumbprint(canonical: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    URL_SAFE_NO_PAD.encode(digest)
}

fn pem(label: &str, der: &[u8], newline: &str) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
    let body = lines.join(newline);
    format!("-----BEGIN {label}-----{newline}{body}{newline}-----END {label}-----{newline}")
}

fn trimmed(text: &str) -> Vec<u8> {
    text.trim_end().as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn everybody_who_waits_gets_what_was_made() {
        let (release, held) = mpsc::channel::<()>();
        let pending = Pending::start(move || {
            held.recv().unwrap();
            7
        });
        let (one, other) = (Arc::clone(&pending), Arc::clone(&pending));
        let tasks = [tokio::spawn(async move { one.get().await }), tokio::spawn(async move { other.get().await })];
        let thread = std::thread::spawn({
            let pending = Arc::clone(&pending);
            move || pending.wait()
        });

        release.send(()).unwrap();

        for task in tasks {
            assert_eq!(*task.await.unwrap(), 7);
        }
        assert_eq!(*thread.join().unwrap(), 7);
    }

    #[tokio::test]
    async fn nobody_waits_for_ever_when_the_maker_panics() {
        let pending = Pending::<u8>::start(|| panic!("the maker gives up"));
        let (one, other) = (Arc::clone(&pending), pending);

        let task = tokio::spawn(async move { one.get().await }).await;
        let thread = std::thread::spawn(move || other.wait()).join();

        assert!(task.is_err_and(|why| why.is_panic()));
        assert!(thread.is_err());
    }
}
