//! The code flow: who gets a code, and who may redeem it.

use mock_idp::Persona;
use reqwest::StatusCode;

use crate::support::{
    Caller, SCENARIO, basic, claims, code_of, redemption, redirected, refusal, settings, start, text,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_login_ends_with_tokens_that_say_who_logged_in() {
    let (_idp, caller) = start().await;

    let response = caller.authorize(&[]).await;

    assert_eq!(response.status(), 302);
    assert_eq!(redirected(&response, "state").as_deref(), Some("state-1"));
    assert_eq!(redirected(&response, "iss").as_deref(), Some(caller.issuer.url()));
    let tokens: serde_json::Value = caller.redeem(&code_of(&response)).await.json().await.unwrap();
    let id_token = claims(text(&tokens, "id_token"));
    assert_eq!(id_token["iss"], caller.issuer.url());
    assert_eq!(id_token["aud"], "web");
    assert_eq!(id_token["sub"], "sub-alice");
    assert_eq!(id_token["nonce"], "nonce-1");
    assert_eq!(id_token["email"], "alice@example.test");
    assert_eq!(id_token["mock_idp"], true);
    assert_eq!(tokens["token_type"], "Bearer");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_persona_cookie_chooses_the_persona() {
    let (_idp, caller) = start().await;

    let code = code_of(&caller.authorize_as(SCENARIO, Some("bob"), &[]).await);

    let tokens: serde_json::Value = caller.redeem(&code).await.json().await.unwrap();
    assert_eq!(claims(text(&tokens, "id_token"))["sub"], "sub-bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_challenge_is_enforced() {
    let (_idp, caller) = start().await;
    let mut wrong = redemption("");
    wrong[3].1 = "another-verifier-of-at-least-forty-three-characters";

    for form in [&wrong[..], &redemption("")[..3]] {
        let code = caller.code().await;
        let mut form = form.to_vec();
        form[1].1 = &code;
        let refused = caller.token(&form).send().await.unwrap();

        assert_eq!(refusal(refused).await, (400, "invalid_grant".into()));
        // A refused attempt does not use the code up.
        assert_eq!(caller.redeem(&code).await.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verifier_without_a_challenge_is_refused() {
    let (_idp, caller) = start().await;
    let without = [("code_challenge", None), ("code_challenge_method", None)];
    let code = code_of(&caller.authorize(&without).await);

    assert_eq!(refusal(caller.redeem(&code).await).await, (400, "invalid_grant".into()));
    assert_eq!(caller.token(&redemption(&code)[..3]).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_must_use_pkce_and_plain_is_refused() {
    let (_idp, caller) = start().await;
    let without = [("client_id", Some("spa")), ("code_challenge", None), ("code_challenge_method", None)];
    let plain = [("code_challenge_method", Some("plain"))];
    let unnamed = [("code_challenge_method", None)];

    for changes in [&without[..], &plain[..], &unnamed[..]] {
        let response = caller.authorize(changes).await;

        assert_eq!(redirected(&response, "error").as_deref(), Some("invalid_request"), "{changes:?}");
        assert_eq!(redirected(&response, "code"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_a_second_use_revokes_what_it_gave() {
    let (_idp, caller) = start().await;
    let code = caller.code().await;
    let tokens: serde_json::Value = caller.redeem(&code).await.json().await.unwrap();

    let again = caller.redeem(&code).await;

    assert_eq!(refusal(again).await, (400, "invalid_grant".into()));
    assert_eq!(caller.userinfo(text(&tokens, "access_token")).await.status(), 401);
    assert_eq!(refusal(caller.refresh(text(&tokens, "refresh_token")).await).await.1, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_bound_to_its_client_and_its_redirect_uri() {
    let (_idp, caller) = start().await;
    let code = caller.code().await;
    let mut elsewhere = redemption(&code);
    elsewhere[2].1 = "http://127.0.0.1:8080/callback/";
    let of_other = caller.post("/token", &redemption(&code)).header("authorization", basic("other", "s3cret-of-other"));

    assert_eq!(refusal(of_other.send().await.unwrap()).await, (400, "invalid_grant".into()));
    assert_eq!(refusal(caller.token(&elsewhere).send().await.unwrap()).await, (400, "invalid_grant".into()));
    let missing = [redemption(&code)[0], redemption(&code)[1], redemption(&code)[3]];
    assert_eq!(refusal(caller.token(&missing).send().await.unwrap()).await, (400, "invalid_grant".into()));
    assert_eq!(caller.redeem(&code).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_a_redirect_uri_that_differs_in_one_byte() {
    let (_idp, caller) = start().await;
    let others = [
        Some("http://127.0.0.1:8080/callback/"),
        Some("http://127.0.0.1:8080/callback?x=1"),
        Some("http://127.0.0.1:8081/callback"),
        Some("http://127.0.0.1:8080/Callback"),
        Some("http://127.0.0.1:8080/x/../callback"),
        Some(""),
        None,
    ];

    for other in others {
        let response = caller.authorize(&[("redirect_uri", other)]).await;

        assert_eq!(response.status(), 400, "{other:?}");
        assert!(response.headers().get("location").is_none(), "{other:?}");
    }
    assert_eq!(caller.authorize(&[("client_id", Some("nobody"))]).await.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_told_at_the_redirect_uri() {
    let (_idp, caller) = start().await;
    let cases = [
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", None, "invalid_request"),
        ("request", Some("x"), "request_not_supported"),
        ("request_uri", Some("x"), "request_uri_not_supported"),
        ("response_mode", Some("fragment"), "invalid_request"),
        ("code_challenge", Some("short"), "invalid_request"),
    ];

    for (name, value, error) in cases {
        let response = caller.authorize(&[(name, value)]).await;

        assert_eq!(redirected(&response, "error").as_deref(), Some(error), "{name}");
        assert_eq!(redirected(&response, "state").as_deref(), Some("state-1"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_without_scenario_meets_a_login_page_that_works() {
    let (_idp, caller) = start().await;
    let url = caller.authorization_url(&[]);

    let page = caller.http.get(url.clone()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains(r#"<form method="post" id="login">"#), "{page}");
    assert!(page.contains(r#"name="username""#), "{page}");
    for (name, value) in url.query_pairs() {
        let value = value.replace('&', "&amp;");
        assert!(page.contains(&format!(r#"<input type="hidden" name="{name}" value="{value}">"#)), "{name}: {page}");
    }

    let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    form.push(("username".into(), "bob".into()));
    let response = caller.http.post(caller.at("/authorize")).form(&form).send().await.unwrap();

    // A POST must become a GET, so that the form is not sent on (RFC 9700 section 4.12).
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let session = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let tokens: serde_json::Value = caller.redeem(&code_of(&response)).await.json().await.unwrap();
    assert_eq!(claims(text(&tokens, "id_token"))["sub"], "sub-bob");

    // From now on the browser is known; `prompt=login` asks again.
    let known = caller.http.get(url).header("cookie", &session).send().await.unwrap();
    assert_eq!(known.status(), 302);
    let prompted = caller.authorization_url(&[("prompt", Some("login"))]);
    assert_eq!(caller.http.get(prompted).header("cookie", &session).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_persona_is_asked_again_and_prompt_none_shows_no_page() {
    let (_idp, caller) = start().await;
    let mut form: Vec<(String, String)> = caller.authorization_url(&[]).query_pairs().into_owned().collect();
    form.push(("username".into(), "mallory".into()));

    let asked = caller.http.post(caller.at("/authorize")).form(&form).send().await.unwrap();
    let silent = caller.http.get(caller.authorization_url(&[("prompt", Some("none"))])).send().await.unwrap();

    assert_eq!(asked.status(), 401);
    assert_eq!(redirected(&silent, "error").as_deref(), Some("login_required"));
    let unknown_scenario = caller.authorize_as("nobody-entered-it", None, &[]).await;
    assert_eq!(unknown_scenario.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_shows_is_escaped() {
    let (_idp, caller) = start().await;
    let hostile = r#""><script>alert(1)</script>"#;

    let page = caller.http.get(caller.authorization_url(&[("state", Some(hostile))])).send().await.unwrap();

    assert!(!page.text().await.unwrap().contains("<script>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn automatic_login_is_off_unless_the_issuer_was_told() {
    let lenient = settings("").persona(Persona::named("carol")).auto_login("carol");
    let idp = mock_idp::MockIdp::builder().issuer(lenient).start().await.unwrap();
    let caller = Caller::of(idp.first_issuer());

    let response = caller.http.get(caller.authorization_url(&[])).send().await.unwrap();

    let tokens: serde_json::Value = caller.redeem(&code_of(&response)).await.json().await.unwrap();
    assert_eq!(claims(text(&tokens, "id_token"))["sub"], "sub-carol");
}
