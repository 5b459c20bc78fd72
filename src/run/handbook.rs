//! The steps for people who write features: what each does, and a line that uses it.

use std::collections::BTreeMap;

use cucumber::World as _;
use include_dir::{Dir, include_dir};

use super::vocabulary::{StepUsage, vocabulary};
use crate::suite::Suite;
use crate::world::World;

/// Our own steps' sources: their comments are the text of the handbook.
static SOURCES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/steps");

/// One step as a writer of features needs it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StepPage {
    /// `Given`, `When` or `Then`.
    pub keyword: &'static str,
    /// The regular expression that a step's text must match.
    pub pattern: String,
    /// What it does; empty for a step that another program adds without saying so.
    pub doc: String,
    /// A step of the built-in features that uses it.
    pub example: Option<String>,
    /// The area that it belongs to, `bearer`; empty for a step that another program adds.
    pub area: String,
    /// What the area's steps are about.
    pub about: String,
}

/// Every registered step, area by area; examples come from `suite`.
pub fn handbook(suite: &Suite) -> Vec<StepPage> {
    let examples = examples(suite);
    let mut pages: Vec<StepPage> = vocabulary()
        .into_iter()
        .map(|step| {
            let source = source_of(&step);
            StepPage {
                keyword: step.keyword,
                doc: source.map(|(_, text)| doc_above(text, step.line)).unwrap_or_default(),
                example: examples.get(&(step.file.clone(), step.line)).cloned(),
                area: source.map(|(area, _)| area.to_owned()).unwrap_or_default(),
                about: source.map(|(_, text)| about(text)).unwrap_or_default(),
                pattern: step.pattern,
            }
        })
        .collect();
    let order = |keyword: &str| ["Given", "When", "Then"].iter().position(|known| *known == keyword);
    pages.sort_by(|a, b| (&a.area, order(a.keyword), &a.pattern).cmp(&(&b.area, order(b.keyword), &b.pattern)));
    pages
}

/// The first step of `suite` that each step function serves.
fn examples(suite: &Suite) -> BTreeMap<(String, u32), String> {
    let steps = World::collection();
    let mut examples = BTreeMap::new();
    for step in suite.sample_steps() {
        if let Ok(Some((_, _, Some(location), _))) = steps.find(&step) {
            examples.entry((location.path.to_owned(), location.line)).or_insert(step.value);
        }
    }
    examples
}

fn source_of(step: &StepUsage) -> Option<(&'static str, &'static str)> {
    let path = step.file.replace('\\', "/");
    let (_, name) = path.rsplit_once("src/steps/")?;
    let file = SOURCES.get_file(name)?;
    Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?))
}

/// The comment above the attribute on `line`.
fn doc_above(source: &str, line: u32) -> String {
    let lines: Vec<&str> = source.lines().collect();
    let end = usize::try_from(line).unwrap_or_default().saturating_sub(1).min(lines.len());
    let above = lines[..end].iter().rev().map_while(|line| line.trim().strip_prefix("///"));
    let mut doc: Vec<&str> = above.map(str::trim).collect();
    doc.reverse();
    doc.join(" ")
}

/// The comment at the head of the file.
fn about(source: &str) -> String {
    let lines: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Vec<StepPage> {
        handbook(&crate::check::load(&[], true).unwrap())
    }

    #[test]
    fn every_step_of_ours_says_what_it_does() {
        let silent: Vec<String> = pages()
            .into_iter()
            .filter(|page| page.doc.is_empty() || page.about.is_empty())
            .map(|page| page.pattern)
            .collect();

        assert_eq!(silent, [""; 0]);
    }

    #[test]
    fn nearly_every_step_has_an_example() {
        let pages = pages();
        let without = pages.iter().filter(|page| page.example.is_none()).count();

        assert!(pages.len() > 60 && without * 10 < pages.len(), "{without} of {} have none", pages.len());
    }
}
