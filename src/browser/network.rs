//! The one place that decides where a connection goes: allowed hosts, address overrides, trust, proxy, deadlines.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use time::OffsetDateTime;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use url::Url;

use super::dial;
use super::raw::RawRequest;
use super::read::read_response;
use crate::evidence::{Exchange, Party, Recorder, Request, Response, TransportFailure};

/// How connections are made.
#[derive(Debug, Clone)]
pub struct NetworkSettings {
    /// `host:port` of every host that may be contacted; `authority` makes one from a URL.
    pub allowed: BTreeSet<String>,
    /// `host:port` to the address that a connection really goes to.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// For one exchange from its first to its last byte.
    pub timeout: Duration,
    /// Bodies are cut here.
    pub body_limit: usize,
    pub user_agent: String,
    /// Root certificates that are trusted beside the platform's, in PEM.
    pub extra_root_pem: Option<String>,
    /// `http://[user:password@]host:port`; everything but loopback and resolved hosts is tunnelled through it.
    pub proxy: Option<Url>,
    /// Requests that may be under way to one host at a time.
    pub per_host: usize,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            allowed: BTreeSet::new(),
            resolve: BTreeMap::new(),
            timeout: Duration::from_secs(10),
            body_limit: 1024 * 1024,
            user_agent: concat!("authproof/", env!("CARGO_PKG_VERSION")).to_string(),
            extra_root_pem: None,
            proxy: None,
            per_host: 8,
        }
    }
}

/// Settings that no connection could be made with.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum NetworkError {
    #[error("the extra root certificate cannot be used: {reason}")]
    #[diagnostic(code("browser::root-certificate"), help("give certificates in PEM: `-----BEGIN CERTIFICATE-----`"))]
    RootCertificate { reason: String },
    #[error("the proxy `{proxy}` cannot be used")]
    #[diagnostic(code("browser::proxy"), help("give it as `http://host:port`"))]
    Proxy { proxy: String },
    #[error("TLS cannot be set up: {reason}")]
    #[diagnostic(code("browser::tls"), help("this is a fault of the build, not of the target"))]
    Tls { reason: String },
}

/// The way to the target. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Network(Arc<Shared>);

struct Shared {
    settings: NetworkSettings,
    extra_roots: Vec<CertificateDer<'static>>,
    /// Made when first needed: loading the platform's roots takes longer than a whole scenario on plain HTTP.
    tls: OnceLock<Result<TlsConnector, String>>,
    places: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// `host:port` of a URL in the form that `NetworkSettings` uses; `None` where there is no host or port.
pub fn authority(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.is_empty())?;
    Some(format!("{host}:{}", url.port_or_known_default()?).to_ascii_lowercase())
}

impl Network {
    /// Checks the settings. Sends nothing.
    pub fn new(mut settings: NetworkSettings) -> Result<Self, NetworkError> {
        let pem = settings.extra_root_pem.clone().unwrap_or_default();
        let extra_roots: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| NetworkError::RootCertificate { reason: format!("{error:?}") })?;
        if settings.extra_root_pem.is_some() && extra_roots.is_empty() {
            return Err(NetworkError::RootCertificate { reason: "there is no certificate in it".into() });
        }
        dial::trust(&extra_roots, &[]).map_err(|reason| NetworkError::RootCertificate { reason })?;
        if let Some(proxy) = settings.proxy.as_ref()
            && (proxy.scheme() != "http" || authority(proxy).is_none())
        {
            let mut shown = proxy.clone();
            // Fails for URLs without a host only; those have no password either.
            let _ = shown.set_password(None);
            return Err(NetworkError::Proxy { proxy: shown.to_string() });
        }
        settings.allowed = settings.allowed.iter().map(|host| host.to_ascii_lowercase()).collect();
        settings.resolve = settings.resolve.into_iter().map(|(host, to)| (host.to_ascii_lowercase(), to)).collect();
        let shared = Shared { settings, extra_roots, tls: OnceLock::new(), places: Mutex::default() };
        Ok(Self(Arc::new(shared)))
    }

    /// Whether a request to this URL would be sent.
    pub fn allows(&self, url: &Url) -> bool {
        matches!(url.scheme(), "http" | "https")
            && authority(url).is_some_and(|authority| self.0.settings.allowed.contains(&authority))
    }

    /// Writes `request` as it stands on a connection of its own to the host of `base`, and reads one answer. Whatever
    /// happens is recorded.
    pub async fn send_raw(
        &self,
        base: &Url,
        request: RawRequest,
        from: Party,
        to: Party,
        recorder: &Recorder,
    ) -> Exchange {
        let request = request.complete(base, &self.0.settings.user_agent, &recorder.traceparent());
        let bytes = request.to_bytes();
        let expects_body = !request.method.eq_ignore_ascii_case("HEAD");
        let sent = Request {
            method: request.method,
            url: base.clone(),
            target: String::from_utf8_lossy(&request.target).into_owned(),
            headers: crate::evidence::Headers(request.headers),
            body: request.body,
        };
        let place = self.place(base).acquire_owned().await.ok();
        let abandoned = TransportFailure::Broken { reason: "the scenario ended before the answer".into() };
        let exchange = Exchange {
            from,
            to,
            at: OffsetDateTime::now_utc(),
            took: Duration::ZERO,
            request: sent,
            response: Err(abandoned),
        };
        let mut in_flight = InFlight { recorder, started: Instant::now(), exchange };
        in_flight.exchange.response = self.transact(base, &bytes, expects_body).await;
        drop(place);
        in_flight.exchange.took = in_flight.started.elapsed();
        in_flight.exchange.clone()
    }

    async fn transact(&self, base: &Url, bytes: &[u8], expects_body: bool) -> Result<Response, TransportFailure> {
        if !self.allows(base) {
            let host = authority(base).unwrap_or_else(|| base.to_string());
            return Err(TransportFailure::ForeignHost { host });
        }
        let settings = &self.0.settings;
        let talk = async {
            let stream = dial::dial(settings, || self.tls(), base).await?;
            let (mut reading, mut writing) = tokio::io::split(stream);
            let answer = read_response(&mut reading, settings.body_limit, expects_body);
            // A server may refuse before it has read a long body. Its answer counts, not that writing then fails.
            let write = async {
                if writing.write_all(bytes).await.is_ok() {
                    let _ = writing.flush().await;
                }
                std::future::pending().await
            };
            tokio::select! {
                answer = answer => answer,
                answer = write => answer,
            }
        };
        let deadline = TransportFailure::Deadline { after: settings.timeout };
        tokio::time::timeout(settings.timeout, talk).await.unwrap_or(Err(deadline))
    }

    fn tls(&self) -> Result<TlsConnector, String> {
        self.0.tls.get_or_init(|| dial::trust(&self.0.extra_roots, dial::platform_roots())).clone()
    }

    fn place(&self, url: &Url) -> Arc<Semaphore> {
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        let per_host = self.0.settings.per_host.max(1);
        let place = places.entry(authority(url).unwrap_or_default());
        place.or_insert_with(|| Arc::new(Semaphore::new(per_host))).clone()
    }
}

/// Records the exchange when it ends, also when its scenario is cancelled in the middle.
struct InFlight<'a> {
    recorder: &'a Recorder,
    started: Instant,
    exchange: Exchange,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.exchange.took.is_zero() {
            self.exchange.took = self.started.elapsed();
        }
        self.recorder.record(&self.exchange);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_has_its_port_spelled_out() {
        let cases = [
            ("http://App.Test/x", Some("app.test:80")),
            ("https://app.test", Some("app.test:443")),
            ("http://[::1]:9/x", Some("[::1]:9")),
            ("mailto:a@b.test", None),
        ];
        for (url, expected) in cases {
            assert_eq!(authority(&url.parse().unwrap()).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn unusable_settings_are_refused_at_once() {
        for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let settings = NetworkSettings { extra_root_pem: Some(pem.into()), ..NetworkSettings::default() };
            assert!(matches!(Network::new(settings), Err(NetworkError::RootCertificate { .. })), "{pem}");
        }
        let proxy = Some("socks5://u:CANARY@proxy.test:1080".parse().unwrap());
        let refused = Network::new(NetworkSettings { proxy, ..NetworkSettings::default() }).err().unwrap();
        assert!(!refused.to_string().contains("CANARY"), "{refused}");
    }
}
