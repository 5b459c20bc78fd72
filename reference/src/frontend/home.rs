//! What signed-in people see of themselves.

use std::fmt::Write;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;
use url::form_urlencoded;

use super::identity::Caller;
use super::{Frontend, page};
use crate::defects::Defect;
use crate::store::User;

/// `/`: a page that names the person.
pub(super) async fn home(caller: Caller) -> Response {
    let name = page::escaped(caller.user.shown_name());
    let body = format!(
        "<p>Signed in as <b>{name}</b>.</p>\
         <p><a href=\"/profile\">Profile</a> <a href=\"/api/resources\">Resources</a> <a href=\"/logout\">Log out</a></p>"
    );
    Html(page::html("Welcome", &body)).into_response()
}

/// `/profile`: what is known of the person.
pub(super) async fn profile(caller: Caller) -> Response {
    Html(profile_of(&[caller.user])).into_response()
}

/// The profile of `users`; it is asked for one at a time.
pub(super) fn profile_of(users: &[User]) -> String {
    let mut body = String::new();
    for user in users {
        let _ = write!(
            body,
            "<dl><dt>Name</dt><dd>{}</dd><dt>E-mail</dt><dd>{}</dd><dt>Subject</dt><dd>{}</dd></dl>",
            page::escaped(user.shown_name()),
            page::escaped(user.email.as_deref().unwrap_or("unknown")),
            page::escaped(&user.sub)
        );
    }
    page::html("Profile", &body)
}

/// `/api/me`: who is signed in.
pub(super) async fn me(State(frontend): State<Frontend>, caller: Caller, RawQuery(query): RawQuery) -> Response {
    let mut user = caller.user;
    if frontend.defects.has(Defect::LookupForOthers) {
        let mut wanted = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
        let wanted = wanted
            .find(|(name, _)| name == "user_id")
            .and_then(|(_, value)| frontend.store.search_user(&value).ok().flatten());
        user = wanted.unwrap_or(user);
    }
    let mut told = json!({ "sub": user.sub, "email": user.email, "name": user.name });
    if frontend.defects.has(Defect::TokenShownToBrowser)
        && let Ok(Some(grant)) = frontend.store.find_grant(&caller.grant)
    {
        told["access_token"] = grant.access_token.into();
    }
    Json(told).into_response()
}
