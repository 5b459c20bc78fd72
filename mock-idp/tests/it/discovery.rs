//! The discovery document tells the truth.

use serde_json::{Value, json};

use crate::support::start;

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_that_is_announced_answers() {
    let (_idp, caller) = start().await;
    let document: Value = caller.get("/.well-known/openid-configuration").send().await.unwrap().json().await.unwrap();

    let mut statuses = serde_json::Map::new();
    for (name, url) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let response = caller.http.get(url.as_str().unwrap()).send().await.unwrap();
            statuses.insert(name.clone(), response.status().as_u16().into());
        }
    }

    // A GET without parameters: each endpoint refuses it in its own way, and none is unknown.
    let expected = json!({
        "authorization_endpoint": 400, "token_endpoint": 405, "userinfo_endpoint": 401, "jwks_uri": 200,
        "introspection_endpoint": 405, "revocation_endpoint": 405, "end_session_endpoint": 200,
    });
    assert_eq!(Value::Object(statuses), expected);
    assert_eq!(document["issuer"], caller.issuer.url());
    assert_eq!(document["authorization_endpoint"], caller.issuer.authorization_endpoint().as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_id_tokens_are_announced_only_where_a_client_wants_them() {
    let (_idp, caller) = start().await;
    let algs = async || {
        let document: Value =
            caller.get("/.well-known/openid-configuration").send().await.unwrap().json().await.unwrap();
        document["id_token_signing_alg_values_supported"].clone()
    };

    let before = algs().await;
    caller.issuer.add_client(mock_idp::Client::confidential("unsigned", "x").id_token_alg("none"));
    let after = algs().await;

    assert_eq!(before, json!(["RS256", "PS256", "ES256", "EdDSA", "HS256"]));
    assert_eq!(after, json!(["RS256", "PS256", "ES256", "EdDSA", "HS256", "none"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_holds_public_keys_only() {
    let (_idp, caller) = start().await;

    let jwks: Value = caller.get("/jwks").send().await.unwrap().json().await.unwrap();

    let keys = jwks["keys"].as_array().unwrap();
    assert!(keys.len() >= 3, "{jwks}");
    for key in keys {
        assert!(key["kid"].is_string(), "{key}");
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private} in {key}");
        }
    }
}
