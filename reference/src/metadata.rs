//! The metadata service: tables and who the caller is. It validates JWT access tokens itself (RFC 9068).

use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use crate::openapi;
use crate::provider::Provider;
use crate::resource_server::{Caller, ResourceServer, Validation};
use crate::settings::Settings;

/// The user lookup.
pub(crate) const USER: &str = "/user";

const RESOURCES: &str = "/resources";

/// The service, ready to be served.
pub(crate) fn router(settings: &Settings, provider: &Provider, http: &reqwest::Client) -> Router {
    let server = ResourceServer {
        name: "metadata",
        provider: provider.clone(),
        http: http.clone(),
        audience: settings.audience.as_str().into(),
        scope: None,
        validation: Validation::Jwt,
        defects: settings.defects.clone(),
    };
    let api = Router::new().route(RESOURCES, get(resources)).route(USER, get(user));
    server.routes(api, &[RESOURCES, USER], &[RESOURCES, USER, openapi::PATH])
}

async fn resources(Extension(caller): Extension<Caller>) -> Json<Value> {
    let resource = |name: &str| json!({ "name": name, "owner": caller.sub });
    Json(json!([resource("orders"), resource("customers")]))
}

async fn user(Extension(caller): Extension<Caller>) -> Json<Value> {
    Json(json!({ "sub": caller.sub, "email": caller.email }))
}
