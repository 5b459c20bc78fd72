//! The server: its builder, its handle, and the issuers it has.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use crate::connection::{CuttableListener, Phase};
use crate::control::{self, ControlSettings};
use crate::issuer::{Issuer, IssuerState};
use crate::model::{IssuerAt, IssuerSettings, SIGNING_ALGORITHMS};
use crate::serve;

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {source}; another program may use that port")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error(
        "`{issuer}` is no issuer identifier: it must be an http or https URL without query and fragment, spelt as it \
         goes over the wire (OIDC Discovery 1.0 section 3)"
    )]
    Issuer { issuer: String },
    #[error("two issuers are at the path `{path}`; give each a path of its own")]
    SamePath { path: String },
    #[error("the client `{client}` is registered for `{alg}`, which is none of {}", SIGNING_ALGORITHMS.join(", "))]
    Algorithm { client: String, alg: String },
    #[error("the issuer logs everybody in as `{persona}`, but has no persona of that name")]
    NoSuchPersona { persona: String },
    #[error("the control API needs a token that is not empty")]
    EmptyControlToken,
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
    /// An address that cannot be bound, or settings that do not fit together.
    pub async fn start(self) -> Result<MockIdp, StartError> {
        if self.control.as_ref().is_some_and(|control| control.token.is_empty()) {
            return Err(StartError::EmptyControlToken);
        }
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
        let (phase, watched) = watch::channel(Phase::Serving);
        let cuttable = |listener| CuttableListener { listener, phase: watched.clone() };
        let mut tasks = vec![serve::serve(cuttable(listener), Arc::clone(&shared))];
        let mut control_address = None;
        if let Some((listener, settings)) = control {
            control_address = listener.local_addr().ok();
            tasks.push(control::serve(cuttable(listener), &settings.token, Arc::clone(&shared)));
        }
        Ok(MockIdp { shared, address, control_address, phase, tasks: Mutex::new(tasks) })
    }
}

/// A running server. It ends when this is dropped.
pub struct MockIdp {
    shared: Arc<Shared>,
    address: SocketAddr,
    control_address: Option<SocketAddr>,
    phase: watch::Sender<Phase>,
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
        *self.phase.borrow() == Phase::Serving && tasks.iter().all(|task| !task.is_finished())
    }

    /// Ends it; requests under way are answered first, for a second at most.
    pub async fn stop(&self) {
        self.phase.send_replace(Phase::Ending);
        let tasks: Vec<_> = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let ended = async {
            for task in tasks {
                // A task that panicked has ended as well.
                let _ = task.await;
            }
        };
        // What is not done by then is cut: the next line ends the tasks that are left.
        let _ = tokio::time::timeout(Duration::from_secs(1), ended).await;
        self.phase.send_replace(Phase::Ended);
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
            IssuerAt::Path(path) => format!("{}{}", self.base, path.trim_matches('/')).trim_end_matches('/').to_owned(),
        };
        // What is served is the path of the parsed URL, so another spelling of it could never be found.
        let parsed = Url::parse(&url).ok().filter(|parsed| {
            matches!(parsed.scheme(), "http" | "https")
                && parsed.query().is_none()
                && parsed.fragment().is_none()
                && url.trim_end_matches('/').ends_with(parsed.path().trim_end_matches('/'))
        });
        if parsed.is_none() {
            return Err(StartError::Issuer { issuer: url });
        }
        if let Some(client) = settings.clients.iter().find(|client| !client.has_known_alg()) {
            return Err(StartError::Algorithm { client: client.id.clone(), alg: client.id_token_alg.clone() });
        }
        let is_known = |name: &String| settings.personas.iter().any(|persona| persona.name == *name);
        if let Some(name) = settings.auto_login.as_ref().filter(|name| !is_known(name)) {
            return Err(StartError::NoSuchPersona { persona: name.clone() });
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
    pub(crate) fn route(&self, path: &str) -> Option<(Issuer, String)> {
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
