//! Several issuers in one server.

use mock_idp::{
    Action, Behaviour, Endpoint, IssuerSettings, Members, MockIdp, ReceivedFilter, Scope, StartError, Times,
};
use serde_json::Value;

use crate::support::{Caller, SCENARIO, refusal, settings, text};

/// Three issuers, one of them below another.
async fn three() -> (MockIdp, [Caller; 3]) {
    let builder = ["one", "two", "two/below"]
        .into_iter()
        .fold(MockIdp::builder(), |builder, path| builder.issuer(settings(path).fresh_keys()));
    let idp = builder.start().await.unwrap();
    let callers: Vec<Caller> = idp.issuers().into_iter().map(Caller::of).collect();
    callers.iter().for_each(|caller| caller.enter(SCENARIO));
    (idp, callers.try_into().ok().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_issuer_serves_its_own_document_and_keys() {
    let (_idp, callers) = three().await;

    let mut kids = Vec::new();
    for caller in &callers {
        let document: Value =
            caller.get("/.well-known/openid-configuration").send().await.unwrap().json().await.unwrap();
        let jwks: Value = caller.get("/jwks").send().await.unwrap().json().await.unwrap();
        assert_eq!(document["issuer"], caller.issuer.url());
        assert_eq!(document["jwks_uri"], caller.at("/jwks"));
        kids.push(jwks["keys"][0]["kid"].clone());
    }

    assert!(kids[0] != kids[1] && kids[1] != kids[2] && kids[0] != kids[2], "{kids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_one_issuer_counts_at_another() {
    let (_idp, [one, two, below]) = three().await;
    let tokens = one.log_in().await;

    for other in [&two, &below] {
        assert_eq!(refusal(other.redeem(&one.code().await).await).await, (400, "invalid_grant".into()));
        assert_eq!(refusal(other.refresh(text(&tokens, "refresh_token")).await).await.1, "invalid_grant");
        assert_eq!(other.userinfo(text(&tokens, "access_token")).await.status(), 401);
        assert_eq!(other.introspect(text(&tokens, "access_token")).await["active"], false);
        let logout = other.get("/end_session").query(&[("id_token_hint", text(&tokens, "id_token"))]);
        assert_eq!(logout.send().await.unwrap().status(), 400);
    }
    assert_eq!(one.userinfo(text(&tokens, "access_token")).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_records_and_clients_of_one_issuer_are_not_those_of_another() {
    let (_idp, [one, two, below]) = three().await;
    let members = Members { remove: vec!["jwks_uri".into()], ..Members::default() };
    one.behave(Behaviour {
        scope: Scope::Deployment,
        on: Endpoint::Discovery.into(),
        times: Times::Always,
        action: Action::Discovery(members),
    });
    one.issuer.add_client(mock_idp::Client::confidential("only-here", "x"));

    let path = "/.well-known/openid-configuration";
    let changed: Value = one.get(path).send().await.unwrap().json().await.unwrap();
    let unchanged: Value = below.get(path).send().await.unwrap().json().await.unwrap();

    assert!(changed.get("jwks_uri").is_none() && unchanged.get("jwks_uri").is_some());
    let form = [("grant_type", "client_credentials"), ("client_id", "only-here"), ("client_secret", "x")];
    assert_eq!(one.post("/token", &form).send().await.unwrap().status(), 200);
    assert_eq!(below.post("/token", &form).send().await.unwrap().status(), 401);
    let seen = |caller: &Caller| caller.issuer.received(&ReceivedFilter::default()).len();
    assert_eq!((seen(&one), seen(&two), seen(&below)), (2, 0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_come_and_go_while_it_runs() {
    let (idp, [one, ..]) = three().await;

    let added = Caller::of(idp.add_issuer(settings("late")).unwrap());
    added.assert_serves().await;
    let taken = idp.add_issuer(settings("late"));
    let removed = idp.remove_issuer(added.issuer.url());

    assert!(matches!(taken, Err(StartError::SamePath { .. })));
    assert!(removed && !idp.remove_issuer(one.issuer.url()));
    let gone = added.get("/.well-known/openid-configuration").send().await.unwrap();
    assert_eq!(gone.status(), 404);
    one.assert_serves().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_that_services_know_under_another_host_is_kept_byte_for_byte() {
    let issuer = "https://login.example.test/realms/Main/";
    let idp = MockIdp::builder().issuer(IssuerSettings::new(issuer)).start().await.unwrap();
    let http = Caller::of(idp.first_issuer()).http;

    let url = idp.base_url().join("realms/Main/.well-known/openid-configuration").unwrap();
    let document: Value = http.get(url).send().await.unwrap().json().await.unwrap();

    assert_eq!(document["issuer"], issuer);
    assert_eq!(document["token_endpoint"], "https://login.example.test/realms/Main/token");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_identifier_is_refused_at_the_start() {
    for bad in ["ftp://a.test", "https://a.test/?x=1", "https://a.test/#x", "nonsense"] {
        let started = MockIdp::builder().issuer(IssuerSettings::new(bad)).start().await;

        assert!(matches!(started.err(), Some(StartError::Issuer { .. })), "{bad}");
    }
}
