//! The three services: their listeners, their tasks, their end.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use crate::frontend::{self, Frontend};
use crate::provider::Provider;
use crate::settings::{Settings, StartError};
use crate::store::Store;
use crate::tokens::Client;
use crate::{backchannel, metadata, search};

/// The running services. They end when this is dropped.
pub struct Reference {
    frontend_url: Url,
    metadata_url: Url,
    search_url: Url,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Reference {
    /// Starts them. The provider is asked when it is first needed.
    ///
    /// # Errors
    /// An address that cannot be bound, a database that cannot be opened.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let (frontend_listener, frontend_at) = bind(settings.frontend_listen).await?;
        let (metadata_listener, metadata_at) = bind(settings.metadata_listen).await?;
        let (search_listener, search_at) = bind(settings.search_listen).await?;
        let http = backchannel::client(settings.timeout)?;
        let provider = Provider::new(&settings.issuer, http.clone());
        let client = Client {
            id: settings.client_id.as_str().into(),
            secret: settings.client_secret.as_deref().map(Into::into),
            provider: provider.clone(),
            http: http.clone(),
            defects: settings.defects.clone(),
        };
        let store = Store::open(settings.database.as_deref(), settings.defects.clone())?;
        let frontend_url = settings.frontend_url.clone().unwrap_or(frontend_at);
        let frontend = Frontend::new(
            &frontend_url,
            settings.metadata_url.clone().unwrap_or_else(|| metadata_at.clone()),
            settings.search_url.clone().unwrap_or_else(|| search_at.clone()),
            client,
            store,
        );
        let (stop, stopped) = watch::channel(false);
        let tasks = vec![
            serve(frontend_listener, frontend::routes(frontend), stopped.clone()),
            serve(metadata_listener, metadata::router(&settings, &provider, &http), stopped.clone()),
            serve(search_listener, search::router(&settings, &provider, &http), stopped),
        ];
        Ok(Self { frontend_url, metadata_url: metadata_at, search_url: search_at, stop, tasks: Mutex::new(tasks) })
    }

    /// Where browsers find the frontend.
    pub fn frontend_url(&self) -> &Url {
        &self.frontend_url
    }

    pub fn metadata_url(&self) -> &Url {
        &self.metadata_url
    }

    pub fn search_url(&self) -> &Url {
        &self.search_url
    }

    /// All three still serve.
    pub fn is_alive(&self) -> bool {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        !tasks.is_empty() && tasks.iter().all(|task| !task.is_finished())
    }

    /// Ends them; requests under way are answered first, for a second at most.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks: Vec<_> = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
        for mut task in tasks {
            if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            task.abort();
        }
    }
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, Url), StartError> {
    let refused = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, base_url(bound)))
}

fn base_url(address: SocketAddr) -> Url {
    let host = match address.ip().is_unspecified() {
        true => format!("127.0.0.1:{}", address.port()),
        false => address.to_string(),
    };
    format!("http://{host}/").parse().expect("an address is a host and a port")
}

fn serve(listener: TcpListener, routes: Router, mut stopped: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let end = async move {
            // A dropped sender ends the service as well.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        // Serving ends without an error when it is asked to, and has no other way to end.
        let _ = axum::serve(listener, routes).with_graceful_shutdown(end).await;
    })
}
