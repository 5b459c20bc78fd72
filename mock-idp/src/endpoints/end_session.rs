//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 section 2).

use axum::http::{Method, StatusCode, header};
use serde_json::Value;
use url::Url;

use super::authorize::{cookie_attributes, session};
use crate::answer::Answer;
use crate::incoming::{Incoming, find, refuse_duplicates};
use crate::issuer::{IssuerState, SESSION_LIFETIME, now};
use crate::login_page;
use crate::own;

pub(crate) async fn end_session(issuer: &IssuerState, incoming: &Incoming) -> Answer {
    if !matches!(incoming.method, Method::GET | Method::POST) {
        return Answer::method_not_allowed("GET, POST");
    }
    let refused = |why: &str| Answer::html(StatusCode::BAD_REQUEST, login_page::error(why));
    let params = incoming.params();
    if refuse_duplicates(&params).is_err() {
        return refused("A parameter comes twice in the logout request.");
    }
    let hint = match find(&params, "id_token_hint") {
        None => None,
        Some(hint) => match own::hinted(issuer, hint).await {
            Some(claims) => Some(claims),
            None => return refused("The id_token_hint was not issued here."),
        },
    };
    let told = find(&params, "client_id").map(str::to_owned);
    let client_id = match (told, hint.as_ref().and_then(own::audience)) {
        (Some(told), Some(hinted)) if told != hinted => {
            return refused("client_id and id_token_hint name two clients.").for_client(&told);
        }
        (told, hinted) => told.or(hinted),
    };
    let hinted_session = hint.as_ref().and_then(|claims| claims.get("sid")).and_then(Value::as_str);
    for sid in hinted_session.map(str::to_owned).into_iter().chain(session(issuer, incoming).map(|session| session.sid))
    {
        issuer.spent.spend(&sid, now() + SESSION_LIFETIME, now());
    }
    let forget = format!("mock_idp_session=; Max-Age=0; {}", cookie_attributes(issuer));
    let answer = logged_out(issuer, incoming, client_id.as_deref()).header(header::SET_COOKIE, &forget);
    match client_id {
        Some(id) => answer.for_client(&id),
        None => answer,
    }
}

/// Back to the client where that is registered, else a page: an open redirector would be the provider's own flaw.
fn logged_out(issuer: &IssuerState, incoming: &Incoming, client_id: Option<&str>) -> Answer {
    let page = |text: &str| Answer::html(StatusCode::OK, login_page::notice(text));
    let params = incoming.params();
    let Some(uri) = find(&params, "post_logout_redirect_uri") else {
        return page("You are logged out.");
    };
    let client = client_id.and_then(|id| issuer.find_client(id));
    let registered = client.is_some_and(|client| client.post_logout_redirect_uris.iter().any(|known| known == uri));
    match Url::parse(uri) {
        Ok(mut to) if registered => {
            if let Some(state) = find(&params, "state") {
                to.query_pairs_mut().append_pair("state", state);
            }
            Answer::redirect(&incoming.method, &to)
        }
        Ok(_) | Err(_) => page("You are logged out. The post_logout_redirect_uri is not registered."),
    }
}
