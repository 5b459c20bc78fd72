//! The commands that send nothing, as a user types them: exit code, stdout and stderr together.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("authproof-offline-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        authproof(&self.0, arguments)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn authproof(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_authproof"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("CLIENT_SECRET")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn init_writes_a_file_that_lint_and_plan_take() {
    let folder = Folder::new("init");

    let init = folder.run(&["init", "--preset", "flaskoidc-1x", "--url", "app=https://app.example.test"]);
    let lint = folder.run(&["lint"]);
    let again = folder.run(&["init"]);

    assert_eq!((code(&init), text(&init.stdout).as_str()), (Some(0), ""));
    assert_eq!(code(&lint), Some(0), "{}", text(&lint.stderr));
    assert!(text(&lint.stdout).contains("target `staging`: no mistake, but not set here: CLIENT_SECRET"));
    assert_eq!(code(&again), Some(2), "a file that is there stays");
    assert!(text(&again.stderr).contains("--force"));
}

#[test]
fn lint_tells_the_mistakes_of_features_and_target_file_together() {
    let folder = Folder::new("lint");
    folder.write("authproof.yaml", "targets:\n  a: { idp: 5 }\n  b: { clients: [] }\n");
    folder
        .write("own.feature", "Feature: own\n  Scenario: s\n    Given nobody knows this step\n    Then neither this\n");

    let lint = folder.run(&["lint", "--features", "."]);

    let stderr = text(&lint.stderr);
    assert_eq!(code(&lint), Some(2));
    for part in ["own.feature:3", "own.feature:4", "authproof.yaml:2:", "authproof.yaml:3:", "suite::unknown-step"] {
        assert!(stderr.contains(part), "{part} is missing in\n{stderr}");
    }
}

#[test]
fn lint_refuses_a_folder_without_features() {
    let folder = Folder::new("no-features");

    let lint = folder.run(&["lint", "--features", "."]);

    assert_eq!(code(&lint), Some(2));
    assert!(text(&lint.stderr).contains("suite::no-files"), "{}", text(&lint.stderr));
}

#[test]
fn plan_needs_no_secret_and_names_hosts_and_reasons() {
    let folder = Folder::new("plan");
    folder.write(
        "authproof.yaml",
        "targets:\n  ext:\n    idp: { mode: external, issuer: https://idp.example.test }\n    clients: [{ id: web, secret: { command: [touch, fetched] } }]\n    services:\n      web: { url: https://web.example.test, roles: [relying-party], login: /, callback: /cb, health: [/up], protected: [/me] }\n",
    );

    let plan = folder.run(&["plan", "--target", "ext", "--format", "json"]);

    let json: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    assert!(!folder.0.join("fetched").exists(), "the command for the secret was run");
    assert!(json["skipped"].as_array().unwrap().len() > 100);
    assert!(json["skipped"][0]["reason"].as_str().unwrap().len() > 20);
    assert_eq!(code(&plan), Some(if json["run"].as_array().unwrap().is_empty() { 4 } else { 0 }));
}

#[test]
fn plan_of_the_reference_runs_everything() {
    let folder = Folder::new("plan-reference");

    let plan = folder.run(&["plan"]);

    let stdout = text(&plan.stdout);
    assert_eq!(code(&plan), Some(0));
    for part in ["reference", "bearer", "health", "frontend", "provider", "Nothing was sent"] {
        assert!(stdout.contains(part), "{part} is missing in\n{stdout}");
    }
    assert!(!stdout.contains("skipped"), "{stdout}");
}

#[test]
fn a_selection_that_matches_nothing_is_wrong_usage() {
    let folder = Folder::new("selection");

    let plan = folder.run(&["plan", "--check", "E-99"]);

    assert_eq!(code(&plan), Some(2));
    assert!(text(&plan.stderr).contains("E-99"), "{}", text(&plan.stderr));
}

#[test]
fn list_explain_and_steps_speak_json() {
    let folder = Folder::new("json");
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = folder.run(arguments);
        assert_eq!(code(&output), Some(0), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };

    let list = json(&["list", "--format", "json"]);
    let explain = json(&["explain", "e-12", "--format", "json"]);
    let steps = json(&["steps", "--format", "json"]);

    assert!(
        list.as_array().unwrap().iter().any(|check| check["id"] == "I-04" && check["scenarios"].as_u64() > Some(0))
    );
    assert_eq!(explain["id"], "E-12");
    assert!(!explain["scenarios"].as_array().unwrap().is_empty());
    assert!(steps.as_array().unwrap().len() > 60);
}

#[test]
fn a_misspelt_name_gets_the_nearest_one() {
    let folder = Folder::new("nearest");
    let told = |arguments: &[&str]| {
        let output = folder.run(arguments);
        assert_eq!((code(&output), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        // Long lines are wrapped, also at hyphens.
        text(&output.stderr).replace("\n  │ ", "")
    };

    assert!(told(&["explain", "bearer-requird"]).contains("`bearer-required`"));
    assert!(told(&["list", "--area", "helth"]).contains("`health`"));
    assert!(told(&["init", "--preset", "flaskoidc"]).contains("`flaskoidc-"));
}
