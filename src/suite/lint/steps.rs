//! Every step of every row fits exactly one step function.

use std::collections::BTreeSet;

use cucumber::gherkin::{Step, StepType};

use super::{Found, KnowsStep, StepMatch};
use crate::suite::template::Template;
use crate::suite::{SuiteError, expand, source};

/// Adds the steps that fit no function, or several. A line is reported once, whatever its rows make of it.
pub(super) fn check(text: &str, templates: &[Template], knows_step: &KnowsStep<'_>, found: &mut Found) {
    let mut reported = BTreeSet::new();
    for template in templates {
        let expanded = expand::samples(template);
        for step in template.background.iter().chain(&expanded) {
            if let Some(error) = mistake(step, knows_step)
                && reported.insert(step.span.start)
            {
                found.push((source::line_at(text, step.span.start), error));
            }
        }
    }
}

fn mistake(step: &Step, knows_step: &KnowsStep<'_>) -> Option<SuiteError> {
    let (kind, keyword) = match step.ty {
        StepType::Given => ("given", "Given"),
        StepType::When => ("when", "When"),
        StepType::Then => ("then", "Then"),
    };
    let text = step.value.clone();
    match knows_step(kind, &step.value) {
        StepMatch::One => None,
        StepMatch::None { nearest } => Some(SuiteError::UnknownStep { keyword, text, nearest }),
        StepMatch::Several => Some(SuiteError::AmbiguousStep { keyword, text }),
    }
}
