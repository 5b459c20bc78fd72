//! The form of a `checks.yaml`, and its reading.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Check, Risk};
use crate::outcome::{Level, Severity};

/// What is wrong with a catalogue.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CatalogueError {
    #[error("`{path}` is no list of checks")]
    #[diagnostic(code("catalogue::syntax"), help("compare it with another `checks.yaml`"))]
    Syntax {
        path: String,
        #[source]
        source: serde_yaml::Error,
    },
    #[error("the check `{id}` is described twice")]
    #[diagnostic(code("catalogue::id-twice"), help("give the newer one an id of its own"))]
    IdTwice { id: String },
    #[error("`{path}` stands in no folder that could be its area")]
    #[diagnostic(code("catalogue::no-area"), help("move it to `features/<area>/checks.yaml`"))]
    NoArea { path: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    id: String,
    name: String,
    title: String,
    level: Level,
    severity: Severity,
    risk: Risk,
    why: String,
    specification: Vec<String>,
    remedy: String,
    #[serde(default)]
    remedy_for: BTreeMap<String, String>,
}

/// Reads one file; the area is the folder it stands in.
pub(super) fn parse(path: &str, text: &str) -> Result<Vec<Check>, CatalogueError> {
    let area = path.rsplit('/').nth(1).filter(|area| !area.is_empty());
    let area = area.ok_or_else(|| CatalogueError::NoArea { path: path.to_owned() })?;
    let raw: Vec<RawCheck> =
        serde_yaml::from_str(text).map_err(|source| CatalogueError::Syntax { path: path.to_owned(), source })?;
    Ok(raw.into_iter().map(|raw| raw.into_check(area)).collect())
}

impl RawCheck {
    fn into_check(self, area: &str) -> Check {
        let one_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Check {
            id: self.id,
            name: self.name,
            title: one_line(self.title),
            area: area.to_owned(),
            level: self.level,
            severity: self.severity,
            risk: self.risk,
            why: one_line(self.why),
            specification: self.specification,
            remedy: one_line(self.remedy),
            remedy_for: self.remedy_for.into_iter().map(|(preset, remedy)| (preset, one_line(remedy))).collect(),
        }
    }
}
