//! Where feature files come from: embedded in the program, or a folder of the user's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{FeatureSource, Mistake, SuiteError, SuiteErrors};
use crate::catalogue;

/// The longest file that is read: the parser's time grows with the square of it.
const LIMIT: usize = 512 * 1024;

/// The feature files that come with the program, by path.
pub fn built_in() -> Vec<FeatureSource> {
    let mut sources: Vec<FeatureSource> = catalogue::embedded_files("feature")
        .into_iter()
        .map(|(path, text)| FeatureSource { path, text: text.to_owned(), built_in: true })
        .collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// The feature files in `dir` and below it, by path.
pub fn find(dir: &Path) -> Result<Vec<FeatureSource>, SuiteErrors> {
    let mut mistakes = Vec::new();
    let mut files = BTreeSet::new();
    match std::fs::metadata(dir) {
        Err(error) => mistakes.push(unreadable(dir, &error)),
        Ok(found) if !found.is_dir() => mistakes.push(Mistake::of_file(shown(dir), SuiteError::NotAFolder)),
        Ok(_) => walk(dir, &mut Vec::new(), &mut files, &mut mistakes),
    }
    let mut sources = Vec::new();
    for file in &files {
        match load(file) {
            Ok(text) => sources.push(FeatureSource { path: shown(file), text, built_in: false }),
            Err(error) => mistakes.push(Mistake::of_file(shown(file), error)),
        }
    }
    if sources.is_empty() && mistakes.is_empty() {
        mistakes.push(Mistake::of_file(shown(dir), SuiteError::NoFiles));
    }
    if mistakes.is_empty() { Ok(sources) } else { Err(SuiteErrors { mistakes }) }
}

/// `above` holds the real paths of the folders that led here: one that comes again is a loop.
fn walk(dir: &Path, above: &mut Vec<PathBuf>, files: &mut BTreeSet<PathBuf>, mistakes: &mut Vec<Mistake>) {
    let entries = match dir.canonicalize().and_then(|real| Ok((real, std::fs::read_dir(dir)?))) {
        Ok((real, _)) if above.contains(&real) => {
            return mistakes.push(Mistake::of_file(shown(dir), SuiteError::LinkLoop));
        }
        Ok((real, entries)) => {
            above.push(real);
            entries
        }
        Err(error) => return mistakes.push(unreadable(dir, &error)),
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(error) => mistakes.push(unreadable(dir, &error)),
        }
    }
    paths.sort();
    for path in paths {
        let named_feature = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("feature"));
        match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => walk(&path, above, files, mistakes),
            Ok(found) if found.is_file() && named_feature => {
                files.insert(path);
            }
            // Neither a device nor a pipe is opened: reading one may never end.
            Ok(_) => {}
            Err(error) if named_feature => mistakes.push(unreadable(&path, &error)),
            Err(_) => {}
        }
    }
    above.pop();
}

fn load(file: &Path) -> Result<String, SuiteError> {
    let bytes = std::fs::read(file).map_err(|error| SuiteError::Unreadable { reason: error.to_string() })?;
    if bytes.len() > LIMIT {
        return Err(SuiteError::TooLarge { bytes: bytes.len(), limit: LIMIT });
    }
    let text =
        String::from_utf8(bytes).map_err(|error| SuiteError::NotUtf8 { offset: error.utf8_error().valid_up_to() })?;
    // The byte order mark that some editors write is no part of the text.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Mistake {
    Mistake::of_file(shown(path), SuiteError::Unreadable { reason: error.to_string() })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that goes away with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("authproof-find-{}-{name}", std::process::id()));
            std::fs::create_dir_all(path.join("sub")).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn errors(dir: &Path) -> Vec<SuiteError> {
        find(dir).unwrap_err().mistakes.into_iter().map(|mistake| mistake.error).collect()
    }

    #[test]
    fn files_below_the_folder_are_found_in_order_and_without_their_byte_order_mark() {
        let folder = Folder::new("order");
        std::fs::write(folder.0.join("sub/b.feature"), "\u{feff}Feature: b\n").unwrap();
        std::fs::write(folder.0.join("a.feature"), "Feature: a\n").unwrap();
        std::fs::write(folder.0.join("notes.txt"), "no").unwrap();

        let found = find(&folder.0).unwrap();

        let texts: Vec<&str> = found.iter().map(|source| source.text.as_str()).collect();
        assert_eq!(texts, ["Feature: a\n", "Feature: b\n"]);
        assert!(found.iter().all(|source| !source.built_in));
    }

    #[test]
    fn a_folder_without_feature_files_is_refused() {
        let folder = Folder::new("empty");

        assert_eq!(errors(&folder.0), [SuiteError::NoFiles]);
    }

    #[test]
    fn a_missing_folder_is_refused() {
        assert!(matches!(errors(Path::new("/no/such/folder"))[..], [SuiteError::Unreadable { .. }]));
    }

    #[test]
    fn a_file_that_is_not_text_is_refused() {
        let folder = Folder::new("binary");
        std::fs::write(folder.0.join("a.feature"), b"Feature: \xff\n").unwrap();

        assert_eq!(errors(&folder.0), [SuiteError::NotUtf8 { offset: 9 }]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_back_is_refused_and_does_not_hang() {
        let folder = Folder::new("loop");
        std::fs::write(folder.0.join("a.feature"), "Feature: a\n").unwrap();
        std::os::unix::fs::symlink(&folder.0, folder.0.join("sub/up")).unwrap();

        assert_eq!(errors(&folder.0), [SuiteError::LinkLoop]);
    }

    #[test]
    fn the_built_in_files_are_sorted_feature_files() {
        let paths: Vec<String> = built_in().into_iter().map(|source| source.path).collect();

        assert!(paths.is_sorted());
        assert!(paths.iter().all(|path| path.starts_with("features/") && path.ends_with(".feature")));
    }
}
