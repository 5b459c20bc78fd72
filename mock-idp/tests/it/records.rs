//! What the provider keeps of the requests it got.

use mock_idp::{ClientAuth, Endpoint, Received, ReceivedFilter, TokenKind};

use crate::support::{Caller, SCENARIO, SECRET, start, text};

fn received(caller: &Caller, endpoint: Endpoint) -> Vec<Received> {
    caller.issuer.received(&ReceivedFilter { endpoint: Some(endpoint), ..ReceivedFilter::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_recorded_step_by_step_in_its_scenario() {
    let (_idp, caller) = start().await;

    let tokens = caller.log_in().await;

    let filter = ReceivedFilter { scenario: Some(SCENARIO.into()), ..ReceivedFilter::default() };
    let seen = caller.issuer.received(&filter);
    let steps: Vec<_> = seen.iter().map(|step| (step.endpoint, step.response_status, step.seq)).collect();
    assert_eq!(steps, [(Endpoint::Authorization, 302, 1), (Endpoint::Token, 200, 2)]);
    assert_eq!(seen[0].param("nonce"), Some("nonce-1"));
    assert_eq!((seen[1].client_id.as_deref(), seen[1].client_auth), (Some("web"), ClientAuth::ClientSecretBasic));
    let issued: Vec<_> = seen[1].issued.iter().map(|issued| (issued.kind, issued.token.as_str())).collect();
    assert_eq!(
        issued,
        [
            (TokenKind::AccessToken, text(&tokens, "access_token")),
            (TokenKind::RefreshToken, text(&tokens, "refresh_token")),
            (TokenKind::IdToken, text(&tokens, "id_token")),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_came_after_a_mark_is_found() {
    let (_idp, caller) = start().await;
    caller.log_in().await;

    let mark = caller.issuer.mark();
    caller.assert_serves().await;

    let seen = caller.issuer.received(&ReceivedFilter { since: Some(mark), ..ReceivedFilter::default() });
    assert_eq!(seen.iter().map(|step| step.endpoint).collect::<Vec<_>>(), [Endpoint::Discovery]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_secret_is_kept_wherever_it_stood() {
    use base64::Engine;
    let (_idp, caller) = start().await;
    let grant = ("grant_type", "client_credentials");
    let in_form = [grant, ("client_id", "web"), ("client_secret", SECRET), ("password", SECRET)];

    caller.token(&[grant]).send().await.unwrap();
    caller.post("/token", &in_form).send().await.unwrap();
    let in_url = format!("/token?client_id=web&client_secret={SECRET}");
    caller.post(&in_url, &[grant]).send().await.unwrap();
    caller.post("/token", &[grant]).header("authorization", format!("Made-up {SECRET}")).send().await.unwrap();

    let seen = received(&caller, Endpoint::Token);
    let methods: Vec<_> = seen.iter().map(|step| step.client_auth).collect();
    assert_eq!(
        methods,
        [ClientAuth::ClientSecretBasic, ClientAuth::ClientSecretPost, ClientAuth::Query, ClientAuth::None]
    );
    let kept = format!("{seen:?}") + &serde_json::to_string(&seen).unwrap();
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("web:{SECRET}"));
    assert!(!kept.contains(SECRET) && !kept.contains(&encoded), "{kept}");
    assert_eq!(seen[1].param("client_secret"), Some("***"));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_do_not_print_their_secrets() {
    let printed = format!("{:?}", mock_idp::MockIdp::builder().issuer(crate::support::settings("")));

    assert!(printed.contains("web") && !printed.contains(SECRET), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_where_nothing_is_gets_recorded_as_such() {
    let (_idp, caller) = start().await;

    let response = caller.get("/.well-known/other?x=1").send().await.unwrap();

    assert_eq!(response.status(), 404);
    let seen = received(&caller, Endpoint::Other);
    assert_eq!((seen[0].path_and_query.as_str(), seen[0].response_status), ("/.well-known/other?x=1", 404));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_takes_its_records_with_it() {
    let (_idp, caller) = start().await;
    caller.enter("scenario-2");
    caller.log_in().await;
    caller.log_in_as("scenario-2").await;

    caller.issuer.leave_scenario(SCENARIO);

    let seen = caller.issuer.received(&ReceivedFilter::default());
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|step| step.scenario.as_deref() == Some("scenario-2")));
}
