//! A request as the endpoints read it.

use std::collections::HashSet;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cookie::Cookie;
use url::form_urlencoded;

use crate::answer::Answer;
use crate::record::ClientAuth;

/// No request of a login has more parameters.
const MOST_PARAMS: usize = 200;

/// A request, read once.
pub(crate) struct Incoming {
    pub(crate) method: Method,
    /// Path and query as they came.
    pub(crate) path_and_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Vec<(String, String)>,
    /// Parameters of an urlencoded body.
    pub(crate) form: Vec<(String, String)>,
    /// Why the parameters cannot be used.
    pub(crate) problem: Option<&'static str>,
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
        let pairs = |bytes: &[u8]| form_urlencoded::parse(bytes).into_owned().take(MOST_PARAMS + 1).collect::<Vec<_>>();
        let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let form = if is_form { pairs(body) } else { Vec::new() };
        let query = pairs(uri.query().unwrap_or_default().as_bytes());
        let problem = problem(&query).or_else(|| problem(&form));
        let path_and_query = uri.path_and_query().map_or_else(|| "/".into(), ToString::to_string);
        Self { method, path_and_query, query, headers, form, problem }
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
        let (form_id, form_secret) = (in_form("client_id"), in_form("client_secret"));
        let (method, client_id, secret) = match (self.basic(), form_secret) {
            _ if find(&self.query, "client_secret").is_some() => (ClientAuth::Query, form_id, None),
            (Some(_), Some(_)) => (ClientAuth::Several, form_id, None),
            (Some(Some((id, _))), None) if form_id.as_ref().is_some_and(|form_id| *form_id != id) => {
                (ClientAuth::Several, form_id, None)
            }
            (Some(basic), None) => {
                let (id, secret) = basic.unzip();
                (ClientAuth::ClientSecretBasic, id, secret)
            }
            (None, Some(secret)) => (ClientAuth::ClientSecretPost, form_id, Some(secret)),
            (None, None) => (ClientAuth::None, form_id, None),
        };
        Credentials { method, client_id, secret }
    }

    /// What a Basic header says; both halves are form-encoded before they are joined. `Some(None)` where it says nothing.
    fn basic(&self) -> Option<Option<(String, String)>> {
        let header = self.headers.get("authorization")?.to_str().ok()?;
        let (scheme, encoded) = header.split_once(' ')?;
        scheme.eq_ignore_ascii_case("basic").then(|| {
            let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
            let (id, secret) = text.split_once(':')?;
            Some((form_decoded(id), form_decoded(secret)))
        })
    }
}

fn form_decoded(text: &str) -> String {
    let form = format!("x={}", text.replace('&', "%26"));
    form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn problem(params: &[(String, String)]) -> Option<&'static str> {
    // The decoder puts this in the place of bytes that are no UTF-8. What is decoded so would come back changed.
    let garbled = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
    if params.len() > MOST_PARAMS {
        Some("too many parameters")
    } else if params.iter().any(|(name, value)| garbled(name) || garbled(value)) {
        Some("a parameter is not UTF-8")
    } else {
        None
    }
}

/// The first parameter of that name.
pub(crate) fn find<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// RFC 6749 section 3.1: a parameter may come once only.
pub(crate) fn refuse_duplicates(params: &[(String, String)]) -> Result<(), Answer> {
    let mut names = HashSet::new();
    match params.iter().find(|(name, _)| !names.insert(name)) {
        None => Ok(()),
        Some((name, _)) => {
            let name: String = name.chars().take(40).collect();
            let why = format!("the parameter `{name}` comes twice");
            Err(Answer::oauth_error(StatusCode::BAD_REQUEST, "invalid_request", &why))
        }
    }
}
