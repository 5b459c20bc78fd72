//! How the provider is asked, and what its answers are worth.

use mock_idp::{Action, ClientAuth, Endpoint, Members, ReceivedFilter};
use serde_json::{Value, json};

use crate::services::Services;

#[tokio::test]
async fn the_provider_is_asked_each_time_by_an_authenticated_post() {
    let services = Services::start(&[]).await;
    let token = services.valid_token().await;

    for _ in 0..2 {
        assert_eq!(services.get(services.search, "/search", &format!("Bearer {token}")).await.status, 200);
    }

    let filter = ReceivedFilter { endpoint: Some(Endpoint::Introspection), ..Default::default() };
    let asked = services.issuer.received(&filter);
    assert_eq!(asked.len(), 2);
    for request in asked {
        assert_eq!((request.method.as_str(), request.client_auth), ("POST", ClientAuth::ClientSecretBasic));
        assert_eq!((request.param("token"), request.path_and_query.as_str()), (Some(token.as_str()), "/introspect"));
    }
}

#[tokio::test]
async fn an_active_token_must_fit_in_every_other_way_too() {
    let services = Services::start(&[]).await;
    let set =
        |name: &str, value: Value| Members { set: [(name.to_owned(), value)].into_iter().collect(), remove: vec![] };
    let remove = |name: &str| Members { remove: vec![name.into()], ..Members::default() };
    let table = [
        ("iss", set("iss", json!("https://other.test"))),
        ("aud", set("aud", json!("https://other.test"))),
        ("no aud", remove("aud")),
        ("exp", set("exp", json!(1))),
        ("no exp", remove("exp")),
        ("nbf", set("nbf", json!(9_999_999_999_i64))),
        ("token_type", set("token_type", json!("DPoP"))),
        ("no sub", remove("sub")),
    ];

    for (scenario, members) in table {
        let token = services.token_answered_with(scenario, Action::Introspection(members)).await;
        let answer = services.get(services.search, "/search", &format!("Bearer {token}")).await;
        assert_eq!(answer.status, 401, "{scenario}");
    }
}

#[tokio::test]
async fn members_that_may_be_left_out_may_be_left_out() {
    let services = Services::start(&[]).await;
    let members = Members { remove: vec!["iss".into(), "iat".into(), "token_type".into()], ..Members::default() };

    let token = services.token_answered_with("sparse", Action::Introspection(members)).await;

    assert_eq!(services.get(services.search, "/search", &format!("Bearer {token}")).await.status, 200);
}
