//! The credential of a request, and the words in which it is refused (RFC 6750 sections 2.1 and 3).

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use url::form_urlencoded;

use crate::defects::{Defect, Defects};

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denial {
    /// There is none, or one of another scheme.
    NoCredentials,
    /// It cannot be read, or there are several.
    Malformed,
    InvalidToken,
    InsufficientScope,
    /// The provider cannot be asked, so nobody is let in.
    ProviderOutage,
    /// The end of a planted defect.
    Crash,
}

impl Denial {
    fn status(self) -> StatusCode {
        match self {
            Self::NoCredentials | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::ProviderOutage => StatusCode::SERVICE_UNAVAILABLE,
            Self::Crash => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// RFC 6750 section 3.1: a request without credentials is told no error.
    fn error(self) -> Option<&'static str> {
        match self {
            Self::NoCredentials | Self::Crash => None,
            Self::Malformed => Some("invalid_request"),
            Self::InvalidToken => Some("invalid_token"),
            Self::InsufficientScope => Some("insufficient_scope"),
            Self::ProviderOutage => Some("temporarily_unavailable"),
        }
    }

    /// The answer of the service `realm`. It repeats nothing of the request.
    pub(crate) fn answer(self, realm: &str, scope: Option<&str>, defects: &Defects) -> Response {
        let body = Json(json!({ "error": self.error().unwrap_or("access denied") }));
        match self {
            Self::ProviderOutage => (self.status(), [(header::RETRY_AFTER, "5")], body).into_response(),
            Self::Crash => self.status().into_response(),
            _ if defects.has(Defect::BearerErrorShape) => (StatusCode::FORBIDDEN, body).into_response(),
            Self::NoCredentials | Self::Malformed | Self::InvalidToken | Self::InsufficientScope => {
                let error = self.error().map(|error| format!(", error=\"{error}\"")).unwrap_or_default();
                let scope = scope.filter(|_| self == Self::InsufficientScope);
                let scope = scope.map(|scope| format!(", scope=\"{scope}\"")).unwrap_or_default();
                let challenge = format!("Bearer realm=\"{realm}\"{error}{scope}");
                (self.status(), [(header::WWW_AUTHENTICATE, challenge)], body).into_response()
            }
        }
    }
}

/// The one access token that the request brings, in the one place where it may stand.
pub(crate) fn access_token<'a>(
    headers: &'a HeaderMap,
    uri: &'a Uri,
    defects: &Defects,
) -> Result<Cow<'a, str>, Denial> {
    let in_query = access_token_in_query(uri);
    let lines: Vec<&HeaderValue> = headers.get_all(header::AUTHORIZATION).iter().collect();
    match (lines.as_slice(), in_query) {
        ([], Some(token)) if defects.has(Defect::BearerInQuery) => Ok(token),
        ([], _) => Err(Denial::NoCredentials),
        ([only], None) => bearer(only, defects).map(Cow::Borrowed),
        ([.., last], None) if defects.has(Defect::BearerLastWins) => bearer(last, defects).map(Cow::Borrowed),
        _ => Err(Denial::Malformed),
    }
}

/// RFC 6750 section 2.3, which RFC 9700 section 4.3.2 forbids to use.
fn access_token_in_query(uri: &Uri) -> Option<Cow<'_, str>> {
    let mut parameters = form_urlencoded::parse(uri.query()?.as_bytes());
    parameters.find(|(name, _)| name == "access_token").map(|(_, value)| value)
}

fn bearer<'a>(line: &'a HeaderValue, defects: &Defects) -> Result<&'a str, Denial> {
    let line = line.to_str().map_err(|_| Denial::Malformed)?;
    let (scheme, token) = match line.split_once(' ') {
        Some((scheme, token)) => (scheme, token.trim_start_matches(' ')),
        None if defects.has(Defect::BearerMalformedCrashes) => return Err(Denial::Crash),
        None => (line, ""),
    };
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Denial::NoCredentials);
    }
    if token.is_empty() || token.contains([' ', '\t']) {
        return Err(Denial::Malformed);
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&[u8]], target: &'static str) -> Result<String, Denial> {
        let values = lines.iter().map(|line| (header::AUTHORIZATION, HeaderValue::from_bytes(line).unwrap()));
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.append(name, value);
        }
        access_token(&headers, &Uri::from_static(target), &Defects::none()).map(Cow::into_owned)
    }

    #[test]
    fn the_scheme_is_read_without_case() {
        for line in ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "Bearer   a.b.c"] {
            assert_eq!(read(&[line.as_bytes()], "/"), Ok("a.b.c".into()));
        }
    }

    #[test]
    fn another_scheme_is_no_credential() {
        for line in ["Basic a.b.c", "Token a.b.c", "Bearer: a.b.c", "a.b.c", "Bearer\ta.b.c", ""] {
            assert_eq!(read(&[line.as_bytes()], "/"), Err(Denial::NoCredentials), "{line}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_malformed() {
        for line in [&b"Bearer"[..], b"Bearer ", b"Bearer a b", b"Bearer a\tb", b"Bearer \xff\xfe", b"\xff"] {
            assert_eq!(read(&[line], "/"), Err(Denial::Malformed));
        }
    }

    #[test]
    fn several_credentials_are_malformed() {
        assert_eq!(read(&[b"Bearer a", b"Bearer a"], "/"), Err(Denial::Malformed));
        assert_eq!(read(&[b"Bearer a"], "/?access_token=a"), Err(Denial::Malformed));
    }

    #[test]
    fn a_token_in_the_query_is_no_credential() {
        assert_eq!(read(&[], "/?access_token=a"), Err(Denial::NoCredentials));
    }
}
