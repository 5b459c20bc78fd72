//! The description of a service's API. It is for callers who may use the API, so it is closed like everything else.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

/// Where it is.
pub(crate) const PATH: &str = "/openapi.json";

/// The route of the description of `service`, whose API is `paths`.
pub(crate) fn routes(service: &'static str, paths: &'static [&'static str]) -> Router {
    Router::new().route(PATH, get(move || async move { Json(description(service, paths)) }))
}

fn description(service: &str, paths: &[&str]) -> Value {
    let operations = json!({ "get": { "responses": { "200": { "description": "for the caller" } } } });
    let paths: Map<String, Value> = paths.iter().map(|path| ((*path).to_owned(), operations.clone())).collect();
    json!({ "openapi": "3.1.0", "info": { "title": service, "version": "1" }, "paths": paths })
}
