//! From a run's outcome to bytes, one file per format. Everything is made from the journal alone, now or later.

mod area;
mod evidence;
mod junit;
mod paper;
mod terminal;
mod verdicts;

use std::path::{Path, PathBuf};

pub use area::area_of;
pub use junit::junit;
pub(crate) use paper::{Ink, Paper, harmless};
pub use terminal::terminal;
pub use verdicts::verdicts;

use crate::outcome::{CaseName, RunHeader};

/// How the terminal report is laid out.
#[derive(Debug, Clone)]
pub struct Layout {
    pub colour: bool,
    /// Columns; longer lines are wrapped between words.
    pub width: usize,
    /// Where the evidence is in full.
    pub journal: Option<PathBuf>,
}

impl Default for Layout {
    fn default() -> Self {
        Self { colour: false, width: 100, journal: None }
    }
}

/// A report could not be written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("cannot write the report `{}`", .path.display())]
#[diagnostic(code("report::write"), help("check that the folder exists and may be written"))]
pub struct WriteError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

/// Writes a whole file or nothing: first beside it, then in its place, so that nobody ever reads half a report.
///
/// # Errors
/// The folder cannot be made or written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let write = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = folder.join(format!(".{name}.{:016x}", rand::random::<u64>()));
        let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
        if written.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        written
    };
    write().map_err(|source| WriteError { path: path.to_owned(), source })
}

/// The command that runs this scenario again, alone.
pub fn again(header: &RunHeader, case: &CaseName) -> String {
    let mut command = header.again.clone();
    let mut option = |name: &str, value: &str| command.push_str(&format!(" {name} {}", quoted(value)));
    if let Some(check) = &case.check {
        option("--check", check);
    }
    if let Some(service) = &case.service {
        option("--service", service);
    }
    if case.check.is_none() || header.planned > 1 {
        option("--name", &case.title);
    }
    command
}

/// `text` as one word of a POSIX shell.
pub fn quoted(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | '=' | '@' | ',' | '+' | '%');
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_for_the_shell_stays_one_word() {
        assert_eq!(quoted("E-12"), "E-12");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's $HOME `id`"), r"'it'\''s $HOME `id`'");
    }

    #[test]
    fn a_report_replaces_the_one_before_and_leaves_nothing_beside_it() {
        let folder = std::env::temp_dir().join(format!("authproof-report-{:016x}", rand::random::<u64>()));
        let path = folder.join("sub/junit.xml");

        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();

        let names: Vec<_> =
            std::fs::read_dir(folder.join("sub")).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!((std::fs::read(&path).unwrap(), names), (b"two".to_vec(), vec!["junit.xml".into()]));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let error = write_whole(Path::new("/dev/null/junit.xml"), b"").unwrap_err();

        assert!(error.to_string().contains("/dev/null/junit.xml"), "{error}");
    }
}
