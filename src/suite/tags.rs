//! The tags of the house, and the expressions that select by them.

use std::collections::BTreeSet;

use cucumber::gherkin::tagexpr::TagOperation;

use super::{Each, SuiteError, spelling};
use crate::catalogue::Catalogue;
use crate::target::Capability;

/// A tag with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tag {
    Check(String),
    Needs(Capability),
    Each(Each),
    Exclusive,
    /// A mark of the user's own, to select by.
    Own,
}

/// What the tags of a feature, rule, scenario or table say together.
#[derive(Debug, Clone, Default)]
pub(super) struct Tags {
    /// As written, without `@`, each once.
    pub all: Vec<String>,
    pub checks: Vec<String>,
    pub needs: BTreeSet<Capability>,
    pub each: Vec<Each>,
    pub exclusive: bool,
}

/// Reads one tag, given without its `@`.
pub(super) fn parse(tag: &str, catalogue: &Catalogue) -> Result<Tag, SuiteError> {
    let name = tag.split(['(', '.', ':']).next().unwrap_or_default();
    match name {
        "retry" => {
            return Err(forbidden(tag, "a check that passes at the second try did not hold at the first"));
        }
        "allow" => {
            return Err(forbidden(tag, "what cannot be checked is reported as skipped, through `@needs:`"));
        }
        "serial" => {
            return Err(forbidden(tag, "a scenario that needs the deployment for itself is `@exclusive`"));
        }
        _ => {}
    }
    match tag.split_once(':') {
        None if tag == "exclusive" => Ok(Tag::Exclusive),
        Some(("id", id)) if catalogue.find(id).is_some() => Ok(Tag::Check(id.to_owned())),
        Some(("id", id)) => {
            let known = catalogue.checks().iter().map(|check| check.id.as_str());
            Err(SuiteError::UnknownCheck { id: id.to_owned(), nearest: spelling::nearest(id, known) })
        }
        Some(("needs", name)) => Capability::from_name(name).map(Tag::Needs).ok_or_else(|| SuiteError::UnknownNeed {
            name: name.to_owned(),
            nearest: spelling::nearest(name, Capability::ALL.iter().map(|known| known.name())),
            known: listed(Capability::ALL.iter().map(|known| known.name())),
        }),
        Some(("each", name)) => Each::from_name(name).map(Tag::Each).ok_or_else(|| SuiteError::UnknownEach {
            name: name.to_owned(),
            nearest: spelling::nearest(name, Each::ALL.iter().map(|known| known.name())),
            known: listed(Each::ALL.iter().map(|known| known.name())),
        }),
        Some(("tag", own)) if is_word(own) => Ok(Tag::Own),
        _ => Err(SuiteError::UnknownTag { tag: tag.to_owned() }),
    }
}

impl Tags {
    /// These tags and those of a block inside. The inner check replaces the outer one.
    pub(super) fn with(&self, inner: &Self) -> Self {
        let mut all = self.all.clone();
        all.extend(inner.all.iter().filter(|tag| !self.all.contains(tag)).cloned());
        Self {
            all,
            checks: if inner.checks.is_empty() { self.checks.clone() } else { inner.checks.clone() },
            needs: self.needs.union(&inner.needs).copied().collect(),
            each: inner.each.clone(),
            exclusive: self.exclusive || inner.exclusive,
        }
    }

    pub(super) fn add(&mut self, text: &str, tag: Tag) {
        if !self.all.iter().any(|known| known == text) {
            self.all.push(text.to_owned());
        }
        match tag {
            Tag::Check(id) => self.checks.push(id),
            Tag::Needs(capability) => {
                self.needs.insert(capability);
            }
            Tag::Each(each) => self.each.push(each),
            Tag::Exclusive => self.exclusive = true,
            Tag::Own => {}
        }
    }
}

/// Does a scenario with these tags satisfy the expression?
pub(super) fn holds(expression: &TagOperation, tags: &[String]) -> bool {
    match expression {
        TagOperation::And(a, b) => holds(a, tags) && holds(b, tags),
        TagOperation::Or(a, b) => holds(a, tags) || holds(b, tags),
        TagOperation::Not(a) => !holds(a, tags),
        TagOperation::Tag(tag) => tags.contains(tag),
    }
}

fn forbidden(tag: &str, instead: &'static str) -> SuiteError {
    SuiteError::ForbiddenTag { tag: tag.to_owned(), instead }
}

/// Such a word can be written in a tag expression as it stands.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "-_.:".contains(c))
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tag: &str) -> Result<Tag, SuiteError> {
        parse(tag, Catalogue::built_in())
    }

    #[test]
    fn tags_that_change_what_counts_as_passed_are_refused() {
        for tag in ["retry", "retry(3)", "retry(3).after(2s)", "allow.skipped", "allow_skipped:x", "serial"] {
            assert!(read(tag).is_err(), "{tag}");
        }
    }

    #[test]
    fn a_misspelt_name_gets_the_nearest_one() {
        let error = read("needs:idp-contrl").unwrap_err();

        assert!(matches!(error, SuiteError::UnknownNeed { nearest: Some(name), .. } if name == "idp-control"));
    }

    #[test]
    fn a_tag_expression_is_judged_like_cucumber_does() {
        let tags = ["id:E-12".to_owned(), "exclusive".to_owned()];
        let holds = |text: &str| holds(&text.parse().unwrap(), &tags);

        assert!(holds("@id:E-12 and not (@tag:slow or @tag:own)"));
        assert!(holds("@exclusive or @a and @b"));
        assert!(!holds("not @exclusive"));
    }
}
