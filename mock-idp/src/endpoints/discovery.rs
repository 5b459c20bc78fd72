//! The discovery document (OpenID Connect Discovery 1.0 section 3) and the key set. It announces what is true.

use axum::http::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::behaviour::{Action, Endpoint};
use crate::incoming::Incoming;
use crate::issuer::IssuerState;
use crate::model::SIGNING_ALGORITHMS;

pub(crate) fn document(issuer: &IssuerState, incoming: &Incoming) -> Answer {
    if !matches!(incoming.method, Method::GET | Method::HEAD) {
        return Answer::method_not_allowed("GET, HEAD");
    }
    let at = |path: &str| issuer.endpoint(path);
    let announced = |alg: &&str| *alg != "none" || issuer.serves_unsigned();
    let algs: Vec<&str> = SIGNING_ALGORITHMS.into_iter().filter(announced).collect();
    let document = json!({
        "issuer": issuer.url,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "introspection_endpoint": at("/introspect"),
        "revocation_endpoint": at("/revoke"),
        "end_session_endpoint": at("/end_session"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algs,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone", "offline_access"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid",
            "email", "email_verified", "name", "preferred_username"
        ],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    let Value::Object(mut document) = document else { unreachable!("an object literal is an object") };
    let changed = issuer.orders.take(Endpoint::Discovery, None, None, |action| match action {
        Action::Discovery(members) => Some(members.clone()),
        _ => None,
    });
    if let Some((_, members)) = &changed {
        members.apply(&mut document);
    }
    Answer::json(&Value::Object(document)).caused_by(changed.map(|(id, _)| id))
}

pub(crate) async fn jwks(issuer: &IssuerState, incoming: &Incoming) -> Answer {
    if !matches!(incoming.method, Method::GET | Method::HEAD) {
        return Answer::method_not_allowed("GET, HEAD");
    }
    let changed = issuer.orders.take(Endpoint::Jwks, None, None, |action| match action {
        Action::Jwks(document) => Some(document.clone()),
        _ => None,
    });
    match changed {
        Some((id, document)) => Answer::json(&document).caused_by(Some(id)),
        None => Answer::json(&issuer.jwks().await),
    }
}
