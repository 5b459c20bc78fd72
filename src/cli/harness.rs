//! The features as a test of `cargo test`: a target with `harness = false` whose `main` is [`features`].
//!
//! It takes the options of the usual test harness as well as those of `authproof run`, since `cargo test` gives the same
//! arguments to every test, and it says the result in the words that CI systems look for.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Parser;

use super::subject::{ChoiceArgs, Subject, TargetArgs};
use super::{Ending, Message, Stop, print, run, signals, tell};
use crate::catalogue::Catalogue;
use crate::check::Check;
use crate::outcome::{CaseName, Counts, Diagnosis, RunOutcome, ScenarioOutcome, Verdict};
use crate::report::{self, Layout, harmless};
use crate::run::Progress;

/// Options of the features as a test; those of the usual harness that make no sense here change nothing.
#[derive(Debug, Parser)]
#[command(name = "features", about = "Runs the features; AUTHPROOF_TARGET names a target of authproof.yaml")]
struct Args {
    /// Only scenarios whose title or check contains one of these
    filters: Vec<String>,
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Plant a defect into the embedded reference; repeat for several
    #[arg(long, value_name = "NAME", value_parser = super::subject::defect)]
    defect: Vec<reference::Defect>,
    /// The least level at which a departure fails the run
    #[arg(long, value_name = "LEVEL", default_value = "must")]
    fail_on: run::FailOn,
    /// Where the JUnit file goes [default: reports/<target>/junit.xml]
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Show the names of the scenarios and run nothing
    #[arg(long)]
    list: bool,
    /// A filter must be the whole name
    #[arg(long)]
    exact: bool,
    /// Leave out scenarios whose title or check contains this; repeat for several
    #[arg(long, value_name = "TEXT")]
    skip: Vec<String>,
    /// Scenarios side by side
    #[arg(long, value_name = "N", visible_alias = "concurrency")]
    test_threads: Option<usize>,
    /// No line per scenario
    #[arg(long, short)]
    quiet: bool,
    #[arg(long, hide = true, visible_alias = "no-capture")]
    nocapture: bool,
    #[arg(long, hide = true)]
    show_output: bool,
    #[arg(long, hide = true)]
    ignored: bool,
    #[arg(long, hide = true)]
    include_ignored: bool,
    #[arg(long, hide = true)]
    test: bool,
    #[arg(long, hide = true)]
    bench: bool,
    #[arg(long, hide = true, value_name = "WHEN")]
    color: Option<String>,
    #[arg(long, hide = true, value_name = "FORMAT")]
    format: Option<String>,
    #[arg(short = 'Z', hide = true, value_name = "FLAG")]
    unstable: Vec<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true)]
    report_time: Option<Option<String>>,
}

/// The `main` of such a test.
pub fn features() -> ExitCode {
    super::block_on(async { command(Args::parse()).await })
}

async fn command(args: Args) -> Ending {
    let target = std::env::var("AUTHPROOF_TARGET").ok().filter(|name| !name.is_empty());
    let subject =
        Subject::load(&TargetArgs { target: target.clone(), defect: args.defect.clone(), ..TargetArgs::default() })?;
    let folder = PathBuf::from("reports").join(run::file_name(subject.name()));
    let junit = args.junit.clone().unwrap_or_else(|| folder.join("junit.xml"));
    let wanted = wanted(&args);
    let mut check = subject.check().select(args.choice.selection()).retain(wanted);
    for features in &args.choice.features {
        check = check.features(features);
    }
    if args.list {
        return list(&check, args.format.as_deref() == Some("terse"));
    }
    // A filter that fits none of ours was meant for another test of the same `cargo test`.
    if !args.filters.is_empty() && check.plan()?.run.is_empty() {
        printed("\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n")?;
        return Ok(0);
    }
    if let Some(threads) = args.test_threads {
        check = check.concurrency(threads);
    }
    let variable = target.map(|name| format!("AUTHPROOF_TARGET={} ", report::quoted(&name))).unwrap_or_default();
    let defects: String = args.defect.iter().map(|defect| format!(" --defect {}", defect.name())).collect();
    let journal = folder.join(format!("journal-{:016x}.ndjson", rand::random::<u64>()));
    let lines = Lines::new(args.quiet);
    let outcome = check
        .fail_on(args.fail_on.into())
        .again(format!("{variable}cargo test --test features --{defects}"))
        .junit(&junit)
        .journal(&journal)
        .progress(lines.clone())
        .until(signals::interrupted())
        .run()
        .await?;
    let named = folder.join("journal.ndjson");
    let journal = if std::fs::rename(&journal, &named).is_ok() { named } else { journal };
    printed(&summary(&outcome, &Layout { journal: Some(journal), ..Layout::default() }))?;
    tell(&format!("JUnit: {}", junit.display()));
    Ok(outcome.exit_code())
}

fn wanted(args: &Args) -> impl Fn(&CaseName) -> bool + 'static {
    let (filters, skip, exact, ignored) = (args.filters.clone(), args.skip.clone(), args.exact, args.ignored);
    move |case| {
        let name = name(case);
        let fits = |text: &String| if exact { name == *text } else { name.contains(text.as_str()) };
        // `--ignored` asks for tests that are left out otherwise; there are none here.
        !ignored
            && (filters.is_empty() || filters.iter().any(fits))
            && !skip.iter().any(|text| name.contains(text.as_str()))
    }
}

fn list(check: &Check, terse: bool) -> Ending {
    let plan = check.plan()?;
    let mut text: String = plan.run.iter().map(|case| format!("{}: test\n", harmless(&name(&case.name)))).collect();
    if !terse {
        text.push_str(&format!("\n{} tests, 0 benchmarks\n", plan.run.len()));
    }
    printed(&text)?;
    Ok(0)
}

/// Stable, without line numbers: the title and the check.
fn name(case: &CaseName) -> String {
    match &case.check {
        Some(check) => format!("{} [{check}]", case.title),
        None => case.title.clone(),
    }
}

/// What failed in full, and the result in the words of the usual harness.
fn summary(outcome: &RunOutcome, layout: &Layout) -> String {
    let mut text = String::from("\n");
    if !outcome.is_green() {
        text.push_str(&report::terminal(outcome, Catalogue::built_in(), layout));
        text.push('\n');
    }
    let Counts { pass, fail, warn, error, skip } = outcome.counts();
    let word = if outcome.is_green() { "ok" } else { "FAILED" };
    let (passed, failed, filtered) = (pass + warn, fail + error, outcome.header.deselected);
    let seconds = format!("{}.{:02}", outcome.end.took_ms / 1000, outcome.end.took_ms % 1000 / 10);
    text.push_str(&format!(
        "test result: {word}. {passed} passed; {failed} failed; {skip} ignored; 0 measured; {filtered} filtered out; \
         finished in {seconds}s\n{passed} passed, {failed} failed, {skip} skipped\n"
    ));
    text
}

fn printed(text: &str) -> Result<(), Stop> {
    print(text).map_err(|error| Stop::failed(Message::new(format!("cannot write to stdout: {error}"), None)))
}

/// A line per scenario, as the usual harness writes them.
#[derive(Clone)]
struct Lines(Arc<Mutex<bool>>);

impl Lines {
    fn new(quiet: bool) -> Self {
        Self(Arc::new(Mutex::new(quiet)))
    }

    fn say(&self, line: &str) {
        if !*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // Nobody left to read it: the result still goes into the reports.
            let _ = print(&format!("{}\n", harmless(line)));
        }
    }
}

impl Progress for Lines {
    fn planned(&self, scenarios: usize) {
        self.say("");
        self.say(&format!("running {scenarios} tests"));
    }

    fn diagnosed(&self, diagnoses: &[Diagnosis]) {
        for diagnosis in diagnoses {
            tell(&format!("doctor: {}; to do: {}", harmless(&diagnosis.problem), harmless(&diagnosis.remedy)));
        }
    }

    fn ended(&self, scenario: &ScenarioOutcome) {
        let name = name(&scenario.case);
        match &scenario.verdict {
            Verdict::Pass => self.say(&format!("test {name} ... ok")),
            Verdict::Warn(finding) => self.say(&format!("test {name} ... ok, warning: {}", finding.observed)),
            Verdict::Fail(_) => self.say(&format!("test {name} ... FAILED")),
            Verdict::Error { .. } => self.say(&format!("test {name} ... FAILED (undecided)")),
            Verdict::Skip { reason } => self.say(&format!("test {name} ... ignored, {reason}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Args {
        Args::try_parse_from(std::iter::once(&"features").chain(arguments)).unwrap()
    }

    fn case(title: &str) -> CaseName {
        CaseName { check: Some("E-12".into()), service: None, title: title.into(), feature: "f".into(), line: 1 }
    }

    #[test]
    fn the_options_of_the_usual_harness_are_understood() {
        let args = [
            "--nocapture",
            "--test-threads=2",
            "--show-output",
            "--color",
            "never",
            "-q",
            "--format=pretty",
            "-Z",
            "unstable-options",
            "--report-time",
            "--include-ignored",
            "filter",
            "other",
        ];

        assert_eq!(parse(&args).filters, ["filter", "other"]);
    }

    #[test]
    fn filters_look_at_title_and_check() {
        let fits = |arguments: &[&str]| wanted(&parse(arguments))(&case("An issuer is compared"));

        assert!(fits(&[]) && fits(&["issuer"]) && fits(&["E-12"]) && fits(&["nothing", "compared"]));
        assert!(!fits(&["nothing"]) && !fits(&["--skip", "E-12"]) && !fits(&["--ignored"]));
        assert!(!fits(&["--exact", "issuer"]) && fits(&["--exact", "An issuer is compared [E-12]"]));
    }
}
