//! Calls to the other services on the user's behalf: a request made from nothing, with the user's access token.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tower_sessions::Session;
use url::{Url, form_urlencoded};

use super::fresh::{self, NoAccessToken};
use super::identity::Caller;
use super::{Frontend, page};
use crate::backchannel;
use crate::defects::{Defect, Defects};
use crate::store::Grant;

/// `/api/resources`
pub(super) async fn resources(
    State(frontend): State<Frontend>,
    session: Session,
    caller: Caller,
    headers: HeaderMap,
) -> Response {
    call(&frontend, &session, &caller, endpoint(&frontend.metadata_url, "/resources"), &headers).await
}

/// `/api/search?q=`
pub(super) async fn search(
    State(frontend): State<Frontend>,
    session: Session,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let mut url = endpoint(&frontend.search_url, "/search");
    let query = form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes());
    for (name, value) in query.filter(|(name, _)| name == "q").take(1) {
        url.query_pairs_mut().append_pair(&name, &value);
    }
    call(&frontend, &session, &caller, url, &headers).await
}

/// A call before anybody has looked who asks (defect `call-without-token`).
pub(super) async fn call_without_token(frontend: &Frontend, path: &str) {
    let url = match path {
        "/api/resources" => endpoint(&frontend.metadata_url, "/resources"),
        "/api/search" => endpoint(&frontend.search_url, "/search"),
        _ => return,
    };
    let _ = frontend.client.http.get(url).send().await;
}

fn endpoint(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

async fn call(frontend: &Frontend, session: &Session, caller: &Caller, url: Url, from_client: &HeaderMap) -> Response {
    let grant = match fresh::grant(frontend, caller).await {
        Ok(grant) => grant,
        Err(NoAccessToken::Ended) => {
            // Where this fails the session is as useless: it has no tokens.
            let _ = frontend.store.remove_grant(&caller.grant);
            let _ = session.flush().await;
            return page::login_required();
        }
        Err(NoAccessToken::Unavailable) => return failed(),
    };
    let Some(headers) = headers(frontend, &grant, from_client).await else { return failed() };
    let answer = frontend.client.http.get(url).headers(headers.clone()).send().await;
    let Ok(answer) = follow(frontend, answer, &headers).await else { return failed() };
    let status = answer.status();
    let lenient = |defect| frontend.defects.has(defect);
    if status.is_redirection() && lenient(Defect::DownstreamPageIsData) {
        return Json(json!([])).into_response();
    }
    if (status.is_client_error() || status.is_server_error()) && lenient(Defect::DownstreamErrorIsSuccess) {
        return Json(json!([])).into_response();
    }
    if !status.is_success() || !is_json(answer.headers()) {
        return failed();
    }
    match backchannel::json::<Value>(answer).await {
        Ok(data) => Json(data).into_response(),
        Err(_) => failed(),
    }
}

/// The headers of a call: the access token, and nothing of what the client sent or the session knows.
async fn headers(frontend: &Frontend, grant: &Grant, from_client: &HeaderMap) -> Option<HeaderMap> {
    let defects = &frontend.defects;
    let mut headers = passed_on(from_client, defects);
    headers.insert(header::ACCEPT, "application/json".parse().ok()?);
    headers.insert(header::AUTHORIZATION, format!("Bearer {}", grant.access_token).parse().ok()?);
    if defects.has(Defect::ServiceTokenForwarded) {
        let own = frontend.client.own_token().await.ok()?.grant().ok()?.access_token;
        headers.insert(header::AUTHORIZATION, format!("Bearer {own}").parse().ok()?);
        headers.insert("x-forwarded-access-token", grant.access_token.parse().ok()?);
    }
    if let (true, Some(token)) = (defects.has(Defect::RefreshTokenForwarded), &grant.refresh_token) {
        headers.insert("x-forwarded-refresh-token", token.parse().ok()?);
    }
    Some(headers)
}

/// What is passed on of the client's headers: nothing, in a correct service.
fn passed_on(from_client: &HeaderMap, defects: &Defects) -> HeaderMap {
    let about_identity = |name: &HeaderName| name.as_str().starts_with("x-") || name.as_str().starts_with("remote-");
    let spelled_oddly = |name: &HeaderName| name.as_str().contains('_');
    let passes = |name: &HeaderName| match spelled_oddly(name) {
        true => defects.has(Defect::UnderscoreHeadersPassed),
        false => defects.has(Defect::IdentityHeadersPassed) && about_identity(name),
    };
    from_client.iter().filter(|(name, _)| passes(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The answer as it is; a redirect is not followed, since it would carry the token away.
async fn follow(
    frontend: &Frontend,
    answer: reqwest::Result<reqwest::Response>,
    headers: &HeaderMap,
) -> reqwest::Result<reqwest::Response> {
    let answer = answer?;
    let moved = matches!(answer.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let location = answer.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
    let to = location.and_then(|location| answer.url().join(location).ok());
    match to.filter(|_| moved && frontend.defects.has(Defect::DownstreamRedirectsFollowed)) {
        Some(to) => frontend.client.http.get(to).headers(headers.clone()).send().await,
        None => Ok(answer),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The other service's answer is no data, so it is no success of ours.
fn failed() -> Response {
    (StatusCode::BAD_GATEWAY, Json(json!({ "error": "downstream_failed" }))).into_response()
}
