//! Requests that no client should send: each is answered with an error, and the server goes on.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{CALLBACK, SECRET};
use crate::support::{basic, refusal, start};

const FORM: &str = "application/x-www-form-urlencoded";

/// The answer to these very bytes.
async fn raw(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_refused() {
    let (idp, caller) = start().await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(1_000_000));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(5_000));
    let cases: [&[u8]; 6] = [
        b"NONSENSE\r\n\r\n",
        b"\0\xff\xfe\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: minus\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ];

    for case in cases {
        let answer = raw(idp.address(), case).await;

        let start = String::from_utf8_lossy(&case[..case.len().min(20)]);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{start}: {answer}");
        caller.assert_serves().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_long_is_refused_everywhere() {
    let (_idp, caller) = start().await;
    let body = format!("grant_type=client_credentials&x={}", "x".repeat(300 * 1024));

    for path in ["/token", "/authorize", "/userinfo", "/introspect", "/revoke", "/end_session"] {
        let request = caller.http.post(caller.at(path)).header("content-type", FORM).body(body.clone());

        assert_eq!(request.send().await.unwrap().status(), 413, "{path}");
    }
    caller.assert_serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_comes_twice_is_refused() {
    let (_idp, caller) = start().await;
    let twice = [("grant_type", "client_credentials"), ("grant_type", "client_credentials")];
    let mut url = caller.authorization_url(&[]);
    url.query_pairs_mut().append_pair("redirect_uri", CALLBACK);

    assert_eq!(refusal(caller.token(&twice).send().await.unwrap()).await, (400, "invalid_request".into()));
    let authorization = caller.http.get(url).send().await.unwrap();
    assert_eq!((authorization.status().as_u16(), authorization.headers().get("location")), (400, None));
    let logout = caller.get("/end_session?state=1&state=2").send().await.unwrap();
    assert_eq!(logout.status(), 400);
    for path in ["/introspect", "/revoke"] {
        let request =
            caller.post(path, &[("token", "a"), ("token", "b")]).header("authorization", basic("web", SECRET));
        assert_eq!(refusal(request.send().await.unwrap()).await, (400, "invalid_request".into()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_utf8_are_refused() {
    let (_idp, caller) = start().await;
    let bodies: [&[u8]; 2] = [b"grant_type=client_credentials&x=%ff%fe", b"grant_type=client_credentials&\xff=\xfe"];

    for body in bodies {
        let request = caller.http.post(caller.at("/token")).header("content-type", FORM).body(body.to_vec());
        let request = request.header("authorization", basic("web", SECRET));

        assert_eq!(refusal(request.send().await.unwrap()).await, (400, "invalid_request".into()));
    }
    let url = format!("{}&x=%ff", caller.authorization_url(&[]));
    let authorization = caller.http.get(url).send().await.unwrap();
    assert_eq!((authorization.status().as_u16(), authorization.headers().get("location")), (400, None));
    let header = reqwest::header::HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap();
    assert_eq!(caller.get("/userinfo").header("authorization", header).send().await.unwrap().status(), 401);
    caller.assert_serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_parameters_are_refused() {
    let (_idp, caller) = start().await;
    let body = (0..5_000).fold("grant_type=client_credentials".to_owned(), |body, number| format!("{body}&p{number}="));

    let request = caller.http.post(caller.at("/token")).header("content-type", FORM).body(body);
    let request = request.header("authorization", basic("web", SECRET));

    assert_eq!(refusal(request.send().await.unwrap()).await, (400, "invalid_request".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_content_type_brings_no_parameters() {
    let (_idp, caller) = start().await;

    let request = caller.http.post(caller.at("/token")).header("authorization", basic("web", SECRET));
    let request = request.header("content-type", "application/json").body(r#"{"grant_type":"client_credentials"}"#);

    assert_eq!(refusal(request.send().await.unwrap()).await, (400, "invalid_request".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_an_endpoint_does_not_know_is_refused() {
    let (_idp, caller) = start().await;
    let paths = ["/.well-known/openid-configuration", "/jwks", "/authorize", "/token", "/userinfo", "/end_session"];

    for path in paths {
        let response = caller.http.delete(caller.at(path)).send().await.unwrap();

        assert_eq!(response.status(), 405, "{path}");
        assert!(response.headers().contains_key("allow"), "{path}");
    }
}
