//! What the services are told at their start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::defects::Defects;

/// Settings of the three services. They belong to one client and one provider.
#[derive(Clone)]
pub struct Settings {
    /// The issuer identifier, byte for byte.
    pub issuer: String,
    pub client_id: String,
    /// `None` for a public client.
    pub client_secret: Option<String>,
    /// The audience that metadata and search expect in access tokens.
    pub audience: String,
    /// Where browsers find the frontend; `None`: at the address it listens on. The redirect URI is `<this>/callback`.
    pub frontend_url: Option<Url>,
    /// Where the frontend keeps its sessions; `None`: in memory.
    pub database: Option<PathBuf>,
    /// Where the frontend sends its calls; `None`: to the metadata service started here.
    pub metadata_url: Option<Url>,
    /// Where the frontend sends its calls; `None`: to the search service started here.
    pub search_url: Option<Url>,
    pub frontend_listen: SocketAddr,
    pub metadata_listen: SocketAddr,
    pub search_listen: SocketAddr,
    /// For one request to the provider or a downstream service.
    pub timeout: Duration,
    pub defects: Defects,
}

impl Settings {
    /// Correct services on free loopback ports; the access tokens' audience is the client.
    pub fn new(issuer: &str, client_id: &str, client_secret: Option<String>) -> Self {
        let free: SocketAddr = ([127, 0, 0, 1], 0).into();
        Self {
            issuer: issuer.into(),
            client_id: client_id.into(),
            client_secret,
            audience: client_id.into(),
            frontend_url: None,
            database: None,
            metadata_url: None,
            search_url: None,
            frontend_listen: free,
            metadata_listen: free,
            search_listen: free,
            timeout: Duration::from_secs(10),
            defects: Defects::none(),
        }
    }
}

/// Why the services do not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {source}; another program may use that port")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the session store cannot be opened: {0}")]
    Sessions(#[from] rusqlite::Error),
    #[error("the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}
