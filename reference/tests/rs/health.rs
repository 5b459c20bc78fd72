//! The health endpoint beside a guarded service.

use crate::raw::{self, request};
use crate::services::Services;

#[tokio::test]
async fn health_answers_the_same_whatever_comes_with_the_request() {
    let services = Services::start(&[]).await;
    let token = format!("Authorization: Bearer {}", services.valid_token().await);
    let table: [&[&str]; 4] =
        [&[], &[&token], &["Authorization: Bearer x", "Cookie: a=%"], &["X-Original-URL: /resources"]];

    for headers in table {
        for to in [services.frontend, services.metadata, services.search] {
            let answer = raw::send(to, &request("GET", "/healthcheck?verbose=1", headers)).await;
            assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"ok"}"#));
        }
    }
}

#[tokio::test]
async fn health_is_up_while_the_provider_is_down() {
    let services = Services::start(&[]).await;
    services.provider_fails();

    for to in [services.frontend, services.metadata, services.search] {
        assert_eq!(raw::send(to, &request("GET", "/healthcheck", &[])).await.status, 200);
    }
}

#[tokio::test]
async fn a_head_request_gets_no_body() {
    let services = Services::start(&[]).await;

    let answer = raw::send(services.metadata, &request("HEAD", "/healthcheck", &[])).await;

    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}

#[tokio::test]
async fn health_takes_no_other_method() {
    let services = Services::start(&[]).await;

    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"] {
        assert_eq!(raw::send(services.metadata, &request(method, "/healthcheck", &[])).await.status, 405, "{method}");
    }
}

#[tokio::test]
async fn an_absolute_target_is_judged_and_routed_by_the_same_path() {
    let services = Services::start(&[]).await;
    let table = [
        ("http://other.test/healthcheck", 200),
        ("http://other.test/resources", 401),
        ("http://healthcheck/resources", 401),
    ];

    for (target, status) in table {
        assert_eq!(raw::send(services.metadata, &request("GET", target, &[])).await.status, status, "{target}");
    }
}
