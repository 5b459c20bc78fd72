//! What an endpoint answers, before it becomes a response: the body is kept for the record.

use axum::body::Body;
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

use crate::behaviour::BehaviourId;
use crate::record::Issued;

/// An answer with what the record wants to know of it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(header::HeaderName, String)>,
    pub(crate) body: String,
    pub(crate) issued: Vec<Issued>,
    pub(crate) behaviour: Option<BehaviourId>,
    /// The client, where it could be told.
    pub(crate) client_id: Option<String>,
}

impl Answer {
    fn new(status: StatusCode, content_type: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![(header::CONTENT_TYPE, content_type.into()), (header::CACHE_CONTROL, "no-store".into())],
            body,
            issued: Vec::new(),
            behaviour: None,
            client_id: None,
        }
    }

    pub(crate) fn json(value: &Value) -> Self {
        Self::new(StatusCode::OK, "application/json", value.to_string())
    }

    pub(crate) fn html(status: StatusCode, page: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", page).header(header::X_FRAME_OPTIONS, "DENY").header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        )
    }

    pub(crate) fn text(status: StatusCode, content_type: &str, body: &str) -> Self {
        Self::new(status, content_type, body.into())
    }

    /// After a POST the browser must not send its form along (RFC 9700 section 4.12).
    pub(crate) fn redirect(method: &Method, to: &Url) -> Self {
        let status = if method == Method::POST { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
        Self::new(status, "text/plain", String::new()).header(header::LOCATION, to.as_str())
    }

    /// RFC 6749 section 5.2, which also limits the characters of a description.
    pub(crate) fn oauth_error(status: StatusCode, error: &str, description: &str) -> Self {
        let plain = |character: char| matches!(character, ' '..='!' | '#'..='[' | ']'..='~');
        let description: String = description.chars().map(|c| if plain(c) { c } else { '?' }).collect();
        let body = json!({ "error": error, "error_description": description });
        Self::new(status, "application/json", body.to_string())
    }

    /// RFC 6749 section 5.2: a client that used HTTP authentication is told so.
    pub(crate) fn invalid_client(description: &str) -> Self {
        Self::oauth_error(StatusCode::UNAUTHORIZED, "invalid_client", description)
            .header(header::WWW_AUTHENTICATE, "Basic realm=\"mock-idp\"")
    }

    /// RFC 6750 section 3.1.
    pub(crate) fn bearer_error(status: StatusCode, error: &str, description: &str) -> Self {
        let challenge = format!("Bearer error=\"{error}\", error_description=\"{description}\"");
        Self::oauth_error(status, error, description).header(header::WWW_AUTHENTICATE, &challenge)
    }

    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        Self::text(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "method not allowed\n").header(header::ALLOW, allowed)
    }

    #[must_use]
    pub(crate) fn header(mut self, name: header::HeaderName, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub(crate) fn caused_by(mut self, behaviour: Option<BehaviourId>) -> Self {
        self.behaviour = self.behaviour.or(behaviour);
        self
    }

    #[must_use]
    pub(crate) fn for_client(mut self, client_id: &str) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
