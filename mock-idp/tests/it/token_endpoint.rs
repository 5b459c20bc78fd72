//! The token endpoint: client authentication and the grants.

use mock_idp::{Client, ClientAuth, Endpoint, ReceivedFilter};
use serde_json::Value;

use crate::support::{CALLBACK, SECRET, basic, claims, code_of, redemption, refusal, segment, start, text};

const CREDENTIALS: [(&str, &str); 1] = [("grant_type", "client_credentials")];

#[tokio::test(flavor = "multi_thread")]
async fn a_basic_header_is_form_decoded() {
    let (_idp, caller) = start().await;
    let (id, secret) = ("web app", "a:b c&d%41+é");
    caller.issuer.add_client(Client::confidential(id, secret));

    let request = caller.post("/token", &CREDENTIALS).header("authorization", basic(id, secret));

    assert_eq!(request.send().await.unwrap().status(), 200);
    let seen = caller.issuer.received(&ReceivedFilter { endpoint: Some(Endpoint::Token), ..Default::default() });
    assert_eq!((seen[0].client_auth, seen[0].client_id.as_deref()), (ClientAuth::ClientSecretBasic, Some(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_may_stand_in_the_form() {
    let (_idp, caller) = start().await;

    let form = [CREDENTIALS[0], ("client_id", "web"), ("client_secret", SECRET)];
    let response = caller.post("/token", &form).send().await.unwrap();

    assert_eq!(response.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_redeems_with_its_identifier_alone() {
    let (_idp, caller) = start().await;
    let code = code_of(&caller.authorize(&[("client_id", Some("spa"))]).await);
    let mut form = redemption(&code).to_vec();
    form.push(("client_id", "spa"));

    let response = caller.post("/token", &form).send().await.unwrap();

    assert_eq!(response.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_refused() {
    let (_idp, caller) = start().await;
    let with = |fields: &[(&'static str, &'static str)]| [&CREDENTIALS[..], fields].concat();
    let forms = [
        with(&[("client_id", "web"), ("client_secret", "wrong")]),
        with(&[("client_id", "web"), ("client_secret", "")]),
        with(&[("client_id", "web")]),
        with(&[("client_id", "nobody"), ("client_secret", SECRET)]),
        with(&[("client_id", "spa"), ("client_secret", "some")]),
        with(&[]),
    ];

    for form in forms {
        let response = caller.post("/token", &form).send().await.unwrap();
        assert_eq!(refusal(response).await, (401, "invalid_client".into()), "{form:?}");
    }
    for header in [basic("web", "wrong"), "Basic".into(), "Basic !!!".into(), "Basic d2Vi".into()] {
        let response = caller.post("/token", &CREDENTIALS).header("authorization", &header).send().await.unwrap();
        assert_eq!(refusal(response).await, (401, "invalid_client".into()), "{header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_methods_in_one_request_are_refused() {
    let (_idp, caller) = start().await;
    let twice = [CREDENTIALS[0], ("client_id", "web"), ("client_secret", SECRET)];
    let another_id = [CREDENTIALS[0], ("client_id", "other")];

    assert_eq!(refusal(caller.token(&twice).send().await.unwrap()).await, (400, "invalid_request".into()));
    assert_eq!(refusal(caller.token(&another_id).send().await.unwrap()).await, (400, "invalid_request".into()));
    let in_url = format!("/token?client_id=web&client_secret={SECRET}");
    let response = caller.post(&in_url, &CREDENTIALS).send().await.unwrap();
    assert_eq!(refusal(response).await, (400, "invalid_request".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_replaced_at_each_use() {
    let (_idp, caller) = start().await;
    let first = caller.log_in().await;

    let second: Value = caller.refresh(text(&first, "refresh_token")).await.json().await.unwrap();
    let third: Value = caller.refresh(text(&second, "refresh_token")).await.json().await.unwrap();

    assert_ne!(text(&first, "refresh_token"), text(&second, "refresh_token"));
    assert_eq!(caller.userinfo(text(&third, "access_token")).await.status(), 200);
    let (before, after) = (claims(text(&first, "id_token")), claims(text(&third, "id_token")));
    // OIDC Core 12.2: the same person and session, no nonce.
    assert_eq!((&before["sub"], &before["auth_time"]), (&after["sub"], &after["auth_time"]));
    assert_eq!((&before["sid"], after.get("nonce")), (&after["sid"], None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_comes_twice_ends_the_whole_family() {
    let (_idp, caller) = start().await;
    let first = caller.log_in().await;
    let bystander = caller.log_in().await;
    let second: Value = caller.refresh(text(&first, "refresh_token")).await.json().await.unwrap();

    let reused = caller.refresh(text(&first, "refresh_token")).await;

    assert_eq!(refusal(reused).await, (400, "invalid_grant".into()));
    assert_eq!(refusal(caller.refresh(text(&second, "refresh_token")).await).await.1, "invalid_grant");
    assert_eq!(caller.userinfo(text(&second, "access_token")).await.status(), 401);
    assert_eq!(caller.userinfo(text(&bystander, "access_token")).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_bound_to_its_client_and_scope() {
    let (_idp, caller) = start().await;
    let tokens = caller.log_in().await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
    let wider = [form[0], form[1], ("scope", "openid address")];
    let narrower = [form[0], form[1], ("scope", "openid")];

    let by_other = caller.post("/token", &form).header("authorization", basic("other", "s3cret-of-other"));

    assert_eq!(refusal(by_other.send().await.unwrap()).await, (400, "invalid_grant".into()));
    assert_eq!(refusal(caller.token(&wider).send().await.unwrap()).await, (400, "invalid_scope".into()));
    let narrowed: Value = caller.token(&narrower).send().await.unwrap().json().await.unwrap();
    assert_eq!(narrowed["scope"], "openid");
    assert!(claims(text(&narrowed, "id_token")).get("email").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn client_credentials_give_an_access_token_for_the_client_itself() {
    let (_idp, caller) = start().await;

    let form = [CREDENTIALS[0], ("scope", "reports")];
    let tokens: Value = caller.token(&form).send().await.unwrap().json().await.unwrap();

    let access_token = claims(text(&tokens, "access_token"));
    assert_eq!((&access_token["sub"], &access_token["client_id"]), (&"web".into(), &"web".into()));
    assert_eq!(access_token["scope"], "reports");
    assert_eq!(segment(text(&tokens, "access_token"), 0)["typ"], "at+jwt");
    assert!(tokens.get("id_token").is_none() && tokens.get("refresh_token").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_has_no_credentials() {
    let (_idp, caller) = start().await;

    let response = caller.post("/token", &[CREDENTIALS[0], ("client_id", "spa")]).send().await.unwrap();

    assert_eq!(refusal(response).await, (400, "unauthorized_client".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_grants_and_made_up_codes_are_refused() {
    let (_idp, caller) = start().await;
    let tokens = caller.log_in().await;
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[], "invalid_request"),
        (&[("grant_type", "authorization_code")], "invalid_request"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (&redemption("made-up"), "invalid_grant"),
        // A refresh token is no code.
        (&redemption(text(&tokens, "refresh_token")), "invalid_grant"),
    ];

    for (form, error) in cases {
        assert_eq!(refusal(caller.token(form).send().await.unwrap()).await, (400, error.into()), "{form:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn token_responses_may_not_be_stored() {
    let (_idp, caller) = start().await;
    let code = code_of(&caller.authorize(&[("redirect_uri", Some(CALLBACK))]).await);

    let response = caller.redeem(&code).await;

    assert_eq!(response.headers()["cache-control"], "no-store");
}
