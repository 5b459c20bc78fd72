//! The checks: what must hold, how strongly, why it matters, what to do. Read from `features/<area>/checks.yaml`.

mod embedded;
mod file;
mod recipe;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::outcome::{Level, Severity};

pub(crate) use embedded::embedded_files;
pub use file::CatalogueError;
pub use mock_idp::TokenKind;
pub use recipe::find_recipe;

/// All checks, by id.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    checks: Vec<Check>,
}

/// One requirement with a stable id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// `E-12`; never renamed or reused.
    pub id: String,
    /// Kebab-case: `id-token-issuer-exact`.
    pub name: String,
    /// What holds, in one sentence.
    pub title: String,
    /// Folder below `features/`: `login`, `session`, `bearer`, `forwarding`, `user-lookup`, `health`.
    pub area: String,
    pub level: Level,
    pub severity: Severity,
    pub risk: Risk,
    /// Two sentences, the attacker's view.
    pub why: String,
    /// Specification sections: `OIDC Core 3.1.3.7 (2)`.
    pub specification: Vec<String>,
    /// What to do, for any stack.
    pub remedy: String,
    /// What to do on a known stack, by preset name.
    pub remedy_for: BTreeMap<String, String>,
}

/// What a check may do to a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    Safe,
    /// Attack-like input; fine on staging.
    Active,
    /// Many requests.
    Load,
    /// Opt-in only.
    Intrusive,
}

impl Catalogue {
    /// The checks that come with the program.
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(|| {
            let files = embedded_files("yaml").into_iter().filter(|(path, _)| path.ends_with("/checks.yaml"));
            Catalogue::parse(files).expect("a test of this module reads the same embedded files")
        });
        &BUILT_IN
    }

    /// Reads `features/<area>/checks.yaml` files, given as path and text.
    pub fn parse<'a>(files: impl IntoIterator<Item = (String, &'a str)>) -> Result<Self, CatalogueError> {
        let mut checks = Vec::new();
        for (path, text) in files {
            checks.extend(file::parse(&path, text)?);
        }
        checks.sort_by(|a, b| a.id.cmp(&b.id));
        match checks.windows(2).find(|pair| pair[0].id == pair[1].id) {
            Some(pair) => Err(CatalogueError::IdTwice { id: pair[0].id.clone() }),
            None => Ok(Self { checks }),
        }
    }

    pub fn find(&self, id: &str) -> Option<&Check> {
        self.checks.binary_search_by(|check| check.id.as_str().cmp(id)).ok().map(|index| &self.checks[index])
    }

    /// Sorted by id.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The areas that have checks, sorted, each once.
    pub fn areas(&self) -> Vec<&str> {
        let mut areas: Vec<&str> = self.checks.iter().map(|check| check.area.as_str()).collect();
        areas.sort_unstable();
        areas.dedup();
        areas
    }
}

impl Check {
    /// What to do on the stack of `preset`: its own remedy where there is one, else the general one.
    pub fn remedy_on(&self, preset: Option<&str>) -> &str {
        preset.and_then(|preset| self.remedy_for.get(preset)).unwrap_or(&self.remedy)
    }
}

#[cfg(test)]
mod tests;
