//! Whole runs on a small service: verdicts, evidence, limits, interrupts.

use std::time::Duration;

use authproof::check::CheckError;
use authproof::outcome::{EndReason, RunOutcome, StepStatus, Verdict};
use authproof::run::read_journal;
use authproof::suite::Selection;
use authproof::world::{StepResult, World};
use cucumber::when;

use super::app::Deployment;
use super::folder::Folder;

const LOGIN: &str = "\
Feature: The login of web

  Scenario: Alice signs in
    When alice logs in to web
    Then alice is signed in to web

  Scenario: A token for another client is refused
    Given alice can log in to web
    When alice logs in to web with an id_token where aud is another client
    Then the login is refused
";

/// A feature with these steps before an honest login.
fn feature(steps: &[&str]) -> String {
    let scenarios = steps.iter().map(|step| {
        format!(
            "  Scenario: {step}\n    When {step}\n    And alice logs in to web\n    Then alice is signed in to web\n\n"
        )
    });
    format!("Feature: Trouble\n\n{}", scenarios.collect::<String>())
}

#[when("the test does nothing")]
async fn nothing(_: &mut World) {}

#[when("the test panics")]
async fn panics(_: &mut World) {
    panic!("a panic of the test's own");
}

#[when("the test fails without a judgement")]
async fn fails(_: &mut World) -> StepResult {
    Err("no judgement".into())
}

#[when("the test hangs")]
async fn hangs(_: &mut World) {
    std::future::pending().await
}

#[when("the test leaves something out")]
async fn leaves_out(world: &mut World) -> StepResult {
    world.judge(Verdict::Skip { reason: "not here".into() })
}

fn verdict<'a>(outcome: &'a RunOutcome, title: &str) -> &'a Verdict {
    let mut scenarios = outcome.scenarios.iter();
    let found = scenarios.find(|scenario| scenario.case.title == title);
    &found.unwrap_or_else(|| panic!("no scenario `{title}` in {outcome:?}")).verdict
}

fn reason<'a>(outcome: &'a RunOutcome, title: &str) -> &'a str {
    match verdict(outcome, title) {
        Verdict::Error { reason } => reason,
        other => panic!("`{title}` ended with {other:?}"),
    }
}

#[tokio::test]
async fn a_service_that_does_it_right_passes() {
    let folder = Folder::new();

    let outcome = Deployment::start(false).await.check(&folder, LOGIN).run().await.unwrap();

    outcome.assert_passed();
    assert_eq!((outcome.counts().pass, outcome.exit_code()), (2, 0));
}

#[tokio::test]
async fn a_service_that_takes_tokens_of_others_fails_and_the_doctor_does_not_stop_the_run() {
    let folder = Folder::new();

    let outcome = Deployment::start(true).await.check(&folder, LOGIN).run().await.unwrap();

    assert_eq!(outcome.exit_code(), 1);
    assert!(matches!(verdict(&outcome, "A token for another client is refused"), Verdict::Fail(_)));
    assert!(matches!(verdict(&outcome, "Alice signs in"), Verdict::Pass));
    assert!(std::panic::catch_unwind(|| outcome.assert_passed()).is_err());
}

#[tokio::test]
async fn each_exchange_belongs_to_the_step_that_caused_it() {
    let folder = Folder::new();
    let (_, steps) = LOGIN.split_once("Scenario: A token for another client is refused\n").unwrap();
    let copies: String = (0..20).map(|number| format!("  Scenario: Copy {number}\n{steps}\n")).collect();
    let feature = format!("Feature: Many\n\n{copies}");

    let outcome = Deployment::start(false).await.check(&folder, &feature).concurrency(20).run().await.unwrap();

    outcome.assert_passed();
    assert_eq!(outcome.scenarios.len(), 20);
    for scenario in &outcome.scenarios {
        let steps_of = |path: &str| -> Vec<Option<&str>> {
            let of_path = scenario.exchanges.iter().filter(|exchange| exchange.request.target.starts_with(path));
            of_path.map(|exchange| exchange.step.as_deref()).collect()
        };
        let given = Some("Given alice can log in to web");
        let when = Some("When alice logs in to web with an id_token where aud is another client");
        assert_eq!(steps_of("/login"), [given, when]);
        assert_eq!(steps_of("/callback?"), [given, when]);
        assert_eq!(scenario.exchanges.first().unwrap().step.as_deref(), given);
    }
}

#[tokio::test]
async fn what_judges_nothing_or_breaks_is_an_error_and_never_a_pass() {
    let folder = Folder::new();
    let steps = ["the test panics", "the test fails without a judgement"];
    let alone = "  Scenario: Nothing is judged\n    When the test does nothing\n    Then the test is over\n";
    let feature = format!("{}{alone}", feature(&steps));

    let outcome = Deployment::start(false).await.check(&folder, &feature).run().await.unwrap();

    assert_eq!(outcome.exit_code(), 3);
    assert!(reason(&outcome, "the test panics").contains("a panic of the test's own"));
    assert!(reason(&outcome, "the test fails without a judgement").contains("no judgement"));
    assert!(reason(&outcome, "Nothing is judged").contains("without judging anything"));
    let steps = |title: &str| -> Vec<StepStatus> {
        let scenario = outcome.scenarios.iter().find(|scenario| scenario.case.title == title).unwrap();
        scenario.steps.iter().map(|step| step.status).collect()
    };
    assert_eq!(steps("the test panics"), [StepStatus::Failed, StepStatus::NotRun, StepStatus::NotRun]);
}

#[cucumber::then("the test is over")]
async fn over(_: &mut World) {}

#[tokio::test]
async fn a_scenario_may_leave_itself_out_and_is_not_counted_as_passed() {
    let folder = Folder::new();
    let feature = feature(&["the test leaves something out"]);

    let outcome = Deployment::start(false).await.check(&folder, &feature).run().await.unwrap();

    assert_eq!((outcome.counts().skip, outcome.exit_code()), (1, 4));
}

#[tokio::test]
async fn a_scenario_that_hangs_is_an_error_and_the_others_go_on() {
    let folder = Folder::new();
    let feature = feature(&["the test hangs", "the test does nothing"]);
    let check = Deployment::start(false).await.check(&folder, &feature);

    let outcome = check.scenario_deadline(Duration::from_secs(2)).run().await.unwrap();

    assert!(reason(&outcome, "the test hangs").contains("longer than its 2 seconds"));
    assert_eq!(verdict(&outcome, "the test does nothing"), &Verdict::Pass);
    assert_eq!((&outcome.end.reason, outcome.exit_code()), (&EndReason::Completed, 3));
}

#[tokio::test]
async fn the_deadline_ends_the_run_with_what_was_seen() {
    let folder = Folder::new();
    let feature = feature(&["the test hangs", "the test does nothing"]);
    let check = Deployment::start(false).await.check(&folder, &feature);

    let outcome = check.deadline(Duration::from_secs(3)).run().await.unwrap();

    assert_eq!((&outcome.end.reason, outcome.exit_code()), (&EndReason::Deadline { seconds: 3 }, 3));
    assert_eq!(outcome.scenarios.len(), 2);
    assert!(reason(&outcome, "the test hangs").contains("deadline"));
}

#[tokio::test]
async fn an_interrupt_leaves_journal_and_report_of_what_was_seen() {
    let folder = Folder::new();
    let (journal, junit) = (folder.path("journal.ndjson"), folder.path("junit.xml"));
    let seen = journal.clone();
    let interrupted = async move {
        // The honest scenario has ended and stands in the journal; the other one hangs.
        while !std::fs::read_to_string(&seen).is_ok_and(|text| text.contains("the test does nothing")) {
            tokio::task::yield_now().await;
        }
    };
    let feature = feature(&["the test hangs", "the test does nothing"]);
    let check = Deployment::start(false).await.check(&folder, &feature);

    let outcome = check.until(interrupted).journal(&journal).junit(&junit).run().await.unwrap();

    assert_eq!(outcome.exit_code(), 130);
    assert_eq!(verdict(&outcome, "the test does nothing"), &Verdict::Pass);
    assert!(reason(&outcome, "the test hangs").contains("interrupted"));
    assert_eq!(read_journal(&journal).unwrap(), outcome);
    assert!(std::fs::read_to_string(&junit).unwrap().contains("The run reaches a verdict"));
}

#[tokio::test]
async fn a_selection_that_matches_nothing_is_refused_before_anything_is_sent() {
    let folder = Folder::new();
    let selection = Selection { name: Some("no such title".into()), ..Selection::default() };
    let check = Deployment::start(false).await.check(&folder, LOGIN).select(selection);

    let error = check.run().await.unwrap_err();

    assert!(matches!(&error, CheckError::Selection(found) if found.len() == 1), "{error:?}");
    assert_eq!(error.exit_code(), 2);
}

#[tokio::test]
async fn a_run_without_a_scenario_is_no_success() {
    let folder = Folder::new();
    let check = Deployment::start(false).await.check(&folder, LOGIN).retain(|_| false);

    let outcome = check.run().await.unwrap();

    assert_eq!(outcome.exit_code(), 4);
    assert!(std::panic::catch_unwind(|| outcome.assert_passed()).is_err());
}

#[tokio::test]
async fn two_runs_at_once_do_not_disturb_each_other() {
    let (one, other) = (Folder::new(), Folder::new());
    let honest = Deployment::start(false).await.check(&one, LOGIN);
    let careless = Deployment::start(true).await.check(&other, LOGIN);

    let (honest, careless) = tokio::join!(honest.run(), careless.run());

    assert_eq!((honest.unwrap().exit_code(), careless.unwrap().exit_code()), (0, 1));
}

#[tokio::test]
async fn no_secret_reaches_journal_or_report() {
    let folder = Folder::new();
    let (journal, junit) = (folder.path("journal.ndjson"), folder.path("junit.xml"));

    let outcome =
        Deployment::start(true).await.check(&folder, LOGIN).journal(&journal).junit(&junit).run().await.unwrap();

    assert_eq!(outcome.exit_code(), 1);
    for path in [journal, junit] {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("CANARY-secret"), "{}", path.display());
    }
}
