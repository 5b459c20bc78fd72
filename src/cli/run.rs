//! `authproof run`, and `authproof` alone.

use std::path::PathBuf;
use std::time::Duration;

use super::progress::Shown;
use super::subject::{ChoiceArgs, Subject, TargetArgs};
use super::{Ending, Message, Stop, colours, print, signals, tell, width};
use crate::catalogue::Catalogue;
use crate::outcome::{EndReason, Level, RunOutcome};
use crate::report::{self, Layout};

/// Options of `authproof run`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// The least level at which a departure fails the run; below it warns
    #[arg(long, value_name = "LEVEL", default_value = "must", help_heading = "Verdict")]
    pub fail_on: FailOn,
    /// Scenarios side by side [default: 64 on the reference, 8 on a deployment]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000), help_heading = "Limits")]
    pub concurrency: Option<u16>,
    /// How long the whole run may take [default: 600]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Limits")]
    pub deadline: Option<u64>,
    /// How long each scenario may take [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Limits")]
    pub scenario_deadline: Option<u64>,
    /// How long one request may take [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600), help_heading = "Limits")]
    pub timeout: Option<u64>,
    /// Write a JUnit file here, too
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub junit: Option<PathBuf>,
    /// Where journal and JUnit file go [default: a folder of reports/ named like the target]
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    pub reports: Option<PathBuf>,
    /// No progress on stderr
    #[arg(long, short, help_heading = "Reports")]
    pub quiet: bool,
}

/// `--fail-on`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOn {
    #[default]
    Must,
    Should,
    Hardening,
}

impl From<FailOn> for Level {
    fn from(level: FailOn) -> Self {
        match level {
            FailOn::Must => Self::Must,
            FailOn::Should => Self::Should,
            FailOn::Hardening => Self::Hardening,
        }
    }
}

pub async fn command(args: Args) -> Ending {
    let finished = run(&args, None).await?;
    let stdout = std::io::stdout();
    let layout = Layout { colour: colours(&stdout), width: width(), journal: Some(finished.journal.clone()) };
    let text = report::terminal(&finished.outcome, Catalogue::built_in(), &layout);
    print(&text).map_err(|error| Stop::failed(Message::new(format!("cannot write to stdout: {error}"), None)))?;
    if !args.quiet {
        tell(&format!("reports: {}", finished.reports.display()));
    }
    Ok(finished.outcome.exit_code())
}

/// A run that is over, and where its reports are.
pub struct Finished {
    pub outcome: RunOutcome,
    pub journal: PathBuf,
    pub reports: PathBuf,
}

/// Runs what `args` ask for and writes journal and JUnit. `again` replaces the command that reports name.
pub async fn run(args: &Args, again: Option<String>) -> Result<Finished, Stop> {
    let subject = Subject::load(&args.target)?;
    let folder = args.reports.clone().unwrap_or_else(|| PathBuf::from("reports").join(file_name(subject.name())));
    let again = again.unwrap_or_else(|| args.target.again());
    let shown = Shown::new(args.quiet);
    // The journal of a run that goes on at the same time is another file; the last one to end gives the folder its name.
    let under_way = folder.join(format!("journal-{:016x}.ndjson", rand::random::<u64>()));
    let mut check = subject
        .check()
        .select(args.choice.selection())
        .fail_on(args.fail_on.into())
        .journal(&under_way)
        .again(again)
        .progress(shown.clone())
        .until(signals::interrupted());
    for features in &args.choice.features {
        check = check.features(features);
    }
    if let Some(concurrency) = args.concurrency {
        check = check.concurrency(concurrency.into());
    }
    if let Some(seconds) = args.deadline {
        check = check.deadline(Duration::from_secs(seconds));
    }
    if let Some(seconds) = args.scenario_deadline {
        check = check.scenario_deadline(Duration::from_secs(seconds));
    }
    if let Some(seconds) = args.timeout {
        check = check.timeout(Duration::from_secs(seconds));
    }
    let mut paths = vec![folder.join("junit.xml")];
    paths.extend(args.junit.clone());
    for path in paths {
        check = check.junit(path);
    }
    let ended = tokio::select! {
        ended = check.run() => ended,
        () = shown.beat() => unreachable!("the pulse has no end"),
    };
    shown.clear();
    let outcome = ended?;
    let journal = folder.join("journal.ndjson");
    let named = std::fs::rename(&under_way, &journal);
    let journal = if named.is_ok() { journal } else { under_way };
    if outcome.end.reason == EndReason::Interrupted {
        tell("interrupted; the reports hold what was seen");
    }
    Ok(Finished { outcome, journal, reports: folder })
}

/// The target's name as the name of a folder, wherever it comes from.
pub fn file_name(target: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    target.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_cannot_name_a_folder_elsewhere() {
        assert_eq!(file_name("../x y"), "___x_y");
    }
}
