//! The small steps of reading: sections, texts, choices, lists.

use super::{Reader, below};
use crate::target::tree::{Node, Spot, Value};
use crate::target::variable;
use crate::target::{TargetError, nearest, values};

/// Keys with values.
pub(in crate::target) struct Section<'n> {
    at: String,
    /// For messages: "the service `frontend`".
    place: String,
    node: &'n Node,
    /// The key that it stands behind.
    spot: &'n Spot,
}

impl<'n> Section<'n> {
    pub(super) fn new(at: &str, place: &str, node: &'n Node, spot: &'n Spot) -> Self {
        Self { at: at.to_owned(), place: place.to_owned(), node, spot }
    }

    pub(in crate::target) fn get(&self, key: &str) -> Option<&'n Node> {
        self.node.get(key)
    }

    pub(super) fn at_key(&self, key: &str) -> String {
        below(&self.at, key)
    }

    /// Its keys, each once.
    pub(in crate::target) fn keys(&self) -> Vec<(String, Spot)> {
        let mut keys: Vec<(String, Spot)> = Vec::new();
        if let Value::Map(entries) = &self.node.value {
            for (key, _) in entries {
                if !keys.iter().any(|(known, _)| *known == key.text) {
                    keys.push((key.text.clone(), key.spot.clone()));
                }
            }
        }
        keys
    }

    fn key_spot(&self, key: &str) -> &'n Spot {
        self.node.entry(key).map_or(self.spot, |(key, _)| &key.spot)
    }
}

impl Reader<'_> {
    /// Takes `node` as keys with values, and tells the keys that are not `known`.
    pub(in crate::target) fn section<'n>(
        &mut self,
        at: &str,
        place: &str,
        node: &'n Node,
        spot: &'n Spot,
        known: &[&str],
    ) -> Option<Section<'n>> {
        let Value::Map(entries) = &node.value else {
            let expected = format!("a section with {}", values::listed(known));
            self.wrong_type(at, node, spot, &expected, "put its keys on the lines below it, indented");
            return None;
        };
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.text.as_str())) {
            let nearest = nearest(&key.text, known.iter().copied());
            let covered = nearest.clone().unwrap_or_else(|| key.text.clone());
            let error = TargetError::UnknownKey {
                key: key.text.clone(),
                place: place.to_owned(),
                nearest,
                known: values::listed(known),
            };
            self.note(below(at, &key.text), &key.spot, error);
            if let Some(found) = self.found.last_mut() {
                found.covers = below(at, &covered);
            }
        }
        Some(Section::new(at, place, node, spot))
    }

    /// The section below `key`, if there is one.
    pub(super) fn subsection<'n>(
        &mut self,
        parent: &Section<'n>,
        key: &str,
        place: &str,
        known: &[&str],
    ) -> Option<Section<'n>> {
        let node = parent.get(key)?;
        self.section(&parent.at_key(key), place, node, parent.key_spot(key), known)
    }

    /// The section below `key`, whose keys are names of the user's.
    pub(in crate::target) fn open_section<'n>(
        &mut self,
        parent: &Section<'n>,
        key: &str,
        place: &str,
    ) -> Option<Section<'n>> {
        let (node, at) = (parent.get(key)?, parent.at_key(key));
        let spot = parent.key_spot(key);
        match node.value {
            Value::Map(_) => Some(Section::new(&at, place, node, spot)),
            _ => {
                self.wrong_type(&at, node, spot, "names with values", "put each name on a line of its own, indented");
                None
            }
        }
    }

    /// Tells that `key` is not there, unless a misspelt one is.
    pub(in crate::target) fn missing(&mut self, section: &Section<'_>, key: &str, help: &str) {
        let at = section.at_key(key);
        if !self.is_explained(&at) {
            let (key, place, help) = (key.to_owned(), section.place.clone(), help.to_owned());
            self.note(at, section.spot, TargetError::MissingKey { key, place, help });
        }
    }

    /// The text of `key`, with its variables filled in.
    pub(super) fn text(&mut self, section: &Section<'_>, key: &str) -> Option<String> {
        let node = section.get(key)?;
        self.text_of(&section.at_key(key), node, section.key_spot(key))
    }

    pub(super) fn text_of(&mut self, at: &str, node: &Node, spot: &Spot) -> Option<String> {
        let Value::Text(text) = &node.value else {
            let help = match &node.value {
                Value::Number(_) | Value::Bool(_) => "put it into quotes",
                _ => "write one text",
            };
            self.wrong_type(at, node, spot, "a text", help);
            return None;
        };
        self.filled(at, text, node)
    }

    /// `text` with its variables filled in; it is not empty then.
    pub(super) fn filled(&mut self, at: &str, text: &str, node: &Node) -> Option<String> {
        match variable::fill(text, self.env) {
            Ok(filled) if filled.trim().is_empty() => {
                let key = subject(at);
                self.note(at, &node.spot, TargetError::Empty { key, expected: "a text that is not empty".into() });
                None
            }
            Ok(filled) => Some(filled),
            Err(errors) => {
                for error in errors {
                    self.note(at, &node.spot, if last(at) == "secret" { without_text(error) } else { error });
                }
                None
            }
        }
    }

    /// The text of `key` as something else.
    pub(super) fn parsed<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        parse: impl Fn(&str) -> Result<T, TargetError>,
    ) -> Option<T> {
        let text = self.text(section, key)?;
        let node = section.get(key)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(section.at_key(key), &node.spot, error);
                None
            }
        }
    }

    /// The text of `key` as one of several words.
    pub(super) fn choice<T: Copy>(&mut self, section: &Section<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        self.parsed(section, key, |text| one_of(key, text, words))
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, section: &Section<'_>, key: &str) -> Option<bool> {
        let node = section.get(key)?;
        match &node.value {
            Value::Bool(flag) => Some(*flag),
            Value::Text(text) if variable::has_some(text) => {
                self.choice(section, key, &[("true", true), ("false", false)])
            }
            _ => {
                let (at, spot) = (section.at_key(key), section.key_spot(key));
                self.wrong_type(&at, node, spot, "`true` or `false`", "write `true` or `false`, without quotes");
                None
            }
        }
    }

    /// A whole number that is not negative.
    pub(super) fn number(
        &mut self,
        section: &Section<'_>,
        key: &str,
        out_of_range: impl Fn(&str) -> TargetError,
    ) -> Option<u64> {
        let node = section.get(key)?;
        let words = match &node.value {
            Value::Number(number) => number.to_string(),
            Value::Text(text) if variable::has_some(text) => self.text(section, key)?,
            _ => {
                let (at, spot) = (section.at_key(key), section.key_spot(key));
                self.wrong_type(&at, node, spot, "a number", "write a whole number, without quotes and units");
                return None;
            }
        };
        match words.parse() {
            Ok(number) => Some(number),
            Err(_) => {
                self.note(section.at_key(key), &node.spot, out_of_range(&words));
                None
            }
        }
    }

    /// The items of a list, each with its place in words.
    pub(super) fn items<'n>(&mut self, section: &Section<'n>, key: &str, expected: &str) -> Vec<(String, &'n Node)> {
        let Some(node) = section.get(key) else { return vec![] };
        let at = section.at_key(key);
        match &node.value {
            Value::List(items) => {
                items.iter().enumerate().map(|(index, item)| (format!("{at}.{index}"), item)).collect()
            }
            _ => {
                let help = "write each on a line of its own that begins with `- `, or all in `[ ]`";
                self.wrong_type(&at, node, section.key_spot(key), expected, help);
                vec![]
            }
        }
    }

    /// The texts of a list, each read as something else.
    pub(super) fn all_parsed<T>(
        &mut self,
        section: &Section<'_>,
        key: &str,
        expected: &str,
        parse: impl Fn(&str) -> Result<T, TargetError>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for (at, item) in self.items(section, key, expected) {
            match self.text_of(&at, item, &item.spot).map(|text| parse(&text)) {
                Some(Ok(value)) => all.push(value),
                Some(Err(error)) => self.note(at, &item.spot, error),
                None => {}
            }
        }
        all
    }

    pub(super) fn wrong_type(&mut self, at: &str, node: &Node, spot: &Spot, expected: &str, help: &str) {
        let key = subject(at);
        match &node.value {
            Value::Empty => self.note(at, spot, TargetError::Empty { key, expected: expected.to_owned() }),
            Value::Tagged(tag) => self.note(at, &node.spot, TargetError::YamlTag { key, tag: tag.clone() }),
            value => {
                let (found, expected, help) = (value.kind(), expected.to_owned(), help.to_owned());
                self.note(at, &node.spot, TargetError::WrongType { key, found, expected, help });
            }
        }
    }
}

/// What looks like a variable may be part of a secret.
fn without_text(error: TargetError) -> TargetError {
    match error {
        TargetError::BadVariable { .. } => TargetError::BadVariable { text: "${...}".into() },
        other => other,
    }
}

/// The one of `words` that `text` is.
pub(super) fn one_of<T: Copy>(key: &str, text: &str, words: &[(&str, T)]) -> Result<T, TargetError> {
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| TargetError::NotOneOf {
        key: key.to_owned(),
        value: text.to_owned(),
        nearest: nearest(text, known.iter().copied()),
        known: values::listed(&known),
    })
}

/// For messages: what stands at `at`.
fn subject(at: &str) -> String {
    let item = at.rsplit('.').next().is_some_and(|name| name.parse::<usize>().is_ok());
    match (at, item) {
        ("", _) => "the file".into(),
        (_, true) => format!("an item of `{}`", last(at)),
        (_, false) => format!("`{}`", last(at)),
    }
}

/// The key that a place in words ends with; for an item of a list the list's.
fn last(at: &str) -> String {
    let names = at.rsplit('.').find(|name| name.parse::<usize>().is_err());
    names.unwrap_or(at).to_owned()
}
