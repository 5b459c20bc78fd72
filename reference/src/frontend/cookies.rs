//! The cookies' names and attributes.

use axum::http::{HeaderMap, HeaderValue, header};

use super::Frontend;
use crate::defects::Defect;

/// The `__Host-` prefix forbids every other host and path to set the cookie; browsers take it only over https.
pub(super) fn session_name(https: bool) -> &'static str {
    if https { "__Host-session" } else { "session" }
}

/// Completes the cookies that were set, those that delete one among them: over https a browser ignores a deletion of a
/// `__Host-` cookie that is not `Secure` itself.
pub(super) fn protect(headers: &mut HeaderMap, frontend: &Frontend) {
    let cookies: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    headers.remove(header::SET_COOKIE);
    for cookie in cookies {
        let Ok(text) = cookie.to_str() else { continue };
        let mut text = text.to_owned();
        if frontend.is_https() && !text.contains("; Secure") {
            text.push_str("; Secure");
        }
        if frontend.defects.has(Defect::CookieUnprotected) {
            text = text.replace("; HttpOnly", "").replace("; SameSite=Lax", "");
        }
        headers.extend(HeaderValue::from_str(&text).ok().map(|value| (header::SET_COOKIE, value)));
    }
}

/// The value of the cookie of that name.
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
