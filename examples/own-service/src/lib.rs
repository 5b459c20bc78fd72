//! A small notes service behind OpenID Connect: `/notes` needs an access token, `/health` does not.
//!
//! It knows nothing of authproof; `tests/login.rs` proves it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

/// What the service is told at its start.
#[derive(Clone)]
pub struct Settings {
    /// The issuer identifier, byte for byte.
    pub issuer: String,
    /// What access tokens for this service name in `aud`.
    pub audience: String,
    /// A mistake for the test of the test: `aud` is not compared.
    pub forgets_audience: bool,
}

/// The claims that the service works with.
#[derive(Clone, Deserialize)]
struct Claims {
    sub: String,
    /// A list here is refused: RFC 7519 section 4.1.1 has one text.
    #[serde(rename = "iss")]
    _iss: String,
}

struct Notes {
    settings: Settings,
    http: reqwest::Client,
}

/// Starts the service on a free port and returns its base URL.
pub async fn start(settings: Settings) -> std::io::Result<String> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let state = Arc::new(Notes { settings, http: reqwest::Client::new() });
    let closed = Router::new()
        .route("/notes", get(notes))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(middleware::from_fn_with_state(state, guard));
    let app =
        Router::new().route("/health", get(|| async { ([(header::CACHE_CONTROL, "no-store")], "ok") })).merge(closed);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

async fn notes(Extension(claims): Extension<Claims>) -> Response {
    let notes = json!({ "owner": claims.sub, "notes": ["buy milk"] });
    ([(header::CACHE_CONTROL, "no-store")], Json(notes)).into_response()
}

async fn guard(State(service): State<Arc<Notes>>, mut request: Request, next: Next) -> Response {
    match bearer(request.headers()) {
        Ok(None) => challenge(StatusCode::UNAUTHORIZED, "Bearer"),
        Err(()) => challenge(StatusCode::BAD_REQUEST, r#"Bearer error="invalid_request""#),
        Ok(Some(token)) => match service.claims(token).await {
            Some(claims) => {
                request.extensions_mut().insert(claims);
                next.run(request).await
            }
            None => challenge(StatusCode::UNAUTHORIZED, r#"Bearer error="invalid_token""#),
        },
    }
}

fn challenge(status: StatusCode, challenge: &'static str) -> Response {
    (status, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
}

/// The one bearer token of the request (RFC 6750 section 2.1).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ()> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => match line.to_str().map_err(|_| ())?.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token)),
            _ => Ok(None),
        },
        (Some(_), Some(_)) => Err(()),
    }
}

impl Notes {
    /// The claims of a valid access token (RFC 9068 section 4).
    async fn claims(&self, token: &str) -> Option<Claims> {
        let header: Header = jsonwebtoken::decode_header(token).ok()?;
        let is_access_token = header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt"));
        if !is_access_token || header.crit.is_some() {
            return None;
        }
        let key = self.key(header.kid.as_deref()?).await?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.validate_nbf = true;
        match self.settings.forgets_audience {
            true => validation.validate_aud = false,
            false => validation.set_audience(&[&self.settings.audience]),
        }
        jsonwebtoken::decode::<Claims>(token, &key, &validation).ok().map(|data| data.claims)
    }

    async fn key(&self, kid: &str) -> Option<DecodingKey> {
        let url = format!("{}/.well-known/openid-configuration", self.settings.issuer);
        let metadata: serde_json::Value = self.http.get(url).send().await.ok()?.json().await.ok()?;
        let keys: JwkSet = self.http.get(metadata["jwks_uri"].as_str()?).send().await.ok()?.json().await.ok()?;
        DecodingKey::from_jwk(keys.find(kid)?).ok()
    }
}
