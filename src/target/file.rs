//! YAML: a text becomes a tree, and an entry of the tree a line and a column. The only file of this module that names
//! the YAML crate, so that another one could take its place (docs/decisions/0001-serde-yaml.md).
//!
//! The crate tells places only with its errors. So the place of an entry is found by reading the text once more up to
//! that entry and failing there; that happens once for each mistake that is reported.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::tree::{Key, Node, Origin, Spot, Value};

/// Why a text is no YAML, and where that shows.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub reason: String,
    pub at: Option<Position>,
    pub several_documents: bool,
}

/// A place in a text; line and column counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// In bytes, from 0.
    pub offset: usize,
    pub line: usize,
    pub column: usize,
}

/// The tree of `text`.
pub(super) fn parse(text: &str, origin: Origin) -> Result<Node, SyntaxError> {
    // Without a document there is nothing that the crate could give to a visitor.
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Node { spot: Spot { origin, path: vec![], key: false }, value: Value::Empty });
    }
    let seed = Branch { origin, path: vec![] };
    seed.deserialize(serde_yaml::Deserializer::from_str(text)).map_err(|error| {
        let words = error.to_string();
        SyntaxError {
            at: location(&error),
            several_documents: words.contains("more than one document"),
            // The place is told apart from the reason.
            reason: words.split(" at line ").next().unwrap_or_default().to_owned(),
        }
    })
}

/// Where `spot` stands in `text`.
pub(super) fn place(text: &str, spot: &Spot) -> Option<Position> {
    let seek = Seek { path: &spot.path, key: spot.key };
    location(&seek.deserialize(serde_yaml::Deserializer::from_str(text)).err()?)
}

fn location(error: &serde_yaml::Error) -> Option<Position> {
    error.location().map(|place| Position { offset: place.index(), line: place.line(), column: place.column() })
}

/// Reads a value and notes the way to it.
struct Branch {
    origin: Origin,
    path: Vec<usize>,
}

impl Branch {
    fn child(&self, index: usize) -> Self {
        Self { origin: self.origin, path: self.path.iter().copied().chain([index]).collect() }
    }

    fn spot(&self, key: bool) -> Spot {
        Spot { origin: self.origin, path: self.path.clone(), key }
    }

    fn node(&self, value: Value) -> Node {
        Node { spot: self.spot(false), value }
    }
}

impl<'de> DeserializeSeed<'de> for Branch {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Branch {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true or false, a list, or keys with values")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(self.node(Value::Empty))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(self.node(Value::Empty))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(self.node(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(self.node(Value::Number(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(self.node(Value::Number(value.into())))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(self.node(Value::Text(value.to_string())))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(self.node(Value::Text(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        // JSON has no infinity.
        let number = serde_json::Number::from_f64(value).map(Value::Number);
        Ok(self.node(number.unwrap_or_else(|| Value::Text(value.to_string()))))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(self.node(Value::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.child(list.len()))? {
            list.push(item);
        }
        Ok(self.node(Value::List(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(text) = map.next_key_seed(KeyText)? {
            let child = self.child(entries.len());
            let key = Key { spot: child.spot(true), text };
            entries.push((key, map.next_value_seed(child)?));
        }
        Ok(self.node(Value::Map(entries)))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Node, A::Error> {
        let (tag, content) = tagged.variant::<String>()?;
        content.newtype_variant::<IgnoredAny>()?;
        Ok(self.node(Value::Tagged(format!("!{tag}"))))
    }
}

/// Reads a key as a text, whatever YAML takes it for.
struct KeyText;

impl<'de> DeserializeSeed<'de> for KeyText {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for KeyText {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain word as a key")
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok(String::new())
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_str<E>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }
}

/// Goes to an entry and fails there.
struct Seek<'a> {
    path: &'a [usize],
    key: bool,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing: the way ends here")
    }

    // What is not followed below fails by itself, and the crate adds the place.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.path.split_first() else { return Err(A::Error::custom("here")) };
        for _ in 0..*first {
            items.next_element::<IgnoredAny>()?;
        }
        items.next_element_seed(Seek { path: rest, key: self.key }).map(|_| ())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.path.split_first() else { return Err(A::Error::custom("here")) };
        for _ in 0..*first {
            map.next_entry::<IgnoredAny, IgnoredAny>()?;
        }
        if rest.is_empty() && self.key {
            return map.next_key_seed(Seek { path: rest, key: false }).map(|_| ());
        }
        map.next_key::<IgnoredAny>()?;
        map.next_value_seed(Seek { path: rest, key: self.key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a: 1\nb:\n  - x\n  - { c: \"ü\", d: y }\nb: ~\n\"e f\": !t z\n";

    fn at(path: &[usize], key: bool) -> Option<(usize, usize)> {
        let spot = Spot { origin: Origin::File, path: path.to_vec(), key };
        place(TEXT, &spot).map(|at| (at.line, at.column))
    }

    #[test]
    fn every_entry_has_its_place() {
        assert_eq!(at(&[0], true), Some((1, 1)));
        assert_eq!(at(&[0], false), Some((1, 4)));
        assert_eq!(at(&[1, 0], false), Some((3, 5)));
        assert_eq!(at(&[1, 1, 0], true), Some((4, 7)));
        assert_eq!(at(&[1, 1, 1], false), Some((4, 18)));
        assert_eq!(at(&[2], true), Some((5, 1)));
        assert_eq!(at(&[3], false), Some((6, 8)));
    }

    #[test]
    fn doubled_keys_and_tags_are_kept() {
        let tree = parse(TEXT, Origin::File).unwrap();

        let Value::Map(entries) = tree.value else { panic!("{tree:?}") };
        let keys: Vec<&str> = entries.iter().map(|(key, _)| key.text.as_str()).collect();
        assert_eq!(keys, ["a", "b", "b", "e f"]);
        assert!(matches!(&entries[3].1.value, Value::Tagged(tag) if tag == "!t"));
    }

    #[test]
    fn a_text_without_a_document_is_empty() {
        for text in ["", "\n", "# nothing\n", "---\n", "~"] {
            assert!(matches!(parse(text, Origin::File).unwrap().value, Value::Empty), "{text:?}");
        }
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let error = parse("a: 1\n b: 2\n", Origin::File).unwrap_err();

        assert_eq!(error.at.map(|at| at.line), Some(2), "{error:?}");
        assert!(!error.reason.contains("line"), "{error:?}");
    }

    #[test]
    fn a_second_document_is_told() {
        assert!(parse("a: 1\n---\nb: 2\n", Origin::File).unwrap_err().several_documents);
    }

    #[test]
    fn endless_references_end() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let before = level - 1;
            text += &format!(
                "a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"
            );
        }

        assert!(parse(&text, Origin::File).is_err());
    }
}
