//! Signatures, verified by another library with what the provider publishes.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use mock_idp::{Client, Key, Mint, Persona, Recipe, TokenKind};
use serde_json::{Map, Value};

use crate::support::{Caller, code_of, segment, start, text};

const CLIENT: &str = "signed";
const CLIENT_SECRET: &str = "a-secret-of-thirty-two-characters";

/// The id_token of a login of a client that is registered with `alg`.
async fn id_token(caller: &Caller, alg: &str) -> String {
    let client = Client::confidential(CLIENT, CLIENT_SECRET).redirect_uri(crate::support::CALLBACK).id_token_alg(alg);
    caller.issuer.add_client(client);
    let code = code_of(&caller.authorize(&[("client_id", Some(CLIENT))]).await);
    let request = caller.post("/token", &crate::support::redemption(&code));
    let request = request.header("authorization", crate::support::basic(CLIENT, CLIENT_SECRET));
    let tokens: Value = request.send().await.unwrap().json().await.unwrap();
    text(&tokens, "id_token").to_owned()
}

async fn published(caller: &Caller) -> JwkSet {
    caller.get("/jwks").send().await.unwrap().json().await.unwrap()
}

fn verify(
    caller: &Caller,
    token: &str,
    key: &DecodingKey,
    alg: Algorithm,
    audience: &str,
) -> Option<Map<String, Value>> {
    let mut validation = Validation::new(alg);
    validation.set_issuer(&[caller.issuer.url()]);
    validation.set_audience(&[audience]);
    decode::<Map<String, Value>>(token, key, &validation).ok().map(|data| data.claims)
}

/// With the published key that the token names.
async fn verified(caller: &Caller, token: &str, alg: Algorithm, audience: &str) -> Option<Map<String, Value>> {
    let jwks = published(caller).await;
    let kid = decode_header(token).unwrap().kid?;
    verify(caller, token, &DecodingKey::from_jwk(jwks.find(&kid)?).unwrap(), alg, audience)
}

#[tokio::test(flavor = "multi_thread")]
async fn asymmetric_signatures_verify_with_the_published_keys() {
    let (_idp, caller) = start().await;
    let algs = [
        ("RS256", Algorithm::RS256),
        ("PS256", Algorithm::PS256),
        ("ES256", Algorithm::ES256),
        ("EdDSA", Algorithm::EdDSA),
    ];

    for (name, alg) in algs {
        let token = id_token(&caller, name).await;

        assert_eq!(segment(&token, 0)["alg"], name);
        let claims = verified(&caller, &token, alg, CLIENT).await.unwrap_or_else(|| panic!("{name}"));
        assert_eq!(claims["sub"], "sub-alice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hs256_verifies_with_the_secret_and_names_no_key() {
    let (_idp, caller) = start().await;

    let token = id_token(&caller, "HS256").await;

    let key = DecodingKey::from_secret(CLIENT_SECRET.as_bytes());
    assert!(verify(&caller, &token, &key, Algorithm::HS256, CLIENT).is_some());
    assert!(segment(&token, 0).get("kid").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_registered_for_none_gets_unsigned_id_tokens() {
    let (_idp, caller) = start().await;

    let token = id_token(&caller, "none").await;

    assert_eq!(segment(&token, 0)["alg"], "none");
    assert!(token.ends_with('.') && token.matches('.').count() == 2, "{token}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_at_hash_belongs_to_the_access_token() {
    use base64::Engine;
    let (_idp, caller) = start().await;

    let tokens = caller.log_in().await;

    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text(&tokens, "access_token").as_bytes());
    let half = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]);
    assert_eq!(segment(text(&tokens, "id_token"), 1)["at_hash"], half);
}

#[tokio::test(flavor = "multi_thread")]
async fn access_tokens_and_logout_tokens_verify_too() {
    let (_idp, caller) = start().await;
    let audience = "web";

    for kind in [TokenKind::AccessToken, TokenKind::LogoutToken] {
        let issuer = caller.issuer.clone();
        let mint = Mint::new(kind, "web", Persona::named("alice"));
        let token = tokio::task::spawn_blocking(move || issuer.mint(&mint).unwrap()).await.unwrap();

        assert!(verified(&caller, &token, Algorithm::RS256, audience).await.is_some(), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_only_the_new_keys_are_published_and_old_access_tokens_still_count() {
    let (_idp, caller) = start().await;
    let before = caller.log_in().await;
    let old_keys = published(&caller).await;

    caller.issuer.rotate_keys();

    let new_keys = published(&caller).await;
    let kid = |set: &JwkSet| set.keys.iter().map(|key| key.common.key_id.clone()).collect::<Vec<_>>();
    assert!(kid(&old_keys).iter().all(|old| !kid(&new_keys).contains(old)));
    assert_eq!(verified(&caller, text(&before, "id_token"), Algorithm::RS256, "web").await, None);
    assert_eq!(caller.userinfo(text(&before, "access_token")).await.status(), 200);
    let after = caller.log_in().await;
    assert!(verified(&caller, text(&after, "id_token"), Algorithm::RS256, "web").await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_retired_key_is_not_published_and_its_tokens_do_not_count() {
    let (_idp, caller) = start().await;
    let issuer = caller.issuer.clone();
    let recipe = Recipe { key: Key::Retired, ..Recipe::default() };
    let mint = Mint { recipe, ..Mint::new(TokenKind::AccessToken, "web", Persona::named("alice")) };
    let token = tokio::task::spawn_blocking(move || issuer.mint(&mint).unwrap()).await.unwrap();

    let kid = decode_header(&token).unwrap().kid.unwrap();

    assert!(published(&caller).await.find(&kid).is_none());
    assert_eq!(caller.userinfo(&token).await.status(), 401);
}
