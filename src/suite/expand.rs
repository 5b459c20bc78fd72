//! Fills examples into outlines. Ours, since a cell may stand for every such thing of the target, and since the
//! parser's own expansion copies the table for every row.

use std::collections::HashSet;

use cucumber::gherkin::{LineCol, Scenario, Step};

use super::each::Item;
use super::tags::Tags;
use super::template::{Row, Table, Template};
use crate::target::Target;

/// One scenario for one row and one place of the target.
#[derive(Debug, Clone)]
pub(super) struct Expansion<'a> {
    pub title: String,
    pub line: usize,
    pub tags: &'a Tags,
    /// What the column `service` says.
    pub service: Option<String>,
    /// Or why there is nothing of the target to fill in.
    pub scenario: Result<Scenario, &'static str>,
}

/// The scenarios that `template` gives on `target`.
pub(super) fn expand<'a>(template: &'a Template, target: &Target) -> Vec<Expansion<'a>> {
    if template.tables.is_empty() {
        let scenario = filled(template, &template.scenario.name, template.line, &[], &[], &template.tags);
        let title = template.scenario.name.clone();
        return vec![Expansion {
            title,
            line: template.line,
            tags: &template.tags,
            service: None,
            scenario: Ok(scenario),
        }];
    }
    let suffix = suffix_columns(template);
    let mut expansions = Vec::new();
    for table in &template.tables {
        let items = table.each.map(|each| each.items(target)).unwrap_or_default();
        for row in &table.rows {
            let filled_rows = fill_stars(table, row, &items);
            if let (true, Some(each)) = (filled_rows.is_empty(), table.each) {
                let cells = unescaped(&row.cells);
                expansions.push(Expansion {
                    title: title(template, &suffix, &table.columns, &cells),
                    line: row.line,
                    tags: &table.tags,
                    service: service(&table.columns, &cells).filter(|name| name != "*"),
                    scenario: Err(each.remedy()),
                });
            }
            for cells in filled_rows {
                let title = title(template, &suffix, &table.columns, &cells);
                let scenario = filled(template, &title, row.line, &table.columns, &cells, &table.tags);
                let service = service(&table.columns, &cells);
                expansions.push(Expansion {
                    title,
                    line: row.line,
                    tags: &table.tags,
                    service,
                    scenario: Ok(scenario),
                });
            }
        }
    }
    expansions
}

/// The titles of the rows with `*` left as they are, and their lines.
pub(super) fn raw_titles(template: &Template) -> Vec<(String, usize)> {
    let suffix = suffix_columns(template);
    rows(template).map(|(table, row)| (title(template, &suffix, &table.columns, &row.cells), row.line)).collect()
}

/// The titles of the rows that prove `check`, with `<column>` where each thing of a target would stand.
pub(super) fn titles_for(template: &Template, check: &str) -> Vec<String> {
    let proves = |tags: &Tags| tags.checks.iter().any(|id| id == check);
    if template.tables.is_empty() {
        return proves(&template.tags).then(|| template.scenario.name.clone()).into_iter().collect();
    }
    let shown = |(table, row): (&Table, &Row)| {
        let named = |(column, cell): (&String, &String)| match cell.as_str() {
            "*" => format!("<{column}>"),
            _ => unescape(cell),
        };
        let cells: Vec<String> = table.columns.iter().zip(&row.cells).map(named).collect();
        fill_in(&template.scenario.name, &table.columns, &cells)
    };
    rows(template).filter(|(table, _)| proves(&table.tags)).map(shown).collect()
}

/// The steps of every row, with made-up values for the target's.
pub(super) fn samples(template: &Template) -> Vec<Step> {
    if template.tables.is_empty() {
        return template.scenario.steps.clone();
    }
    let sample = |column: &String, cell: &String| match (cell.as_str(), column.as_str()) {
        ("*", "path") => "/protected".to_owned(),
        ("*", "method") => "GET".to_owned(),
        ("*", _) => "frontend".to_owned(),
        _ => unescape(cell),
    };
    rows(template)
        .flat_map(|(table, row)| {
            let cells: Vec<String> =
                table.columns.iter().zip(&row.cells).map(|(column, cell)| sample(column, cell)).collect();
            template.scenario.steps.iter().map(|step| filled_step(step, &table.columns, &cells)).collect::<Vec<_>>()
        })
        .collect()
}

/// The texts in which a column can be used.
pub(super) fn texts(scenario: &Scenario) -> impl Iterator<Item = &str> {
    scenario.steps.iter().flat_map(step_texts).chain([scenario.name.as_str()])
}

/// The names in `text` that look like `<name>`.
pub(super) fn placeholders(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (start, _) in text.match_indices('<') {
        let rest = &text[start + 1..];
        let Some(end) = rest.find(['<', '>']).filter(|end| rest[*end..].starts_with('>')) else {
            continue;
        };
        let name = &rest[..end];
        let is_name = name.starts_with(char::is_alphabetic)
            && name.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_' || c == ' ');
        // `<a href>` is no name, and neither is `a < b and c > d`.
        if is_name && !name.ends_with(' ') {
            names.push(name);
        }
    }
    names
}

fn rows(template: &Template) -> impl Iterator<Item = (&Table, &Row)> {
    template.tables.iter().flat_map(|table| table.rows.iter().map(move |row| (table, row)))
}

fn step_texts(step: &Step) -> impl Iterator<Item = &str> {
    let cells = step.table.iter().flat_map(|table| table.rows.iter().flatten().map(String::as_str));
    cells.chain(step.docstring.as_deref()).chain([step.value.as_str()])
}

/// The columns that the title must name so that it tells its rows apart.
fn suffix_columns(template: &Template) -> Vec<&str> {
    // What a `*` stands for may also stand written out in another row.
    let starred: HashSet<&str> = rows(template)
        .flat_map(|(table, row)| table.columns.iter().zip(&row.cells))
        .filter(|(_, cell)| *cell == "*")
        .map(|(column, _)| column.as_str())
        .collect();
    let title_lacks = |column: &str| !template.scenario.name.contains(&format!("<{column}>"));
    let mut columns: Vec<&str> = Vec::new();
    for (table, row) in rows(template) {
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            if cell == "*" && title_lacks(column) && !columns.contains(&column.as_str()) {
                columns.push(column);
            }
        }
    }
    let unique = |columns: &[&str]| {
        let blurred = |table: &Table, row: &Row| -> Vec<String> {
            let pairs = table.columns.iter().zip(&row.cells);
            pairs
                .map(|(column, cell)| if starred.contains(column.as_str()) { "*".to_owned() } else { cell.clone() })
                .collect()
        };
        let mut titles: Vec<String> =
            rows(template).map(|(table, row)| title(template, columns, &table.columns, &blurred(table, row))).collect();
        let count = titles.len();
        titles.sort_unstable();
        titles.dedup();
        titles.len() == count
    };
    if !unique(&columns) {
        for column in template.tables.iter().flat_map(|table| &table.columns) {
            if title_lacks(column) && !columns.contains(&column.as_str()) {
                columns.push(column);
            }
        }
    }
    columns
}

fn title(template: &Template, suffix: &[&str], columns: &[String], cells: &[String]) -> String {
    let title = fill_in(&template.scenario.name, columns, cells);
    let named: Vec<String> = suffix
        .iter()
        .filter_map(|name| Some(format!("{name}={}", cells[columns.iter().position(|column| column == name)?])))
        .collect();
    if named.is_empty() { title } else { format!("{title} [{}]", named.join(", ")) }
}

fn service(columns: &[String], cells: &[String]) -> Option<String> {
    columns.iter().position(|column| column == "service").map(|index| cells[index].clone())
}

/// The row once for every item that fits its other cells. A cell of a filled-in column that is no `*` selects.
fn fill_stars(table: &Table, row: &Row, items: &[Item]) -> Vec<Vec<String>> {
    if !row.cells.iter().any(|cell| cell == "*") {
        return vec![unescaped(&row.cells)];
    }
    let mut filled: Vec<Vec<String>> = Vec::new();
    for item in items {
        let value = |column: &String| item.iter().find(|(name, _)| name == column).map(|(_, value)| value);
        let pairs = || table.columns.iter().zip(&row.cells);
        let fits =
            pairs().all(|(column, cell)| cell == "*" || value(column).is_none_or(|value| *value == unescape(cell)));
        let cells: Vec<String> = pairs()
            .map(|(column, cell)| match value(column) {
                Some(value) if cell == "*" => value.clone(),
                Some(_) | None => unescape(cell),
            })
            .collect();
        // Two paths of a service make one row where only the service is asked for.
        if fits && !filled.contains(&cells) {
            filled.push(cells);
        }
    }
    filled
}

fn filled(
    template: &Template,
    title: &str,
    line: usize,
    columns: &[String],
    cells: &[String],
    tags: &Tags,
) -> Scenario {
    let own = template.scenario.steps.iter().map(|step| filled_step(step, columns, cells));
    let background = template.background.iter().map(|step| filled_step(step, &[], &[]));
    Scenario {
        name: title.to_owned(),
        steps: background.chain(own).collect(),
        examples: Vec::new(),
        tags: tags.all.clone(),
        position: LineCol { line, col: 1 },
        ..template.scenario.clone()
    }
}

fn filled_step(step: &Step, columns: &[String], cells: &[String]) -> Step {
    let mut filled = step.clone();
    filled.value = fill_in(&step.value, columns, cells);
    filled.docstring = step.docstring.as_deref().map(|text| fill_in(between_marks(text), columns, cells));
    for cell in filled.table.iter_mut().flat_map(|table| table.rows.iter_mut().flatten()) {
        *cell = fill_in(cell, columns, cells);
    }
    filled
}

/// The parser keeps the line breaks beside the marks.
fn between_marks(text: &str) -> &str {
    let text = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n')).unwrap_or(text);
    let text = text.trim_end_matches([' ', '\t']);
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text)
}

/// Replaces `<column>` by its cell, once: what a cell brings in is not looked at again.
fn fill_in(text: &str, columns: &[String], cells: &[String]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        filled.push_str(&rest[..start]);
        let name = rest[start + 1..].split('>').next().unwrap_or_default();
        let closed = rest[start + 1 + name.len()..].starts_with('>');
        match columns.iter().position(|column| column == name).filter(|_| closed) {
            Some(index) => {
                filled.push_str(&cells[index]);
                rest = &rest[start + name.len() + 2..];
            }
            None => {
                filled.push('<');
                rest = &rest[start + 1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

fn unescaped(cells: &[String]) -> Vec<String> {
    cells.iter().map(|cell| unescape(cell)).collect()
}

/// `\*` is a plain star.
fn unescape(cell: &str) -> String {
    if cell == "\\*" { "*".to_owned() } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cell_brings_in_is_not_filled_in_again() {
        let columns = ["a".to_owned(), "b".to_owned()];
        let cells = ["<b>".to_owned(), "2".to_owned()];

        assert_eq!(fill_in("<a> and <b> and <c> and < b", &columns, &cells), "<b> and 2 and <c> and < b");
    }

    #[test]
    fn only_names_are_taken_for_placeholders() {
        assert_eq!(placeholders("<service> at <the path> </b> <1> a < b > c <x"), ["service", "the path"]);
    }

    #[test]
    fn a_doc_string_is_what_stands_between_its_marks() {
        assert_eq!(between_marks("\n{\n  1\n}\n"), "{\n  1\n}");
        assert_eq!(between_marks("\n\nx\n\n  "), "\nx\n");
    }
}
