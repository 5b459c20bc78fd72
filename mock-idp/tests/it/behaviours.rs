//! Orders to do otherwise: for whom, how often, and each sort of fault.

use std::time::{Duration, Instant};

use mock_idp::{
    Action, AuthorizationResponse, Behaviour, Endpoint, Fault, Grant, MalformedFault, Members, Parameter, Recipe,
    Scope, StatusFault, Times, Trigger,
};
use serde_json::{Value, json};

use crate::support::{Caller, SCENARIO, claims, redirected, start, text};

const DISCOVERY: &str = "/.well-known/openid-configuration";

fn order(scope: Scope, on: Endpoint, times: Times, action: Action) -> Behaviour {
    Behaviour { scope, on: on.into(), times, action }
}

fn wrong_audience() -> Action {
    let recipe = json!({ "claims": { "set": { "aud": "another" } } });
    Action::IdToken(serde_json::from_value::<Recipe>(recipe).unwrap())
}

fn set(name: &str, value: Value) -> Members {
    Members { set: [(name.to_owned(), value)].into_iter().collect(), remove: vec![] }
}

async fn audience(caller: &Caller, scenario: &str) -> String {
    let tokens = caller.log_in_as(scenario).await;
    claims(text(&tokens, "id_token"))["aud"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_for_a_scenario_touches_no_other() {
    let (_idp, caller) = start().await;
    caller.enter("scenario-2");
    let scope = Scope::Scenario(SCENARIO.into());

    let id = caller.behave(order(scope, Endpoint::Token, Times::Always, wrong_audience()));

    assert_eq!(audience(&caller, "scenario-2").await, "web");
    assert_eq!(audience(&caller, SCENARIO).await, "another");
    assert_eq!(caller.issuer.fired(id), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_for_the_deployment_touches_everybody() {
    let (_idp, caller) = start().await;
    caller.enter("scenario-2");

    let id = caller.behave(order(Scope::Deployment, Endpoint::Token, Times::Always, wrong_audience()));

    assert_eq!(audience(&caller, "scenario-2").await, "another");
    assert_eq!(audience(&caller, SCENARIO).await, "another");
    caller.issuer.forget(id);
    assert_eq!(audience(&caller, SCENARIO).await, "web");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_carried_out_once_n_times_or_always() {
    let (_idp, caller) = start().await;

    for (times, expected) in [(Times::Once, 1), (Times::Times(2), 2), (Times::Always, 4)] {
        let id = caller.behave(order(Scope::Scenario(SCENARIO.into()), Endpoint::Token, times, wrong_audience()));
        let mut changed = 0;
        for _ in 0..4 {
            changed += u32::from(audience(&caller, SCENARIO).await == "another");
        }

        assert_eq!((changed, caller.issuer.fired(id)), (expected, expected), "{times:?}");
        caller.issuer.forget(id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_for_one_grant_leaves_the_others() {
    let (_idp, caller) = start().await;
    let on = Trigger { endpoint: Endpoint::Token, grant: Some(Grant::RefreshToken) };
    let scope = Scope::Scenario(SCENARIO.into());
    caller.behave(Behaviour { scope, on, times: Times::Always, action: wrong_audience() });

    let tokens = caller.log_in().await;
    let refreshed: Value = caller.refresh(text(&tokens, "refresh_token")).await.json().await.unwrap();

    assert_eq!(claims(text(&tokens, "id_token"))["aud"], "web");
    assert_eq!(claims(text(&refreshed, "id_token"))["aud"], "another");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scenario_leaves_with_its_orders() {
    let (_idp, caller) = start().await;
    let scope = Scope::Scenario(SCENARIO.into());
    caller.behave(order(scope, Endpoint::Token, Times::Always, wrong_audience()));

    caller.issuer.leave_scenario(SCENARIO);

    assert_eq!(caller.authorize(&[]).await.status(), 200, "the browser must be asked again");
    caller.enter(SCENARIO);
    assert_eq!(audience(&caller, SCENARIO).await, "web");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_the_json_answers_can_be_changed() {
    let (_idp, caller) = start().await;
    let scope = || Scope::Scenario(SCENARIO.into());
    let deployment = Scope::Deployment;
    let mut response = set("token_type", json!("mac"));
    response.remove.push("refresh_token".into());
    caller.behave(order(scope(), Endpoint::Token, Times::Once, Action::TokenResponse(response)));
    caller.behave(order(scope(), Endpoint::Userinfo, Times::Once, Action::Userinfo(set("sub", json!("mallory")))));
    let introspection = Action::Introspection(set("active", json!("true")));
    caller.behave(order(scope(), Endpoint::Introspection, Times::Once, introspection));
    let document = Action::Discovery(set("issuer", json!("https://other.test")));
    caller.behave(order(deployment.clone(), Endpoint::Discovery, Times::Once, document));
    caller.behave(order(deployment, Endpoint::Jwks, Times::Once, Action::Jwks(json!({ "keys": [] }))));

    let tokens = caller.log_in().await;
    let userinfo: Value = caller.userinfo(text(&tokens, "access_token")).await.json().await.unwrap();
    let introspected = caller.introspect(text(&tokens, "access_token")).await;
    let document: Value = caller.get(DISCOVERY).send().await.unwrap().json().await.unwrap();
    let jwks: Value = caller.get("/jwks").send().await.unwrap().json().await.unwrap();

    assert_eq!((&tokens["token_type"], tokens.get("refresh_token")), (&json!("mac"), None));
    assert_eq!((&userinfo["sub"], &introspected["active"]), (&json!("mallory"), &json!("true")));
    assert_eq!((&document["issuer"], &jwks), (&json!("https://other.test"), &json!({ "keys": [] })));
    // Each was for once.
    assert_eq!(caller.introspect(text(&tokens, "access_token")).await["active"], true);
    let body = Action::IntrospectionBody(json!([true]));
    caller.behave(order(scope(), Endpoint::Introspection, Times::Once, body));
    assert_eq!(caller.introspect(text(&tokens, "access_token")).await, json!([true]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authorization_response_can_be_changed() {
    let (_idp, caller) = start().await;
    let change = |change| {
        let scope = Scope::Scenario(SCENARIO.into());
        caller.behave(order(scope, Endpoint::Authorization, Times::Once, Action::Authorization(change)))
    };

    let code = Parameter::Set("made-up".into());
    let iss = Parameter::Set("https://other.test".into());
    change(AuthorizationResponse { code, state: Parameter::Drop, iss, ..AuthorizationResponse::default() });
    let changed = caller.authorize(&[]).await;
    let error = Some("access_denied".to_owned());
    change(AuthorizationResponse { error, ..AuthorizationResponse::default() });
    let denied = caller.authorize(&[]).await;

    assert_eq!(redirected(&changed, "code").as_deref(), Some("made-up"));
    assert_eq!(redirected(&changed, "iss").as_deref(), Some("https://other.test"));
    assert_eq!(redirected(&changed, "state"), None);
    assert_eq!(redirected(&denied, "error").as_deref(), Some("access_denied"));
    assert_eq!((redirected(&denied, "code"), redirected(&denied, "state").as_deref()), (None, Some("state-1")));
}

fn fault(caller: &Caller, fault: Fault) -> mock_idp::BehaviourId {
    caller.behave(order(Scope::Deployment, Endpoint::Discovery, Times::Once, Action::Fault(fault)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_and_a_malformed_body_come_as_ordered() {
    let (_idp, caller) = start().await;
    let status = StatusFault { status: 503, body: "later".into(), content_type: "text/x-later".into() };
    let malformed = MalformedFault { body: "{\"issuer\":".into(), content_type: "application/json".into() };

    fault(&caller, Fault::Status(status));
    let unavailable = caller.get(DISCOVERY).send().await.unwrap();
    fault(&caller, Fault::Malformed(malformed));
    let broken = caller.get(DISCOVERY).send().await.unwrap();

    assert_eq!(
        (unavailable.status().as_u16(), &unavailable.headers()["content-type"]),
        (503, &"text/x-later".parse().unwrap())
    );
    assert_eq!(unavailable.text().await.unwrap(), "later");
    assert_eq!(
        (broken.status().as_u16(), &broken.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    assert_eq!(broken.text().await.unwrap(), "{\"issuer\":");
    caller.assert_serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_answer_is_the_proper_one() {
    let (_idp, caller) = start().await;
    let before = Instant::now();

    fault(&caller, Fault::Delay(300));
    caller.assert_serves().await;

    assert!(before.elapsed() >= Duration::from_millis(300), "{:?}", before.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_ends_without_a_byte() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (idp, caller) = start().await;
    fault(&caller, Fault::DropConnection);

    let mut stream = tokio::net::TcpStream::connect(idp.address()).await.unwrap();
    stream.write_all(format!("GET {DISCOVERY} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Whether it ends orderly or with a reset, nothing has come.
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("it ends");

    assert_eq!(answer, b"");
    caller.assert_serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_request_stays_open_and_disturbs_no_other() {
    let (idp, caller) = start().await;
    let id = fault(&caller, Fault::Hang);

    let hanging = caller.get(DISCOVERY).timeout(Duration::from_millis(300)).send().await;

    assert!(hanging.unwrap_err().is_timeout());
    assert_eq!(caller.issuer.fired(id), 1);
    caller.assert_serves().await;
    fault(&caller, Fault::Hang);
    let request = tokio::spawn(caller.get(DISCOVERY).send());
    while caller.issuer.mark() < 3 && !request.is_finished() {
        tokio::task::yield_now().await;
    }
    let before = Instant::now();
    idp.stop().await;
    assert!(before.elapsed() < Duration::from_secs(5), "a request that hangs must not keep the server");
    assert!(request.await.unwrap().is_err());
}
