//! A small relying party: it logs people in through the provider, keeps the session in memory, and tells who they are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use authproof::check::Check;
use authproof::mock_idp::MockIdp;
use authproof::target::{Client, Service, Target, UserLookup};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

const CLIENT: &str = "web";
const SECRET: &str = "CANARY-secret-of-the-test";

/// A deployment of one service, with its provider.
pub struct Deployment {
    idp: MockIdp,
    pub target: Target,
}

struct App {
    issuer: String,
    url: String,
    careless: bool,
    http: reqwest::Client,
    /// State to nonce.
    pending: Mutex<HashMap<String, String>>,
    /// Cookie to claims.
    sessions: Mutex<HashMap<String, Value>>,
}

impl Deployment {
    /// A service that compares the audience of an ID token, unless it is `careless`.
    pub async fn start(careless: bool) -> Self {
        let idp = MockIdp::builder().start().await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Arc::new(App {
            issuer: idp.first_issuer().url().trim_end_matches('/').to_owned(),
            url: url.clone(),
            careless,
            http: reqwest::Client::new(),
            pending: Mutex::default(),
            sessions: Mutex::default(),
        });
        let router = Router::new()
            .route("/login", get(login))
            .route("/callback", get(callback))
            .route("/me", get(me))
            .route("/health", get(|| async { "ok" }))
            .with_state(app);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let target = target(&idp, &url);
        Self { idp, target }
    }

    /// A run on it with `feature` as the only feature.
    pub fn check(self, folder: &super::folder::Folder, feature: &str) -> Check {
        let features = folder.path("features");
        std::fs::create_dir_all(&features).unwrap();
        std::fs::write(features.join("own.feature"), feature).unwrap();
        authproof::check(self.target).idp(self.idp).without_built_in_features().features(features)
    }
}

/// A relying party at `url`, whatever answers there.
pub fn target(idp: &MockIdp, url: &str) -> Target {
    let service = Service::relying_party("web", url.parse().unwrap())
        .login("/login")
        .callback("/callback")
        .health("/health")
        .protected("/me")
        .user(UserLookup::at("/me").subject("$.sub"));
    Target::builder("app").provider(idp).client(Client::confidential(CLIENT, SECRET)).service(service).build().unwrap()
}

async fn login(State(app): State<Arc<App>>) -> Redirect {
    let random = || format!("{:032x}", rand::random::<u128>());
    let (state, nonce) = (random(), random());
    app.pending.lock().unwrap().insert(state.clone(), nonce.clone());
    let callback = format!("{}/callback", app.url);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", &callback),
            ("scope", "openid email"),
            ("state", &state),
            ("nonce", &nonce),
        ])
        .finish();
    Redirect::to(&format!("{}/authorize?{query}", app.issuer))
}

async fn callback(State(app): State<Arc<App>>, Query(query): Query<HashMap<String, String>>) -> Response {
    match app.sign_in(&query).await {
        Some(claims) => {
            let session = format!("{:032x}", rand::random::<u128>());
            app.sessions.lock().unwrap().insert(session.clone(), claims);
            ([(header::SET_COOKIE, format!("sid={session}; Path=/; HttpOnly; SameSite=Lax"))], Redirect::to("/me"))
                .into_response()
        }
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

impl App {
    async fn sign_in(&self, query: &HashMap<String, String>) -> Option<Value> {
        let nonce = self.pending.lock().unwrap().remove(query.get("state")?)?;
        let callback = format!("{}/callback", self.url);
        let form =
            [("grant_type", "authorization_code"), ("code", query.get("code")?.as_str()), ("redirect_uri", &callback)];
        let request = self.http.post(format!("{}/token", self.issuer)).basic_auth(CLIENT, Some(SECRET)).form(&form);
        let answer: Value = request.send().await.ok()?.json().await.ok()?;
        let payload = answer["id_token"].as_str()?.split('.').nth(1)?;
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let ours = claims["aud"] == CLIENT || claims["aud"] == serde_json::json!([CLIENT]);
        ((ours || self.careless) && claims["nonce"] == nonce.as_str()).then_some(claims)
    }
}

async fn me(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cookie = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let session = cookie.split("; ").find_map(|pair| pair.strip_prefix("sid="));
    let sessions = app.sessions.lock().unwrap();
    match session.and_then(|session| sessions.get(session)) {
        Some(claims) => axum::Json(serde_json::json!({ "sub": claims["sub"] })).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}
