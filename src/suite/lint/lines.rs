//! Mistakes that can be seen from the lines alone. Most of them the parser would swallow.

use super::{Found, KnowsStep, StepMatch};
use crate::suite::SuiteError;
use crate::suite::source::{Block, Kind, Line};
use crate::suite::spelling;

/// What a line stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    BeforeFeature,
    /// Behind a keyword with a colon, before its first step or row.
    Description(Block),
    /// Behind the first step of a background or scenario.
    Steps(Block),
    /// Behind the first row of an examples table.
    Rows,
}

/// Adds the mistakes of `lines` to `found`.
pub(super) fn check(lines: &[Line<'_>], knows_step: &KnowsStep<'_>, found: &mut Found) {
    let mut place = Place::BeforeFeature;
    let mut width: Option<usize> = None;
    let mut open_doc_string = None;
    for line in lines {
        if line.kind != Kind::DocStringText && line.raw.contains('\t') {
            found.push((line.number, SuiteError::Tab));
        }
        if !matches!(line.kind, Kind::Row(_) | Kind::Blank | Kind::Comment) {
            width = None;
        }
        match &line.kind {
            Kind::Blank | Kind::Comment | Kind::DocStringText => {}
            Kind::Tags(_) => tags(line, found),
            Kind::Block(block, title) => {
                block_in_place(line, *block, place, found);
                comment_behind(line, title, found);
                place = Place::Description(*block);
            }
            Kind::Step(text) => {
                comment_behind(line, text, found);
                place = step(line, text, place, knows_step, found);
            }
            Kind::StarStep => {
                // In the description of a feature or a rule it is a bullet.
                if !matches!(place, Place::BeforeFeature | Place::Description(Block::Feature | Block::Rule)) {
                    found.push((line.number, SuiteError::StarStep));
                }
            }
            Kind::Row(row) => {
                if row.bad_escape {
                    found.push((line.number, SuiteError::RowEscape));
                } else if !row.closed {
                    found.push((line.number, SuiteError::OpenRow));
                } else if let Some(expected) = width.filter(|expected| *expected != row.cells) {
                    found.push((line.number, SuiteError::RowWidth { found: row.cells, expected }));
                }
                width = width.or(Some(row.cells));
                place = match place {
                    Place::Steps(block) => Place::Steps(block),
                    Place::Description(Block::Examples) | Place::Rows => Place::Rows,
                    Place::BeforeFeature | Place::Description(_) => {
                        found.push((line.number, SuiteError::StrayText { found: line.text.to_owned() }));
                        place
                    }
                };
            }
            Kind::DocStringMark { opens, clean } => {
                open_doc_string = opens.then_some(line.number);
                if !clean {
                    found.push((line.number, SuiteError::DocStringMarks));
                }
                if !matches!(place, Place::Steps(_)) && *opens {
                    found.push((line.number, SuiteError::StrayDocString));
                }
            }
            Kind::Text => text(line, place, knows_step, found),
        }
    }
    let still_open = lines.last().is_some_and(|line| match &line.kind {
        Kind::DocStringText => true,
        Kind::DocStringMark { opens, clean } => *opens && *clean,
        _ => false,
    });
    if let Some(line) = open_doc_string.filter(|_| still_open) {
        found.push((line, SuiteError::OpenDocString));
    }
    if place == Place::BeforeFeature && found.is_empty() {
        found.push((1, SuiteError::NoFeature));
    }
}

/// The line that asks for keywords in another language, if there is one.
pub(super) fn language(lines: &[Line<'_>]) -> Option<(usize, SuiteError)> {
    let head = lines.iter().take_while(|line| matches!(line.kind, Kind::Blank | Kind::Comment | Kind::Tags(_)));
    head.filter(|line| line.kind == Kind::Comment).find_map(|line| {
        let said = line.text.trim_start_matches('#').trim_start().strip_prefix("language")?;
        let language = said.trim_start().strip_prefix(':')?.trim().to_owned();
        (language != "en").then_some((line.number, SuiteError::Language { language }))
    })
}

/// What could stand on the line, in words.
pub(super) fn expected(lines: &[Line<'_>], number: usize) -> &'static str {
    let above = lines[..number.saturating_sub(1).min(lines.len())].iter().rev();
    match above.filter_map(|line| if let Kind::Block(block, _) = line.kind { Some(block) } else { None }).next() {
        None => "`Feature:`",
        Some(Block::Feature | Block::Rule) => "`Background:`, `Scenario:`, `Scenario Outline:` or `Rule:`",
        Some(Block::Background) => "a step, `Scenario:` or `Scenario Outline:`",
        Some(Block::Scenario | Block::Outline) => "a step, a table, `Examples:` or the next scenario",
        Some(Block::Examples) => "a row of the table, `Examples:` or the next scenario",
    }
}

fn tags(line: &Line<'_>, found: &mut Found) {
    let stray =
        line.text.split_whitespace().take_while(|word| !word.starts_with('#')).find(|word| !word.starts_with('@'));
    if let Some(word) = stray {
        found.push((line.number, SuiteError::Syntax { found: word.to_owned(), expected: "another tag".to_owned() }));
    }
}

fn block_in_place(line: &Line<'_>, block: Block, place: Place, found: &mut Found) {
    let fits = match block {
        Block::Feature => {
            if place != Place::BeforeFeature {
                found.push((line.number, SuiteError::SecondFeature));
            }
            return;
        }
        Block::Background => matches!(place, Place::Description(Block::Feature | Block::Rule)),
        Block::Examples => !matches!(
            place,
            Place::BeforeFeature
                | Place::Steps(Block::Background)
                | Place::Description(Block::Feature | Block::Rule | Block::Background)
        ),
        Block::Rule | Block::Scenario | Block::Outline => place != Place::BeforeFeature,
    };
    if !fits {
        let expected = match block {
            Block::Background => "it directly below `Feature:` or `Rule:`",
            Block::Examples => "it behind the steps of an outline",
            Block::Feature | Block::Rule | Block::Scenario | Block::Outline => "`Feature:` before it",
        };
        let error = SuiteError::Syntax { found: line.text.to_owned(), expected: expected.to_owned() };
        found.push((line.number, error));
    }
}

fn step(line: &Line<'_>, text: &str, place: Place, knows_step: &KnowsStep<'_>, found: &mut Found) -> Place {
    match place {
        Place::Steps(block) => Place::Steps(block),
        Place::Description(block @ (Block::Background | Block::Scenario | Block::Outline)) => Place::Steps(block),
        // A sentence of the description, unless it is a step that lost its scenario.
        Place::Description(Block::Feature | Block::Rule) => {
            if is_step(text, knows_step) {
                let error =
                    SuiteError::Syntax { found: line.text.to_owned(), expected: "`Scenario:` above it".to_owned() };
                found.push((line.number, error));
            }
            place
        }
        Place::Description(Block::Examples) | Place::Rows => {
            found.push((line.number, SuiteError::StrayText { found: line.text.to_owned() }));
            place
        }
        // The missing feature is one mistake, however many lines follow.
        Place::BeforeFeature => place,
    }
}

fn text(line: &Line<'_>, place: Place, knows_step: &KnowsStep<'_>, found: &mut Found) {
    let misspelt = match place {
        Place::BeforeFeature | Place::Description(Block::Feature | Block::Rule) => spelling::near_block(line.text),
        Place::Description(_) | Place::Steps(_) | Place::Rows => {
            spelling::near_step(line.text).or_else(|| spelling::near_block(line.text))
        }
    };
    let behind_first = line.text.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim());
    let error = if let Some((found, keyword)) = misspelt {
        SuiteError::MisspeltKeyword { found, keyword }
    } else if is_step(behind_first, knows_step) || is_step(line.text, knows_step) {
        SuiteError::SwallowedStep
    } else if matches!(place, Place::Steps(_) | Place::Rows) {
        SuiteError::StrayText { found: line.text.to_owned() }
    } else {
        return;
    };
    found.push((line.number, error));
}

fn is_step(text: &str, knows_step: &KnowsStep<'_>) -> bool {
    let fits = |kind| !matches!(knows_step(kind, text), StepMatch::None { .. });
    !text.is_empty() && ["given", "when", "then"].into_iter().any(fits)
}

/// A `#` behind a space and outside of quotes was meant as a comment.
fn comment_behind(line: &Line<'_>, text: &str, found: &mut Found) {
    let mut quoted = false;
    let mut before = ' ';
    for c in text.chars() {
        if c == '"' {
            quoted = !quoted;
        }
        if c == '#' && before == ' ' && !quoted {
            return found.push((line.number, SuiteError::CommentBehindText));
        }
        before = c;
    }
}
