//! Token introspection (RFC 7662) and revocation (RFC 7009).

use axum::http::{Method, StatusCode};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value, json};

use super::authenticated_client;
use crate::answer::Answer;
use crate::behaviour::{Action, Endpoint};
use crate::incoming::{Incoming, find, refuse_duplicates};
use crate::issuer::{IssuerState, Login, now};
use crate::jose;

/// The login of a token that stands in the request's form, by what is sealed into it.
pub(crate) fn scenario(issuer: &IssuerState, token: &str) -> Option<String> {
    sealed_login(issuer, token).or_else(|| issuer.seal.open("refresh-token", token))?.scenario
}

fn sealed_login(issuer: &IssuerState, token: &str) -> Option<Login> {
    let claims = jose::claims_of(token)?;
    issuer.seal.open("access-token", claims.get("jti")?.as_str()?)
}

/// Whose access token it is, where this issuer signed it, it is in its time and nobody has revoked it.
pub(crate) async fn live_access_token(issuer: &IssuerState, token: &str) -> Option<Login> {
    let login = sealed_login(issuer, token)?;
    let keys = issuer.ring(None).await;
    let jwk: Jwk = serde_json::from_value(keys.current.jwk("RS256")).ok()?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[&issuer.url]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    validation.validate_aud = false;
    validation.validate_nbf = true;
    validation.leeway = 0;
    let claims =
        jsonwebtoken::decode::<Map<String, Value>>(token, &DecodingKey::from_jwk(&jwk).ok()?, &validation).ok()?;
    // jsonwebtoken takes a list that holds the right issuer for the right issuer.
    let is_ours = claims.claims.get("iss").and_then(Value::as_str) == Some(&issuer.url);
    let revoked = issuer.is_spent(&login.id) || issuer.is_spent(&login.sid);
    (is_ours && !revoked).then_some(login)
}

pub(crate) async fn introspect(issuer: &IssuerState, incoming: &Incoming, scenario: Option<&str>) -> Answer {
    let client = match caller(issuer, incoming) {
        Ok(client) => client,
        Err(answer) => return answer,
    };
    if issuer.find_client(&client).is_none_or(|client| client.secret.is_none()) {
        return Answer::invalid_client("a public client may not introspect").for_client(&client);
    }
    let Some(token) = find(&incoming.form, "token") else {
        return Answer::oauth_error(StatusCode::BAD_REQUEST, "invalid_request", "no token").for_client(&client);
    };
    let body = issuer.orders.take(Endpoint::Introspection, None, scenario, |action| match action {
        Action::IntrospectionBody(body) => Some(body.clone()),
        _ => None,
    });
    if let Some((id, body)) = body {
        return Answer::json(&body).caused_by(Some(id)).for_client(&client);
    }
    let mut response = match live_access_token(issuer, token).await {
        Some(_) => {
            let mut claims = jose::claims_of(token).unwrap_or_default();
            claims.insert("active".into(), json!(true));
            claims.insert("token_type".into(), json!("Bearer"));
            claims
        }
        None => Map::from_iter([("active".to_owned(), json!(false))]),
    };
    let members = issuer.orders.take(Endpoint::Introspection, None, scenario, |action| match action {
        Action::Introspection(members) => Some(members.clone()),
        _ => None,
    });
    if let Some((_, members)) = &members {
        members.apply(&mut response);
    }
    Answer::json(&Value::Object(response)).caused_by(members.map(|(id, _)| id)).for_client(&client)
}

/// RFC 7009 section 2.2: the answer is 200 whether or not there was anything to revoke.
pub(crate) fn revoke(issuer: &IssuerState, incoming: &Incoming) -> Answer {
    let client = match caller(issuer, incoming) {
        Ok(client) => client,
        Err(answer) => return answer,
    };
    let Some(token) = find(&incoming.form, "token") else {
        return Answer::oauth_error(StatusCode::BAD_REQUEST, "invalid_request", "no token").for_client(&client);
    };
    let forever = now() + 24 * 3600;
    if let Some(login) = issuer.seal.open::<Login>("refresh-token", token).filter(|login| login.client_id == client) {
        // Revoking a refresh token revokes the access tokens of the same grant as well.
        issuer.spend(&login.sid, forever);
    } else if let Some(login) = sealed_login(issuer, token).filter(|login| login.client_id == client) {
        issuer.spend(&login.id, forever);
    }
    Answer::text(StatusCode::OK, "text/plain", "").for_client(&client)
}

fn caller(issuer: &IssuerState, incoming: &Incoming) -> Result<String, Answer> {
    if incoming.method != Method::POST {
        return Err(Answer::method_not_allowed("POST"));
    }
    refuse_duplicates(&incoming.form)?;
    authenticated_client(issuer, incoming).map(|client| client.id)
}
