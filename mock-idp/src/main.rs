//! The command `mock-idp`.

use std::process::ExitCode;

use clap::Parser;
use mock_idp::command::{Args, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mock-idp: {error}");
            ExitCode::from(2)
        }
    }
}
