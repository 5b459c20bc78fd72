//! The bytes on the wire are the bytes meant, and odd answers end in a failure, never in a hang.

use std::time::{Duration, Instant};

use authproof::browser::{Client, Network, NetworkSettings, Outgoing, RawRequest, authority};
use authproof::evidence::{Exchange, Party, TransportFailure};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::server::{Reply, Server, network, page, read_request, recorder, settings};

const TARGETS: [&[u8]; 26] = [
    b"/healthcheck/../admin",
    b"/healthcheck/%2e%2e/admin",
    b"/healthcheck/%2E%2E%2fadmin",
    b"/healthcheck/..%2fadmin",
    b"/healthcheck\\..\\admin",
    b"/healthcheck/..;/admin",
    b"/healthcheck;x=y/../admin",
    b"//admin",
    b"///admin//",
    b"/./admin/.",
    b"/admin%00",
    b"/admin%20/",
    b"/admin\t",
    b"/%61dmin",
    b"/%2561dmin",
    b"/%c0%ae%c0%ae/admin",
    b"/admin?a=b?c#d",
    b"/admin#/healthcheck",
    b"/ADMIN",
    b"/\xc3\xa4dmin",
    b"/\xff\xfe",
    b"http://other.test/admin",
    b"*",
    b"admin",
    b"",
    b"/a\"<>^`{|}",
];

const HEADERS: [(&str, &[u8]); 10] = [
    ("authorization", b"Bearer a"),
    ("AUTHORIZATION", b"bearer b"),
    ("Authorization", b""),
    ("aUtHoRiZaTiOn", b"  Bearer   c  "),
    ("Authorization ", b"Bearer d"),
    ("X-Forwarded-User", b"\xc3\xa4\xff"),
    ("X_Forwarded_User", b"alice"),
    ("X-Twice", b"1"),
    ("X-Twice", b"2"),
    ("X-Long", &[b'a'; 20_000]),
];

async fn send(network: &Network, server: &Server, request: RawRequest) -> Exchange {
    network.send_raw(&server.url, request, Party::Client, Party::Idp, &recorder()).await
}

/// Sends a request and returns why there is no answer.
async fn failure(reply: Reply) -> TransportFailure {
    let server = Server::plain(reply).await;
    let timeout = Duration::from_millis(300);
    let network = Network::new(NetworkSettings { timeout, ..settings(&[&server]) }).unwrap();

    send(&network, &server, RawRequest::get("/")).await.response.err().expect("there is no good answer")
}

fn ok() -> Reply {
    Reply::Bytes(page("fine").into_bytes())
}

async fn targets_arrive_as_written(server: Server) {
    let network = network(&[&server]);
    for target in TARGETS {
        let exchange = send(&network, &server, RawRequest::get(target)).await;

        assert_eq!(exchange.status(), Some(200), "{}", target.escape_ascii());
        let expected = [b"GET ", target, b" HTTP/1.1\r\nHost: "].concat();
        let received = server.received().pop().unwrap();
        assert!(received.starts_with(&expected), "{}", received.escape_ascii());
    }
}

#[tokio::test]
async fn targets_arrive_as_written_over_tcp() {
    targets_arrive_as_written(Server::plain(ok()).await).await;
}

#[tokio::test]
async fn targets_arrive_as_written_over_tls() {
    targets_arrive_as_written(Server::tls(ok()).await).await;
}

async fn whole_requests_arrive_as_written(server: Server) {
    let mut request = RawRequest::new("PROPfind", "/x").body(&b"\0\xff body"[..]);
    for (name, value) in [("hOST", &b"evil.test"[..]), ("HOST", b"twice.test"), ("user-agent", b"me")] {
        request = request.header(name, value);
    }
    for (name, value) in HEADERS {
        request = request.header(name, value);
    }
    for (name, value) in [("TraceParent", &b"00"[..]), ("connection", b"close"), ("content-length", b"7")] {
        request = request.header(name, value);
    }
    let mut expected = b"PROPfind /x HTTP/1.1\r\n".to_vec();
    for (name, value) in &request.headers {
        expected.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    expected.extend(b"\r\n\0\xff body");

    send(&network(&[&server]), &server, request).await;

    assert_eq!(server.received()[0].escape_ascii().to_string(), expected.escape_ascii().to_string());
}

#[tokio::test]
async fn whole_requests_arrive_as_written_over_tcp() {
    whole_requests_arrive_as_written(Server::plain(ok()).await).await;
}

#[tokio::test]
async fn whole_requests_arrive_as_written_over_tls() {
    whole_requests_arrive_as_written(Server::tls(ok()).await).await;
}

#[tokio::test]
async fn operators_can_find_our_requests() {
    let server = Server::plain(ok()).await;
    let recorder = recorder();
    let client = Client::new(network(&[&server]), recorder.clone(), [(&server.url, "frontend")], None);

    client.get(&server.url, &[]).await;
    client.request(Outgoing::post(server.url.clone())).await;

    let texts: Vec<String> =
        server.received().iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
    let parent = |text: &str| text.lines().find_map(|line| line.strip_prefix("traceparent: ")).unwrap().to_string();
    let agent = concat!("User-Agent: authproof/", env!("CARGO_PKG_VERSION"), "\r\n");
    assert!(texts.iter().all(|text| text.contains(agent)), "{texts:?}");
    assert!(texts[1].contains("Content-Length: 0\r\n"), "{}", texts[1]);
    assert_eq!(parent(&texts[0])[..35], parent(&texts[1])[..35], "one scenario is one trace");
    assert_ne!(parent(&texts[0]), parent(&texts[1]), "each request is a span");
    assert_eq!(recorder.exchanges()[0].to, Party::Service("frontend".into()));
}

#[tokio::test]
async fn an_override_is_for_host_and_port() {
    let server = Server::tls(ok()).await;
    let url: url::Url = "https://idp.test:8443/x".parse().unwrap();
    let mut settings = settings(&[&server]);
    settings.allowed.insert(authority(&url).unwrap());
    settings.resolve.insert("IDP.test:8443".into(), server.address());
    let client = Client::new(Network::new(settings).unwrap(), recorder(), [], Some(&url));

    let exchange = client.get(&url, &[]).await;

    assert_eq!((exchange.status(), exchange.to), (Some(200), Party::Idp));
    assert!(String::from_utf8_lossy(&server.received()[0]).contains("\r\nHost: idp.test:8443\r\n"));
}

#[tokio::test]
async fn an_unknown_certificate_is_refused() {
    let server = Server::tls(ok()).await;
    let network = Network::new(NetworkSettings { extra_root_pem: None, ..settings(&[&server]) }).unwrap();

    let exchange = send(&network, &server, RawRequest::get("/")).await;

    let failure = exchange.response.err();
    assert!(
        matches!(&failure, Some(TransportFailure::Connect { reason, .. }) if reason.contains("TLS")),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_foreign_host_is_never_contacted() {
    let foreign = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: url::Url = format!("http://{}/", foreign.local_addr().unwrap()).parse().unwrap();
    let recorder = recorder();
    let client = Client::new(Network::new(NetworkSettings::default()).unwrap(), recorder.clone(), [], None);

    let exchange = client.get(&url, &[]).await;

    assert!(matches!(exchange.response.err(), Some(TransportFailure::ForeignHost { .. })));
    assert_eq!(recorder.exchanges().len(), 1);
    let contact = tokio::time::timeout(Duration::from_millis(50), foreign.accept()).await;
    assert!(contact.is_err(), "somebody connected");
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_limit() {
    for body in [b"x".repeat(8192), b"5\r\nabcde\r\n".to_vec()] {
        let server = Server::plain(Reply::Endless(body)).await;
        let network = Network::new(NetworkSettings { body_limit: 100_000, ..settings(&[&server]) }).unwrap();

        let response = send(&network, &server, RawRequest::get("/")).await.response;

        let response = response.unwrap_or_else(|failure| panic!("{failure}"));
        assert!(response.body_cut);
        assert_eq!(response.body.len(), 100_000);
    }
}

#[tokio::test]
async fn slow_and_silent_servers_end_at_the_deadline() {
    for reply in [Reply::Drip, Reply::Silence] {
        let started = Instant::now();

        let failure = failure(reply).await;

        assert_eq!(failure, TransportFailure::Deadline { after: Duration::from_millis(300) });
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_reset_or_short_answer_is_broken() {
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort".to_vec();
    for reply in [Reply::Reset, Reply::Bytes(short), Reply::Bytes(Vec::new()), Reply::Bytes(b"HTTP/1.1 2".to_vec())] {
        let failure = failure(reply).await;

        assert!(matches!(failure, TransportFailure::Broken { .. }), "{failure:?}");
    }
}

#[tokio::test]
async fn garbage_is_not_http() {
    for bytes in [&b"220 mail.test ESMTP\r\n"[..], b"\x16\x03\x01\x02\x00\x01", b"{}", b"HTTP/1.1 abc\r\n\r\n"] {
        let failure = failure(Reply::Bytes(bytes.to_vec())).await;

        assert!(matches!(failure, TransportFailure::NotHttp { .. }), "{failure:?}");
    }
}

#[tokio::test]
async fn a_closed_port_is_a_failed_connection() {
    let server = Server::plain(ok()).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut settings = settings(&[&server]);
    settings.resolve.insert(authority(&server.url).unwrap(), closed);

    let exchange = send(&Network::new(settings).unwrap(), &server, RawRequest::get("/")).await;

    assert!(matches!(exchange.response.err(), Some(TransportFailure::Connect { .. })));
}

#[tokio::test]
async fn a_refusal_before_the_body_is_read_is_heard() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: url::Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.writable().await.unwrap();
        let answer = b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(stream.try_write(answer).unwrap(), answer.len());
        stream
    });
    let allowed = [authority(&url).unwrap()].into();
    let network = Network::new(NetworkSettings { allowed, ..NetworkSettings::default() }).unwrap();
    let request = RawRequest::new("POST", "/").body(vec![b'x'; 50_000_000]);

    let exchange = network.send_raw(&url, request, Party::Client, Party::Idp, &recorder()).await;

    assert_eq!(exchange.status(), Some(413));
    drop(server.await.unwrap());
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://user:p%40ss@{}", listener.local_addr().unwrap()).parse().unwrap();
    let url: url::Url = "http://app.test:81/x".parse().unwrap();
    let proxied = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let connect = read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(page("fine").as_bytes()).await.unwrap();
        (String::from_utf8(connect).unwrap(), String::from_utf8(request).unwrap())
    });
    let allowed = [authority(&url).unwrap()].into();
    let network = Network::new(NetworkSettings { allowed, proxy: Some(proxy), ..NetworkSettings::default() }).unwrap();

    let exchange = Client::new(network, recorder(), [], None).get(&url, &[]).await;

    let (connect, request) = proxied.await.unwrap();
    assert_eq!(exchange.status(), Some(200));
    assert!(connect.starts_with("CONNECT app.test:81 HTTP/1.1\r\nHost: app.test:81\r\n"), "{connect}");
    assert!(connect.contains("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n"), "{connect}");
    assert!(request.starts_with("GET /x HTTP/1.1\r\nHost: app.test:81\r\n"), "{request}");
}

#[tokio::test]
async fn a_cancelled_request_is_recorded() {
    let server = Server::plain(Reply::Silence).await;
    let recorder = recorder();
    let client = Client::new(network(&[&server]), recorder.clone(), [], None);

    let cancelled = tokio::time::timeout(Duration::from_millis(50), client.get(&server.url, &[])).await;

    assert!(cancelled.is_err());
    assert_eq!(recorder.exchanges().len(), 1);
}
