//! The endpoints, one file each.

pub(crate) mod authorize;
pub(crate) mod discovery;
pub(crate) mod end_session;
pub(crate) mod introspect;
pub(crate) mod token;
pub(crate) mod userinfo;

use axum::http::StatusCode;

use crate::answer::Answer;
use crate::incoming::Incoming;
use crate::issuer::IssuerState;
use crate::model::Client;

/// The client that sent the request, proven (RFC 6749 section 2.3).
pub(crate) fn authenticated_client(issuer: &IssuerState, incoming: &Incoming) -> Result<Client, Answer> {
    use crate::record::ClientAuth as A;
    let credentials = incoming.credentials();
    let bad = |why: &str| Answer::oauth_error(StatusCode::BAD_REQUEST, "invalid_request", why);
    match credentials.method {
        A::Several => return Err(bad("more than one client authentication method in one request")),
        A::Query => return Err(bad("client credentials may not stand in the URL")),
        A::None | A::ClientSecretBasic | A::ClientSecretPost => {}
    }
    let Some(id) = credentials.client_id else {
        return Err(Answer::invalid_client("no client_id"));
    };
    let Some(client) = issuer.find_client(&id) else {
        return Err(Answer::invalid_client("no such client").for_client(&id));
    };
    match (&client.secret, &credentials.secret) {
        (None, None) => Ok(client),
        // RFC 6749 section 2.3.1: an empty secret may as well be left out.
        (None, Some(given)) if given.is_empty() => Ok(client),
        (Some(known), Some(given)) if same_secret(known, given) => Ok(client),
        _ => Err(Answer::invalid_client("wrong client credentials").for_client(&id)),
    }
}

/// Takes as long for a wrong secret as for a right one.
pub(crate) fn same_secret(one: &str, other: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}
