//! The service proven in `cargo test`, by the built-in features and those of this folder; and the proof of the proof.

use authproof::mock_idp::MockIdp;
use authproof::outcome::{RunOutcome, Verdict};
use authproof::target::{Client, Service, Target};
use own_service::Settings;

async fn run(forgets_audience: bool) -> Result<RunOutcome, Box<dyn std::error::Error>> {
    let idp = MockIdp::builder().start().await?;
    let issuer = idp.first_issuer().url().to_owned();
    let url = own_service::start(Settings { issuer, audience: "notes".into(), forgets_audience }).await?;
    let notes = Service::resource_server("notes", url.parse()?).protected("/notes").health("/health").audience("notes");
    let target = Target::builder("notes").provider(&idp).client(Client::public("notes")).service(notes).build()?;
    let features = concat!(env!("CARGO_MANIFEST_DIR"), "/features");
    Ok(authproof::check(target).idp(idp).features(features).run().await?)
}

#[tokio::test]
async fn the_login_in_front_of_notes_holds() {
    run(false).await.unwrap().assert_passed();
}

#[tokio::test]
async fn a_service_that_forgets_the_audience_is_caught() {
    let outcome = run(true).await.unwrap();

    let failed = outcome.scenarios.iter().filter(|scenario| matches!(scenario.verdict, Verdict::Fail(_)));
    let checks: Vec<&str> = failed.filter_map(|scenario| scenario.case.check.as_deref()).collect();
    assert!(!checks.is_empty() && checks.iter().all(|check| *check == "I-10"), "{checks:?}");
    assert_eq!(outcome.exit_code(), 1);
}
