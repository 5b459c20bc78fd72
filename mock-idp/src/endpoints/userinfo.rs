//! The userinfo endpoint (OIDC Core 5.3).

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::behaviour::{Action, Endpoint};
use crate::incoming::{Incoming, find, refuse_duplicates};
use crate::issuer::{IssuerState, persona_claims};
use crate::own;

/// RFC 6750 section 2: the header, or the form of a POST; never both, never the query.
pub(crate) fn presented(incoming: &Incoming) -> Option<&str> {
    incoming.bearer().or_else(|| find(&incoming.form, "access_token"))
}

pub(crate) async fn userinfo(issuer: &IssuerState, incoming: &Incoming, scenario: Option<&str>) -> Answer {
    if !matches!(incoming.method, Method::GET | Method::POST) {
        return Answer::method_not_allowed("GET, POST");
    }
    if let Err(answer) = refuse_duplicates(&incoming.form) {
        return answer;
    }
    if incoming.bearer().is_some() && find(&incoming.form, "access_token").is_some() {
        return Answer::oauth_error(StatusCode::BAD_REQUEST, "invalid_request", "two access tokens in one request");
    }
    let Some(token) = presented(incoming) else {
        return Answer::text(StatusCode::UNAUTHORIZED, "text/plain", "an access token is needed\n")
            .header(axum::http::header::WWW_AUTHENTICATE, "Bearer");
    };
    let Some(login) = own::live_access_token(issuer, token).await else {
        return Answer::bearer_error(StatusCode::UNAUTHORIZED, "invalid_token", "this access token is not valid here");
    };
    if !login.scope.split(' ').any(|scope| scope == "openid") {
        let why = "the scope openid was not granted";
        return Answer::bearer_error(StatusCode::FORBIDDEN, "insufficient_scope", why).for_client(&login.client_id);
    }
    let mut claims = persona_claims(&login.persona, &login.scope);
    claims.insert("sub".into(), json!(login.persona.sub));
    let changed = issuer.orders.take(Endpoint::Userinfo, None, scenario, |action| match action {
        Action::Userinfo(members) => Some(members.clone()),
        _ => None,
    });
    if let Some((_, members)) = &changed {
        members.apply(&mut claims);
    }
    Answer::json(&Value::Object(claims)).caused_by(changed.map(|(id, _)| id)).for_client(&login.client_id)
}
