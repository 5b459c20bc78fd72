//! The way from a request to an endpoint of an issuer, past the faults that were ordered, into the record.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Response, StatusCode};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::answer::Answer;
use crate::behaviour::{Action, Endpoint, Fault};
use crate::connection::{Connection, CuttableListener, Phase, reached};
use crate::endpoints::{authorize, discovery, end_session, introspect, token, userinfo};
use crate::incoming::{Incoming, find};
use crate::issuer::IssuerState;
use crate::login_page;
use crate::own;
use crate::record::Entry;
use crate::server::Shared;

/// Nothing that a login sends is longer.
const BODY_LIMIT: usize = 256 * 1024;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a request that is never answered keeps its connection.
const HANG: Duration = Duration::from_secs(600);

/// What each request is handled with.
#[derive(Clone)]
struct Serving {
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
}

pub(crate) fn serve(listener: CuttableListener, shared: Arc<Shared>) -> JoinHandle<()> {
    let phase = listener.phase.clone();
    let app = Router::new().fallback(handle).with_state(Serving { shared, phase: phase.clone() });
    let service = app.into_make_service_with_connect_info::<Connection>();
    tokio::spawn(async move {
        let end = reached(phase, Phase::Ending);
        // Serving ends without an error when it is asked to, and has no other way to end.
        let _ = axum::serve(listener, service).with_graceful_shutdown(end).await;
    })
}

async fn handle(
    State(serving): State<Serving>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Some((issuer, path)) = serving.shared.route(parts.uri.path()) else {
        return not_found().into_response();
    };
    let (issuer, endpoint) = (&issuer.0, endpoint_at(&path));
    let body = read(body).await;
    let incoming = Incoming::new(parts.method, &parts.uri, parts.headers, &body.clone().unwrap_or_default());
    let scenario = scenario_of(issuer, endpoint, &incoming);
    let mut entry = Entry::new(issuer, endpoint, &incoming, scenario.clone());
    if let Err(problem) = body {
        return entry.answered(problem).into_response();
    }
    let fault = issuer.orders.take(endpoint, token::grant(&incoming), scenario.as_deref(), |action| match action {
        Action::Fault(fault) => Some(fault.clone()),
        _ => None,
    });
    entry.caused_by(fault.as_ref().map(|(id, _)| *id));
    let answer = match fault.map(|(_, fault)| fault) {
        None => answer(issuer, endpoint, &incoming, scenario.as_deref()).await,
        Some(Fault::Status(fault)) => {
            let status = StatusCode::from_u16(fault.status).ok().filter(|status| !status.is_informational());
            Answer::text(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &fault.content_type, &fault.body)
        }
        Some(Fault::Malformed(fault)) => Answer::text(StatusCode::OK, &fault.content_type, &fault.body),
        Some(Fault::Delay(milliseconds)) => match serving.outlasts(Duration::from_millis(milliseconds)).await {
            true => answer(issuer, endpoint, &incoming, scenario.as_deref()).await,
            false => return nothing(&connection),
        },
        Some(Fault::DropConnection) => {
            entry.unanswered();
            return nothing(&connection);
        }
        Some(Fault::Hang) => {
            entry.unanswered();
            serving.outlasts(HANG).await;
            return nothing(&connection);
        }
    };
    entry.answered(answer).into_response()
}

impl Serving {
    /// Waits, but not beyond the server's end; whether it waited to the last.
    async fn outlasts(&self, duration: Duration) -> bool {
        tokio::time::timeout(duration, reached(self.phase.clone(), Phase::Ending)).await.is_err()
    }
}

/// The request's body, or the answer to one that is too long or too slow.
async fn read(body: Body) -> Result<Bytes, Answer> {
    let problem = |status, why| Answer::text(status, "text/plain", why);
    match tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(problem(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long, or broken off\n")),
        Err(_) => Err(problem(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time\n")),
    }
}

/// Nothing of this response leaves: the connection is cut.
fn nothing(connection: &Connection) -> Response<Body> {
    connection.cut();
    Response::new(Body::empty())
}

fn not_found() -> Answer {
    Answer::text(StatusCode::NOT_FOUND, "text/plain", "no issuer has an endpoint here\n")
}

fn endpoint_at(path: &str) -> Endpoint {
    match path {
        "/.well-known/openid-configuration" => Endpoint::Discovery,
        "/jwks" => Endpoint::Jwks,
        "/authorize" => Endpoint::Authorization,
        "/token" => Endpoint::Token,
        "/userinfo" => Endpoint::Userinfo,
        "/introspect" => Endpoint::Introspection,
        "/revoke" => Endpoint::Revocation,
        "/end_session" => Endpoint::EndSession,
        _ => Endpoint::Other,
    }
}

/// Browsers name their scenario by a cookie; everything later carries it sealed inside.
fn scenario_of(issuer: &IssuerState, endpoint: Endpoint, incoming: &Incoming) -> Option<String> {
    match endpoint {
        Endpoint::Discovery | Endpoint::Jwks => None,
        Endpoint::Authorization | Endpoint::EndSession | Endpoint::Other => authorize::scenario(incoming),
        Endpoint::Token => token::scenario(issuer, incoming),
        Endpoint::Userinfo => own::scenario(issuer, userinfo::presented(incoming)?),
        Endpoint::Introspection | Endpoint::Revocation => own::scenario(issuer, find(&incoming.form, "token")?),
    }
}

async fn answer(issuer: &IssuerState, endpoint: Endpoint, incoming: &Incoming, scenario: Option<&str>) -> Answer {
    if let Some(why) = incoming.problem {
        match endpoint {
            Endpoint::Discovery | Endpoint::Jwks | Endpoint::Other => {}
            Endpoint::Authorization | Endpoint::EndSession => {
                return Answer::html(StatusCode::BAD_REQUEST, login_page::error(why));
            }
            Endpoint::Token | Endpoint::Userinfo | Endpoint::Introspection | Endpoint::Revocation => {
                return Answer::oauth_error(StatusCode::BAD_REQUEST, "invalid_request", why);
            }
        }
    }
    match endpoint {
        Endpoint::Discovery => discovery::document(issuer, incoming),
        Endpoint::Jwks => discovery::jwks(issuer, incoming).await,
        Endpoint::Authorization => authorize::authorize(issuer, incoming, scenario),
        Endpoint::Token => token::token(issuer, incoming, scenario).await,
        Endpoint::Userinfo => userinfo::userinfo(issuer, incoming, scenario).await,
        Endpoint::Introspection => introspect::introspect(issuer, incoming, scenario).await,
        Endpoint::Revocation => introspect::revoke(issuer, incoming),
        Endpoint::EndSession => end_session::end_session(issuer, incoming).await,
        Endpoint::Other => not_found(),
    }
}
