//! A target file as a tree in which every value knows its place. Nothing is judged here.

use super::Secret;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub spot: Spot,
    pub value: Value,
}

/// What a value is, as YAML has it.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Nothing follows the key, or `~`.
    Empty,
    Bool(bool),
    /// As it is written out again.
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    /// With doubled keys, so that they can be told.
    Map(Vec<(Key, Node)>),
    /// `!name ...`
    Tagged(String),
    /// From the command line, so it is in no text.
    Given(Secret<String>),
}

/// A key and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub spot: Spot,
    pub text: String,
}

/// Where something stands: the numbers of the entries that lead to it.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub origin: Origin,
    pub path: Vec<usize>,
    /// The key of the last entry, not its value.
    pub key: bool,
}

/// Which text something stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    File,
    Preset,
    /// In none.
    Arguments,
}

impl Node {
    /// A value of the command line.
    pub(super) fn given(value: Value) -> Self {
        Self { spot: Spot { origin: Origin::Arguments, path: vec![], key: false }, value }
    }

    /// A mapping of the command line.
    pub(super) fn given_map<'a>(entries: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let key = |text: &str| Key { spot: Self::given(Value::Empty).spot, text: text.to_owned() };
        Self::given(Value::Map(entries.into_iter().map(|(name, node)| (key(name), node)).collect()))
    }

    /// The value of `key`, if this is a mapping that has it. The first one counts.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, node)| node)
    }

    /// The entry of `key`, if this is a mapping that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&(Key, Self)> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(found, _)| found.text == key),
            Value::Empty
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Tagged(_)
            | Value::Given(_) => None,
        }
    }

    /// This value with `over` laid on top: mappings key by key, everything else as a whole.
    pub(super) fn overlaid(self, over: Self) -> Self {
        match (self.value, over.value) {
            (Value::Map(mut entries), Value::Map(news)) => {
                for (key, news) in news {
                    match entries.iter().position(|(old, _)| old.text == key.text) {
                        Some(at) if news.leaves_out(&entries[at].1) => drop(entries.remove(at)),
                        Some(at) => {
                            let (_, old) = entries.remove(at);
                            entries.insert(at, (key, old.overlaid(news)));
                        }
                        None => entries.push((key, news)),
                    }
                }
                Self { spot: over.spot, value: Value::Map(entries) }
            }
            (_, value) => Self { spot: over.spot, value },
        }
    }

    /// The word `none` takes a section, a list or a path of the preset away.
    fn leaves_out(&self, old: &Self) -> bool {
        let removable = match &old.value {
            Value::Map(_) | Value::List(_) => true,
            Value::Text(text) => text.starts_with('/'),
            Value::Empty | Value::Bool(_) | Value::Number(_) | Value::Tagged(_) | Value::Given(_) => false,
        };
        removable && matches!(&self.value, Value::Text(text) if text == "none")
    }
}

impl Value {
    /// For messages: what it is.
    pub(super) fn kind(&self) -> String {
        match self {
            Self::Empty => "empty".into(),
            Self::Bool(_) => "`true` or `false`".into(),
            Self::Number(number) => format!("the number {number}"),
            Self::Text(_) => "a text".into(),
            Self::List(_) => "a list".into(),
            Self::Map(_) => "a section with keys".into(),
            Self::Tagged(tag) => format!("marked with the YAML tag {tag}"),
            Self::Given(_) => "a secret".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Node {
        Node::given(Value::Text(text.into()))
    }

    fn names(node: &Node) -> Vec<&str> {
        match &node.value {
            Value::Map(entries) => entries.iter().map(|(key, _)| key.text.as_str()).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sections_are_laid_over_each_other_key_by_key() {
        let preset = Node::given_map([("a", Node::given_map([("x", text("1")), ("y", text("2"))])), ("b", text("3"))]);

        let both = preset.overlaid(Node::given_map([("a", Node::given_map([("y", text("4"))])), ("c", text("5"))]));

        assert_eq!(names(&both), ["a", "b", "c"]);
        let a = both.get("a").unwrap();
        assert!(matches!(&a.get("x").unwrap().value, Value::Text(text) if text == "1"));
        assert!(matches!(&a.get("y").unwrap().value, Value::Text(text) if text == "4"));
    }

    #[test]
    fn none_leaves_out_a_section_or_a_path_but_is_a_plain_word_elsewhere() {
        let preset = Node::given_map([("spy", Node::given_map([])), ("logout", text("/out")), ("audience", text("x"))]);

        let both = preset.overlaid(Node::given_map([
            ("spy", text("none")),
            ("logout", text("none")),
            ("audience", text("none")),
        ]));

        assert_eq!(names(&both), ["audience"]);
    }
}
