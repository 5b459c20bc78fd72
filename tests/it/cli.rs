//! The command as people and CI systems meet it: exit codes, streams, messages.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::app::Deployment;
use super::folder::Folder;

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_authproof"));
    command.current_dir(folder).env_remove("NO_COLOR").env_remove("AUTHPROOF_TARGET").stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_was_meant() {
    let folder = Folder::new();
    let cases: [(&[&str], &str); 8] = [
        (&["selfchek"], "selfcheck"),
        (&["run", "--chek", "E-12"], "--check"),
        (&["run", "--fail-on", "mist"], "must"),
        (&["run", "--concurrency", "0"], "1..=1000"),
        (&["run", "--defect", "issuer-prefx"], "issuer-prefix"),
        (&["run", "--target", "staging"], "authproof.yaml"),
        (&["run", "--preset", "flaskoidc-2x"], "flaskoidc-1x"),
        (&["report", "--journal", "no/such/file"], "no/such/file"),
    ];
    for (arguments, expected) in cases {
        let output = run(folder.root(), arguments);

        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{arguments:?}");
    }
}

#[test]
fn a_selection_that_matches_nothing_ends_with_2() {
    let folder = Folder::new();
    for (arguments, expected) in [
        (["run", "--check", "E-1200"], "E-12"),
        (["run", "--area", "logn"], "login"),
        (["run", "--service", "frontent"], "frontend"),
        (["run", "--tags", "@a and"], "column"),
        (["run", "--name", "no such title anywhere"], "no such title anywhere"),
    ] {
        let output = run(folder.root(), &arguments);

        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn mistakes_in_a_feature_end_with_2_and_name_the_line() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("own")).unwrap();
    std::fs::write(folder.path("own/a.feature"), "Feature: f\n\n  Scenario: s\n    Given alise can lgo in\n").unwrap();

    let output = run(folder.root(), &["run", "--features", "own"]);

    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("own/a.feature") && stderr(&output).contains(":4:"), "{}", stderr(&output));
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let folder = Folder::new();
    let mut child = command(folder.root())
        .args(["selfcheck", "--list-defects"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());

    let output = child.wait_with_output().unwrap();

    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[tokio::test]
async fn reports_are_made_again_from_the_journal_and_without_colour() {
    let folder = Folder::new();
    let journal = folder.path("journal.ndjson");
    let feature = "Feature: Login\n\n  Scenario: A token for another client is refused\n    \
                   Given alice can log in to web\n    \
                   When alice logs in to web with an id_token where aud is another client\n    \
                   Then the login is refused\n";
    Deployment::start(true).await.check(&folder, feature).journal(&journal).run().await.unwrap();

    let text = run(folder.root(), &["report", "--journal", "journal.ndjson", "--junit", "again.xml"]);
    let verdicts = run(folder.root(), &["report", "--journal", "journal.ndjson", "--format", "verdicts"]);

    assert_eq!(text.status.code(), Some(0), "{}", stderr(&text));
    assert!(stdout(&text).contains("FAILED") && !stdout(&text).contains('\u{1b}'), "{}", stdout(&text));
    assert!(std::fs::read_to_string(folder.path("again.xml")).unwrap().contains("<failure"));
    assert_eq!(stdout(&verdicts), "fail - -: A token for another client is refused\n");
}

#[tokio::test]
async fn a_journal_of_a_killed_run_is_reported_as_such() {
    let folder = Folder::new();
    let journal = folder.path("journal.ndjson");
    let feature = "Feature: Login\n\n  Scenario: Alice signs in\n    When alice logs in to web\n    \
                   Then alice is signed in to web\n";
    Deployment::start(false).await.check(&folder, feature).journal(&journal).run().await.unwrap();
    let whole = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, &whole[..whole.len() - 20]).unwrap();

    let output = run(folder.root(), &["report", "--journal", "journal.ndjson"]);

    assert!(stderr(&output).contains("was killed") && stdout(&output).contains("UNDECIDED"), "{}", stdout(&output));
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_journal_and_reports_and_ends_with_130() {
    let folder = Folder::new();
    // Accepts connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let idp = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let file = format!(
        "targets:\n  silent:\n    idp: {{ mode: mock, issuer: \"http://{idp}\", listen: \"{idp}\" }}\n    clients:\n    \
         - {{ id: web }}\n    services:\n      web:\n        url: http://{}\n        roles: [relying-party]\n        \
         login: /login\n        callback: /callback\n        protected: [/me]\n",
        silent.local_addr().unwrap()
    );
    std::fs::write(folder.path("authproof.yaml"), file).unwrap();
    let child = command(folder.root())
        .args(["run", "--target", "silent"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.unwrap();
    let reports = folder.path("reports/silent");
    wait_until(|| std::fs::read_dir(&reports).is_ok_and(|mut files| files.next().is_some()));

    let signal = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();

    assert!(signal.success());
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stdout(&output).contains("INTERRUPTED"), "{}", stdout(&output));
    let names = ["journal.ndjson", "junit.xml"];
    assert!(names.iter().all(|name| reports.join(name).exists()), "{}", stderr(&output));
}

/// Waits for a condition, with a deadline.
#[cfg(unix)]
fn wait_until(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "it did not happen within a minute");
        std::thread::yield_now();
    }
}
