//! The journal: one JSON object a line, written as results come. Every report is made from it.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::outcome::{Diagnosis, EndReason, JournalLine, RunEnd, RunHeader, RunOutcome, ScenarioOutcome};

/// A journal being written; without a path it keeps nothing.
pub struct Journal {
    file: Option<(PathBuf, File)>,
}

/// Why a journal cannot be written or read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum JournalError {
    #[error("the journal `{}` cannot be written", .path.display())]
    #[diagnostic(code("run::journal-write"), help("choose another folder with `--reports`, or make room there"))]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the journal `{}` cannot be read", .path.display())]
    #[diagnostic(code("run::journal-read"), help("a run writes one to `reports/<target>/journal.ndjson`"))]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("line {line} of `{}` is no line of a journal", .path.display())]
    #[diagnostic(code("run::journal-line"), help("name a file that this version of authproof has written"))]
    Line {
        path: PathBuf,
        line: usize,
        #[source]
        source: serde_json::Error,
    },
    #[error("`{}` does not begin with a run's header", .path.display())]
    #[diagnostic(code("run::journal-header"), help("name a file that `authproof run` has written"))]
    NoHeader { path: PathBuf },
}

impl Journal {
    /// Starts a journal, and makes the folder it goes to.
    ///
    /// # Errors
    /// It cannot be written there.
    pub fn create(path: Option<&Path>, header: &RunHeader) -> Result<Self, JournalError> {
        let Some(path) = path else { return Ok(Self { file: None }) };
        let failed = |source| JournalError::Write { path: path.into(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = File::create(path).map_err(failed)?;
        let mut journal = Self { file: Some((path.into(), file)) };
        journal.line(&JournalLine::Header(Box::new(header.clone())))?;
        Ok(journal)
    }

    pub(super) fn doctor(&mut self, diagnoses: &[Diagnosis]) -> Result<(), JournalError> {
        self.line(&JournalLine::Doctor(diagnoses.to_vec()))
    }

    pub(super) fn scenario(&mut self, scenario: &ScenarioOutcome) -> Result<(), JournalError> {
        self.line(&JournalLine::Scenario(Box::new(scenario.clone())))
    }

    pub(super) fn end(&mut self, end: &RunEnd) -> Result<(), JournalError> {
        self.line(&JournalLine::End(end.clone()))
    }

    /// One write for the whole line: a program that is killed leaves whole lines and at most one cut one.
    fn line(&mut self, line: &JournalLine) -> Result<(), JournalError> {
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let mut text = serde_json::to_vec(line).expect("a journal line can be written as JSON");
        text.push(b'\n');
        file.write_all(&text).map_err(|source| JournalError::Write { path: path.clone(), source })
    }
}

/// Reads a journal back. One that was cut off in the middle is read as far as it goes, and says so.
///
/// # Errors
/// No file, or no journal.
pub fn read_journal(path: &Path) -> Result<RunOutcome, JournalError> {
    let failed = |source| JournalError::Read { path: path.into(), source };
    let mut lines = BufReader::new(File::open(path).map_err(failed)?).split(b'\n').enumerate().peekable();
    let (mut header, mut diagnoses, mut scenarios, mut end) = (None, vec![], vec![], None);
    while let Some((at, line)) = lines.next() {
        let line = line.map_err(failed)?;
        match serde_json::from_slice(&line) {
            Ok(JournalLine::Header(read)) => header = Some(*read),
            Ok(JournalLine::Doctor(read)) => diagnoses = read,
            Ok(JournalLine::Scenario(read)) => scenarios.push(*read),
            Ok(JournalLine::End(read)) => end = Some(read),
            // The last line of a program that was killed.
            Err(_) if header.is_some() && lines.peek().is_none() => {}
            Err(source) => return Err(JournalError::Line { path: path.into(), line: at + 1, source }),
        }
    }
    let header: RunHeader = header.ok_or_else(|| JournalError::NoHeader { path: path.into() })?;
    let end = end.unwrap_or_else(|| cut(&header, &scenarios));
    Ok(RunOutcome { header, diagnoses, scenarios, end })
}

fn cut(header: &RunHeader, scenarios: &[ScenarioOutcome]) -> RunEnd {
    let ended = |scenario: &ScenarioOutcome| scenario.started + std::time::Duration::from_millis(scenario.took_ms);
    let finished: OffsetDateTime = scenarios.iter().map(ended).max().unwrap_or(header.started);
    let took_ms = u64::try_from((finished - header.started).whole_milliseconds()).unwrap_or(0);
    RunEnd { finished, took_ms, reason: EndReason::Cut }
}
