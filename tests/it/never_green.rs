//! Services that answer everything the same way: nothing can be proven there, and no run may come out green.

use authproof::check::Check;
use authproof::mock_idp::MockIdp;
use authproof::outcome::{EndReason, RunOutcome};
use authproof::target::{Client, Service, Target};
use axum::Router;
use axum::http::StatusCode;

use super::app;

async fn always(status: StatusCode) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(move || async move { (status, "the same for everybody, whoever asks") });
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// The built-in features on a relying party.
async fn relying_party(status: StatusCode) -> RunOutcome {
    let idp = MockIdp::builder().start().await.unwrap();
    let target = app::target(&idp, &always(status).await);
    authproof::check(target).idp(idp).run().await.unwrap()
}

/// The built-in features on a resource server.
async fn resource_server(status: StatusCode) -> RunOutcome {
    let idp = MockIdp::builder().start().await.unwrap();
    let url = always(status).await.parse().unwrap();
    let service = Service::resource_server("api", url).protected("/things").health("/health").audience("api");
    let target = Target::builder("api").provider(&idp).client(Client::public("api")).service(service).build().unwrap();
    let check: Check = authproof::check(target).idp(idp);
    check.run().await.unwrap()
}

#[tokio::test]
async fn a_relying_party_that_answers_always_the_same_is_not_ready() {
    for status in [StatusCode::UNAUTHORIZED, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::OK] {
        let outcome = relying_party(status).await;

        assert_eq!(outcome.exit_code(), 3, "{status}: {:?}", outcome.counts());
        assert_eq!(outcome.end.reason, EndReason::NotReady, "{status}");
        assert_eq!(outcome.counts().pass, 0, "{status}");
        assert!(outcome.diagnoses.iter().all(|found| found.blocking && !found.remedy.is_empty()), "{status}");
    }
}

#[tokio::test]
async fn a_resource_server_that_answers_always_the_same_is_never_green() {
    for status in [StatusCode::UNAUTHORIZED, StatusCode::INTERNAL_SERVER_ERROR, StatusCode::OK] {
        let outcome = resource_server(status).await;

        assert_eq!(outcome.exit_code(), 3, "{status}: {:?}", outcome.counts());
        assert_eq!(outcome.end.reason, EndReason::NotReady, "{status}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let idp = MockIdp::builder().start().await.unwrap();

    let outcome = authproof::check(app::target(&idp, &url)).idp(idp).run().await.unwrap();

    assert_eq!(outcome.exit_code(), 3);
    let found = &outcome.diagnoses[0];
    assert!(found.problem.contains("no answer") && found.remedy.contains(&url), "{found:?}");
}
