//! The command.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::SECRET;

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-idp"));
    command.args(args).env_remove("MOCK_IDP_CLIENT_SECRET").env_remove("MOCK_IDP_CONTROL_TOKEN");
    command
}

/// A command that is ended with its test, whatever becomes of that.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The exit code and the message of a command that must not serve.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut running = Running(child);
    // One that serves all the same says so first, and would never end.
    let mut said = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "", "{args:?}");
    let mut message = String::new();
    running.0.stderr.take().unwrap().read_to_string(&mut message).unwrap();
    (running.0.wait().unwrap().code(), message)
}

#[test]
fn a_port_in_use_is_told_and_ends_with_2() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let (code, message) = refused(&["--listen", &address]);

    assert_eq!(code, Some(2));
    assert!(message.starts_with(&format!("mock-idp: cannot listen on {address}: ")), "{message}");
    assert!(message.contains("another program may use that port"), "{message}");
}

#[test]
fn a_public_address_is_refused_without_public() {
    for args in [&["--listen", "0.0.0.0:0"][..], &["--listen", "127.0.0.1:0", "--control", "[::]:0"]] {
        let (code, message) = refused(args);

        assert_eq!(code, Some(2));
        assert!(message.contains("add --public if that is meant"), "{message}");
    }
}

#[test]
fn arguments_that_do_not_fit_end_with_2() {
    let cases = [
        (&["--auto-login", "mallory"][..], "no persona is called `mallory`"),
        (&["--listen", "127.0.0.1:0", "--issuer", "ftp://x.test"], "is no issuer identifier"),
        (&["--listen", "127.0.0.1:0", "--issuer", "a", "--issuer", "a"], "two issuers are at the path `/a`"),
        (&["--nonsense"], "--nonsense"),
    ];

    for (args, why) in cases {
        let (code, message) = refused(args);

        assert_eq!(code, Some(2), "{args:?}");
        assert!(message.contains(why), "{message}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn it_serves_what_it_announces_until_ctrl_c() {
    let args = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--redirect-uri", crate::support::CALLBACK];
    let child = command(&args).env("MOCK_IDP_CLIENT_SECRET", SECRET).stdout(Stdio::piped()).spawn().unwrap();
    let mut running = Running(child);
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let announced: Vec<String> = lines.by_ref().take_while(|line| line != "Ctrl-C ends it.").collect();
    let told = |name: &str| {
        let line = announced.iter().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{announced:?}"));
        line[name.len()..].trim().to_owned()
    };

    let document: Value = reqwest::get(told("discovery")).await.unwrap().json().await.unwrap();
    let control =
        reqwest::Client::new().get(format!("{}/issuers", told("control"))).bearer_auth(told("           token"));
    let issuers: Value = control.send().await.unwrap().json().await.unwrap();
    let killed = Command::new("kill").args(["-INT", &running.0.id().to_string()]).status().unwrap();

    assert_eq!(document["issuer"], told("issuer"));
    assert_eq!(issuers["issuers"][0], told("issuer"));
    assert!(!announced.concat().contains(SECRET), "{announced:?}");
    assert!(killed.success());
    let ended = tokio::task::spawn_blocking(move || running.0.wait().unwrap());
    let status = tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it ends").unwrap();
    assert_eq!(status.code(), Some(0));
}
