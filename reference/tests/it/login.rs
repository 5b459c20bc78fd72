//! Logins: honest ones work, and everything else signs nobody in.

use mock_idp::{Action, AuthorizationResponse, Endpoint, Members, Parameter};
use reqwest::Method;
use serde_json::json;
use url::Url;

use crate::browser::{Browser, param, with_param};
use crate::house::{House, persona, sub};

#[tokio::test]
async fn an_honest_login_names_the_person() {
    let house = House::start().await;

    let mut browser = house.log_in("alice").await;

    let me = house.me(&mut browser).await.json();
    assert_eq!(me, json!({ "sub": sub("alice"), "email": "alice@example.test", "name": "alice" }));
    assert!(browser.get(&house.url("/")).await.body.contains("Signed in as <b>alice</b>"));
}

#[tokio::test]
async fn without_a_login_pages_lead_to_it_and_programs_are_refused() {
    let house = House::start().await;
    let mut browser = house.browser("alice");

    let page = browser.get(&house.url("/somewhere?a=b")).await;
    assert_eq!((page.status.as_u16(), page.body.as_str()), (302, ""));
    assert_eq!(page.location(), Some(house.url("/login?return_to=%2Fsomewhere%3Fa%3Db")));
    assert_eq!(browser.get(&house.url("/api/me")).await.status, 401);
    assert_eq!(browser.get(&house.url("/api/nothing")).await.status, 401);
    assert_eq!(browser.send(Method::POST, &house.url("/"), &[]).await.status, 302);
    let bearer = [("authorization", "bearer x")];
    assert_eq!(browser.send(Method::GET, &house.url("/"), &bearer).await.status, 401);
}

#[tokio::test]
async fn a_login_leads_back_to_the_page_first_asked_for() {
    let house = House::start().await;
    let mut browser = house.browser("alice");

    let page = browser.follow(&house.url("/api-description?x=1"), |_| false).await;

    assert_eq!((page.url, page.status.as_u16()), (house.url("/api-description?x=1"), 404));
}

#[tokio::test]
async fn a_return_target_elsewhere_leads_home() {
    let house = House::start().await;

    for target in ["https://evil.test/", "//evil.test/", "/\\evil.test/", "/%09/evil.test/"] {
        let mut browser = house.browser("alice");
        let callback = |to: &Url| to.path() == "/callback";
        let start = house.url(&format!("/login?return_to={target}"));
        let to_callback = browser.follow(&start, callback).await.location().unwrap();

        assert_eq!(browser.get(&to_callback).await.location(), Some(house.url("/")), "{target}");
    }
}

#[tokio::test]
async fn the_authorization_request_has_secrets_of_its_own_and_the_registered_redirect_uri() {
    let house = House::start().await;
    let host = [("host", "evil.test")];

    let one = house.browser("alice").send(Method::GET, &house.url("/login"), &host).await.location().unwrap();
    let other = house.browser("alice").get(&house.url("/login")).await.location().unwrap();

    assert_eq!(param(&one, "redirect_uri"), house.url("/callback").as_str());
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(param(&one, name).len(), 43);
        assert_ne!(param(&one, name), param(&other, name));
    }
}

#[tokio::test]
async fn a_callback_belongs_to_the_browser_that_started_it() {
    let house = House::start().await;
    let callback = house.up_to_callback(&mut house.browser("mallory")).await;
    let mut alice = house.browser("alice");

    let page = alice.get(&callback).await;

    assert_eq!(page.status, 400);
    assert_eq!(house.who(&mut alice).await, None);
    assert!(house.received(Endpoint::Token).is_empty());
}

#[tokio::test]
async fn a_callback_without_its_state_is_refused_and_a_state_works_once() {
    let house = House::start().await;
    let mut alice = house.browser("alice");
    let callback = house.up_to_callback(&mut alice).await;

    for state in ["", "another"] {
        assert_eq!(alice.get(&with_param(&callback, "state", state)).await.status, 400);
    }
    assert_eq!(alice.get(&callback).await.status, 302);
    assert_eq!(alice.get(&callback).await.status, 400);
    assert_eq!(house.received(Endpoint::Token).len(), 1);
    assert_eq!(house.who(&mut alice).await, sub("alice"));
}

#[tokio::test]
async fn a_parameter_that_comes_twice_is_refused() {
    let house = House::start().await;
    let mut alice = house.browser("alice");
    let mut callback = house.up_to_callback(&mut alice).await;
    callback.query_pairs_mut().append_pair("code", "another");

    assert_eq!(alice.get(&callback).await.status, 400);
    assert_eq!(house.who(&mut alice).await, None);
}

#[tokio::test]
async fn logins_in_several_tabs_work() {
    let house = House::start().await;
    let mut alice = house.browser("alice");
    let first = house.up_to_callback(&mut alice).await;
    let second = house.up_to_callback(&mut alice).await;

    assert_eq!(alice.get(&second).await.status, 302);
    assert_eq!(alice.get(&first).await.status, 302);
    assert_eq!(house.who(&mut alice).await, sub("alice"));
}

#[tokio::test]
async fn a_code_of_another_login_is_refused() {
    let house = House::start().await;
    let mut alice = house.browser("alice");
    let hers = house.up_to_callback(&mut alice).await;
    let theirs = house.up_to_callback(&mut house.browser("mallory")).await;

    let page = alice.get(&with_param(&hers, "code", &param(&theirs, "code"))).await;

    assert_eq!(page.status, 403);
    assert_eq!(house.who(&mut alice).await, None);
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_refused() {
    let house = House::start().await;
    house.order_authorization(AuthorizationResponse {
        iss: Parameter::Set("https://other.test".into()),
        ..AuthorizationResponse::default()
    });

    let mut alice = house.log_in("alice").await;

    assert_eq!(house.who(&mut alice).await, None);
    assert!(house.received(Endpoint::Token).is_empty());
}

#[tokio::test]
async fn a_refusal_by_the_provider_ends_calmly_and_escaped() {
    let house = House::start().await;
    house.order_authorization(AuthorizationResponse {
        error: Some("access_denied<script>".into()),
        error_description: Some("<script>alert(1)</script>".into()),
        ..AuthorizationResponse::default()
    });
    let mut alice = house.browser("alice");

    let page = alice.follow(&house.url("/login"), |_| false).await;

    assert_eq!(page.status, 403);
    assert!(page.body.contains("The login did not succeed") && page.body.contains("access_denied&lt;script&gt;"));
    assert!(!page.body.contains("<script>"));
    assert_eq!(house.who(&mut alice).await, None);
}

#[tokio::test]
async fn a_refused_id_token_signs_nobody_in_and_its_access_token_is_not_used() {
    let house = House::start().await;
    for claims in [
        json!({ "aud": "another-client" }),
        json!({ "iss": "https://other.test" }),
        json!({ "nonce": "another" }),
        json!({ "exp": 1 }),
        json!({ "sub": "" }),
    ] {
        house.order_claims(claims.clone());
        let mut alice = house.browser("alice");

        let page = alice.follow(&house.url("/login"), |_| false).await;

        assert_eq!(page.status, 403, "{claims}");
        assert_eq!(house.who(&mut alice).await, None, "{claims}");
    }
    assert!(house.received(Endpoint::Userinfo).is_empty());
}

#[tokio::test]
async fn an_incomplete_token_response_signs_nobody_in() {
    let house = House::start().await;
    let set = |members: serde_json::Value| Members { set: members.as_object().unwrap().clone(), remove: vec![] };
    for members in [
        Members { remove: vec!["id_token".into()], ..Members::default() },
        Members { remove: vec!["access_token".into()], ..Members::default() },
        set(json!({ "id_token": null })),
        set(json!({ "id_token": 1 })),
        set(json!({ "token_type": "mac" })),
    ] {
        house.order(Endpoint::Token, Action::TokenResponse(members.clone()));
        let mut alice = house.log_in("alice").await;

        assert_eq!(house.who(&mut alice).await, None, "{members:?}");
    }
}

#[tokio::test]
async fn userinfo_is_asked_where_the_id_token_has_no_address_and_must_be_about_the_same_person() {
    let house = House::start().await;
    let mut alice = persona("alice");
    alice.claims.remove("email");
    house.invite(vec![alice]);
    let email = |members: serde_json::Value| {
        let set = members.as_object().unwrap().clone();
        house.order(Endpoint::Userinfo, Action::Userinfo(Members { set, remove: vec![] }));
    };

    email(json!({ "email": "a@b.test" }));
    let mut honest = house.log_in("alice").await;
    email(json!({ "email": "a@b.test", "sub": "somebody-else" }));
    let mut swapped = house.log_in("alice").await;

    assert_eq!(house.me(&mut honest).await.json()["email"], "a@b.test");
    assert_eq!(house.who(&mut swapped).await, None);
}

#[tokio::test]
async fn an_unverified_address_is_not_told() {
    let house = House::start().await;
    let mut alice = persona("alice");
    alice.claims.insert("email_verified".into(), json!(false));
    house.invite(vec![alice]);

    let mut browser = house.log_in("alice").await;

    assert_eq!(house.me(&mut browser).await.json()["email"], json!(null));
    assert_eq!(house.who(&mut browser).await, sub("alice"));
}

#[tokio::test]
async fn the_token_request_has_the_verifier_and_authenticates_once() {
    let house = House::start().await;
    house.log_in("alice").await;

    let requests = house.received(Endpoint::Token);
    let [request] = requests.as_slice() else { panic!("{} token requests", requests.len()) };

    assert_eq!(request.client_auth, mock_idp::ClientAuth::ClientSecretBasic);
    assert_eq!(request.param("redirect_uri"), Some(house.url("/callback").as_str()));
    assert_eq!(request.param("code_verifier").map(str::len), Some(43));
}

#[tokio::test]
async fn many_people_log_in_at_once() {
    let house = std::sync::Arc::new(House::start().await);
    let logins = (0..40).map(|at| {
        let (house, name) = (house.clone(), ["alice", "bob"][at % 2]);
        tokio::spawn(async move {
            let mut browser: Browser = house.log_in(name).await;
            house.who(&mut browser).await == sub(name)
        })
    });

    for login in logins.collect::<Vec<_>>() {
        assert!(login.await.unwrap());
    }
}
