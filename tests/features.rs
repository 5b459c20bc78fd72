//! The features as a test: on the embedded reference, or on the target that `AUTHPROOF_TARGET` names in `authproof.yaml`.
//!
//! `cargo test --test features -- --check E-12`, `--tags '@needs:downstream'`, `--name expired`, `--list`.

use std::process::ExitCode;

fn main() -> ExitCode {
    authproof::cli::features()
}
