//! A feature file as lines of a known kind. The Gherkin parser reads misspelt keywords as descriptions, cuts long rows
//! short and forgets where tags stood; so the lines are looked at before it sees them.

/// One line and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub number: usize,
    pub raw: &'a str,
    /// Without the spaces around it.
    pub text: &'a str,
    pub kind: Kind<'a>,
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Blank,
    Comment,
    /// Without `@`.
    Tags(Vec<&'a str>),
    /// A keyword with its colon, and what follows it.
    Block(Block, &'a str),
    /// What follows the keyword.
    Step(&'a str),
    /// A step that begins with `*`.
    StarStep,
    Row(Row),
    /// The marks that open or close a doc string; `clean` if nothing else stands on the line.
    DocStringMark {
        opens: bool,
        clean: bool,
    },
    DocStringText,
    /// Anything else: a description, or a mistake.
    Text,
}

/// Keywords that take a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    Feature,
    Background,
    Rule,
    Scenario,
    Outline,
    Examples,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub cells: usize,
    pub closed: bool,
    pub bad_escape: bool,
}

const BLOCKS: [(&str, Block); 11] = [
    ("Feature", Block::Feature),
    ("Business Need", Block::Feature),
    ("Ability", Block::Feature),
    ("Background", Block::Background),
    ("Rule", Block::Rule),
    ("Scenario Outline", Block::Outline),
    ("Scenario Template", Block::Outline),
    ("Scenario", Block::Scenario),
    ("Example", Block::Scenario),
    ("Examples", Block::Examples),
    ("Scenarios", Block::Examples),
];

const STEPS: [&str; 5] = ["Given ", "When ", "Then ", "And ", "But "];

/// The lines of `text`.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut open: Option<&str> = None;
    let mut lines = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let trimmed = raw.trim();
        let kind = match open {
            Some(marks) if trimmed.contains(marks) => {
                open = None;
                Kind::DocStringMark { opens: false, clean: trimmed == marks }
            }
            Some(_) => Kind::DocStringText,
            None => match ["\"\"\"", "```"].into_iter().find(|marks| trimmed.starts_with(marks)) {
                Some(marks) => {
                    // Marks that open and close on one line leave nothing open.
                    open = (!trimmed[marks.len()..].contains(marks)).then_some(marks);
                    Kind::DocStringMark { opens: true, clean: trimmed == marks }
                }
                None => plain(trimmed),
            },
        };
        lines.push(Line { number: index + 1, raw, text: trimmed, kind });
    }
    lines
}

/// The line on which `tag` stands above the block that begins on line `block`; that line itself if it stands nowhere.
pub(super) fn line_of_tag(lines: &[Line<'_>], block: usize, tag: &str) -> usize {
    lines[..block.saturating_sub(1).min(lines.len())]
        .iter()
        .rev()
        .take_while(|line| matches!(line.kind, Kind::Tags(_) | Kind::Blank | Kind::Comment))
        .find(|line| matches!(&line.kind, Kind::Tags(tags) if tags.contains(&tag)))
        .map_or(block, |line| line.number)
}

/// The numbers of the first `count` rows on or after line `from`.
pub(super) fn lines_of_rows(lines: &[Line<'_>], from: usize, count: usize) -> Vec<usize> {
    lines
        .iter()
        .skip(from.saturating_sub(1))
        .filter(|line| matches!(line.kind, Kind::Row(_)))
        .map(|line| line.number)
        .take(count)
        .collect()
}

/// Counted from 1: the line that the byte at `offset` stands on, or the next one that is not blank.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    let rest = &text.as_bytes()[offset.min(text.len())..];
    let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let newlines = text.as_bytes()[..(offset + blank).min(text.len())].iter().filter(|byte| **byte == b'\n').count();
    newlines + 1
}

fn plain(text: &str) -> Kind<'_> {
    if text.is_empty() {
        return Kind::Blank;
    }
    if text.starts_with('#') {
        return Kind::Comment;
    }
    if text.starts_with('@') {
        let tags = text.split_whitespace().take_while(|word| !word.starts_with('#'));
        return Kind::Tags(tags.flat_map(|word| word.split('@')).filter(|tag| !tag.is_empty()).collect());
    }
    if text.starts_with('|') {
        return Kind::Row(row(text));
    }
    if text == "*" || text.starts_with("* ") {
        return Kind::StarStep;
    }
    if let Some((head, rest)) = text.split_once(':')
        && let Some((_, block)) = BLOCKS.iter().find(|(keyword, _)| *keyword == head)
    {
        return Kind::Block(*block, rest.trim());
    }
    match STEPS.iter().find_map(|keyword| text.strip_prefix(keyword)) {
        Some(rest) => Kind::Step(rest.trim()),
        None => Kind::Text,
    }
}

fn row(text: &str) -> Row {
    let mut row = Row { cells: 0, closed: true, bad_escape: false };
    let mut chars = text[1..].chars();
    let mut behind_bar = String::new();
    while let Some(c) = chars.next() {
        match c {
            '|' => {
                row.cells += 1;
                behind_bar.clear();
            }
            '\\' => {
                row.bad_escape |= !matches!(chars.next(), Some('n' | '|' | '\\'));
                behind_bar.push('\\');
            }
            other => behind_bar.push(other),
        }
    }
    let rest = behind_bar.trim();
    row.closed = row.cells > 0 && (rest.is_empty() || rest.starts_with('#'));
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_kind() {
        let text = "Feature: f\n  prose\n  @a @b # note\n  Scenario: s\n    Given x\n      \"\"\"\n      Then y\n      \"\"\"\n    * z\n";

        let kinds: Vec<Kind> = lines(text).into_iter().map(|line| line.kind).collect();

        assert_eq!(
            kinds,
            [
                Kind::Block(Block::Feature, "f"),
                Kind::Text,
                Kind::Tags(vec!["a", "b"]),
                Kind::Block(Block::Scenario, "s"),
                Kind::Step("x"),
                Kind::DocStringMark { opens: true, clean: true },
                Kind::DocStringText,
                Kind::DocStringMark { opens: false, clean: true },
                Kind::StarStep,
            ]
        );
    }

    #[test]
    fn rows_are_counted_with_their_escapes() {
        assert_eq!(row("| a | b |"), Row { cells: 2, closed: true, bad_escape: false });
        assert_eq!(row(r"| a \| b | # note"), Row { cells: 1, closed: true, bad_escape: false });
        assert_eq!(row(r"| a \d | b"), Row { cells: 1, closed: false, bad_escape: true });
        assert_eq!(row("|"), Row { cells: 0, closed: false, bad_escape: false });
    }

    #[test]
    fn a_tag_is_found_above_its_block_and_not_further_up() {
        let lines = lines("@a\nFeature: f\n@b\n\n# note\nScenario: s\n");

        assert_eq!(line_of_tag(&lines, 6, "b"), 3);
        assert_eq!(line_of_tag(&lines, 6, "a"), 6);
    }
}
