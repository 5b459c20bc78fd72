//! `authproof report`: the reports of a run, made again from its journal.

use std::path::PathBuf;

use super::{Ending, Message, Stop, colours, print, tell, width};
use crate::catalogue::Catalogue;
use crate::outcome::EndReason;
use crate::report::{self, Layout};
use crate::run::read_journal;

/// Options of `authproof report`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The journal that a run has written, below `reports/`
    #[arg(long, value_name = "FILE")]
    pub journal: PathBuf,
    /// Write a JUnit file here
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// What to print: the report for people, JUnit XML, or a line per scenario that `diff` can compare
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Junit,
    Verdicts,
}

pub fn command(args: Args) -> Ending {
    let outcome = read_journal(&args.journal).map_err(Stop::usage)?;
    if outcome.end.reason == EndReason::Cut {
        tell("the journal ends in the middle: the run was killed, and what it had not judged by then is missing here");
    }
    let catalogue = Catalogue::built_in();
    if let Some(path) = &args.junit {
        report::write_whole(path, report::junit(&outcome, catalogue).as_bytes()).map_err(Stop::failed)?;
    }
    let text = match args.format {
        Format::Text => {
            let stdout = std::io::stdout();
            let layout = Layout { colour: colours(&stdout), width: width(), journal: Some(args.journal) };
            report::terminal(&outcome, catalogue, &layout)
        }
        Format::Junit => report::junit(&outcome, catalogue),
        Format::Verdicts => report::verdicts(&outcome),
    };
    print(&text).map_err(|error| Stop::failed(Message::new(format!("cannot write to stdout: {error}"), None)))?;
    // The reports are there; that is what was asked for. What they say was the run's exit code.
    Ok(0)
}
