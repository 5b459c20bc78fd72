//! The modules of `src` use only those listed above them, and each concern has one home.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// From the ground up. `outcome` stands above `evidence` because a scenario's outcome carries its exchanges.
const ORDER: [&str; 16] = [
    "evidence",
    "outcome",
    "token",
    "target",
    "catalogue",
    "suite",
    "browser",
    "lab",
    "judge",
    "world",
    "steps",
    "run",
    "report",
    "check",
    "selfcheck",
    "cli",
];

/// Text that names a concern, and the places that may name it.
const HOMES: [(&str, &[&str]); 4] = [
    ("serde_yaml::", &["src/target/file.rs", "src/catalogue/"]),
    ("reqwest::", &["src/browser/"]),
    ("quick_junit::", &["src/report/"]),
    ("cucumber::", &["src/run/", "src/steps/", "src/world.rs", "src/world/", "src/suite/"]),
];

#[test]
fn modules_use_only_those_listed_above_them() {
    let ranks: BTreeMap<&str, usize> = ORDER.iter().enumerate().map(|(rank, name)| (*name, rank)).collect();
    let mut wrong = Vec::new();
    for file in sources() {
        let Some(user) = module_of(&file) else { continue };
        let rank = *ranks.get(user.as_str()).unwrap_or_else(|| panic!("{} is in no listed module", file.display()));
        for used in used_modules(&file) {
            match ranks.get(used.as_str()) {
                Some(used_rank) if *used_rank <= rank => {}
                Some(_) => wrong.push(format!("{}: `{user}` uses `{used}`", file.display())),
                None => wrong.push(format!("{}: `crate::{used}` is not in the list", file.display())),
            }
        }
    }

    assert!(wrong.is_empty(), "a new edge is a design decision:\n{}", wrong.join("\n"));
}

#[test]
fn each_concern_is_named_only_at_home() {
    let mut wrong = Vec::new();
    for file in sources() {
        let (path, text) = (relative(&file), code_of(&file));
        for (concern, homes) in HOMES {
            if text.contains(concern) && !homes.iter().any(|home| path.starts_with(home)) {
                wrong.push(format!("{path} names {concern}, at home in {}", homes.join(", ")));
            }
        }
    }

    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn relative(file: &Path) -> String {
    file.strip_prefix(root()).expect("found below the root").display().to_string()
}

fn sources() -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("src can be read") {
            let path = entry.expect("src can be read").path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(extension) if extension == "rs" => found.push(path),
                _ => {}
            }
        }
    }
    assert!(found.len() > 20, "only {} source files were found", found.len());
    found
}

/// `src/target/file.rs` and `src/world.rs` → `target`, `world`; `None` for the crate's two roots.
fn module_of(file: &Path) -> Option<String> {
    let inside = relative(file);
    let first = inside.strip_prefix("src/")?.split('/').next()?.trim_end_matches(".rs").to_owned();
    (first != "lib" && first != "main").then_some(first)
}

/// The file up to its tests, without comments.
fn code_of(file: &Path) -> String {
    let text = std::fs::read_to_string(file).expect("a source file is UTF-8");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn used_modules(file: &Path) -> Vec<String> {
    let code = code_of(file);
    let after = code.split("crate::").skip(1);
    after.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}
