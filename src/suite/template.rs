//! The linted form of the feature files: every scenario with what it inherits, not yet filled in for a target.

use cucumber::gherkin::{Feature, Scenario, Step};

use super::Each;
use super::tags::Tags;

/// Feature files without mistakes.
#[derive(Debug, Clone)]
pub struct Suite {
    pub(super) templates: Vec<Template>,
}

/// One scenario or outline.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pub path: String,
    /// Without scenarios, rules and background.
    pub feature: Feature,
    /// The steps of the feature's and the rule's background, in that order.
    pub background: Vec<Step>,
    pub scenario: Scenario,
    pub line: usize,
    /// Those of feature, rule and scenario.
    pub tags: Tags,
    /// Empty for a plain scenario.
    pub tables: Vec<Table>,
}

/// One examples table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Those of feature, rule, scenario and table.
    pub tags: Tags,
    pub each: Option<Each>,
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
}

/// One row of an examples table.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub line: usize,
    pub cells: Vec<String>,
}

impl Suite {
    /// How many scenarios and outlines there are.
    pub fn scenario_count(&self) -> usize {
        self.templates.len()
    }

    /// Every step of every scenario, with made-up values where a target's would stand.
    pub fn sample_steps(&self) -> Vec<Step> {
        self.templates
            .iter()
            .flat_map(|template| template.background.iter().cloned().chain(super::expand::samples(template)))
            .collect()
    }

    /// What proves `check`: the titles of its scenarios and the file of each, with `<column>` for things of a target.
    pub fn titles_for(&self, check: &str) -> Vec<(String, &str)> {
        let all = self.templates.iter().flat_map(|template| {
            super::expand::titles_for(template, check).into_iter().map(|title| (title, template.path.as_str()))
        });
        let mut titles: Vec<(String, &str)> = Vec::new();
        all.for_each(|title| {
            if !titles.contains(&title) {
                titles.push(title)
            }
        });
        titles
    }

    /// The ids of the checks that have a scenario, sorted, each once.
    pub fn checks(&self) -> Vec<&str> {
        let of_tables = self.templates.iter().flat_map(|template| &template.tables).map(|table| &table.tags);
        let of_scenarios = self.templates.iter().map(|template| &template.tags);
        let mut ids: Vec<&str> =
            of_scenarios.chain(of_tables).flat_map(|tags| &tags.checks).map(String::as_str).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
