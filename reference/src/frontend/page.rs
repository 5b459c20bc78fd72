//! The pages, and what every answer has in common. Whatever comes from outside is escaped.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use super::{Frontend, cookies};
use crate::defects::Defect;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}\
    @media(prefers-color-scheme:dark){body{background:#111;color:#eee}a{color:#9cf}}";

/// A whole page. `body` is HTML: its texts are escaped already.
pub(super) fn html(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

/// A login that signed nobody in. `detail` is HTML.
pub(super) fn refused_login(status: StatusCode, detail: &str) -> Response {
    let body = format!("<p>Nobody has been signed in.{detail}</p><p><a href=\"/login\">Try again</a></p>");
    (status, Html(html("The login did not succeed", &body))).into_response()
}

/// Nothing is kept of the person any more, here at least.
pub(super) fn logged_out() -> Response {
    Html(html("You are logged out", "<p><a href=\"/login\">Log in</a></p>")).into_response()
}

/// For signed-in people; everybody else is asked to log in first.
pub(super) async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Html(html("Nothing is here", "<p><a href=\"/\">Home</a></p>"))).into_response()
}

/// For programs.
pub(super) fn login_required() -> Response {
    (StatusCode::UNAUTHORIZED, Json(json!({ "error": "login_required" }))).into_response()
}

/// The provider or the database does not answer.
pub(super) fn unavailable() -> Response {
    let page = html("Not available at the moment", "<p>Please try again later.</p>");
    (StatusCode::SERVICE_UNAVAILABLE, Html(page)).into_response()
}

/// Text as HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// Completes every answer: nothing personal is stored, nothing is guessed, nothing leaks by the referrer.
pub(super) async fn finish(State(frontend): State<Frontend>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    cookies::protect(headers, &frontend);
    if !frontend.defects.has(Defect::PersonalPagesCacheable) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ),
    );
    response
}
