//! Each planted defect is found by its own check and by no other; without any, every row holds.

use std::collections::BTreeSet;

use reference::Defect;

use crate::raw::{self, request};
use crate::rows;
use crate::services::Services;

/// The checks that find something, with what they find.
async fn findings(services: &Services) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for row in rows::all(services).await {
        if let Some(departure) = row.departure(services).await {
            found.push((row.check, departure));
        }
    }
    found
}

/// What each scenario begins with: the path opens for alice and is closed to an anonymous caller.
async fn controls_hold(services: &Services) -> bool {
    let token = services.valid_token().await;
    let mut hold = !raw::send(services.frontend, &request("GET", "/api/me", &[])).await.is_success();
    for (to, path) in [(services.metadata, "/resources"), (services.search, "/search")] {
        let opened = services.get(to, path, &format!("Bearer {token}")).await;
        let closed = raw::send(to, &request("GET", path, &[])).await;
        hold &= opened.is_success() && opened.body.contains("sub-alice") && !closed.is_success();
    }
    hold
}

#[tokio::test]
async fn without_defects_every_row_holds() {
    let services = Services::start(&[]).await;

    let found = findings(&services).await;

    assert_eq!(found, []);
    assert!(controls_hold(&services).await);
}

#[tokio::test]
async fn each_defect_is_found_by_its_own_check_alone() {
    let areas = ["I-", "L-"];
    let planted = Defect::ALL.iter().filter(|defect| areas.iter().any(|area| defect.check().starts_with(area)));
    let mut astray = Vec::new();
    let mut count = 0;

    for defect in planted {
        let services = Services::start(&[*defect]).await;
        let mut expected = BTreeSet::from([defect.check()]);
        if *defect == Defect::BearerMissingAccepted {
            // The same request as the row "nothing" of I-02: whoever is let in is told no reason for a refusal.
            expected.insert("I-02");
        }
        let found = findings(&services).await;
        let checks: BTreeSet<&str> = found.iter().map(|(check, _)| *check).collect();
        if checks != expected || !controls_hold(&services).await {
            astray.push(format!("{}: {found:#?}", defect.name()));
        }
        count += 1;
    }

    assert!(astray.is_empty(), "{}", astray.join("\n"));
    assert_eq!(count, 25);
}
