//! Calls to other services: the user's access token, fresh, and nothing else.

use mock_idp::{Action, Edits, Endpoint, Fault, Grant, Recipe, StatusFault, TokenKind, Trigger};
use reqwest::Method;
use serde_json::json;

use crate::house::{House, sub};

const REFRESH: Trigger = Trigger { endpoint: Endpoint::Token, grant: Some(Grant::RefreshToken) };

/// The access tokens that were given out, oldest first.
fn issued(house: &House) -> Vec<String> {
    let received = house.received(Endpoint::Token).into_iter();
    let issued = received.flat_map(|received| received.issued);
    issued.filter(|issued| issued.kind == TokenKind::AccessToken).map(|issued| issued.token).collect()
}

#[tokio::test]
async fn a_call_carries_the_access_token_and_nothing_of_the_client() {
    let house = House::start().await;
    let mut alice = house.log_in("alice").await;
    let forged = [("x-user", "root"), ("x_forwarded_user", "root"), ("remote-user", "root"), ("x-trace", "1")];

    let page = alice.send(Method::GET, &house.url("/api/search?q=a%26b&user=root"), &forged).await;

    assert_eq!((page.status.as_u16(), page.json()), (200, json!({ "items": ["one"] })));
    let calls = house.downstream.calls();
    let [call] = calls.as_slice() else { panic!("{} calls", calls.len()) };
    assert_eq!(call.target, "/search?q=a%26b");
    assert_eq!(call.header("authorization"), Some(format!("Bearer {}", issued(&house)[0]).as_str()));
    let mut names: Vec<&str> = call.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "authorization", "host"]);
}

#[tokio::test]
async fn without_a_session_nothing_is_called() {
    let house = House::start().await;

    let page = house.browser("alice").get(&house.url("/api/resources")).await;

    assert_eq!(page.status, 401);
    assert!(house.downstream.calls().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_no_data_is_no_success() {
    let house = House::start().await;
    let mut alice = house.log_in("alice").await;
    let elsewhere = Some(("location", house.downstream.url.join("/elsewhere").unwrap().to_string()));

    for (status, content_type, body, header) in [
        (401, "application/json", "{}", None),
        (500, "application/json", "{}", None),
        (302, "text/plain", "", elsewhere.clone()),
        (307, "text/plain", "", elsewhere),
        (200, "text/html", "<form>", None),
        (200, "application/json", "<form>", None),
    ] {
        house.downstream.answer(status, content_type, body, header);

        assert_eq!(alice.get(&house.url("/api/resources")).await.status, 502, "{status} {content_type}");
    }
    assert!(house.downstream.calls().iter().all(|call| call.target == "/resources"));
    assert_eq!(house.who(&mut alice).await, sub("alice"));
}

#[tokio::test]
async fn an_access_token_that_has_run_out_is_refreshed_each_time_with_the_newest_refresh_token() {
    let house = House::with(&[], |issuer| issuer.access_token_lifetime(1)).await;
    let mut alice = house.log_in("alice").await;

    for _ in 0..3 {
        assert_eq!(alice.get(&house.url("/api/resources")).await.status, 200);
    }

    let sent: Vec<String> =
        house.downstream.calls().iter().map(|call| call.header("authorization").unwrap()[7..].into()).collect();
    assert_eq!(sent, issued(&house)[1..]);
}

#[tokio::test]
async fn calls_at_once_never_use_a_refresh_token_twice() {
    let house = House::with(&[], |issuer| issuer.access_token_lifetime(1)).await;
    let alice = house.log_in("alice").await;

    let calls = (0..8).map(|_| {
        let (mut browser, url) = (alice.clone(), house.url("/api/resources"));
        tokio::spawn(async move { browser.get(&url).await.status.as_u16() })
    });

    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_refresh_that_is_refused_ends_the_session() {
    let house = House::with(&[], |issuer| issuer.access_token_lifetime(1)).await;
    let mut alice = house.log_in("alice").await;
    let body = r#"{"error":"invalid_grant"}"#.into();
    let refused = StatusFault { status: 400, body, content_type: "application/json".into() };
    house.order(REFRESH, Action::Fault(Fault::Status(refused)));

    assert_eq!(alice.get(&house.url("/api/resources")).await.status, 401);
    assert_eq!(house.who(&mut alice).await, None);
    assert!(house.downstream.calls().is_empty());
}

#[tokio::test]
async fn a_provider_that_is_down_ends_no_session() {
    let house = House::with(&[], |issuer| issuer.access_token_lifetime(1)).await;
    let mut alice = house.log_in("alice").await;
    house.order(REFRESH, Action::Fault(Fault::DropConnection));

    assert_eq!(alice.get(&house.url("/api/resources")).await.status, 502);
    assert_eq!(alice.get(&house.url("/api/resources")).await.status, 200);
}

#[tokio::test]
async fn a_refresh_that_tells_of_somebody_else_ends_the_session() {
    for claims in [json!({ "sub": "somebody-else" }), json!({ "iss": "https://other.test" }), json!({ "aud": "other" })]
    {
        let house = House::with(&[], |issuer| issuer.access_token_lifetime(1)).await;
        let mut alice = house.log_in("alice").await;
        let set = claims.as_object().unwrap().clone();
        let recipe = Recipe { claims: Edits { set, ..Edits::default() }, ..Recipe::default() };
        house.order(REFRESH, Action::IdToken(recipe));

        assert_eq!(alice.get(&house.url("/api/resources")).await.status, 401, "{claims}");
        assert_eq!(house.who(&mut alice).await, None, "{claims}");
    }
}
