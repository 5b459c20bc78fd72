//! The checks: what must hold, how strongly, why it matters, what to do. Read from `features/<area>/checks.yaml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::outcome::{Level, Severity};

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
