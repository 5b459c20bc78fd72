//! The command `reference`.

use std::process::ExitCode;

use clap::Parser;
use reference::command::{Args, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("reference: {error}");
            ExitCode::from(2)
        }
    }
}
