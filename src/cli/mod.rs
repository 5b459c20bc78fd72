//! The command line: one file per subcommand, each a thin layer over the library.

mod doctor;
mod explain;
mod harness;
mod init;
mod lint;
mod list;
mod output;
mod plan;
mod progress;
mod reference;
mod report;
mod run;
mod selfcheck;
mod signals;
mod steps;
mod subject;

use std::future::Future;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use miette::Diagnostic;

use crate::check::CheckError;

pub use harness::features;
pub use output::{colours, print, tell, width};
pub use run::Args as RunArgs;
pub use subject::{ChoiceArgs, TargetArgs};

/// Proves that the OpenID Connect login in front of your services holds.
///
/// Without a command it starts a provider and reference services of its own and runs every check on them.
#[derive(Parser)]
#[command(name = "authproof", version, after_help = EXIT_CODES)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    nothing failed
  1    a check failed
  2    wrong usage or file; nothing was sent
  3    no verdict could be reached
  4    nothing was run
  130  interrupted; journal and reports hold what was seen";

#[derive(Subcommand)]
enum Command {
    /// Run the checks, on the embedded reference unless a target is named
    Run(Box<run::Args>),
    /// Make one honest login and one broken one, and say which setting is wrong if they cannot be told apart
    Doctor(Box<doctor::Args>),
    /// Show what a run would do, what it would skip and why; sends nothing
    Plan(Box<plan::Args>),
    /// Write a target file to start from
    Init(init::Args),
    /// Find every mistake of target file and features; sends nothing
    Lint(lint::Args),
    /// Show every check, area by area
    List(list::Args),
    /// Tell why a check matters, what proves it and what to do
    Explain(explain::Args),
    /// Show the steps that features are made of
    Steps(steps::Args),
    /// Make the reports again from a journal
    Report(report::Args),
    /// Plant each defect into the embedded reference and show which checks catch it
    Selfcheck(selfcheck::Args),
    /// Run the mock identity provider on its own
    Idp(mock_idp::command::Args),
    /// Run the reference services on their own
    Reference(::reference::command::Args),
}

/// Why a command ends without an answer: its exit code and what to say.
#[derive(Debug)]
pub struct Stop {
    code: u8,
    report: miette::Report,
}

/// What a command ends with.
type Ending = Result<u8, Stop>;

impl Stop {
    /// Arguments or a file are wrong; nothing was sent.
    pub fn usage(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self { code: 2, report: error.into() }
    }

    /// It could not be done.
    pub fn failed(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self { code: 3, report: error.into() }
    }
}

impl From<CheckError> for Stop {
    fn from(error: CheckError) -> Self {
        Self { code: error.exit_code(), report: error.into() }
    }
}

/// A message of a command that has no error type of its own.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub struct Message {
    message: String,
    #[help]
    help: Option<String>,
}

impl Message {
    pub fn new(message: impl Into<String>, help: Option<&str>) -> Self {
        Self { message: message.into(), help: help.map(str::to_owned) }
    }
}

/// What a command that only tells something prints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Prints what was asked for.
fn printed(text: &str) -> Ending {
    print(text)
        .map(|()| 0)
        .map_err(|error| Stop::failed(Message::new(format!("cannot write to stdout: {error}"), None)))
}

/// Runs the command that the process's arguments ask for.
pub fn main() -> ExitCode {
    let args = Args::parse();
    block_on(dispatch(args.command))
}

/// Runs a command and turns its ending into the process's.
fn block_on(command: impl Future<Output = Ending>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&format!("authproof: the runtime does not start: {error}"));
            return ExitCode::from(3);
        }
    };
    let ending = runtime.block_on(command);
    // A server that does not end must not keep the process.
    runtime.shutdown_background();
    match ending {
        Ok(code) => ExitCode::from(code),
        Err(stop) => {
            tell(&format!("{:?}", stop.report));
            ExitCode::from(stop.code)
        }
    }
}

async fn dispatch(command: Option<Command>) -> Ending {
    match command {
        None => run::command(run::Args::default()).await,
        Some(Command::Run(args)) => run::command(*args).await,
        Some(Command::Doctor(args)) => doctor::command(*args).await,
        Some(Command::Plan(args)) => plan::command(&args),
        Some(Command::Init(args)) => init::command(&args),
        Some(Command::Lint(args)) => lint::command(&args),
        Some(Command::List(args)) => list::command(&args),
        Some(Command::Explain(args)) => explain::command(&args),
        Some(Command::Steps(args)) => steps::command(&args),
        Some(Command::Report(args)) => report::command(args),
        Some(Command::Selfcheck(args)) => selfcheck::command(args).await,
        Some(Command::Idp(args)) => {
            let served = mock_idp::command::run(args).await;
            served.map(|()| 0).map_err(|error| Stop::usage(Message::new(error.to_string(), None)))
        }
        Some(Command::Reference(args)) => reference::command(args).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_misspelt_command_is_suggested() {
        let message = Args::try_parse_from(["authproof", "selfchek"]).err().unwrap().to_string();

        assert!(message.contains("selfcheck"), "{message}");
    }

    #[test]
    fn a_misspelt_option_is_suggested() {
        let message = Args::try_parse_from(["authproof", "run", "--chek", "E-12"]).err().unwrap().to_string();

        assert!(message.contains("--check"), "{message}");
    }
}
