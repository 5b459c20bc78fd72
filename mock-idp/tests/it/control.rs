//! The control API does over HTTP what the library does.

use mock_idp::{Behaviour, ControlSettings, MockIdp, ReceivedFilter};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Caller, SCENARIO, claims, code_of, settings, start, text};

const TOKEN: &str = "control-token";

struct Controlled {
    idp: MockIdp,
    caller: Caller,
}

impl Controlled {
    async fn start() -> Self {
        let control = ControlSettings { listen: ([127, 0, 0, 1], 0).into(), token: TOKEN.into() };
        let idp = MockIdp::builder().issuer(settings("")).control(control).start().await.unwrap();
        let caller = Caller::of(idp.first_issuer());
        Self { idp, caller }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = self.idp.control_address().unwrap();
        self.caller.http.request(method, format!("http://{address}{path}")).bearer_auth(TOKEN)
    }

    /// The answer to a request that must go well.
    async fn done(&self, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (status, answer) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{path}: {answer}");
        serde_json::from_str(&answer).unwrap()
    }

    async fn refused(&self, method: Method, path: &str, body: Value) -> u16 {
        let response = self.request(method, path).json(&body).send().await.unwrap();
        let status = response.status().as_u16();
        let answer: Value = response.json().await.unwrap();
        assert!(answer["error"].as_str().is_some_and(|why| !why.is_empty()), "{path}: {answer}");
        status
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_off_unless_asked_for() {
    let (idp, caller) = start().await;

    assert_eq!(idp.control_address(), None);
    assert_eq!(caller.get("/issuers").bearer_auth(TOKEN).send().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_has_a_port_of_its_own() {
    let controlled = Controlled::start().await;

    assert_ne!(controlled.idp.control_address().unwrap().port(), controlled.idp.address().port());
    assert_eq!(controlled.caller.get("/issuers").bearer_auth(TOKEN).send().await.unwrap().status(), 404);
    let discovery = controlled.request(Method::GET, "/.well-known/openid-configuration");
    assert_eq!(discovery.send().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_needs_its_token() {
    let controlled = Controlled::start().await;
    let url = format!("http://{}/issuers", controlled.idp.control_address().unwrap());

    for header in [None, Some("Bearer wrong"), Some("Bearer "), Some(TOKEN), Some("Basic Y29udHJvbC10b2tlbjo=")] {
        let request = controlled.caller.http.get(&url);
        let request = header.map_or(request.try_clone().unwrap(), |header| request.header("authorization", header));
        let response = request.send().await.unwrap();

        assert_eq!(response.status(), 401, "{header:?}");
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
    let empty = ControlSettings { listen: ([127, 0, 0, 1], 0).into(), token: String::new() };
    assert!(MockIdp::builder().control(empty).start().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn scenarios_and_orders_are_those_of_the_library() {
    let controlled = Controlled::start().await;
    let caller = &controlled.caller;
    let persona = json!({ "name": "zoe", "sub": "sub-zoe", "claims": { "email": "zoe@example.test" } });
    let order = json!({
        "scope": { "scenario": SCENARIO }, "on": { "endpoint": "token" }, "times": { "times": 2 },
        "action": { "id-token": { "claims": { "set": { "aud": "another" } } } },
    });
    // The JSON is the one of the Rust type.
    let typed: Behaviour = serde_json::from_value(order.clone()).unwrap();
    assert_eq!(typed.check(), Ok(()));

    controlled.done(Method::POST, "/scenarios", json!({ "id": SCENARIO, "personas": [persona] })).await;
    let id = controlled.done(Method::POST, "/behaviours", order).await["id"].as_u64().unwrap();
    let tokens = caller.log_in().await;

    let id_token = claims(text(&tokens, "id_token"));
    assert_eq!((&id_token["sub"], &id_token["aud"]), (&json!("sub-zoe"), &json!("another")));
    let behaviour = format!("/behaviours/{id}");
    assert_eq!(controlled.done(Method::GET, &behaviour, Value::Null).await, json!({ "fired": 1 }));
    controlled.done(Method::DELETE, &behaviour, Value::Null).await;
    assert_eq!(claims(text(&caller.log_in().await, "id_token"))["aud"], "web");

    controlled.done(Method::DELETE, &format!("/scenarios/{SCENARIO}"), Value::Null).await;
    assert_eq!(caller.authorize(&[]).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_those_of_the_library() {
    let controlled = Controlled::start().await;
    controlled.caller.enter(SCENARIO);
    controlled.caller.log_in().await;

    let mark = controlled.done(Method::GET, "/mark", Value::Null).await;
    let filter = json!({ "scenario": SCENARIO, "endpoint": "token", "since": 1 });
    let received = controlled.done(Method::POST, "/received", filter).await;

    assert_eq!(mark, json!({ "mark": controlled.caller.issuer.mark() }));
    let filter = ReceivedFilter { since: Some(1), ..ReceivedFilter::default() };
    let same = serde_json::to_value(controlled.caller.issuer.received(&filter)).unwrap();
    assert_eq!(received["received"], same);
    assert_eq!(same.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_clients_and_keys_are_those_of_the_library() {
    let controlled = Controlled::start().await;
    let first = controlled.caller.issuer.clone();
    let callback = crate::support::CALLBACK;

    let added =
        controlled.done(Method::POST, "/issuers", json!({ "at": { "path": "second" }, "fresh_keys": true })).await;
    let url = text(&added, "issuer");
    let client = json!({ "id": "web", "secret": crate::support::SECRET, "redirect_uris": [callback] });
    controlled.done(Method::POST, &format!("/clients?issuer={url}"), client).await;
    let second = Caller::of(controlled.idp.issuers()[1].clone());
    second.enter(SCENARIO);
    let code = code_of(&second.authorize(&[]).await);
    assert_eq!(second.redeem(&code).await.status(), 200);
    let before = second.issuer.jwks().await;
    controlled.done(Method::POST, &format!("/keys/rotate?issuer={url}"), Value::Null).await;
    assert_ne!(second.issuer.jwks().await, before);

    let listed = controlled.done(Method::GET, "/issuers", Value::Null).await;
    assert_eq!(listed, json!({ "issuers": [first.url(), url] }));
    controlled.done(Method::DELETE, &format!("/issuers?issuer={url}"), Value::Null).await;
    assert_eq!(controlled.idp.issuers().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minted_token_is_the_one_the_library_would_mint() {
    let controlled = Controlled::start().await;
    let mint = json!({
        "kind": "access_token", "client_id": "web", "persona": { "name": "zoe", "sub": "sub-zoe" },
        "audience": ["https://api.test"], "scope": "openid", "scenario": SCENARIO,
    });

    let minted = controlled.done(Method::POST, "/mint", mint).await;

    let token = text(&minted, "token");
    assert_eq!(claims(token)["aud"], "https://api.test");
    assert_eq!(controlled.caller.userinfo(token).await.status(), 200);
    let spa = json!({
        "kind": "id_token", "client_id": "spa", "persona": { "name": "zoe", "sub": "sub-zoe" },
        "recipe": { "alg": "HS256", "key": "client-secret" },
    });
    assert_eq!(controlled.refused(Method::POST, "/mint", spa).await, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_told_in_json() {
    let controlled = Controlled::start().await;
    let never = json!({
        "scope": "deployment", "on": { "endpoint": "jwks" }, "times": { "times": 0 }, "action": { "jwks": {} },
    });
    let cases = [
        (Method::POST, "/behaviours", never, 400),
        (Method::POST, "/behaviours", json!({ "scope": "deployment", "typo": 1 }), 422),
        (Method::POST, "/clients", json!({ "id": "x", "id_token_alg": "XX256" }), 400),
        (Method::POST, "/issuers", json!({ "at": { "path": "" } }), 409),
        (Method::POST, "/issuers", json!({ "at": { "url": "nonsense" } }), 400),
        (Method::DELETE, "/issuers?issuer=http://nobody.test", Value::Null, 404),
        (Method::GET, "/mark?issuer=http://nobody.test", Value::Null, 404),
        (Method::GET, "/behaviours/x", Value::Null, 400),
        (Method::PUT, "/mark", Value::Null, 405),
        (Method::GET, "/nothing", Value::Null, 404),
    ];

    for (method, path, body, status) in cases {
        assert_eq!(controlled.refused(method, path, body).await, status, "{path}");
    }
}
