//! The health endpoint: one fixed answer to everybody. It knows no session, no token and no provider.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::defects::{Defect, Defects};
use crate::provider::Provider;

/// Where it is.
pub(crate) const PATH: &str = "/healthcheck";

const ANSWER: [(HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
const BODY: &str = r#"{"status":"ok"}"#;

/// The route, to be merged beside those that need a session or a token. GET and HEAD; other methods are 405.
///
/// The provider and the client are for a planted defect alone.
pub(crate) fn routes(provider: &Provider, http: &reqwest::Client, defects: &Defects) -> Router {
    let probe = Probe { provider: provider.clone(), http: http.clone(), defects: defects.clone() };
    Router::new().route(PATH, get(health)).with_state(probe)
}

#[derive(Clone)]
struct Probe {
    provider: Provider,
    http: reqwest::Client,
    defects: Defects,
}

async fn health(State(probe): State<Probe>) -> Response {
    if probe.defects.has(Defect::HealthAsksProvider) {
        // A provider of its own: the service's would answer from memory.
        let asked = Provider::new(probe.provider.issuer(), probe.http.clone()).metadata().await;
        if asked.is_err() {
            return (StatusCode::SERVICE_UNAVAILABLE, ANSWER, r#"{"status":"provider unreachable"}"#).into_response();
        }
    }
    if probe.defects.has(Defect::HealthSetsCookie) {
        return (ANSWER, [(header::SET_COOKIE, "probe=1; Path=/; HttpOnly; SameSite=Lax")], BODY).into_response();
    }
    (ANSWER, BODY).into_response()
}
