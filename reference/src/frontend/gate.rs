//! Everything needs a login, except the few paths that a login is made of.

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_sessions::Session;
use url::form_urlencoded;

use super::{Frontend, downstream, home, identity, page};
use crate::defects::Defect;
use crate::guard::is_open;

/// Lets signed-in people pass, with a note for the handlers who they are.
pub(super) async fn gate(
    State(frontend): State<Frontend>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    if is_open(&request) {
        return next.run(request).await;
    }
    match identity::caller(&frontend, &session, request.headers()).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => {
            let (parts, _) = request.into_parts();
            challenge(&frontend, &parts).await
        }
        Err(_) => page::unavailable(),
    }
}

/// The health endpoint knows no session, so a request that the guard has not let through is refused.
pub(super) async fn open_only(request: Request, next: Next) -> Response {
    if is_open(&request) { next.run(request).await } else { page::login_required() }
}

/// Pages lead to the login; programs get a 401, and so does whoever tries a bearer token.
async fn challenge(frontend: &Frontend, request: &Parts) -> Response {
    let path = request.uri.path();
    if frontend.defects.has(Defect::CallWithoutToken) {
        downstream::call_without_token(frontend, path).await;
    }
    if path == "/api" || path.starts_with("/api/") || has_bearer(&request.headers) {
        return page::login_required();
    }
    let to = match (&request.method, request.uri.path_and_query()) {
        (&Method::GET | &Method::HEAD, Some(target)) => {
            let target: String = form_urlencoded::byte_serialize(target.as_str().as_bytes()).collect();
            format!("/login?return_to={target}")
        }
        _ => "/login".into(),
    };
    let body = match frontend.defects.has(Defect::ContentInChallenge) && path == "/profile" {
        true => home::profile_of(&frontend.store.all_users().unwrap_or_default()),
        false => String::new(),
    };
    (StatusCode::FOUND, [(header::LOCATION, to)], body).into_response()
}

fn has_bearer(headers: &HeaderMap) -> bool {
    let scheme = |value: &str| value.split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"));
    headers.get_all(header::AUTHORIZATION).iter().any(|value| value.to_str().is_ok_and(scheme))
}
