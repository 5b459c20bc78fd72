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
    refreshing: Arc<Mutex<HashMap<String, Arc<fresh::Lock>>>>,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::http::{Request, header};
    use mock_idp::MockIdp;
    use tower::ServiceExt;

    use super::*;
    use crate::backchannel;

    /// The answer's cookies and its redirect.
    async fn ask(request: Request<Body>) -> (Vec<String>, String) {
        let idp = MockIdp::builder().start().await.unwrap();
        let http = backchannel::client(Duration::from_secs(10)).unwrap();
        let provider = Provider::new(idp.first_issuer().url(), http.clone());
        let client = Client { id: "web".into(), secret: None, provider, http, defects: Defects::none() };
        let url = |text: &str| text.parse::<Url>().unwrap();
        let store = Store::open(None, Defects::none()).unwrap();
        let behind = url("http://127.0.0.1:1/");
        let frontend = Frontend::new(&url("https://app.test/"), behind.clone(), behind, client, store);

        let response = routes(frontend).oneshot(request).await.unwrap();

        let text = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
        let cookies = response.headers().get_all(header::SET_COOKIE).iter().map(text).collect();
        (cookies, response.headers().get(header::LOCATION).map(text).unwrap_or_default())
    }

    #[tokio::test]
    async fn over_https_the_cookie_is_bound_to_the_host_and_the_redirect_uri_is_https() {
        let (cookies, to) = ask(Request::get("/login").body(Body::empty()).unwrap()).await;

        let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
        assert!(cookie.starts_with("__Host-session="));
        for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.split("; ").any(|part| part == attribute), "{attribute} in {cookie}");
        }
        assert!(to.contains("redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&"), "{to}");
    }

    #[tokio::test]
    async fn a_deletion_over_https_is_one_that_browsers_obey() {
        let request = Request::get("/").header("cookie", "__Host-session=garbage").body(Body::empty()).unwrap();

        let (cookies, _) = ask(request).await;

        let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
        for attribute in ["__Host-session=", "Max-Age=0", "Secure", "Path=/"] {
            assert!(cookie.split("; ").any(|part| part == attribute), "{attribute} in {cookie}");
        }
    }

    #[tokio::test]
    async fn a_probe_with_a_broken_cookie_gets_none() {
        let request =
            Request::get("/healthcheck").header("cookie", "__Host-session=garbage").body(Body::empty()).unwrap();

        assert_eq!(ask(request).await.0, Vec::<String>::new());
    }
}
