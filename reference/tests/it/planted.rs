//! A few planted defects, one of each kind: they do what their summary says, and honest logins go on.

use mock_idp::{AuthorizationResponse, Endpoint, Persona};
use reference::Defect;
use reqwest::Method;
use serde_json::json;

use crate::browser::{Browser, param, with_param};
use crate::house::{House, persona, sub};

#[tokio::test]
async fn an_honest_login_works_whatever_is_planted() {
    for defect in Defect::ALL {
        let house = House::planted(*defect).await;

        let mut alice = house.log_in("alice").await;

        assert_eq!(house.who(&mut alice).await, sub("alice"), "{}", defect.name());
    }
}

#[tokio::test]
async fn a_state_that_is_not_bound_or_not_compared_signs_in() {
    let house = House::planted(Defect::StateNotBoundToBrowser).await;
    let callback = house.up_to_callback(&mut house.browser("mallory")).await;
    let mut alice = house.browser("alice");
    alice.get(&callback).await;
    assert_eq!(house.who(&mut alice).await, sub("mallory"));

    let house = House::planted(Defect::StateUnchecked).await;
    for state in ["another", ""] {
        let mut alice = house.browser("alice");
        let callback = house.up_to_callback(&mut alice).await;
        alice.get(&with_param(&callback, "state", state)).await;
        assert_eq!(house.who(&mut alice).await, sub("alice"), "{state:?}");
    }
}

#[tokio::test]
async fn a_state_that_stays_redeems_twice() {
    let house = House::planted(Defect::StateReusable).await;
    let mut alice = house.browser("alice");
    let callback = house.up_to_callback(&mut alice).await;

    alice.get(&callback).await;
    alice.get(&callback).await;

    assert_eq!(house.received(Endpoint::Token).len(), 2);
}

#[tokio::test]
async fn a_code_can_be_injected() {
    let house = House::planted(Defect::CodeInjection).await;
    let mut alice = house.browser("alice");
    let hers = house.up_to_callback(&mut alice).await;
    let theirs = house.up_to_callback(&mut house.browser("mallory")).await;

    alice.get(&with_param(&hers, "code", &param(&theirs, "code"))).await;

    assert_eq!(house.who(&mut alice).await, sub("mallory"));
    house.order_claims(json!({ "nonce": "another" }));
    assert_eq!(house.who(&mut house.log_in("alice").await).await, None);
}

#[tokio::test]
async fn a_missing_id_token_is_tolerated() {
    let house = House::planted(Defect::MissingIdTokenTolerated).await;
    let remove = mock_idp::Members { remove: vec!["id_token".into()], ..Default::default() };
    house.order(Endpoint::Token, mock_idp::Action::TokenResponse(remove));

    assert_eq!(house.who(&mut house.log_in("alice").await).await, sub("alice"));
}

#[tokio::test]
async fn secrets_stand_in_addresses() {
    let house = House::planted(Defect::CodeInAddress).await;
    house.log_in("alice").await;
    assert!(house.received(Endpoint::Token)[0].path_and_query.contains("?code="));

    let house = House::planted(Defect::ClientSecretInAddress).await;
    house.log_in("alice").await;
    assert!(house.received(Endpoint::Userinfo)[0].path_and_query.contains("?client_secret="));
}

#[tokio::test]
async fn refusals_crash_or_tell_too_much() {
    let page = async |defect, error: bool| {
        let house = House::planted(defect).await;
        match error {
            true => house.order_authorization(AuthorizationResponse {
                error: Some("access_denied".into()),
                error_description: Some("<script>".into()),
                ..AuthorizationResponse::default()
            }),
            false => house.order_claims(json!({ "aud": "another-client" })),
        }
        let mut alice = house.browser("alice");
        let page = alice.follow(&house.url("/login"), |_| false).await;
        assert_eq!(house.who(&mut alice).await, None);
        (page.status.as_u16(), page.body, house.received(Endpoint::Userinfo).len())
    };

    assert_eq!(page(Defect::CallbackErrorIs500, true).await.0, 500);
    assert_eq!(page(Defect::CallbackErrorIs500, false).await.0, 403);
    assert!(page(Defect::ErrorTextUnescaped, true).await.1.contains("<script>"));
    assert_eq!(page(Defect::RefusalIs500, false).await.0, 500);
    assert_eq!(page(Defect::RefusalIs500, true).await.0, 403);
    assert!(page(Defect::SecretsInErrorPage, false).await.1.contains("refresh_token"));
    assert_eq!(page(Defect::RefusedLoginLeavesTokens, false).await.2, 1);
}

#[tokio::test]
async fn the_authorization_request_is_spoilt() {
    let start = async |defect| {
        let house = House::planted(defect).await;
        let host = [("host", "evil.test")];
        let to = house.browser("alice").send(Method::GET, &house.url("/login"), &host).await.location().unwrap();
        to.query().unwrap().to_owned()
    };

    assert!(!start(Defect::ScopeWithoutOpenid).await.contains("openid"));
    assert!(start(Defect::StateGuessable).await.contains("state=login-0"));
    assert!(!start(Defect::PkceMissing).await.contains("code_challenge"));
    assert!(start(Defect::HostHeaderInRedirectUri).await.contains("evil.test"));
    assert!(start(Defect::NonceConstant).await.contains("nonce=bm9uY2"));
}

#[tokio::test]
async fn sessions_are_spoilt() {
    let house = House::planted(Defect::SessionFixation).await;
    let mut alice = house.browser("alice");
    let callback = house.up_to_callback(&mut alice).await;
    let mut attacker = alice.clone();
    alice.get(&callback).await;
    assert_eq!(house.who(&mut attacker).await, sub("alice"));

    let house = House::planted(Defect::CookieTampering).await;
    let alice = house.log_in("alice").await;
    let session = alice.cookie(&house.url("/"), "session").unwrap();
    let other = if &session[11..12] == "A" { "B" } else { "A" };
    let mut tampered = Browser::new();
    tampered.set_cookie(&house.url("/"), "session", &format!("{}{other}{}", &session[..11], &session[12..]));
    assert_eq!(house.who(&mut tampered).await, sub("alice"));

    let house = House::planted(Defect::CookieUnprotected).await;
    let cookies = house.browser("alice").get(&house.url("/login")).await.set_cookies();
    assert!(!cookies[0].contains("HttpOnly") && !cookies[0].contains("SameSite"));

    let house = House::planted(Defect::PublishedCookieKey).await;
    let alice = house.log_in("alice").await;
    assert!(alice.cookie(&house.url("/"), "user").is_some());
}

#[tokio::test]
async fn logouts_are_spoilt() {
    /// Who is signed in: the browser itself, its copied cookies, the copy after the next login, another browser.
    async fn after(defect: Defect) -> [bool; 4] {
        let house = House::planted(defect).await;
        let (mut alice, mut other) = (house.log_in("alice").await, house.log_in("alice").await);
        let mut copied = alice.clone();
        alice.get(&house.url("/logout")).await;
        let itself = house.who(&mut alice).await.is_some();
        let copy = house.who(&mut copied.clone()).await.is_some();
        let elsewhere = house.who(&mut other).await.is_some();
        house.log_in("alice").await;
        [itself, copy, house.who(&mut copied).await.is_some(), elsewhere]
    }

    assert_eq!(after(Defect::LogoutOnlyDeletesCookie).await, [false, true, true, true]);
    assert_eq!(after(Defect::LogoutKeepsCookie).await, [true, false, false, true]);
    assert_eq!(after(Defect::OldCookieRevived).await, [false, false, true, true]);
    assert_eq!(after(Defect::LogoutEndsAllSessions).await, [false, false, false, false]);
    assert_eq!(after(Defect::PublishedCookieKey).await, [false, false, false, true]);
}

#[tokio::test]
async fn logouts_lead_elsewhere() {
    let to = async |defect| {
        let house = House::planted(defect).await;
        let mut alice = house.log_in("alice").await;
        alice.get(&house.url("/logout?next=https://evil.test/")).await.location()
    };

    assert_eq!(to(Defect::EndSessionNotCalled).await, None);
    assert_eq!(to(Defect::LogoutOpenRedirect).await.unwrap().as_str(), "https://evil.test/");
}

#[tokio::test]
async fn calls_are_spoilt() {
    let call = async |defect| {
        let house = House::planted(defect).await;
        let mut alice = house.log_in("alice").await;
        let forged = [("x-user", "root"), ("x_user", "root")];
        let page = alice.send(Method::GET, &house.url("/api/resources"), &forged).await;
        assert_eq!(page.status, 200);
        house.downstream.calls().remove(0)
    };

    let spoilt = call(Defect::IdentityHeadersPassed).await;
    assert_eq!((spoilt.header("x-user"), spoilt.header("x_user")), (Some("root"), None));
    let spoilt = call(Defect::UnderscoreHeadersPassed).await;
    assert_eq!((spoilt.header("x-user"), spoilt.header("x_user")), (None, Some("root")));
    assert!(call(Defect::RefreshTokenForwarded).await.header("x-forwarded-refresh-token").is_some());
    let spoilt = call(Defect::ServiceTokenForwarded).await;
    assert!(!spoilt.header("authorization").unwrap().ends_with(spoilt.header("x-forwarded-access-token").unwrap()));
}

#[tokio::test]
async fn answers_to_calls_are_spoilt() {
    async fn answered(defect: Defect, status: u16) -> (u16, usize) {
        let house = House::planted(defect).await;
        let mut alice = house.log_in("alice").await;
        let to = house.downstream.url.join("/elsewhere").unwrap().to_string();
        house.downstream.answer(status, "text/html", "", Some(("location", to)));
        let page = alice.get(&house.url("/api/resources")).await;
        (page.status.as_u16(), house.downstream.calls().len())
    }

    assert_eq!(answered(Defect::DownstreamRedirectsFollowed, 307).await, (502, 2));
    assert_eq!(answered(Defect::DownstreamRedirectsFollowed, 302).await, (502, 1));
    assert_eq!(answered(Defect::DownstreamErrorIsSuccess, 403).await, (200, 1));
    assert_eq!(answered(Defect::DownstreamErrorIsSuccess, 302).await, (502, 1));
    assert_eq!(answered(Defect::DownstreamPageIsData, 302).await, (200, 1));
    assert_eq!(answered(Defect::DownstreamPageIsData, 403).await, (502, 1));

    let house = House::planted(Defect::CallWithoutToken).await;
    assert_eq!(house.browser("alice").get(&house.url("/api/resources")).await.status, 401);
    assert_eq!(house.downstream.calls().len(), 1);
}

#[tokio::test]
async fn people_are_mixed_up() {
    async fn signed_in(defect: Defect, email: serde_json::Value, verified: serde_json::Value) -> Option<String> {
        let house = House::planted(defect).await;
        let plain = |name: &str| {
            let mut persona: Persona = persona(name);
            persona.claims.insert("email".into(), email.clone());
            persona
        };
        let mut mallory = plain("mallory");
        mallory.claims.insert("email_verified".into(), verified);
        mallory.claims.insert("user_id".into(), sub("bob").into());
        house.log_in("bob").await;
        house.invite(vec![plain("alice"), mallory]);
        house.log_in("alice").await;
        house.who(&mut house.log_in("mallory").await).await
    }

    assert_eq!(signed_in(Defect::UnverifiedEmailLinked, json!("a@b.test"), json!(false)).await, sub("alice"));
    assert_eq!(signed_in(Defect::MissingEmailShared, json!(null), json!(false)).await, sub("alice"));
    assert_eq!(signed_in(Defect::MissingEmailShared, json!("a@b.test"), json!(false)).await, sub("mallory"));
    assert_eq!(signed_in(Defect::ClaimSetsInternalField, json!("a@b.test"), json!(true)).await, sub("bob"));
}

#[tokio::test]
async fn identities_go_stale_or_leak() {
    let house = House::planted(Defect::FirstEmailKept).await;
    house.log_in("alice").await;
    let mut changed = persona("alice");
    changed.claims.insert("email".into(), json!("new@example.test"));
    house.invite(vec![changed]);
    let mut alice = house.log_in("alice").await;
    assert_eq!(house.me(&mut alice).await.json()["email"], "alice@example.test");

    let house = House::planted(Defect::StaleIdentity).await;
    let mut browser = house.log_in("alice").await;
    browser.set_cookie(&house.issuer.authorization_endpoint(), mock_idp::PERSONA_COOKIE, "bob");
    browser.follow(&house.url("/login"), |_| false).await;
    assert_eq!(house.who(&mut browser).await, sub("alice"));

    let house = House::planted(Defect::LookupForOthers).await;
    house.log_in("bob").await;
    let mut alice = house.log_in("alice").await;
    let asked = alice.get(&house.url("/api/me?user_id=bob@example.test")).await;
    assert_eq!(asked.json()["sub"].as_str().map(str::to_owned), sub("bob"));

    let house = House::planted(Defect::TokenShownToBrowser).await;
    let mut alice = house.log_in("alice").await;
    assert!(house.me(&mut alice).await.json()["access_token"].is_string());

    let house = House::planted(Defect::ContentInChallenge).await;
    house.log_in("alice").await;
    let page = Browser::new().get(&house.url("/profile")).await;
    assert!(page.status == 302 && page.body.contains(&sub("alice").unwrap()));
}

#[tokio::test]
async fn tokens_are_mixed_up() {
    async fn is_one_token(defect: Defect, email: &str) -> bool {
        let house = House::planted(defect).await;
        let mut mallory = persona("mallory");
        mallory.claims.insert("email".into(), email.into());
        house.invite(vec![persona("alice"), mallory]);
        let mut alice = house.log_in("alice").await;
        let mut mallory = house.log_in("mallory").await;
        for browser in [&mut alice, &mut mallory] {
            assert_eq!(browser.get(&house.url("/api/resources")).await.status, 200);
        }
        let calls = house.downstream.calls();
        calls[0].header("authorization") == calls[1].header("authorization")
    }

    assert!(is_one_token(Defect::TokensKeyedByEmail, "alice@example.test").await);
    assert!(!is_one_token(Defect::TokensKeyedByEmail, "mallory@example.test").await);
    assert!(is_one_token(Defect::TokensKeyedByCutSubject, "mallory@example.test").await);
}
