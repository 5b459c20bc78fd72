//! Every recipe of the test suite departs from a valid token in what it names, and in nothing else.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey};
use mock_idp::{Edits, Key, Kid, Mint, Persona, Recipe, Signature, TokenKind};

use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::{BoxedUint, PublicKey};
use serde_json::{Map, Value, json};

use crate::support::{Caller, segment, start};

const NONCE: &str = "nonce-1";
const CLIENT: &str = "web";

fn recipes(file: &str) -> BTreeMap<String, Recipe> {
    let path = format!("{}/../fixtures/recipes/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let values: Value = serde_yaml::from_str(&text).unwrap();
    let Value::Object(values) = values else { panic!("{file} is no map") };
    values
        .into_iter()
        .map(|(name, value)| {
            let recipe = serde_json::from_value(value).unwrap_or_else(|why| panic!("{file}, {name}: {why}"));
            (name, recipe)
        })
        .collect()
}

async fn mint(caller: &Caller, kind: TokenKind, recipe: &Recipe) -> String {
    let nonce = (kind == TokenKind::IdToken).then(|| NONCE.to_owned());
    let mint = Mint { nonce, recipe: recipe.clone(), ..Mint::new(kind, CLIENT, Persona::named("alice")) };
    let issuer = caller.issuer.clone();
    tokio::task::spawn_blocking(move || issuer.mint(&mint).unwrap()).await.unwrap()
}

/// A text of a recipe with its placeholders filled in, for the token that [`mint`] makes.
fn filled(caller: &Caller, value: &Value) -> Value {
    let text = value.to_string();
    let pairs = [
        ("{client_id-without-last}", "we"),
        ("{issuer}", caller.issuer.url()),
        ("{client_id}", CLIENT),
        ("{audience}", CLIENT),
        ("{nonce}", NONCE),
        ("{sub}", "sub-alice"),
        ("{email}", "alice@example.test"),
    ];
    let text = pairs.iter().fold(text, |text, (name, value)| text.replace(name, value));
    serde_json::from_str(&text).unwrap()
}

/// Asserts that `object` is `valid` with `edits`. Members in `unlike` differ between any two tokens.
fn assert_edited(
    name: &str,
    caller: &Caller,
    mut valid: Map<String, Value>,
    mut object: Map<String, Value>,
    edits: &Edits,
    unlike: &[&str],
) {
    for removed in &edits.remove {
        assert!(valid.remove(removed).is_some(), "{name}: a valid token has no `{removed}` to remove");
    }
    for (member, value) in &edits.set {
        let value = filled(caller, value);
        assert_ne!(valid.get(member), Some(&value), "{name}: `{member}` is as in a valid token");
        valid.insert(member.clone(), value);
    }
    for (member, seconds) in &edits.at {
        let at = object.get(member).and_then(Value::as_i64).unwrap_or_else(|| panic!("{name}: no time in `{member}`"));
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        assert!((at - now - seconds).abs() <= 10, "{name}: `{member}` is {} from now, not {seconds}", at - now);
        valid.insert(member.clone(), object[member].clone());
    }
    let edited = |member: &str| edits.set.contains_key(member) || edits.at.contains_key(member);
    for member in unlike.iter().filter(|member| !edited(member)) {
        assert_eq!(valid.contains_key(*member), object.contains_key(*member), "{name}: `{member}`");
        if let (Some(before), Some(now)) = (valid.remove(*member), object.remove(*member))
            && let (Some(before), Some(now)) = (before.as_i64(), now.as_i64())
        {
            assert!((before - now).abs() <= 10, "{name}: `{member}` is another time");
        }
    }
    assert_eq!(Value::Object(object), Value::Object(valid), "{name}");
}

/// What the header of a valid token becomes: `alg`, `kid` and `jwk` as the recipe says, and its edits.
fn expected_header(recipe: &Recipe, mut valid: Map<String, Value>, forged: &Map<String, Value>) -> Map<String, Value> {
    if let Some(alg) = &recipe.alg {
        valid.insert("alg".into(), json!(alg));
    }
    match &recipe.kid {
        Kid::Current => {}
        Kid::Unknown => {
            assert_ne!(valid["kid"], forged["kid"]);
            valid.insert("kid".into(), forged["kid"].clone());
        }
        Kid::Missing => {
            valid.remove("kid");
        }
        Kid::Literal(text) => {
            valid.insert("kid".into(), json!(text));
        }
    }
    if recipe.key == Key::RogueEmbeddedJwk {
        let jwk = &forged["jwk"];
        assert!(jwk["n"].is_string() && jwk.get("d").is_none(), "{jwk}");
        if let Some(kid) = valid.get("kid") {
            assert_eq!(&jwk["kid"], kid, "the embedded key has the header's name");
        }
        valid.insert("jwk".into(), jwk.clone());
    }
    valid
}

fn rsa_verifies(token: &str, key: &DecodingKey) -> bool {
    let (input, signature) = token.rsplit_once('.').unwrap();
    jsonwebtoken::crypto::verify(signature, input.as_bytes(), key, Algorithm::RS256).unwrap_or(false)
}

fn hmac_verifies(token: &str, secret: &[u8]) -> bool {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes(), &signature).is_ok()
}

/// The published RSA key as SPKI, in PEM with a final newline.
fn spki_pem(jwks: &Value) -> String {
    let rsa = jwks["keys"].as_array().unwrap().iter().find(|key| key["kty"] == "RSA").unwrap();
    let number =
        |name: &str| BoxedUint::from_be_slice_vartime(&URL_SAFE_NO_PAD.decode(rsa[name].as_str().unwrap()).unwrap());
    PublicKey::new(number("n"), number("e")).unwrap().to_public_key_pem(LineEnding::LF).unwrap()
}

fn assert_signature(name: &str, recipe: &Recipe, token: &str, jwks: &Value) {
    let set: JwkSet = serde_json::from_value(jwks.clone()).unwrap();
    let rsa = set.keys.iter().find(|key| is_rsa(key)).unwrap();
    let published = DecodingKey::from_jwk(rsa).unwrap();
    let segments = token.split('.').count();
    match recipe.signature {
        Signature::Dropped => return assert_eq!(segments, 2, "{name}"),
        Signature::Empty => return assert!(segments == 3 && token.ends_with('.'), "{name}"),
        Signature::Garbage | Signature::Flipped | Signature::Cut | Signature::OfAnother | Signature::BeforeChange => {
            assert!(segments == 3 && !token.ends_with('.') && !rsa_verifies(token, &published), "{name}");
            return;
        }
        Signature::Valid => assert!(segments == 3 && !token.ends_with('.'), "{name}"),
    }
    let pem = spki_pem(jwks);
    match &recipe.key {
        Key::Current => assert!(rsa_verifies(token, &published), "{name}: the signature must be good"),
        Key::Rogue => assert!(!rsa_verifies(token, &published), "{name}"),
        Key::RogueEmbeddedJwk => {
            let embedded = serde_json::from_value(segment(token, 0)["jwk"].clone()).unwrap();
            assert!(rsa_verifies(token, &DecodingKey::from_jwk(&embedded).unwrap()), "{name}: fits its own key");
            assert!(!rsa_verifies(token, &published), "{name}");
        }
        Key::Hmac(secret) => assert!(hmac_verifies(token, secret.replace("{client_id}", CLIENT).as_bytes()), "{name}"),
        Key::PublicKeyAsHmac(spelling) => match serde_json::to_value(spelling).unwrap().as_str().unwrap() {
            "spki-pem" => assert!(hmac_verifies(token, pem.as_bytes()), "{name}"),
            "spki-pem-no-newline" => assert!(hmac_verifies(token, pem.trim_end().as_bytes()), "{name}"),
            "spki-pem-crlf" => assert!(hmac_verifies(token, pem.replace('\n', "\r\n").as_bytes()), "{name}"),
            _ => assert!(!hmac_verifies(token, pem.as_bytes()), "{name}: another spelling"),
        },
        Key::Retired | Key::Weak1024 | Key::ClientSecret | Key::None => panic!("{name}: say here what must hold"),
    }
}

fn is_rsa(key: &jsonwebtoken::jwk::Jwk) -> bool {
    matches!(key.algorithm, jsonwebtoken::jwk::AlgorithmParameters::RSA(_))
}

async fn assert_all(file: &str, kind: TokenKind, at_least: usize) {
    let (_idp, caller) = start().await;
    let recipes = recipes(file);
    assert!(recipes.len() >= at_least, "{file} has only {} recipes", recipes.len());
    let valid = mint(&caller, kind, &Recipe::default()).await;
    let jwks = caller.issuer.jwks().await;
    assert_signature("a valid token", &Recipe::default(), &valid, &jwks);

    for (name, recipe) in &recipes {
        let token = mint(&caller, kind, recipe).await;

        let header = segment(&token, 0);
        let expected = expected_header(recipe, segment(&valid, 0), &header);
        assert_edited(name, &caller, expected, header, &recipe.header, &[]);
        let unlike = ["iat", "exp", "auth_time", "sid", "jti"];
        assert_edited(name, &caller, segment(&valid, 1), segment(&token, 1), &recipe.claims, &unlike);
        assert_signature(name, recipe, &token, &jwks);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recipe_for_id_tokens_departs_in_what_it_names_only() {
    assert_all("id_token.yaml", TokenKind::IdToken, 60).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recipe_for_access_tokens_departs_in_what_it_names_only() {
    assert_all("access_token.yaml", TokenKind::AccessToken, 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipe_that_cannot_be_followed_is_refused() {
    let (_idp, caller) = start().await;
    let needs_secret = Recipe { alg: Some("HS256".into()), key: Key::ClientSecret, ..Recipe::default() };
    let spoils_nothing =
        Recipe { alg: Some("none".into()), key: Key::None, signature: Signature::Flipped, ..Recipe::default() };

    for recipe in [needs_secret, spoils_nothing] {
        let mint = Mint { recipe, ..Mint::new(TokenKind::IdToken, "spa", Persona::named("alice")) };
        let issuer = caller.issuer.clone();
        let minted = tokio::task::spawn_blocking(move || issuer.mint(&mint)).await.unwrap();

        assert!(minted.is_err());
    }
}
