//! Token introspection (RFC 7662) and revocation (RFC 7009).

use axum::http::{Method, StatusCode};
use serde_json::{Map, json};

use super::authenticated_client;
use crate::answer::Answer;
use crate::behaviour::{Action, Endpoint};
use crate::incoming::{Incoming, find, refuse_duplicates};
use crate::issuer::{IssuerState, Login, now};
use crate::jose;
use crate::own;

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
    let mut response = match own::live_access_token(issuer, token).await {
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
    Answer::json(&response.into()).caused_by(members.map(|(id, _)| id)).for_client(&client)
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
    if let Some(login) = issuer.seal.open::<Login>("refresh-token", token).filter(|login| login.client_id == client) {
        // Revoking a refresh token revokes the access tokens of the same grant as well.
        issuer.end_grant(&login);
    } else if let Some(login) = own::sealed_login(issuer, token).filter(|login| login.client_id == client) {
        issuer.spent.spend(&login.id, login.expires, now());
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
