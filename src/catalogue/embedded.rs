//! The folder `features/`, embedded once for the checks and the feature files.

use include_dir::{Dir, include_dir};

static FEATURES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/features");

/// The embedded files with this extension, as `features/<area>/<file>` and text, sorted by path.
pub(crate) fn embedded_files(extension: &str) -> Vec<(String, &'static str)> {
    let mut files = Vec::new();
    let mut folders = vec![&FEATURES];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files().filter(|file| file.path().extension().is_some_and(|found| found == extension)) {
            let parts: Vec<_> = file.path().iter().map(|part| part.to_string_lossy()).collect();
            let text = file.contents_utf8().expect("a test reads every embedded file as UTF-8");
            files.push((format!("features/{}", parts.join("/")), text));
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_is_text() {
        let mut folders = vec![&FEATURES];
        while let Some(folder) = folders.pop() {
            folders.extend(folder.dirs());
            for file in folder.files() {
                assert!(file.contents_utf8().is_some(), "{}", file.path().display());
            }
        }
    }
}
