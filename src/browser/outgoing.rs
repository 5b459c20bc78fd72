//! A request as a person or a program means it, before cookies and framing.

use url::Url;

use super::raw::{Dialect, RawRequest};

/// A request to an absolute URL.
#[derive(Clone)]
pub struct Outgoing {
    pub method: String,
    pub url: Url,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    /// Another site's page caused it, so `SameSite` cookies are held back.
    pub cross_site: bool,
}

impl Outgoing {
    /// A request with that method.
    pub fn new(method: impl Into<String>, url: Url) -> Self {
        Self { method: method.into(), url, headers: Vec::new(), body: Vec::new(), cross_site: false }
    }

    /// A GET.
    pub fn get(url: Url) -> Self {
        Self::new("GET", url)
    }

    /// A POST, so far without body.
    pub fn post(url: Url) -> Self {
        Self::new("POST", url)
    }

    /// Adds a header line.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds `Authorization: Bearer <credential>`; `token::dress` spells the credential.
    pub fn bearer(self, credential: &str) -> Self {
        self.header("Authorization", format!("Bearer {credential}"))
    }

    /// Makes the body a form.
    pub fn form<K: AsRef<str>, V: AsRef<str>>(self, fields: impl IntoIterator<Item = (K, V)>) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    /// Makes the body JSON.
    pub fn json(self, value: &serde_json::Value) -> Self {
        self.body("application/json", value.to_string())
    }

    /// Sets the body and its type.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    /// Marks the request as caused by a page of another site: an attacker's, in a test for request forgery.
    pub fn from_another_site(mut self) -> Self {
        self.cross_site = true;
        self
    }

    pub(super) fn into_raw(self) -> RawRequest {
        let query = self.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = if self.url.path().is_empty() { "/" } else { self.url.path() };
        RawRequest {
            method: self.method,
            target: format!("{path}{query}").into_bytes(),
            headers: self.headers,
            body: self.body,
            dialect: Dialect::default(),
        }
    }

    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
    }
}
