//! A server that keeps the bytes it receives and answers with the bytes it is told to.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authproof::browser::{Network, NetworkSettings, authority};
use authproof::evidence::{Recorder, Redactor};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::Url;

/// What the server does once a request is there.
#[derive(Clone)]
pub enum Reply {
    Bytes(Vec<u8>),
    /// A function of the request's bytes.
    To(Arc<dyn Fn(&str) -> String + Send + Sync>),
    /// These bytes again and again.
    Endless(Vec<u8>),
    /// One byte of an endless header every few milliseconds.
    Drip,
    /// Nothing, with the connection open.
    Silence,
    /// The connection is reset.
    Reset,
}

pub struct Server {
    pub url: Url,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
    pub root_pem: Option<String>,
}

impl Server {
    pub async fn plain(reply: Reply) -> Self {
        Self::start(reply, None).await
    }

    pub async fn tls(reply: Reply) -> Self {
        let certified = rcgen::generate_simple_self_signed(["localhost".to_string(), "idp.test".to_string()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        Self::start(reply, Some((TlsAcceptor::from(Arc::new(config)), certified.cert.pem()))).await
    }

    /// Answers each request with what `reply` makes of its text.
    pub async fn answering(reply: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::plain(Reply::To(Arc::new(reply))).await
    }

    async fn start(reply: Reply, tls: Option<(TlsAcceptor, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (acceptor, root_pem) = tls.unzip();
        let url = match root_pem {
            Some(_) => format!("https://localhost:{port}/"),
            None => format!("http://127.0.0.1:{port}/"),
        };
        let kept = received.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (reply, acceptor, kept) = (reply.clone(), acceptor.clone(), kept.clone());
                tokio::spawn(async move {
                    if matches!(reply, Reply::Reset) {
                        let mut tcp = tcp;
                        let _ = read_request(&mut tcp).await;
                        let _ = tcp.set_zero_linger();
                        return;
                    }
                    match acceptor {
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(tcp).await {
                                serve(stream, &reply, &kept).await;
                            }
                        }
                        None => serve(tcp, &reply, &kept).await,
                    }
                });
            }
        });
        Self { url: url.parse().unwrap(), received, root_pem }
    }

    pub fn received(&self) -> Vec<Vec<u8>> {
        self.received.lock().unwrap().clone()
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.url.port().unwrap()))
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, reply: &Reply, kept: &Mutex<Vec<Vec<u8>>>) {
    let request = read_request(&mut stream).await;
    kept.lock().unwrap().push(request.clone());
    let answer = match reply {
        Reply::Bytes(bytes) => bytes.clone(),
        Reply::To(reply) => reply(&String::from_utf8_lossy(&request)).into_bytes(),
        Reply::Endless(bytes) => {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
            let mut sent = stream.write_all(head).await;
            while sent.is_ok() {
                sent = stream.write_all(bytes).await;
            }
            return;
        }
        Reply::Drip => {
            let mut pace = tokio::time::interval(Duration::from_millis(5));
            let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").await;
            while sent.is_ok() {
                pace.tick().await;
                sent = stream.write_all(b"x").await;
            }
            return;
        }
        Reply::Silence => return std::future::pending().await,
        Reply::Reset => return,
    };
    let _ = stream.write_all(&answer).await;
    let _ = stream.shutdown().await;
}

/// Header and, where a length is given, body.
pub async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return bytes;
            }
        }
        match stream.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return bytes,
            Ok(_) => {}
        }
    }
}

pub fn settings(servers: &[&Server]) -> NetworkSettings {
    let allowed: BTreeSet<String> = servers.iter().map(|server| authority(&server.url).unwrap()).collect();
    let extra_root_pem = servers.iter().find_map(|server| server.root_pem.clone());
    NetworkSettings { allowed, extra_root_pem, ..NetworkSettings::default() }
}

pub fn network(servers: &[&Server]) -> Network {
    Network::new(settings(servers)).unwrap()
}

pub fn recorder() -> Recorder {
    Recorder::new(Redactor::new(Vec::<String>::new(), true))
}

pub fn page(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub fn redirect(status: u16, to: &str) -> String {
    format!("HTTP/1.1 {status} Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}
