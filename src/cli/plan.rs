//! `authproof plan`: what a run would do, without doing any of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::list::counted;
use super::subject::{ChoiceArgs, Subject, TargetArgs};
use super::{Ending, Format, colours, printed, width};
use crate::catalogue::Catalogue;
use crate::outcome::CaseName;
use crate::report::{Ink, Paper, area_of};
use crate::suite::{Plan, estimate};

/// Options of `authproof plan`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Name every scenario
    #[arg(long)]
    pub all: bool,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// A plan as JSON.
#[derive(Debug, Serialize)]
struct Paged<'a> {
    target: &'a str,
    run: Vec<Case<'a>>,
    skipped: Vec<Skipped<'a>>,
    deselected: usize,
    /// About how many requests each host would get.
    requests: &'a BTreeMap<String, usize>,
}

#[derive(Debug, Serialize)]
struct Case<'a> {
    #[serde(flatten)]
    name: &'a CaseName,
    /// It has the deployment for itself while it runs.
    exclusive: bool,
    tags: &'a [String],
}

#[derive(Debug, Serialize)]
struct Skipped<'a> {
    #[serde(flatten)]
    name: &'a CaseName,
    reason: &'a str,
}

pub fn command(args: &Args) -> Ending {
    let subject = Subject::inspect(&args.target)?;
    let (name, target) = (subject.name().to_owned(), subject.target_at_rest());
    let mut check = subject.check().select(args.choice.selection());
    for folder in &args.choice.features {
        check = check.features(folder);
    }
    let plan = check.plan()?;
    let requests = estimate(&plan, &target);
    let text = match args.format {
        Format::Text => text(&name, &plan, &requests, args.all, colours(&std::io::stdout()), width()),
        Format::Json => format!("{:#}\n", serde_json::json!(paged(&name, &plan, &requests))),
    };
    printed(&text)?;
    // As a run of this plan would say it.
    Ok(if plan.run.is_empty() { 4 } else { 0 })
}

fn paged<'a>(target: &'a str, plan: &'a Plan, requests: &'a BTreeMap<String, usize>) -> Paged<'a> {
    Paged {
        target,
        run: plan
            .run
            .iter()
            .map(|case| Case { name: &case.name, exclusive: case.exclusive, tags: &case.tags })
            .collect(),
        skipped: plan.skipped.iter().map(|(name, reason)| Skipped { name, reason }).collect(),
        deselected: plan.deselected,
        requests,
    }
}

fn text(
    target: &str,
    plan: &Plan,
    requests: &BTreeMap<String, usize>,
    all: bool,
    colour: bool,
    width: usize,
) -> String {
    let mut paper = Paper::new(colour, width);
    let exclusive = plan.run.iter().filter(|case| case.exclusive).count();
    let scenarios = counted(plan.run.len(), "scenario");
    paper.line(&[(Ink::Bold, target), (Ink::Plain, &format!("{scenarios} would run, {exclusive} of them alone"))]);
    let catalogue = Catalogue::built_in();
    let mut areas: BTreeMap<&str, Vec<&CaseName>> = BTreeMap::new();
    for case in &plan.run {
        areas.entry(area_of(&case.name, catalogue)).or_default().push(&case.name);
    }
    for (area, cases) in &areas {
        paper.line(&[(Ink::Plain, &format!("  {area:<12}  {}", counted(cases.len(), "scenario")))]);
        for case in cases.iter().filter(|_| all) {
            paper.field("", &titled(case));
        }
    }
    if !plan.skipped.is_empty() {
        paper.blank();
        paper.line(&[(Ink::Bold, "skipped"), (Ink::Plain, &counted(plan.skipped.len(), "scenario"))]);
        for (reason, cases) in by_reason(plan) {
            let checks: Vec<&str> = unique(cases.iter().filter_map(|case| case.check.as_deref()));
            paper.field("", &format!("{}: {reason}", counted(cases.len(), "scenario")));
            match all {
                true => cases.iter().for_each(|case| paper.field("", &format!("- {}", titled(case)))),
                false => paper.field("", &format!("  {}", checks.join(", "))),
            }
        }
    }
    if plan.deselected > 0 {
        paper.blank();
        paper.line(&[(Ink::Plain, &format!("{} not asked for", counted(plan.deselected, "scenario")))]);
    }
    paper.blank();
    paper.line(&[(Ink::Bold, "requests"), (Ink::Plain, "about, per host")]);
    for (host, number) in requests {
        paper.line(&[(Ink::Plain, &format!("  {number:>7}")), (Ink::Plain, host)]);
    }
    paper.blank();
    paper.line(&[(Ink::Faint, "Nothing was sent. `--all` names every scenario.")]);
    paper.into_text()
}

fn titled(case: &CaseName) -> String {
    match &case.check {
        Some(check) => format!("{check} {}", case.title),
        None => case.title.clone(),
    }
}

fn by_reason(plan: &Plan) -> BTreeMap<&str, Vec<&CaseName>> {
    let mut reasons: BTreeMap<&str, Vec<&CaseName>> = BTreeMap::new();
    for (name, reason) in &plan.skipped {
        reasons.entry(reason).or_default().push(name);
    }
    reasons
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}
