//! The path guard: judges each request by its raw target, before anything is routed, and marks it as open or closed.
//!
//! What a closed request needs (a session, an access token) is for the service behind it, which asks [`is_open`]. Nothing
//! but the declared paths is open, byte for byte; a request that carries no mark is closed.

use std::borrow::Cow;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use url::form_urlencoded;

use crate::defects::{Defect, Defects};
use crate::{health, openapi, sloppy};

/// Which paths are open.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    open: &'static [&'static str],
    /// The paths that exist and are closed. A correct guard has no use for them: whatever is not open is closed.
    protected: &'static [&'static str],
    defects: Defects,
}

/// The mark of a request that needs nothing.
#[derive(Debug, Clone, Copy)]
struct Open;

impl Guard {
    pub(crate) fn new(open: &'static [&'static str], protected: &'static [&'static str], defects: &Defects) -> Self {
        Self { open, protected, defects: defects.clone() }
    }

    fn opens(&self, request: &Request) -> bool {
        match self.open.contains(&request.uri().path()) {
            true => !self.closes_by_mistake(request),
            false => self.opens_by_mistake(request),
        }
    }

    fn closes_by_mistake(&self, request: &Request) -> bool {
        let is_health = request.uri().path() == health::PATH;
        let has_credentials = request.headers().contains_key("authorization");
        is_health
            && (self.defects.has(Defect::HealthNeedsLogin) && request.method() == "HEAD"
                || self.defects.has(Defect::HealthChecksCredentials) && has_credentials)
    }

    fn opens_by_mistake(&self, request: &Request) -> bool {
        let path = request.uri().path();
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let has = |defect| self.defects.has(defect);
        has(Defect::DocsOpen) && path == openapi::PATH
            || has(Defect::WhitelistContains) && mentions(request.uri(), health::PATH)
            || has(Defect::WhitelistBeforeNormalising) && self.open.iter().any(|open| path.starts_with(open))
            || has(Defect::DecoratedPathOpen) && !self.protected.contains(&path)
            || has(Defect::OriginalUrlTrusted) && self.open.contains(&header("x-original-url"))
            || has(Defect::LoopbackTrusted) && header("x-forwarded-for") == "127.0.0.1"
            || has(Defect::ProbeTrusted) && header("user-agent").starts_with("kube-probe/")
    }

    /// The path by which a route is found: the raw one, the same that was judged.
    fn routed<'a>(&self, path: &'a str) -> Cow<'a, str> {
        if self.defects.has(Defect::WhitelistBeforeNormalising) {
            return sloppy::tidied(path).into();
        }
        if self.defects.has(Defect::DecoratedPathOpen) {
            return sloppy::without_slashes_at_end(path).into();
        }
        path.into()
    }
}

/// `routes`, with the guard before them. It wraps the whole router, since a layer of the router runs after routing.
pub(crate) fn guarded(routes: Router, guard: Guard) -> Router {
    Router::new().fallback_service(routes).layer(from_fn_with_state(guard, mark))
}

/// The guard has found this request's path among the open ones.
pub(crate) fn is_open(request: &Request) -> bool {
    request.extensions().get::<Open>().is_some()
}

async fn mark(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    if guard.opens(&request) {
        request.extensions_mut().insert(Open);
    }
    if let Some(uri) = with_path(request.uri(), &guard.routed(request.uri().path())) {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

/// `None` where nothing changes, or nothing that HTTP could carry would come out.
fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    if uri.path() == path {
        return None;
    }
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

/// The path or a parameter of the query contains `text`.
fn mentions(uri: &Uri, text: &str) -> bool {
    let query = uri.query().unwrap_or_default();
    uri.path().contains(text) || form_urlencoded::parse(query.as_bytes()).any(|(_, value)| value.contains(text))
}
