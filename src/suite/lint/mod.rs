//! Finds every mistake of the feature files at once, above all those that would let a run pass without testing.

mod lines;
mod steps;
mod structure;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::source;
use super::{FeatureSource, Mistake, Suite, SuiteError, SuiteErrors};
use crate::catalogue::Catalogue;

/// How many step functions a text fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepMatch {
    One,
    None {
        /// The step that was probably meant.
        nearest: Option<String>,
    },
    Several,
}

/// Answers how many steps fit a keyword kind (`given`, `when`, `then`) and a text.
pub type KnowsStep<'a> = dyn Fn(&str, &str) -> StepMatch + 'a;

/// Turns feature files into a suite, or reports all their mistakes.
pub fn lint(
    sources: &[FeatureSource],
    knows_step: &KnowsStep<'_>,
    catalogue: &Catalogue,
) -> Result<Suite, SuiteErrors> {
    let mut mistakes = Vec::new();
    let mut templates = Vec::new();
    if sources.is_empty() {
        mistakes.push(Mistake::of_file("features", SuiteError::NoFiles));
    }
    for source in sources {
        let mut found = Vec::new();
        match lint_file(source, knows_step, catalogue, &mut found) {
            Some(of_file) if found.is_empty() => templates.extend(of_file),
            Some(_) | None => {}
        }
        found.sort_by_key(|(line, _)| *line);
        found.dedup();
        let text: Arc<str> = source.text.as_str().into();
        mistakes.extend(found.into_iter().map(|(line, error)| Mistake::on_line(&source.path, &text, line, error)));
    }
    if mistakes.is_empty() { Ok(Suite { templates }) } else { Err(SuiteErrors { mistakes }) }
}

/// A mistake before it knows its file: line and kind.
type Found = Vec<(usize, SuiteError)>;

fn lint_file(
    source: &FeatureSource,
    knows_step: &KnowsStep<'_>,
    catalogue: &Catalogue,
    found: &mut Found,
) -> Option<Vec<super::template::Template>> {
    let lines = source::lines(&source.text);
    if let Some(language) = lines::language(&lines) {
        found.push(language);
        return None;
    }
    lines::check(&lines, knows_step, found);
    let explained: BTreeSet<usize> = found.iter().map(|(line, _)| *line).collect();
    let feature = match structure::parse(source, &lines) {
        Ok(feature) => feature,
        Err(mistake) => {
            // The parser stumbles over what the lines have shown more clearly.
            if found.is_empty() {
                found.push(mistake);
            }
            return None;
        }
    };
    let mut deeper = Vec::new();
    let templates = structure::templates(source, &lines, feature, catalogue, &mut deeper);
    steps::check(&source.text, &templates, knows_step, &mut deeper);
    // What a line's spelling explains is not explained again by what the parser made of it.
    found.extend(deeper.into_iter().filter(|(line, _)| !explained.contains(line)));
    Some(templates)
}

#[cfg(test)]
mod tests;
