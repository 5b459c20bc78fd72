//! Many scenarios at once.

use mock_idp::{Action, Behaviour, Endpoint, Persona, ReceivedFilter, Recipe, ScenarioEntry, Scope, Times};
use serde_json::{Value, json};

use crate::support::{Caller, claims, start, text};

const SCENARIOS: usize = 100;

/// One login with refresh and userinfo; every second scenario orders a wrong audience, and every third a wrong `sub`.
async fn live(caller: Caller, number: usize) {
    let scenario = format!("many-{number}");
    let name = format!("person-{number}");
    caller.issuer.enter_scenario(ScenarioEntry { id: scenario.clone(), personas: vec![Persona::named(&name)] });
    let order = |on: Endpoint, action| {
        let scope = Scope::Scenario(scenario.clone());
        caller.behave(Behaviour { scope, on: on.into(), times: Times::Always, action });
    };
    let audience = if number.is_multiple_of(2) { format!("audience-{number}") } else { "web".into() };
    if number.is_multiple_of(2) {
        let recipe = json!({ "claims": { "set": { "aud": audience } } });
        order(Endpoint::Token, Action::IdToken(serde_json::from_value::<Recipe>(recipe).unwrap()));
    }
    let subject = if number.is_multiple_of(3) { format!("other-{number}") } else { format!("sub-{name}") };
    if number.is_multiple_of(3) {
        let members = json!({ "set": { "sub": subject } });
        order(Endpoint::Userinfo, Action::Userinfo(serde_json::from_value(members).unwrap()));
    }

    let tokens = caller.log_in_as(&scenario).await;
    let refreshed: Value = caller.refresh(text(&tokens, "refresh_token")).await.json().await.unwrap();
    let userinfo: Value = caller.userinfo(text(&refreshed, "access_token")).await.json().await.unwrap();

    for tokens in [&tokens, &refreshed] {
        let id_token = claims(text(tokens, "id_token"));
        assert_eq!((&id_token["sub"], &id_token["aud"]), (&json!(format!("sub-{name}")), &json!(audience)));
    }
    assert_eq!(userinfo["sub"], json!(subject), "{scenario}");
    let seen = caller.issuer.received(&ReceivedFilter { scenario: Some(scenario), ..ReceivedFilter::default() });
    let endpoints: Vec<_> = seen.iter().map(|step| step.endpoint).collect();
    assert_eq!(endpoints, [Endpoint::Authorization, Endpoint::Token, Endpoint::Token, Endpoint::Userinfo]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_scenarios_at_once_do_not_disturb_each_other() {
    let (_idp, caller) = start().await;

    let running: Vec<_> = (0..SCENARIOS).map(|number| tokio::spawn(live(caller.clone(), number))).collect();

    for scenario in running {
        scenario.await.unwrap();
    }
    assert_eq!(caller.issuer.mark(), 4 * SCENARIOS as u64);
}
