//! Opens a connection: address override or name lookup, proxy tunnel, TLS.

use std::io;
use std::sync::{Arc, OnceLock};

use base64::prelude::{BASE64_STANDARD, Engine};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::network::{NetworkSettings, authority};
use crate::evidence::TransportFailure;

const PROXY_ANSWER_LIMIT: usize = 16 * 1024;

/// A connection of either kind.
pub(super) trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

/// Connects to the host of `url`, which the caller has found allowed.
pub(super) async fn dial(
    settings: &NetworkSettings,
    tls: impl FnOnce() -> Result<TlsConnector, String>,
    url: &Url,
) -> Result<Box<dyn Connection>, TransportFailure> {
    let to = authority(url).unwrap_or_default();
    let failed = |reason: String| TransportFailure::Connect { to: to.clone(), reason };
    let tcp = connect(settings, url, &to).await.map_err(|error| failed(error.to_string()))?;
    // Small writes must leave at once; a failure here costs time and nothing else.
    let _ = tcp.set_nodelay(true);
    if url.scheme() != "https" {
        return Ok(Box::new(tcp));
    }
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_string();
    let name = ServerName::try_from(host).map_err(|error| failed(error.to_string()))?;
    let tls = tls().map_err(&failed)?;
    let stream = tls.connect(name, tcp).await.map_err(|error| failed(format!("TLS: {error}")))?;
    Ok(Box::new(stream))
}

/// Trust in the given roots; certificates of the platform that cannot be read are left out.
pub(super) fn trust(
    extra: &[CertificateDer<'static>],
    platform: &[CertificateDer<'static>],
) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(platform.iter().cloned());
    for certificate in extra {
        roots.add(certificate.clone()).map_err(|error| error.to_string())?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The platform's roots, read once.
pub(super) fn platform_roots() -> &'static [CertificateDer<'static>] {
    static ROOTS: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    ROOTS.get_or_init(|| rustls_native_certs::load_native_certs().certs)
}

async fn connect(settings: &NetworkSettings, url: &Url, to: &str) -> io::Result<TcpStream> {
    if let Some(address) = settings.resolve.get(to) {
        return TcpStream::connect(address).await;
    }
    match &settings.proxy {
        Some(proxy) if !is_loopback(url) => tunnel(proxy, to).await,
        _ => connect_to(url).await,
    }
}

async fn connect_to(url: &Url) -> io::Result<TcpStream> {
    let port = url.port_or_known_default().unwrap_or_default();
    match url.host() {
        Some(Host::Domain(name)) => TcpStream::connect((name, port)).await,
        Some(Host::Ipv4(address)) => TcpStream::connect((address, port)).await,
        Some(Host::Ipv6(address)) => TcpStream::connect((address, port)).await,
        None => Err(io::Error::other("the URL has no host")),
    }
}

/// Whether the URL names this machine, as browsers decide it for "potentially trustworthy" origins.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

async fn tunnel(proxy: &Url, to: &str) -> io::Result<TcpStream> {
    let mut stream = connect_to(proxy).await?;
    let mut request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n");
    if !proxy.username().is_empty() {
        let credentials = format!("{}:{}", decoded(proxy.username()), decoded(proxy.password().unwrap_or_default()));
        request.push_str(&format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(credentials)));
    }
    stream.write_all(format!("{request}\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    // Byte by byte: what follows the blank line belongs to the tunnel.
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= PROXY_ANSWER_LIMIT {
            return Err(io::Error::other("the proxy's answer has no end"));
        }
        answer.push(stream.read_u8().await?);
    }
    let first = String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_string();
    let accepted = first.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
    if accepted { Ok(stream) } else { Err(io::Error::other(format!("the proxy answers `{first}`"))) }
}

fn decoded(text: &str) -> String {
    let member = format!("v={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(member.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
