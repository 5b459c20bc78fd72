//! What a good token gets, and the exact words of refusals.

use serde_json::{Value, json};

use crate::raw::{self, request};
use crate::services::Services;

#[tokio::test]
async fn a_valid_token_gets_a_personal_answer() {
    let services = Services::start(&[]).await;
    let bearer = format!("Bearer {}", services.valid_token().await);

    let user = services.get(services.metadata, "/user", &bearer).await;
    let resources = services.get(services.metadata, "/resources", &bearer).await;
    let found = services.get(services.search, "/search?q=order", &bearer).await;

    let body = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(body(&user.body), json!({ "sub": "sub-alice", "email": "alice@example.test" }));
    assert_eq!(body(&resources.body)[0]["owner"], "sub-alice");
    let expected = json!({ "user": "sub-alice", "query": "order", "results": ["orders", "order_lines"] });
    assert_eq!(body(&found.body), expected);
    for answer in [user, resources, found] {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn other_audiences_beside_ours_are_legitimate() {
    let services = Services::start(&[]).await;
    let recipe = json!({ "claims": { "set": { "aud": ["https://other.test", "{audience}"] } } });
    let bearer = format!("Bearer {}", services.access_token(recipe).await);

    for (to, path) in [(services.metadata, "/resources"), (services.search, "/search")] {
        assert_eq!(services.get(to, path, &bearer).await.status, 200);
    }
}

#[tokio::test]
async fn the_media_type_of_the_token_may_be_spelled_out() {
    let services = Services::start(&[]).await;
    let recipe = json!({ "header": { "set": { "typ": "application/AT+JWT" } } });
    let bearer = format!("Bearer {}", services.access_token(recipe).await);

    assert_eq!(services.get(services.metadata, "/resources", &bearer).await.status, 200);
}

#[tokio::test]
async fn claims_that_come_twice_are_refused() {
    let services = Services::start(&[]).await;
    let payload = r#"{"iss":"{issuer}","sub":"sub-alice","aud":"{audience}","exp":9999999999,"sub":"sub-bob"}"#;
    let bearer = format!("Bearer {}", services.access_token(json!({ "payload-text": payload })).await);

    assert_eq!(services.get(services.metadata, "/resources", &bearer).await.status, 401);
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong_with_the_request() {
    let services = Services::start(&[]).await;
    let bearer = format!("Authorization: Bearer {}", services.valid_token().await);
    let table: [(&[&str], u16, &str); 5] = [
        (&[], 401, "Bearer realm=\"metadata\""),
        (&["Authorization: Basic dXNlcjpwYXNz"], 401, "Bearer realm=\"metadata\""),
        (&["Authorization: Bearer a.b.c"], 401, "Bearer realm=\"metadata\", error=\"invalid_token\""),
        (&["Authorization: Bearer"], 400, "Bearer realm=\"metadata\", error=\"invalid_request\""),
        (&[&bearer, &bearer], 400, "Bearer realm=\"metadata\", error=\"invalid_request\""),
    ];

    for (headers, status, challenge) in table {
        let answer = raw::send(services.metadata, &request("GET", "/resources", headers)).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (status, Some(challenge)));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn only_a_caller_with_a_token_learns_what_exists() {
    let services = Services::start(&[]).await;
    let bearer = format!("Authorization: Bearer {}", services.valid_token().await);
    let table = [
        ("GET", "/nowhere", 404),
        ("GET", "/resources/", 404),
        ("POST", "/resources", 405),
        ("TRACE", "/resources", 405),
        ("OPTIONS", "/resources", 405),
        ("FOO", "/resources", 405),
        ("HEAD", "/resources", 200),
        ("GET", "/openapi.json", 200),
    ];

    for (method, target, status) in table {
        let anonymous = raw::send(services.metadata, &request(method, target, &[])).await;
        let alice = raw::send(services.metadata, &request(method, target, &[&bearer])).await;
        assert_eq!((anonymous.status, alice.status), (401, status), "{method} {target}");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_lets_nobody_in() {
    let services = Services::start(&[]).await;
    let bearer = format!("Bearer {}", services.valid_token().await);
    services.provider_fails();

    for (to, path) in [(services.metadata, "/resources"), (services.search, "/search")] {
        let answer = services.get(to, path, &bearer).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    }
}
