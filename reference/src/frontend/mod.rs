//! The frontend: logs people in, tells who they are, and calls the other services on their behalf.

mod callback;
mod cookies;
mod downstream;
mod fresh;
mod gate;
mod home;
mod identity;
mod login;
mod logout;
mod page;
mod return_to;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_response_with_state};
use axum::routing::get;
use time::Duration;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};
use url::Url;

use crate::defects::Defects;
use crate::guard::{Guard, guarded};
use crate::provider::Provider;
use crate::store::Store;
use crate::tokens::Client;
use crate::{health, openapi};

/// Paths that need no login: the health endpoint, and the few that a login is made of.
const OPEN: [&str; 4] = [health::PATH, "/login", "/callback", "/logout"];

/// Paths that exist and need one.
const CLOSED: [&str; 6] = ["/", "/profile", "/api/me", "/api/resources", "/api/search", openapi::PATH];

/// How long a browser may take between the start of a login and its callback; nothing but that is kept for it.
const ANONYMOUS_LIFETIME: Duration = Duration::minutes(10);

/// What the handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Frontend {
    /// Where browsers find it, without a slash at the end. Never taken from a request.
    origin: Arc<str>,
    metadata_url: Url,
    search_url: Url,
    client: Client,
    provider: Provider,
    store: Store,
    defects: Defects,
    /// One lock for each grant that is being refreshed.
    refreshing: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
    /// The one verifier of defect `code-injection`.
    verifier: Arc<str>,
    /// The count of defect `state-guessable`.
    logins: Arc<AtomicU64>,
}

impl Frontend {
    pub(crate) fn new(frontend_url: &Url, metadata_url: Url, search_url: Url, client: Client, store: Store) -> Self {
        Self {
            origin: frontend_url.as_str().trim_end_matches('/').into(),
            metadata_url,
            search_url,
            provider: client.provider.clone(),
            defects: client.defects.clone(),
            client,
            store,
            refreshing: Arc::default(),
            verifier: crate::random::secret().into(),
            logins: Arc::default(),
        }
    }

    fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }
}

/// The routes of the frontend.
pub(crate) fn routes(frontend: Frontend) -> Router {
    let sessions = SessionManagerLayer::new(frontend.store.clone())
        .with_name(cookies::session_name(frontend.is_https()))
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_secure(frontend.is_https())
        .with_expiry(Expiry::OnInactivity(ANONYMOUS_LIFETIME));
    let health = health::routes(&frontend.provider, &frontend.client.http, &frontend.defects);
    let guard = Guard::new(&OPEN, &CLOSED, &frontend.defects);
    let routes = Router::new()
        .route("/", get(home::home))
        .route("/profile", get(home::profile))
        .route("/api/me", get(home::me))
        .route("/api/resources", get(downstream::resources))
        .route("/api/search", get(downstream::search))
        .route("/login", get(login::login))
        .route("/callback", get(callback::callback))
        .route("/logout", get(logout::logout))
        .fallback(page::not_found)
        .with_state(frontend.clone())
        .merge(openapi::routes("frontend", &CLOSED))
        .layer(from_fn_with_state(frontend.clone(), gate::gate))
        .layer(sessions)
        .layer(map_response_with_state(frontend, page::finish));
    // Beside the sessions, not behind them: a probe with a broken cookie gets no cookie, and no session is looked for.
    guarded(routes.merge(health.route_layer(from_fn(gate::open_only))), guard)
}
