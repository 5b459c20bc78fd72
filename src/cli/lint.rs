//! `authproof lint`: every mistake of feature files and target file, without sending anything.

use std::path::{Path, PathBuf};

use miette::Diagnostic;

use super::list::counted;
use super::subject::FILE;
use super::{Ending, Stop, printed, tell};
use crate::check::load;
use crate::suite::SuiteErrors;
use crate::target::{self, TargetError, TargetErrors};

/// Options of `authproof lint`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// A folder with features of your own, beside the built-in ones; repeat for several
    #[arg(long, value_name = "DIR")]
    pub features: Vec<PathBuf>,
    /// The target file; all its targets are read [default: authproof.yaml, if it is there]
    #[arg(long, value_name = "FILE", visible_alias = "target-file")]
    pub file: Option<PathBuf>,
}

/// The mistakes of one place.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum Mistakes {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Suite(#[from] SuiteErrors),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Target(#[from] TargetErrors),
}

/// All mistakes of all places.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("what was read has mistakes")]
#[diagnostic(code("lint"))]
struct AllMistakes(#[related] Vec<Mistakes>);

pub fn command(args: &Args) -> Ending {
    let mut mistakes = Vec::new();
    let mut said = String::new();
    match load(&args.features, true) {
        Ok(suite) => said += &format!("features: {}, no mistake\n", counted(suite.scenario_count(), "scenario")),
        Err(errors) => mistakes.push(Mistakes::Suite(errors)),
    }
    let file = args.file.clone().or_else(|| Some(PathBuf::from(FILE)).filter(|file| file.exists()));
    match &file {
        Some(file) => said += &targets(file, &mut mistakes),
        None => tell(&format!("there is no `{FILE}` here, so no target was read; `authproof init` writes one")),
    }
    printed(&said)?;
    if mistakes.is_empty() { Ok(0) } else { Err(Stop::usage(AllMistakes(mistakes))) }
}

/// Reads every target of the file; says which are good.
fn targets(file: &Path, mistakes: &mut Vec<Mistakes>) -> String {
    let names = match target::names(file) {
        Ok(names) => names,
        Err(errors) => {
            mistakes.push(errors.into());
            return String::new();
        }
    };
    let env = |name: &str| std::env::var(name).ok();
    let mut said = String::new();
    for name in names {
        let at = format!("{}: target `{name}`", file.display());
        match target::inspect(file, Some(&name), &env) {
            Ok(target) => said += &format!("{at}: {}, no mistake\n", counted(target.services.len(), "service")),
            Err(errors) => match without_undefined(errors) {
                (unset, None) => said += &format!("{at}: no mistake, but not set here: {}\n", unset.join(", ")),
                (_, Some(errors)) => mistakes.push(errors.into()),
            },
        }
    }
    said
}

/// Where a file is only looked at, its secrets need not be known: the variables that are not set, and the rest.
fn without_undefined(errors: TargetErrors) -> (Vec<String>, Option<TargetErrors>) {
    let mut unset: Vec<String> = Vec::new();
    let mut others = Vec::new();
    for mistake in errors.mistakes {
        match &mistake.error {
            TargetError::UndefinedVariable { name } => unset.push(name.clone()),
            _ => others.push(mistake),
        }
    }
    unset.sort_unstable();
    unset.dedup();
    let rest = !others.is_empty() || errors.more > 0;
    (unset, rest.then_some(TargetErrors { mistakes: others, more: errors.more }))
}
