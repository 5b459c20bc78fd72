//! `authproof list`: every check, area by area.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Ending, Format, Message, Stop, colours, printed, width};
use crate::catalogue::{Catalogue, Check as Entry, Risk};
use crate::check::check_reference;
use crate::outcome::{Level, Severity};
use crate::report::{Ink, Paper};
use crate::suite::Selection;
use crate::target::nearest;
use reference::Defects;

/// Options of `authproof list`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// Only this area, e.g. login, session, bearer; repeat for several
    #[arg(long, value_name = "AREA")]
    pub area: Vec<String>,
    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// One check of the list.
#[derive(Debug, Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    check: &'a Entry,
    /// Scenarios that prove it on the embedded reference, every row and place counted.
    scenarios: usize,
}

pub fn command(args: &Args) -> Ending {
    let rows = rows(args)?;
    let text = match args.format {
        Format::Text => text(&rows, colours(&std::io::stdout()), width()),
        Format::Json => format!("{:#}\n", serde_json::json!(rows)),
    };
    printed(&text)
}

fn rows(args: &Args) -> Result<Vec<Row<'static>>, Stop> {
    let catalogue = Catalogue::built_in();
    let areas = catalogue.areas();
    if let Some(unknown) = args.area.iter().find(|area| !areas.contains(&area.as_str())) {
        let near = nearest(unknown, areas.iter().copied()).map(|name| format!("; the nearest is `{name}`"));
        let message = format!("there is no area `{unknown}`{}", near.unwrap_or_default());
        return Err(Stop::usage(Message::new(message, Some(&format!("the areas are {}", areas.join(", "))))));
    }
    let counts = scenario_counts()?;
    let wanted = catalogue.checks().iter().filter(|check| args.area.is_empty() || args.area.contains(&check.area));
    Ok(wanted.map(|check| Row { check, scenarios: counts.get(&check.id).copied().unwrap_or_default() }).collect())
}

/// How many scenarios prove each check on the embedded reference.
pub(super) fn scenario_counts() -> Result<BTreeMap<String, usize>, Stop> {
    let everything = Selection { risk: Some(Risk::Intrusive), intrusive: true, ..Selection::default() };
    let plan = check_reference(Defects::none()).select(everything).plan()?;
    let names = plan.run.iter().map(|case| &case.name).chain(plan.skipped.iter().map(|(name, _)| name));
    let mut counts = BTreeMap::new();
    for id in names.filter_map(|name| name.check.clone()) {
        *counts.entry(id).or_default() += 1;
    }
    Ok(counts)
}

fn text(rows: &[Row<'_>], colour: bool, width: usize) -> String {
    let mut paper = Paper::new(colour, width);
    let mut areas: Vec<&str> = rows.iter().map(|row| row.check.area.as_str()).collect();
    areas.sort_unstable();
    areas.dedup();
    for area in areas {
        let of_area: Vec<&Row<'_>> = rows.iter().filter(|row| row.check.area == area).collect();
        paper.blank();
        paper.line(&[(Ink::Bold, area), (Ink::Faint, &counted(of_area.len(), "check"))]);
        for row in of_area {
            let check = row.check;
            let (level, severity) = (level_word(check.level), severity_word(check.severity));
            let marks = format!("{level:<9}  {severity:<8}  {:>4}", row.scenarios);
            paper.line(&[(Ink::Plain, &format!("  {}", check.id)), (Ink::Faint, &marks), (Ink::Plain, &check.title)]);
        }
    }
    paper.blank();
    let scenarios: usize = rows.iter().map(|row| row.scenarios).sum();
    let total = format!("{}, {} on the reference", counted(rows.len(), "check"), counted(scenarios, "scenario"));
    paper.line(&[(Ink::Plain, &format!("{total}. `authproof explain ID` tells more about one."))]);
    paper.into_text()
}

pub(super) fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

pub(super) fn level_word(level: Level) -> &'static str {
    match level {
        Level::Hardening => "hardening",
        Level::Should => "should",
        Level::Must => "must",
    }
}

pub(super) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_listed_with_its_scenarios() {
        let rows = rows(&Args::default()).unwrap();

        let text = text(&rows, false, 100);

        assert_eq!(rows.len(), Catalogue::built_in().checks().len());
        assert!(rows.iter().filter(|row| row.scenarios > 0).count() >= 50);
        for row in &rows {
            assert!(text.contains(&format!("  {}  ", row.check.id)), "{}", row.check.id);
        }
    }

    #[test]
    fn an_area_narrows_the_list_and_a_misspelt_one_is_refused() {
        let args = |area: &str| Args { area: vec![area.into()], ..Args::default() };

        assert!(rows(&args("health")).unwrap().iter().all(|row| row.check.area == "health"));
        assert!(rows(&args("helth")).is_err());
    }
}
