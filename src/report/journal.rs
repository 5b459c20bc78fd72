//! Reads a journal back, also one that ends in the middle.

use std::path::{Path, PathBuf};

use crate::outcome::{EndReason, JournalLine, RunEnd, RunOutcome};

/// Why a file cannot be read as a journal.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum JournalError {
    #[error("the journal `{}` cannot be read", .path.display())]
    #[diagnostic(code("journal::unreadable"), help("give the `.ndjson` file that a run has written below `reports/`"))]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("`{}` is no journal: line {line} cannot be read: {reason}", .path.display())]
    #[diagnostic(code("journal::line"), help("give the `.ndjson` file that a run has written below `reports/`"))]
    Line { path: PathBuf, line: usize, reason: String },
    #[error("`{}` is no journal: it does not begin with the header of a run", .path.display())]
    #[diagnostic(code("journal::no-header"), help("give the `.ndjson` file that a run has written below `reports/`"))]
    NoHeader { path: PathBuf },
}

/// The outcome that a journal tells. Where its end is missing, the outcome's reason is [`EndReason::Cut`].
///
/// # Errors
/// The file cannot be read, or is something else.
pub fn read_journal(path: &Path) -> Result<RunOutcome, JournalError> {
    let bytes =
        std::fs::read(path).map_err(|source| JournalError::Unreadable { path: path.to_owned(), source })?;
    parse(path, &String::from_utf8_lossy(&bytes))
}

fn parse(path: &Path, text: &str) -> Result<RunOutcome, JournalError> {
    let no_header = || JournalError::NoHeader { path: path.to_owned() };
    // A program that is killed while it writes leaves a last line without its end.
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    let (mut header, mut diagnoses, mut scenarios, mut end) = (None, Vec::new(), Vec::new(), None);
    for (number, line) in (1..).zip(whole.lines()) {
        let read = serde_json::from_str(line).map_err(|error| JournalError::Line {
            path: path.to_owned(),
            line: number,
            reason: error.to_string(),
        })?;
        match read {
            JournalLine::Header(read) if number == 1 => header = Some(read),
            JournalLine::Header(_) => return Err(no_header()),
            JournalLine::Doctor(read) => diagnoses = read,
            JournalLine::Scenario(read) => scenarios.push(*read),
            JournalLine::End(read) => end = Some(read),
        }
    }
    let header = header.ok_or_else(no_header)?;
    let end = end.unwrap_or_else(|| {
        let last = scenarios.iter().map(|scenario| scenario.started).max().unwrap_or(header.started);
        let took_ms = u64::try_from((last - header.started).whole_milliseconds()).unwrap_or(0);
        RunEnd { finished: last, took_ms, reason: EndReason::Cut }
    });
    Ok(RunOutcome { header, diagnoses, scenarios, end })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::tests::outcome;

    fn lines(outcome: &RunOutcome) -> String {
        let scenarios = outcome.scenarios.iter().cloned().map(Box::new).map(JournalLine::Scenario);
        let head = [JournalLine::Header(outcome.header.clone()), JournalLine::Doctor(outcome.diagnoses.clone())];
        let all = head.into_iter().chain(scenarios).chain([JournalLine::End(outcome.end.clone())]);
        all.map(|line| format!("{}\n", serde_json::to_string(&line).unwrap())).collect()
    }

    #[test]
    fn a_journal_tells_the_whole_outcome() {
        let outcome = outcome();

        assert_eq!(parse(Path::new("x"), &lines(&outcome)).unwrap(), outcome);
    }

    #[test]
    fn a_journal_cut_anywhere_tells_what_it_has_and_is_never_green() {
        let text = lines(&outcome());
        let header_end = text.find('\n').unwrap() + 1;
        let end_start = text.trim_end().rfind('\n').unwrap() + 1;

        for cut in header_end..text.len() - 1 {
            let Some(part) = text.get(..cut) else { continue };
            let read = parse(Path::new("x"), part).unwrap();
            assert_eq!(read.end.reason, EndReason::Cut);
            assert_eq!(read.exit_code(), 3);
            if cut >= end_start {
                assert_eq!(read.scenarios.len(), outcome().scenarios.len());
            }
        }
    }

    #[test]
    fn something_else_is_no_journal() {
        assert!(matches!(parse(Path::new("x"), ""), Err(JournalError::NoHeader { .. })));
        assert!(matches!(parse(Path::new("x"), "<html>\n"), Err(JournalError::Line { line: 1, .. })));
        let headless: String = lines(&outcome()).lines().skip(1).map(|line| format!("{line}\n")).collect();
        assert!(matches!(parse(Path::new("x"), &headless), Err(JournalError::NoHeader { .. })));
        assert!(matches!(read_journal(Path::new("/no/such")), Err(JournalError::Unreadable { .. })));
    }
}
