//! What becomes of tokens: userinfo, introspection, revocation, logout.

use serde_json::{Value, json};

use crate::support::{LOGGED_OUT, basic, redirected, refusal, start, text};

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_says_what_the_scope_allows() {
    let (_idp, caller) = start().await;
    let tokens = caller.log_in().await;
    let form =
        [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token")), ("scope", "openid")];
    let narrowed: Value = caller.token(&form).send().await.unwrap().json().await.unwrap();

    let wide: Value = caller.userinfo(text(&tokens, "access_token")).await.json().await.unwrap();
    let narrow: Value = caller.userinfo(text(&narrowed, "access_token")).await.json().await.unwrap();

    assert_eq!((&wide["sub"], &wide["email"]), (&json!("sub-alice"), &json!("alice@example.test")));
    assert_eq!(narrow, json!({ "sub": "sub-alice" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_takes_the_token_in_the_form_and_not_in_the_url() {
    let (_idp, caller) = start().await;
    let tokens = caller.log_in().await;
    let token = text(&tokens, "access_token");

    let in_form = caller.post("/userinfo", &[("access_token", token)]).send().await.unwrap();
    let twice = caller.post("/userinfo", &[("access_token", token)]).bearer_auth(token).send().await.unwrap();
    let in_url = caller.get(&format!("/userinfo?access_token={token}")).send().await.unwrap();

    assert_eq!((in_form.status().as_u16(), twice.status().as_u16(), in_url.status().as_u16()), (200, 400, 401));
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_refuses_what_is_no_access_token() {
    let (_idp, caller) = start().await;
    let tokens = caller.log_in().await;
    let form = [("grant_type", "client_credentials")];
    let of_client: Value = caller.token(&form).send().await.unwrap().json().await.unwrap();

    for name in ["id_token", "refresh_token"] {
        let response = caller.userinfo(text(&tokens, name)).await;
        assert!(response.headers()["www-authenticate"].to_str().unwrap().contains("invalid_token"));
        assert_eq!(refusal(response).await, (401, "invalid_token".into()), "{name}");
    }
    let without_openid = caller.userinfo(text(&of_client, "access_token")).await;
    assert_eq!(refusal(without_openid).await, (403, "insufficient_scope".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_tells_a_live_access_token_from_anything_else() {
    let (_idp, caller) = start().await;
    let tokens = caller.log_in().await;

    let live = caller.introspect(text(&tokens, "access_token")).await;

    assert_eq!((&live["active"], &live["sub"]), (&json!(true), &json!("sub-alice")));
    assert_eq!(live["client_id"], "web");
    for other in [text(&tokens, "id_token"), "made-up", ""] {
        assert_eq!(caller.introspect(other).await, json!({ "active": false }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_is_for_confidential_clients() {
    let (_idp, caller) = start().await;

    let anonymous = caller.post("/introspect", &[("token", "x")]).send().await.unwrap();
    let public = caller.post("/introspect", &[("token", "x"), ("client_id", "spa")]).send().await.unwrap();

    assert_eq!(refusal(anonymous).await, (401, "invalid_client".into()));
    assert_eq!(refusal(public).await, (401, "invalid_client".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_no_longer_counts() {
    let (_idp, caller) = start().await;
    let one = caller.log_in().await;
    let two = caller.log_in().await;
    let revoke = async |token: &str, id: &str, secret: &str| {
        let request = caller.post("/revoke", &[("token", token)]).header("authorization", basic(id, secret));
        request.send().await.unwrap().status().as_u16()
    };

    // Another client cannot revoke it, and is not told so (RFC 7009 section 2.2).
    assert_eq!(revoke(text(&one, "access_token"), "other", "s3cret-of-other").await, 200);
    assert_eq!(caller.userinfo(text(&one, "access_token")).await.status(), 200);
    assert_eq!(revoke(text(&one, "access_token"), "web", crate::support::SECRET).await, 200);
    assert_eq!(caller.userinfo(text(&one, "access_token")).await.status(), 401);
    assert_eq!(caller.introspect(text(&one, "access_token")).await, json!({ "active": false }));
    assert_eq!(caller.refresh(text(&one, "refresh_token")).await.status(), 200);

    // With the refresh token goes the whole grant.
    assert_eq!(revoke(text(&two, "refresh_token"), "web", crate::support::SECRET).await, 200);
    assert_eq!(caller.refresh(text(&two, "refresh_token")).await.status(), 400);
    assert_eq!(caller.userinfo(text(&two, "access_token")).await.status(), 401);
    assert_eq!(revoke("made-up", "web", crate::support::SECRET).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_leads_back_only_to_a_registered_uri() {
    let (_idp, caller) = start().await;
    let tokens = caller.log_in().await;
    let hint = ("id_token_hint", text(&tokens, "id_token"));
    let logout = async |params: &[(&str, &str)]| caller.get("/end_session").query(params).send().await.unwrap();

    let registered = logout(&[hint, ("post_logout_redirect_uri", LOGGED_OUT), ("state", "x y")]).await;
    let unregistered = logout(&[hint, ("post_logout_redirect_uri", "http://evil.test/")]).await;
    let of_nobody = logout(&[("post_logout_redirect_uri", LOGGED_OUT)]).await;
    let of_other = logout(&[hint, ("client_id", "other"), ("post_logout_redirect_uri", LOGGED_OUT)]).await;

    assert!(registered.headers()["location"].to_str().unwrap().starts_with(LOGGED_OUT));
    assert_eq!(redirected(&registered, "state").as_deref(), Some("x y"));
    assert_eq!((unregistered.status().as_u16(), unregistered.headers().get("location")), (200, None));
    assert_eq!((of_nobody.status().as_u16(), of_nobody.headers().get("location")), (200, None));
    assert_eq!(of_other.status(), 400);
    let forged = format!("{}x", text(&tokens, "id_token"));
    assert_eq!(logout(&[("id_token_hint", &forged)]).await.status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_session_at_the_provider() {
    let (_idp, caller) = start().await;
    let url = caller.authorization_url(&[]);
    let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    form.push(("username".into(), "alice".into()));
    let response = caller.http.post(caller.at("/authorize")).form(&form).send().await.unwrap();
    let session = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();

    let logout = caller.get("/end_session").header("cookie", &session).send().await.unwrap();

    assert!(logout.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    // Even a browser that kept the cookie is asked again.
    assert_eq!(caller.http.get(url).header("cookie", &session).send().await.unwrap().status(), 200);
}
