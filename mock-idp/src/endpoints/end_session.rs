//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 section 2).

use axum::http::{Method, StatusCode, header};
use url::Url;

use crate::answer::Answer;
use crate::incoming::{Incoming, find};
use crate::issuer::IssuerState;
use crate::jose;
use crate::login_page;

pub(crate) fn end_session(issuer: &IssuerState, incoming: &Incoming) -> Answer {
    if !matches!(incoming.method, Method::GET | Method::POST) {
        return Answer::method_not_allowed("GET, POST");
    }
    let params = incoming.params();
    let page = |status, text: &str| Answer::html(status, login_page::notice(text));
    let hinted = find(&params, "id_token_hint").and_then(jose::claims_of).and_then(|claims| {
        let audience = claims.get("aud")?;
        audience.as_str().or_else(|| audience.get(0)?.as_str()).map(str::to_owned)
    });
    let client_id = match (find(&params, "client_id"), hinted) {
        (Some(told), Some(hinted)) if told != hinted => {
            return page(StatusCode::BAD_REQUEST, "client_id and id_token_hint name two clients.");
        }
        (told, hinted) => told.map(str::to_owned).or(hinted),
    };
    let client = client_id.as_deref().and_then(|id| issuer.find_client(id));
    let path = if issuer.path.is_empty() { "/" } else { &issuer.path };
    let forget = format!("mock_idp_session=; Path={path}; Max-Age=0; HttpOnly; SameSite=Lax");
    let answer = match (find(&params, "post_logout_redirect_uri"), &client) {
        (None, _) => page(StatusCode::OK, "You are logged out."),
        (Some(uri), Some(client)) if client.post_logout_redirect_uris.iter().any(|known| known == uri) => {
            match Url::parse(uri) {
                Ok(mut to) => {
                    if let Some(state) = find(&params, "state") {
                        to.query_pairs_mut().append_pair("state", state);
                    }
                    Answer::redirect(&to)
                }
                Err(_) => page(StatusCode::BAD_REQUEST, "The post_logout_redirect_uri is no URL."),
            }
        }
        (Some(_), _) => page(StatusCode::OK, "You are logged out. The post_logout_redirect_uri is not registered."),
    };
    let answer = answer.header(header::SET_COOKIE, &forget);
    match client_id {
        Some(id) => answer.for_client(&id),
        None => answer,
    }
}
