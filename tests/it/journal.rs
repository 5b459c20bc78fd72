//! The journal: what a run leaves behind, whole or cut anywhere.

use std::path::Path;

use authproof::outcome::{EndReason, RunOutcome};
use authproof::run::{JournalError, read_journal};

use super::app::Deployment;
use super::folder::Folder;

const FEATURE: &str = "\
Feature: Login

  Scenario: Alice signs in
    When alice logs in to web
    Then alice is signed in to web

  Scenario: Bob signs in
    When bob logs in to web
    Then bob is signed in to web
";

async fn journal_of_a_run(folder: &Folder) -> (RunOutcome, String) {
    let path = folder.path("journal.ndjson");
    let outcome = Deployment::start(false).await.check(folder, FEATURE).journal(&path).run().await.unwrap();
    (outcome, std::fs::read_to_string(&path).unwrap())
}

#[tokio::test]
async fn a_journal_tells_the_whole_outcome() {
    let folder = Folder::new();

    let (outcome, _) = journal_of_a_run(&folder).await;

    assert_eq!(read_journal(&folder.path("journal.ndjson")).unwrap(), outcome);
}

#[tokio::test]
async fn the_line_that_a_report_names_is_the_scenarios() {
    let folder = Folder::new();

    let (outcome, text) = journal_of_a_run(&folder).await;

    for (index, scenario) in outcome.scenarios.iter().enumerate() {
        // Counted from 1, behind the header and the doctor.
        let line = text.lines().nth(index + 2).unwrap();
        assert!(line.starts_with(r#"{"scenario""#) && line.contains(&scenario.case.title), "{line}");
    }
}

#[tokio::test]
async fn a_journal_cut_anywhere_tells_what_it_has_and_is_never_green() {
    let folder = Folder::new();
    let (_, text) = journal_of_a_run(&folder).await;
    let cut = folder.path("cut.ndjson");
    let header_end = text.find('\n').unwrap() + 1;
    let last_line = text.trim_end().rfind('\n').unwrap() + 1;

    // Every place where something could go wrong: around each line's end, and inside the lines.
    let ends = text.match_indices('\n').flat_map(|(end, _)| [end - 1, end, end + 1, end + 2]);
    let inside = (header_end..text.len()).step_by(997);
    for at in ends.chain(inside).filter(|at| (header_end..last_line + 1).contains(at) && text.is_char_boundary(*at)) {
        std::fs::write(&cut, &text[..at]).unwrap();
        let read = read_journal(&cut).unwrap();

        assert_eq!((&read.end.reason, read.exit_code()), (&EndReason::Cut, 3), "cut at {at}");
        let whole = text[..at].matches("\n{\"scenario\"").count();
        assert!(read.scenarios.len() + 1 >= whole && read.scenarios.len() <= whole, "cut at {at}");
    }
}

#[test]
fn something_else_is_no_journal() {
    let folder = Folder::new();
    let path = folder.path("x.ndjson");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        read_journal(&path).unwrap_err()
    };

    assert!(matches!(read(""), JournalError::NoHeader { .. }));
    assert!(matches!(read("<html>\n</html>\n"), JournalError::Line { line: 1, .. }));
    assert!(matches!(read("\u{0}\u{1}\u{2}"), JournalError::Line { line: 1, .. }));
    assert!(matches!(read_journal(Path::new("/no/such/file")), Err(JournalError::Read { .. })));
    assert!(matches!(read_journal(folder.root()), Err(JournalError::Read { .. })));
}
