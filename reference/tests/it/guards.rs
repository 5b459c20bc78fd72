//! What no single test of the services would notice.

use std::path::Path;

use reference::Defect;

/// The sources of the services, without the list of defects itself.
fn sources(folder: &Path, read: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.ends_with("defects") => {}
            true => sources(&path, read),
            false => read.push_str(&std::fs::read_to_string(&path).unwrap()),
        }
    }
}

#[test]
fn every_defect_is_asked_for_somewhere() {
    let mut read = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut read);

    let unused: Vec<&str> = Defect::ALL
        .iter()
        .filter(|defect| !read.contains(&format!("Defect::{defect:?}")))
        .map(|defect| defect.name())
        .collect();

    assert!(unused.is_empty(), "nobody asks for {unused:?}");
}
