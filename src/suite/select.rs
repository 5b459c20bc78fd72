//! Which cases were asked for. A part that matches nothing is a mistake, not an empty run.

use cucumber::gherkin::tagexpr::TagOperation;

use super::mistake::suggestion;
use super::{spelling, tags};
use crate::catalogue::{Catalogue, Risk};
use crate::outcome::CaseName;
use crate::target::{Environment, Target};

/// What to run. Everything by default; parts narrow it down together, the values of one part widen it.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Check ids or names; `*` stands for any text.
    pub ids: Vec<String>,
    /// A tag expression: `@a and not (@b or @c)`.
    pub tags: Option<String>,
    /// Part of a title, in any case.
    pub name: Option<String>,
    /// Names of services; cases that name no service are left out.
    pub services: Vec<String>,
    /// Folders below `features/`.
    pub areas: Vec<String>,
    /// The highest risk allowed; `None`: what the environment allows by itself, active, or safe on production.
    pub risk: Option<Risk>,
    /// Intrusive checks are allowed, too.
    pub intrusive: bool,
}

/// A part of the selection that matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum SelectionError {
    #[error("no check is called `{id}`{}", suggestion(.nearest))]
    #[diagnostic(code("selection::unknown-check"), help("`authproof list` shows all checks"))]
    UnknownCheck { id: String, nearest: Option<String> },
    #[error("no scenario proves `{id}`")]
    #[diagnostic(code("selection::unproved-check"), help("the check is in the catalogue only; choose another one"))]
    NoScenario { id: String },
    #[error("the target has no service `{name}`{}", suggestion(.nearest))]
    #[diagnostic(code("selection::unknown-service"), help("the services are {known}"))]
    UnknownService { name: String, nearest: Option<String>, known: String },
    #[error("no scenario concerns the service `{name}` alone")]
    #[diagnostic(code("selection::idle-service"), help("`authproof plan` shows what concerns which service"))]
    IdleService { name: String },
    #[error("there is no area `{name}`{}", suggestion(.nearest))]
    #[diagnostic(code("selection::unknown-area"), help("the areas are {known}"))]
    UnknownArea { name: String, nearest: Option<String>, known: String },
    #[error("`{expression}` is no tag expression: column {column} cannot be read")]
    #[diagnostic(
        code("selection::tag-expression"),
        help("write it like `@a and not (@b or @c)`, each tag with its `@`")
    )]
    TagExpression { expression: String, column: usize },
    #[error("no scenario has tags that fit `{expression}`")]
    #[diagnostic(code("selection::no-tags"), help("`authproof plan` shows the tags of every scenario"))]
    NoTags { expression: String },
    #[error("no title contains `{text}`")]
    #[diagnostic(code("selection::no-name"), help("`authproof plan` shows every title"))]
    NoName { text: String },
    #[error("each part of the selection matches something, but no scenario fits all of them")]
    #[diagnostic(code("selection::nothing-in-common"), help("leave out one of the parts"))]
    NothingInCommon,
}

/// A case as the selection sees it.
pub(super) struct Candidate<'a> {
    pub name: &'a CaseName,
    pub tags: &'a [String],
}

/// A selection whose tag expression has been read.
pub(super) struct Choice<'a> {
    selection: &'a Selection,
    tags: Option<TagOperation>,
    catalogue: &'a Catalogue,
}

impl<'a> Choice<'a> {
    pub(super) fn new(selection: &'a Selection, catalogue: &'a Catalogue) -> Result<Self, SelectionError> {
        let tags = selection.tags.as_deref().map(read_expression).transpose()?;
        Ok(Self { selection, tags, catalogue })
    }

    /// Does every part of the selection want it?
    pub(super) fn wants(&self, case: &Candidate<'_>) -> bool {
        let any = |values: &[String], fits: &dyn Fn(&str) -> bool| {
            values.is_empty() || values.iter().any(|value| fits(value))
        };
        any(&self.selection.ids, &|pattern| self.fits_id(pattern, case))
            && any(&self.selection.services, &|name| case.name.service.as_deref() == Some(name))
            && any(&self.selection.areas, &|name| self.area(case) == Some(name))
            && self.tags.as_ref().is_none_or(|tags| tags::holds(tags, case.tags))
            && self.selection.name.as_ref().is_none_or(|text| fits_name(text, case))
    }

    /// The parts that match none of `cases`.
    pub(super) fn unmatched(&self, cases: &[Candidate<'_>], target: &Target) -> Vec<SelectionError> {
        let none = |fits: &dyn Fn(&Candidate<'_>) -> bool| !cases.iter().any(fits);
        let selection = self.selection;
        let mut unmatched = Vec::new();
        for id in selection.ids.iter().filter(|id| none(&|case| self.fits_id(id, case))) {
            unmatched.push(self.missing_check(id));
        }
        for name in selection.services.iter().filter(|name| none(&|case| case.name.service.as_ref() == Some(name))) {
            unmatched.push(missing_service(name, target));
        }
        let areas: Vec<&str> = cases.iter().filter_map(|case| self.area(case)).collect();
        for name in selection.areas.iter().filter(|name| !areas.contains(&name.as_str())) {
            let nearest = spelling::nearest(name, areas.iter().copied());
            unmatched.push(SelectionError::UnknownArea { name: name.clone(), nearest, known: listed(&areas) });
        }
        if let (Some(tags), Some(expression)) = (&self.tags, &selection.tags)
            && none(&|case| tags::holds(tags, case.tags))
        {
            unmatched.push(SelectionError::NoTags { expression: expression.clone() });
        }
        if let Some(text) = selection.name.as_ref().filter(|text| none(&|case| fits_name(text, case))) {
            unmatched.push(SelectionError::NoName { text: text.clone() });
        }
        if unmatched.is_empty() && !cases.is_empty() && none(&|case| self.wants(case)) {
            unmatched.push(SelectionError::NothingInCommon);
        }
        unmatched
    }

    /// Why a case of this risk is not run on this target, if so.
    pub(super) fn refuses(&self, risk: Risk, environment: Environment) -> Option<String> {
        let by_itself = match environment {
            Environment::Local | Environment::Staging => Risk::Active,
            Environment::Production => Risk::Safe,
        };
        let allowed = self.selection.risk.unwrap_or(by_itself);
        let does = match risk {
            Risk::Safe => return None,
            Risk::Active => "sends attack-like input",
            Risk::Load => "sends many requests",
            Risk::Intrusive => "may disturb the deployment",
        };
        let (refused, remedy) = match risk {
            Risk::Intrusive => (!self.selection.intrusive, "--intrusive"),
            Risk::Load => (allowed < risk, "--risk load"),
            Risk::Active | Risk::Safe => (allowed < risk, "--risk active"),
        };
        let place = match environment {
            Environment::Production => " and the target is production",
            Environment::Local | Environment::Staging => "",
        };
        refused.then(|| format!("it {does}{place}; allow it with `{remedy}`"))
    }

    fn fits_id(&self, pattern: &str, case: &Candidate<'_>) -> bool {
        case.name.check.as_deref().is_some_and(|id| {
            let name = self.catalogue.find(id).map(|check| check.name.as_str());
            fits_pattern(pattern, id) || name.is_some_and(|name| fits_pattern(pattern, name))
        })
    }

    /// The check's area, or the folder that the feature stands in.
    fn area<'b>(&'b self, case: &'b Candidate<'_>) -> Option<&'b str> {
        let of_check =
            case.name.check.as_deref().and_then(|id| self.catalogue.find(id)).map(|check| check.area.as_str());
        of_check.or_else(|| case.name.feature.rsplit(['/', '\\']).nth(1))
    }

    fn missing_check(&self, id: &str) -> SelectionError {
        let checks = self.catalogue.checks();
        if checks.iter().any(|check| fits_pattern(id, &check.id) || fits_pattern(id, &check.name)) {
            return SelectionError::NoScenario { id: id.to_owned() };
        }
        let known = checks.iter().flat_map(|check| [check.id.as_str(), check.name.as_str()]);
        SelectionError::UnknownCheck { id: id.to_owned(), nearest: spelling::nearest(id, known) }
    }
}

/// The parser calls itself for every parenthesis, so the length is limited.
fn read_expression(expression: &str) -> Result<TagOperation, SelectionError> {
    const LIMIT: usize = 1000;
    let read = if expression.len() > LIMIT {
        Err(LIMIT)
    } else {
        expression.trim().parse::<TagOperation>().map_err(|error| error.location.column)
    };
    read.map_err(|column| SelectionError::TagExpression { expression: expression.to_owned(), column })
}

fn missing_service(name: &str, target: &Target) -> SelectionError {
    let known: Vec<&str> = target.services.iter().map(|service| service.name.as_str()).collect();
    if known.contains(&name) {
        return SelectionError::IdleService { name: name.to_owned() };
    }
    let nearest = spelling::nearest(name, known.iter().copied());
    SelectionError::UnknownService { name: name.to_owned(), nearest, known: listed(&known) }
}

fn listed(names: &[&str]) -> String {
    let mut names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

fn fits_name(text: &str, case: &Candidate<'_>) -> bool {
    case.name.title.to_lowercase().contains(&text.to_lowercase())
}

/// `*` stands for any text; case does not matter.
fn fits_pattern(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut rest) = text.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = tail.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text) in
            [("E-*", "E-12"), ("e-12", "E-12"), ("*", "E-12"), ("id-*-*act", "id-token-issuer-exact")]
        {
            assert!(fits_pattern(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("E-1", "E-12"), ("E-*3", "E-12"), ("D-*", "E-12"), ("E-1*12", "E-12")] {
            assert!(!fits_pattern(pattern, text), "{pattern} {text}");
        }
    }
}
