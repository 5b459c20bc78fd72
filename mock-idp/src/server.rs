//! The server: its builder, its listener, and the way from a request to an endpoint of an issuer.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Response, StatusCode};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use crate::answer::Answer;
use crate::behaviour::{Action, Endpoint, Fault};
use crate::connection::{Connection, CuttableListener};
use crate::control::{self, ControlSettings};
use crate::endpoints::{authorize, discovery, end_session, introspect, token, userinfo};
use crate::incoming::{Incoming, find};
use crate::issuer::{Issuer, IssuerState};
use crate::model::{IssuerAt, IssuerSettings};
use crate::record::{Received, masked_headers, masked_params};

/// Nothing that a login sends is longer.
const BODY_LIMIT: usize = 1024 * 1024;

/// How long a request that is never answered keeps its connection.
const HANG: Duration = Duration::from_secs(600);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {source}; another program may use that port")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(
        "`{issuer}` is no issuer identifier: it must be an http or https URL without query and fragment (OIDC Discovery 1.0 section 3)"
    )]
    Issuer { issuer: String },
    #[error("two issuers are at the path `{path}`; give each a path of its own")]
    SamePath { path: String },
}

/// Sets up a server.
#[derive(Debug, Clone)]
pub struct Builder {
    listen: SocketAddr,
    issuers: Vec<IssuerSettings>,
    control: Option<ControlSettings>,
}

impl Default for Builder {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 0).into(), issuers: vec![], control: None }
    }
}

impl Builder {
    /// Where it listens; by default a free port on loopback.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Adds an issuer. Without any, there is one at the base URL.
    #[must_use]
    pub fn issuer(mut self, settings: IssuerSettings) -> Self {
        self.issuers.push(settings);
        self
    }

    /// Offers the control API on a listener of its own.
    #[must_use]
    pub fn control(mut self, settings: ControlSettings) -> Self {
        self.control = Some(settings);
        self
    }

    /// Starts it. Keys are made beside; whoever needs one first waits for it.
    ///
    /// # Errors
    /// An address that cannot be bound, an issuer identifier that is none, two issuers at one path.
    pub async fn start(self) -> Result<MockIdp, StartError> {
        let bind = async |address: SocketAddr| {
            TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
        };
        let listener = bind(self.listen).await?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address: self.listen, source })?;
        let control = match self.control {
            Some(settings) => Some((bind(settings.listen).await?, settings)),
            None => None,
        };
        let shared = Arc::new(Shared { base: base_url(address), issuers: RwLock::default() });
        let issuers = if self.issuers.is_empty() { vec![IssuerSettings::at_path("")] } else { self.issuers };
        for settings in issuers {
            shared.add(settings)?;
        }
        let (stop, stopped) = watch::channel(false);
        let mut tasks = vec![serve(listener, Arc::clone(&shared), stopped.clone())];
        let mut control_address = None;
        if let Some((listener, settings)) = control {
            control_address = listener.local_addr().ok();
            tasks.push(control::serve(listener, settings.token, Arc::clone(&shared), stopped));
        }
        Ok(MockIdp { shared, address, control_address, stop, tasks: Mutex::new(tasks) })
    }
}

/// A running server. It ends when this is dropped.
pub struct MockIdp {
    shared: Arc<Shared>,
    address: SocketAddr,
    control_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl MockIdp {
    /// Sets up a server.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens, as a URL.
    pub fn base_url(&self) -> &Url {
        &self.shared.base
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the control API listens, if it was asked for.
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }

    /// All issuers, in the order they were added.
    pub fn issuers(&self) -> Vec<Issuer> {
        self.shared.issuers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The issuer that was added first.
    pub fn first_issuer(&self) -> Issuer {
        self.issuers().into_iter().next().expect("a server starts with an issuer, and the first cannot be removed")
    }

    /// Adds an issuer at run time.
    ///
    /// # Errors
    /// Its identifier is none, or its path is taken.
    pub fn add_issuer(&self, settings: IssuerSettings) -> Result<Issuer, StartError> {
        self.shared.add(settings)
    }

    /// Removes an issuer with all that it knows; the one that was added first stays.
    pub fn remove_issuer(&self, url: &str) -> bool {
        self.shared.remove(url)
    }

    /// The server still serves.
    pub fn is_alive(&self) -> bool {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.iter().all(|task| !task.is_finished())
    }

    /// Ends it; requests under way are answered first, for a second at most.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks: Vec<_> = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for mut task in tasks {
            if tokio::time::timeout(Duration::from_secs(1), &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

impl Drop for MockIdp {
    fn drop(&mut self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            task.abort();
        }
    }
}

/// What the listeners share.
pub(crate) struct Shared {
    base: Url,
    pub(crate) issuers: RwLock<Vec<Issuer>>,
}

impl Shared {
    pub(crate) fn add(&self, settings: IssuerSettings) -> Result<Issuer, StartError> {
        let url = match &settings.at {
            IssuerAt::Url(url) => url.clone(),
            // Without a path the identifier has no slash at its end.
            IssuerAt::Path(path) => format!("{}{path}", self.base).trim_end_matches('/').to_owned(),
        };
        let parsed = Url::parse(&url).ok().filter(|parsed| {
            matches!(parsed.scheme(), "http" | "https") && parsed.query().is_none() && parsed.fragment().is_none()
        });
        if parsed.is_none() {
            return Err(StartError::Issuer { issuer: url });
        }
        let issuer = Issuer(Arc::new(IssuerState::new(url, settings)));
        let mut issuers = self.issuers.write().unwrap_or_else(PoisonError::into_inner);
        if issuers.iter().any(|other| other.0.path == issuer.0.path) {
            return Err(StartError::SamePath { path: issuer.0.path.clone() });
        }
        issuers.push(issuer.clone());
        Ok(issuer)
    }

    pub(crate) fn remove(&self, url: &str) -> bool {
        let mut issuers = self.issuers.write().unwrap_or_else(PoisonError::into_inner);
        match issuers.iter().skip(1).position(|issuer| issuer.url() == url) {
            Some(at) => {
                issuers.remove(at + 1);
                true
            }
            None => false,
        }
    }

    /// The issuer whose path is the longest that `path` begins with, and what is left of `path`.
    fn route(&self, path: &str) -> Option<(Issuer, String)> {
        let issuers = self.issuers.read().unwrap_or_else(PoisonError::into_inner);
        let fitting = issuers.iter().filter_map(|issuer| {
            let rest = path.strip_prefix(issuer.0.path.as_str())?;
            rest.starts_with('/').then(|| (issuer.clone(), rest.to_owned()))
        });
        fitting.max_by_key(|(issuer, _)| issuer.0.path.len())
    }
}

fn base_url(address: SocketAddr) -> Url {
    let host = match address {
        address if address.ip().is_unspecified() => format!("127.0.0.1:{}", address.port()),
        address => address.to_string(),
    };
    format!("http://{host}/").parse().expect("an address is a host and a port")
}

fn serve(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) -> JoinHandle<()> {
    let app = Router::new().fallback(handle).with_state(shared);
    let service = app.into_make_service_with_connect_info::<Connection>();
    tokio::spawn(async move {
        let end = async move {
            // A dropped sender ends the server as well.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        // Serving ends without an error when it is asked to, and has no other way to end.
        let _ = axum::serve(CuttableListener(listener), service).with_graceful_shutdown(end).await;
    })
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return Answer::text(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "the body is too long\n").into_response();
    };
    let Some((issuer, path)) = shared.route(parts.uri.path()) else {
        return not_found().into_response();
    };
    let Some(endpoint) = endpoint_at(&path) else {
        return not_found().into_response();
    };
    let incoming = Incoming::new(parts.method, &parts.uri, parts.headers, &body);
    let at = OffsetDateTime::now_utc();
    let scenario = scenario_of(&issuer.0, endpoint, &incoming);
    let fault = issuer.0.orders.take(endpoint, token::grant(&incoming), scenario.as_deref(), |action| match action {
        Action::Fault(fault) => Some(fault.clone()),
        _ => None,
    });
    let mut answer = match &fault {
        Some((_, fault)) => faulty(fault, &issuer.0, endpoint, &incoming, scenario.as_deref(), &connection).await,
        None => answer(&issuer.0, endpoint, &incoming, scenario.as_deref()).await,
    };
    answer = answer.caused_by(fault.map(|(id, _)| id));
    record(&issuer.0, endpoint, &incoming, scenario, at, &answer);
    answer.into_response()
}

fn not_found() -> Answer {
    Answer::text(StatusCode::NOT_FOUND, "text/plain", "no issuer has an endpoint here\n")
}

fn endpoint_at(path: &str) -> Option<Endpoint> {
    Some(match path {
        "/.well-known/openid-configuration" => Endpoint::Discovery,
        "/jwks" => Endpoint::Jwks,
        "/authorize" => Endpoint::Authorization,
        "/token" => Endpoint::Token,
        "/userinfo" => Endpoint::Userinfo,
        "/introspect" => Endpoint::Introspection,
        "/revoke" => Endpoint::Revocation,
        "/end_session" => Endpoint::EndSession,
        _ => return None,
    })
}

/// Browsers name their scenario by a cookie; everything later carries it sealed inside.
fn scenario_of(issuer: &IssuerState, endpoint: Endpoint, incoming: &Incoming) -> Option<String> {
    match endpoint {
        Endpoint::Discovery | Endpoint::Jwks => None,
        Endpoint::Authorization | Endpoint::EndSession => authorize::scenario(incoming),
        Endpoint::Token => token::scenario(issuer, incoming),
        Endpoint::Userinfo => introspect::scenario(issuer, userinfo::presented(incoming)?),
        Endpoint::Introspection | Endpoint::Revocation => introspect::scenario(issuer, find(&incoming.form, "token")?),
    }
}

async fn answer(issuer: &IssuerState, endpoint: Endpoint, incoming: &Incoming, scenario: Option<&str>) -> Answer {
    match endpoint {
        Endpoint::Discovery => discovery::document(issuer, incoming),
        Endpoint::Jwks => discovery::jwks(issuer, incoming).await,
        Endpoint::Authorization => authorize::authorize(issuer, incoming, scenario),
        Endpoint::Token => token::token(issuer, incoming, scenario).await,
        Endpoint::Userinfo => userinfo::userinfo(issuer, incoming, scenario).await,
        Endpoint::Introspection => introspect::introspect(issuer, incoming, scenario).await,
        Endpoint::Revocation => introspect::revoke(issuer, incoming),
        Endpoint::EndSession => end_session::end_session(issuer, incoming),
    }
}

async fn faulty(
    fault: &Fault,
    issuer: &IssuerState,
    endpoint: Endpoint,
    incoming: &Incoming,
    scenario: Option<&str>,
    connection: &Connection,
) -> Answer {
    match fault {
        Fault::Status(fault) => {
            let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Answer::text(status, &fault.content_type, &fault.body)
        }
        Fault::Malformed(fault) => Answer::text(StatusCode::OK, &fault.content_type, &fault.body),
        Fault::Delay(milliseconds) => {
            tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
            answer(issuer, endpoint, incoming, scenario).await
        }
        Fault::DropConnection => {
            connection.cut();
            Answer::text(StatusCode::OK, "text/plain", "")
        }
        Fault::Hang => {
            tokio::time::sleep(HANG).await;
            connection.cut();
            Answer::text(StatusCode::OK, "text/plain", "")
        }
    }
}

fn record(
    issuer: &IssuerState,
    endpoint: Endpoint,
    incoming: &Incoming,
    scenario: Option<String>,
    at: OffsetDateTime,
    answer: &Answer,
) {
    let credentials = incoming.credentials();
    issuer.journal.add(Received {
        seq: 0,
        at,
        issuer: issuer.url.clone(),
        endpoint,
        scenario,
        method: incoming.method.to_string(),
        path_and_query: incoming.path_and_query.clone(),
        headers: masked_headers(incoming),
        params: masked_params(&incoming.params()),
        client_id: answer.client_id.clone().or(credentials.client_id),
        client_auth: credentials.method,
        response_status: answer.status.as_u16(),
        response_body: answer.body.clone(),
        issued: answer.issued.clone(),
        behaviour: answer.behaviour,
    });
}
