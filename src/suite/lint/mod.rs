//! Finds every mistake of the feature files at once, above all those that would let a run pass without testing.

mod lines;
mod steps;
mod structure;

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
        // Two checks may meet on one line; one remark about it is enough.
        found.sort_by_key(|(line, _)| *line);
        found.dedup();
        mistakes.extend(
            found
                .into_iter()
                .map(|(line, error)| Mistake::on_line(&source.path, &source.text, line, error)),
        );
    }
    if mistakes.is_empty() {
        Ok(Suite { templates })
    } else {
        Err(SuiteErrors { mistakes })
    }
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
    lines::check(&lines, knows_step, found);
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
    let templates = structure::templates(source, &lines, feature, catalogue, found);
    steps::check(&source.text, &templates, knows_step, found);
    Some(templates)
}

#[cfg(test)]
mod tests;
