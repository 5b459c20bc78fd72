//! From the parsed tree to templates: what each scenario inherits, and what is missing or contradictory.

use std::collections::BTreeMap;

use cucumber::gherkin::{Background, Examples, Feature, GherkinEnv, Scenario, Step, StepType};

use super::{Found, lines};
use crate::catalogue::Catalogue;
use crate::suite::source::{self, Line};
use crate::suite::tags::{self, Tag, Tags};
use crate::suite::template::{Row, Table, Template};
use crate::suite::{Each, FeatureSource, SuiteError, expand};

/// Parses the file; the parser's own message is replaced by the line and what could stand there.
pub(super) fn parse(source: &FeatureSource, lines: &[Line<'_>]) -> Result<Feature, (usize, SuiteError)> {
    Feature::parse(&source.text, GherkinEnv::default()).map_err(|error| {
        // Its position is private, but stands in its text: `Error at 5:7: ...`.
        let text = error.to_string();
        let line = text.strip_prefix("Error at ").and_then(|rest| rest.split(':').next()?.parse().ok()).unwrap_or(1);
        let found = lines.get(line - 1).map_or("the end of the file", |line| line.text).to_owned();
        let expected = lines::expected(lines, line).to_owned();
        (line.min(lines.len().max(1)), SuiteError::Syntax { found, expected })
    })
}

/// The scenarios of `feature`, wherever they stand.
pub(super) fn templates(
    source: &FeatureSource,
    lines: &[Line<'_>],
    mut feature: Feature,
    catalogue: &Catalogue,
    found: &mut Found,
) -> Vec<Template> {
    let mut file = File { source, lines, catalogue, found, templates: Vec::new() };
    let scenarios = std::mem::take(&mut feature.scenarios);
    let rules = std::mem::take(&mut feature.rules);
    let background = file.background(feature.background.take());
    feature.path = Some(source.path.clone().into());
    let line = file.line(feature.span.start);
    if feature.name.is_empty() {
        file.found.push((line, SuiteError::NoTitle { block: "feature" }));
    }
    let tags = file.tags(line, &feature.tags, false);
    if scenarios.is_empty() && rules.iter().all(|rule| rule.scenarios.is_empty()) {
        file.found.push((line, SuiteError::NoScenario));
    }
    for scenario in scenarios {
        file.scenario(&feature, &background, &tags, scenario);
    }
    for rule in rules {
        let line = file.line(rule.span.start);
        let tags = tags.with(&file.tags(line, &rule.tags, false));
        let background = [background.clone(), file.background(rule.background)].concat();
        if rule.scenarios.is_empty() {
            file.found.push((line, SuiteError::EmptyRule));
        }
        for scenario in rule.scenarios {
            file.scenario(&feature, &background, &tags, scenario);
        }
    }
    file.titles_are_unique();
    file.templates
}

struct File<'a> {
    source: &'a FeatureSource,
    lines: &'a [Line<'a>],
    catalogue: &'a Catalogue,
    found: &'a mut Found,
    templates: Vec<Template>,
}

impl File<'_> {
    fn line(&self, offset: usize) -> usize {
        source::line_at(&self.source.text, offset)
    }

    fn background(&mut self, background: Option<Background>) -> Vec<Step> {
        let Some(background) = background else {
            return Vec::new();
        };
        if background.steps.is_empty() {
            let line = self.line(background.span.start);
            self.found.push((line, SuiteError::NoSteps { block: "background" }));
        }
        self.placeholders_have_columns(&background.steps, &[]);
        background.steps
    }

    /// The tags of a block that begins on `block`.
    fn tags(&mut self, block: usize, written: &[String], above_examples: bool) -> Tags {
        let mut read = Tags::default();
        for text in written {
            let line = source::line_of_tag(self.lines, block, text);
            match tags::parse(text, self.catalogue) {
                Ok(Tag::Each(_)) if !above_examples => self.found.push((line, SuiteError::MisplacedEach)),
                Ok(tag) => read.add(text, tag),
                Err(error) => self.found.push((line, error)),
            }
        }
        if read.checks.len() > 1 {
            self.found.push((block, SuiteError::SeveralChecks));
        }
        if read.each.len() > 1 {
            self.found.push((block, SuiteError::SeveralEach));
        }
        read
    }

    fn scenario(&mut self, feature: &Feature, background: &[Step], outer: &Tags, scenario: Scenario) {
        let line = self.line(scenario.span.start);
        let tags = outer.with(&self.tags(line, &scenario.tags, false));
        if scenario.name.is_empty() {
            self.found.push((line, SuiteError::NoTitle { block: "scenario" }));
        }
        if scenario.steps.is_empty() {
            self.found.push((line, SuiteError::NoSteps { block: "scenario" }));
        } else if !scenario.steps.iter().any(|step| step.ty == StepType::Then) {
            self.found.push((line, SuiteError::NoThen));
        }
        let is_outline = scenario.keyword != "Scenario" && scenario.keyword != "Example";
        if scenario.examples.is_empty() && is_outline {
            self.found.push((line, SuiteError::NoExamples));
        }
        let tables: Vec<Table> =
            scenario.examples.iter().filter_map(|examples| self.table(&tags, &scenario, examples)).collect();
        let named = |tags: &Tags| !tags.checks.is_empty();
        let has_check = named(&tags) || (!tables.is_empty() && tables.iter().all(|table| named(&table.tags)));
        // A check that is not in the catalogue has been reported already.
        let tried = scenario.tags.iter().chain(&feature.tags).any(|tag| tag.starts_with("id:"));
        if self.source.built_in && !has_check && !tried {
            self.found.push((line, SuiteError::NoCheck));
        }
        if scenario.examples.is_empty() && !is_outline {
            self.placeholders_have_columns(&scenario.steps, &[]);
            self.title_has_columns(line, &scenario.name, &[]);
        }
        let mut scenario = scenario;
        scenario.examples.clear();
        self.templates.push(Template {
            path: self.source.path.clone(),
            feature: feature.clone(),
            background: background.to_vec(),
            scenario,
            line,
            tags,
            tables,
        });
    }

    fn table(&mut self, outer: &Tags, scenario: &Scenario, examples: &Examples) -> Option<Table> {
        let line = self.line(examples.span.start);
        let own = self.tags(line, &examples.tags, true);
        let Some(table) = examples.table.as_ref().filter(|table| table.rows.len() > 1) else {
            self.found.push((line, SuiteError::EmptyExamples));
            return None;
        };
        let row_lines = source::lines_of_rows(self.lines, line, table.rows.len());
        let columns = table.rows[0].clone();
        let header = row_lines.first().copied().unwrap_or(line);
        self.columns_are_named_and_used(header, &columns, scenario);
        self.placeholders_have_columns(&scenario.steps, &columns);
        self.title_has_columns(self.line(scenario.span.start), &scenario.name, &columns);
        let rows: Vec<Row> = row_lines
            .into_iter()
            .zip(&table.rows)
            .skip(1)
            .map(|(line, cells)| Row { line, cells: cells.clone() })
            .collect();
        let each = own.each.first().copied();
        self.stars_are_filled(line, each, &columns, &rows);
        Some(Table { tags: outer.with(&own), each, columns, rows })
    }

    fn columns_are_named_and_used(&mut self, line: usize, columns: &[String], scenario: &Scenario) {
        for (index, name) in columns.iter().enumerate() {
            let placeholder = format!("<{name}>");
            if name.is_empty() {
                self.found.push((line, SuiteError::UnnamedColumn { column: index + 1 }));
            } else if columns[..index].contains(name) {
                self.found.push((line, SuiteError::ColumnTwice { name: name.clone() }));
            } else if !expand::texts(scenario).any(|text| text.contains(&placeholder)) {
                self.found.push((line, SuiteError::UnusedColumn { name: name.clone() }));
            }
        }
    }

    fn placeholders_have_columns(&mut self, steps: &[Step], columns: &[String]) {
        for step in steps {
            let cells = step.table.iter().flat_map(|table| &table.rows).flatten();
            for name in cells.chain([&step.value]).flat_map(|text| expand::placeholders(text)) {
                if !columns.iter().any(|column| column == name) {
                    let line = self.line(step.span.start);
                    self.found.push((line, SuiteError::NoColumn { name: name.to_owned() }));
                }
            }
        }
    }

    fn title_has_columns(&mut self, line: usize, title: &str, columns: &[String]) {
        for name in expand::placeholders(title) {
            if !columns.iter().any(|column| column == name) {
                self.found.push((line, SuiteError::NoColumn { name: name.to_owned() }));
            }
        }
    }

    fn stars_are_filled(&mut self, line: usize, each: Option<Each>, columns: &[String], rows: &[Row]) {
        let filled = each.map_or(&[][..], Each::columns);
        let fills = |column: &str| filled.contains(&column);
        for row in rows {
            for (column, _) in columns.iter().zip(&row.cells).filter(|(column, cell)| *cell == "*" && !fills(column)) {
                let remedy = match each {
                    Some(each) => format!("`@each:{}` fills in {}", each.name(), quoted(filled)),
                    None => "tag the examples `@each:` with what the row is repeated for".to_owned(),
                };
                self.found.push((row.line, SuiteError::UnfilledStar { column: column.clone(), remedy }));
            }
        }
        let starred = |row: &Row| columns.iter().zip(&row.cells).any(|(column, cell)| cell == "*" && fills(column));
        if let Some(each) = each
            && !rows.iter().any(starred)
        {
            self.found.push((line, SuiteError::EachWithoutStar { each: each.name(), columns: quoted(filled) }));
        }
    }

    fn titles_are_unique(&mut self) {
        let mut first_lines: BTreeMap<String, usize> = BTreeMap::new();
        for template in &self.templates {
            let whole = std::iter::once((template.scenario.name.clone(), template.line));
            let mut titles: Vec<(String, usize)> = whole.collect();
            // Rows whose raw titles agree give agreeing titles on every target.
            titles
                .extend(expand::raw_titles(template).into_iter().filter(|(title, _)| *title != template.scenario.name));
            for (title, line) in titles {
                match first_lines.get(&title) {
                    Some(first) => {
                        self.found.push((line, SuiteError::TitleTwice { title: title.clone(), first: *first }));
                    }
                    None => {
                        first_lines.insert(title, line);
                    }
                }
            }
        }
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}
