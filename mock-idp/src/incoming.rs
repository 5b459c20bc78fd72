//! A request as the endpoints read it.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cookie::Cookie;
use url::form_urlencoded;

use crate::answer::Answer;
use crate::record::ClientAuth;

/// A request, read once.
pub(crate) struct Incoming {
    pub(crate) method: Method,
    /// Path and query as they came.
    pub(crate) path_and_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Vec<(String, String)>,
    /// Parameters of an urlencoded body.
    pub(crate) form: Vec<(String, String)>,
}

/// What a client brought to prove who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) method: ClientAuth,
    pub(crate) client_id: Option<String>,
    pub(crate) secret: Option<String>,
}

impl Incoming {
    pub(crate) fn new(method: Method, uri: &axum::http::Uri, headers: HeaderMap, body: &Bytes) -> Self {
        let pairs = |bytes: &[u8]| form_urlencoded::parse(bytes).into_owned().collect::<Vec<_>>();
        let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_form =
            content_type.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded");
        let form = if is_form { pairs(body) } else { Vec::new() };
        Self {
            method,
            path_and_query: uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string),
            query: pairs(uri.query().unwrap_or_default().as_bytes()),
            headers,
            form,
        }
    }

    /// All parameters, those of the query first.
    pub(crate) fn params(&self) -> Vec<(String, String)> {
        self.query.iter().chain(&self.form).cloned().collect()
    }

    /// The cookie of that name.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let headers = self.headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
        let mut cookies = headers.flat_map(|header| Cookie::split_parse(header.to_owned())).flatten();
        cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
    }

    /// The token of an `Authorization: Bearer` header (RFC 6750 section 2.1).
    pub(crate) fn bearer(&self) -> Option<&str> {
        let header = self.headers.get("authorization")?.to_str().ok()?;
        let (scheme, token) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    }

    /// The client's credentials (RFC 6749 section 2.3.1).
    pub(crate) fn credentials(&self) -> Credentials {
        let in_form = |name: &str| find(&self.form, name).map(str::to_owned);
        let basic = self.basic();
        let (form_id, form_secret) = (in_form("client_id"), in_form("client_secret"));
        let (method, client_id, secret) = match (basic, form_secret) {
            _ if find(&self.query, "client_secret").is_some() => (ClientAuth::Query, form_id, None),
            (Some(_), Some(_)) => (ClientAuth::Several, form_id, None),
            (Some((id, secret)), None) => (ClientAuth::ClientSecretBasic, Some(id), Some(secret)),
            (None, Some(secret)) => (ClientAuth::ClientSecretPost, form_id, Some(secret)),
            (None, None) => (ClientAuth::None, form_id, None),
        };
        Credentials { method, client_id, secret }
    }

    /// Both halves are form-encoded before they are joined.
    fn basic(&self) -> Option<(String, String)> {
        let header = self.headers.get("authorization")?.to_str().ok()?;
        let (scheme, encoded) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        let decoded = |half: &str| {
            let form = format!("x={}", half.replace('&', "%26"));
            form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        Some((decoded(id), decoded(secret)))
    }
}

/// The first parameter of that name.
pub(crate) fn find<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// RFC 6749 section 3.1: a parameter may come once only.
pub(crate) fn refuse_duplicates(params: &[(String, String)]) -> Result<(), Answer> {
    for (at, (name, _)) in params.iter().enumerate() {
        if params[..at].iter().any(|(earlier, _)| earlier == name) {
            return Err(Answer::oauth_error(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                &format!("the parameter `{name}` comes twice"),
            ));
        }
    }
    Ok(())
}
