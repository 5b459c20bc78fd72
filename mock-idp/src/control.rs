//! The control API: what the library does, over HTTP. It has a listener and a token of its own and is off unless asked for.
//!
//! | request | body | answer |
//! | --- | --- | --- |
//! | `GET /issuers` | | identifiers |
//! | `POST /issuers` | [`IssuerSettings`] | its identifier |
//! | `DELETE /issuers?issuer=` | | |
//! | `POST /clients?issuer=` | [`Client`] | |
//! | `POST /scenarios?issuer=` | [`ScenarioEntry`] | |
//! | `DELETE /scenarios/{id}?issuer=` | | |
//! | `POST /behaviours?issuer=` | [`Behaviour`] | its id |
//! | `GET /behaviours/{id}?issuer=` | | how often it was carried out |
//! | `DELETE /behaviours/{id}?issuer=` | | |
//! | `POST /mint?issuer=` | [`Mint`] | the token |
//! | `GET /mark?issuer=` | | the highest `seq` so far |
//! | `POST /received?issuer=` | [`ReceivedFilter`] | a list of [`Received`](crate::Received) |
//! | `POST /keys/rotate?issuer=` | | |
//!
//! Without `issuer` the first one is meant. Whatever goes wrong is told as `{"error": ...}`.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::behaviour::{Behaviour, BehaviourId};
use crate::connection::{CuttableListener, Phase, reached};
use crate::endpoints::same_secret;
use crate::issuer::Issuer;
use crate::model::{Client, IssuerSettings, Mint, SIGNING_ALGORITHMS, ScenarioEntry};
use crate::record::ReceivedFilter;
use crate::server::{Shared, StartError};

/// Where the control API listens, and who may use it.
#[derive(Clone)]
pub struct ControlSettings {
    pub listen: SocketAddr,
    /// Callers send it as `Authorization: Bearer`.
    pub token: String,
}

impl std::fmt::Debug for ControlSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ControlSettings").field("listen", &self.listen).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct At {
    issuer: Option<String>,
}

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

pub(crate) fn serve(listener: CuttableListener, token: &str, shared: Arc<Shared>) -> JoinHandle<()> {
    let app = Router::new()
        .route("/issuers", get(list_issuers).post(add_issuer).delete(remove_issuer))
        .route("/clients", post(add_client))
        .route("/scenarios", post(enter_scenario))
        .route("/scenarios/{id}", delete(leave_scenario))
        .route("/behaviours", post(behave))
        .route("/behaviours/{id}", get(fired).delete(forget))
        .route("/mint", post(mint))
        .route("/mark", get(mark))
        .route("/received", post(received))
        .route("/keys/rotate", post(rotate))
        .with_state(shared)
        .layer(middleware::map_response(told_in_json))
        .layer(middleware::from_fn_with_state(Arc::<str>::from(token), guard));
    let end = reached(listener.phase.clone(), Phase::Ending);
    tokio::spawn(async move {
        // Serving ends without an error when it is asked to, and has no other way to end.
        let _ = axum::serve(listener, app).with_graceful_shutdown(end).await;
    })
}

async fn guard(State(token): State<Arc<str>>, request: Request, next: Next) -> Response {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let given = header.and_then(|header| header.strip_prefix("Bearer "));
    match given {
        Some(given) if same_secret(given, &token) => next.run(request).await,
        _ => {
            let body = Json(json!({ "error": "the control token is missing or wrong" }));
            (StatusCode::UNAUTHORIZED, [("www-authenticate", "Bearer")], body).into_response()
        }
    }
}

/// What axum itself refuses comes as plain text, or with no text at all.
async fn told_in_json(response: Response) -> Response {
    let is_json = response.headers().get("content-type").is_some_and(|kind| kind == "application/json");
    if is_json || response.status().is_success() {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, 64 * 1024).await.unwrap_or_default();
    let why = match String::from_utf8_lossy(&text).into_owned() {
        empty if empty.is_empty() => parts.status.canonical_reason().unwrap_or("refused").to_lowercase(),
        text => text,
    };
    let mut told = problem(parts.status, &why).into_response();
    if let Some(allow) = parts.headers.get("allow") {
        told.headers_mut().insert("allow", allow.clone());
    }
    told
}

fn find(shared: &Shared, at: &At) -> Result<Issuer, (StatusCode, Json<Value>)> {
    let issuers = shared.issuers.read().unwrap_or_else(PoisonError::into_inner);
    let found = match &at.issuer {
        Some(url) => issuers.iter().find(|issuer| issuer.url() == url),
        None => issuers.first(),
    };
    found.cloned().ok_or_else(|| problem(StatusCode::NOT_FOUND, "no issuer has this identifier"))
}

fn problem(status: StatusCode, why: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": why })))
}

fn done() -> Answer {
    Ok(Json(json!({})))
}

async fn list_issuers(State(shared): State<Arc<Shared>>) -> Answer {
    let issuers = shared.issuers.read().unwrap_or_else(PoisonError::into_inner);
    let urls: Vec<&str> = issuers.iter().map(Issuer::url).collect();
    Ok(Json(json!({ "issuers": urls })))
}

async fn add_issuer(State(shared): State<Arc<Shared>>, Json(settings): Json<IssuerSettings>) -> Answer {
    let added = shared.add(settings).map_err(|why| match &why {
        StartError::SamePath { .. } => problem(StatusCode::CONFLICT, &why.to_string()),
        _ => problem(StatusCode::BAD_REQUEST, &why.to_string()),
    })?;
    Ok(Json(json!({ "issuer": added.url() })))
}

async fn remove_issuer(State(shared): State<Arc<Shared>>, Query(at): Query<At>) -> Answer {
    match at.issuer.is_some_and(|url| shared.remove(&url)) {
        true => done(),
        false => Err(problem(StatusCode::NOT_FOUND, "no issuer that could be removed has this identifier")),
    }
}

async fn add_client(State(shared): State<Arc<Shared>>, Query(at): Query<At>, Json(client): Json<Client>) -> Answer {
    if !client.has_known_alg() {
        let why = format!("id_token_alg is none of {}", SIGNING_ALGORITHMS.join(", "));
        return Err(problem(StatusCode::BAD_REQUEST, &why));
    }
    find(&shared, &at)?.add_client(client);
    done()
}

async fn enter_scenario(
    State(shared): State<Arc<Shared>>,
    Query(at): Query<At>,
    Json(entry): Json<ScenarioEntry>,
) -> Answer {
    find(&shared, &at)?.enter_scenario(entry);
    done()
}

async fn leave_scenario(State(shared): State<Arc<Shared>>, Query(at): Query<At>, Path(id): Path<String>) -> Answer {
    find(&shared, &at)?.leave_scenario(&id);
    done()
}

async fn behave(State(shared): State<Arc<Shared>>, Query(at): Query<At>, Json(order): Json<Behaviour>) -> Answer {
    order.check().map_err(|why| problem(StatusCode::BAD_REQUEST, &why.to_string()))?;
    let id = find(&shared, &at)?.behave(order);
    Ok(Json(json!({ "id": id })))
}

async fn fired(State(shared): State<Arc<Shared>>, Query(at): Query<At>, Path(id): Path<u64>) -> Answer {
    let fired = find(&shared, &at)?.fired(BehaviourId(id));
    Ok(Json(json!({ "fired": fired })))
}

async fn forget(State(shared): State<Arc<Shared>>, Query(at): Query<At>, Path(id): Path<u64>) -> Answer {
    find(&shared, &at)?.forget(BehaviourId(id));
    done()
}

async fn mint(State(shared): State<Arc<Shared>>, Query(at): Query<At>, Json(mint): Json<Mint>) -> Answer {
    let issuer = find(&shared, &at)?;
    let minted = tokio::task::spawn_blocking(move || issuer.mint(&mint)).await;
    match minted {
        Ok(Ok(token)) => Ok(Json(json!({ "token": token }))),
        Ok(Err(why)) => Err(problem(StatusCode::BAD_REQUEST, &why.to_string())),
        Err(_) => Err(problem(StatusCode::INTERNAL_SERVER_ERROR, "the token could not be made")),
    }
}

async fn mark(State(shared): State<Arc<Shared>>, Query(at): Query<At>) -> Answer {
    let mark = find(&shared, &at)?.mark();
    Ok(Json(json!({ "mark": mark })))
}

async fn received(
    State(shared): State<Arc<Shared>>,
    Query(at): Query<At>,
    Json(filter): Json<ReceivedFilter>,
) -> Answer {
    let received = find(&shared, &at)?.received(&filter);
    Ok(Json(json!({ "received": received })))
}

async fn rotate(State(shared): State<Arc<Shared>>, Query(at): Query<At>) -> Answer {
    find(&shared, &at)?.rotate_keys();
    done()
}
