//! A target file from its path to a target, or to all its mistakes.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use super::file::{self, Position};
use super::read::{Found, Reader};
use super::tree::{Node, Origin, Spot, Value};
use super::{Place, Target, TargetError, TargetErrors, TargetMistake, mask, nearest, preset, read, values};

/// Longer than any list of services; a larger file is something else.
const LIMIT: usize = 256 * 1024;

/// More would not be read by anybody, and each costs another look at the file.
const MOST_MISTAKES: usize = 40;

/// Reads the target `name` of the file at `path`; the only one if no name is given. `env` answers for `${NAME}`.
///
/// # Errors
/// All mistakes of the file, each with its place.
pub fn load(path: &Path, name: Option<&str>, env: &dyn Fn(&str) -> Option<String>) -> Result<Target, TargetErrors> {
    load_file(path, name, env, true)
}

/// The same for commands that send nothing: no secret is fetched from a file or by a command.
///
/// # Errors
/// All mistakes of the file, each with its place.
pub fn inspect(path: &Path, name: Option<&str>, env: &dyn Fn(&str) -> Option<String>) -> Result<Target, TargetErrors> {
    load_file(path, name, env, false)
}

/// The names of the targets in the file at `path`, in its order.
///
/// # Errors
/// It cannot be read, or has no targets.
pub fn names(path: &Path) -> Result<Vec<String>, TargetErrors> {
    let texts = Texts { file: Some(Text::read(path)?), preset: None };
    let tree = texts.tree()?;
    let env = |_: &str| None;
    let mut reader = reader(&env, path, false);
    let targets = targets_of(&mut reader, &tree);
    let names = targets.iter().map(|(name, _, _)| name.clone()).collect();
    texts.finish(reader.found, names)
}

fn load_file(
    path: &Path,
    name: Option<&str>,
    env: &dyn Fn(&str) -> Option<String>,
    fetch_secrets: bool,
) -> Result<Target, TargetErrors> {
    let mut texts = Texts { file: Some(Text::read(path)?), preset: None };
    let tree = texts.tree()?;
    let mut reader = reader(env, path, fetch_secrets);
    doubled_keys(&mut reader, "", &tree);
    let targets = targets_of(&mut reader, &tree);
    let chosen = choose(&mut reader, &tree, targets, name);
    let target = chosen.map(|(name, node, spot)| {
        let at = format!("targets.{name}");
        let node = with_preset(&mut reader, &mut texts, &at, node);
        reader.target(&name, &at, &node, &spot)
    });
    texts.finish(reader.found, target).map(|target| target.expect("without a target there is a mistake"))
}

/// A target that is a preset with `over` laid on top.
pub(super) fn load_preset(name: &str, over: Node) -> Result<Target, TargetErrors> {
    let mut texts = Texts { file: None, preset: None };
    let env = |_: &str| None;
    let mut reader = reader(&env, Path::new("."), true);
    let whole = Node::given_map([("preset", Node::given(Value::Text(name.to_owned())))]).overlaid(over);
    let node = with_preset(&mut reader, &mut texts, "", whole);
    let target = reader.target(name, "", &node, &node.spot);
    texts.finish(reader.found, target)
}

fn reader<'a>(env: &'a dyn Fn(&str) -> Option<String>, path: &'a Path, fetch_secrets: bool) -> Reader<'a> {
    Reader { env, folder: path.parent().unwrap_or(Path::new("")), fetch_secrets, found: vec![] }
}

/// Everything below `targets:`.
fn targets_of(reader: &mut Reader<'_>, tree: &Node) -> Vec<(String, Node, Spot)> {
    let root = "the file";
    if let Value::Empty = tree.value {
        let (key, place) = ("targets".to_owned(), root.to_owned());
        let help = "add `targets:`, and a name with a target below it; `authproof init` writes an example".to_owned();
        reader.note("targets", &tree.spot, TargetError::MissingKey { key, place, help });
        return vec![];
    }
    let Some(section) = reader.section("", root, tree, &tree.spot, &["targets"]) else { return vec![] };
    if section.get("targets").is_none() {
        reader.missing(&section, "targets", "add `targets:`, and a name with a target below it");
        return vec![];
    }
    let Some(all) = reader.open_section(&section, "targets", "`targets:`") else { return vec![] };
    let mut targets = Vec::new();
    for (name, spot) in all.keys() {
        if !read::is_name(&name) {
            reader.note_alone(
                format!("targets.{name}"),
                &spot,
                TargetError::BadName { name: name.clone(), what: "target" },
            );
        }
        if let Some(node) = all.get(&name) {
            targets.push((name, node.clone(), spot));
        }
    }
    if targets.is_empty() {
        let (key, place) = ("NAME".to_owned(), "`targets:`".to_owned());
        let help = "add a name with a target below it".to_owned();
        reader.note("targets", &tree.spot, TargetError::MissingKey { key, place, help });
    }
    targets
}

fn choose(
    reader: &mut Reader<'_>,
    tree: &Node,
    targets: Vec<(String, Node, Spot)>,
    name: Option<&str>,
) -> Option<(String, Node, Spot)> {
    let names: Vec<String> = targets.iter().map(|(name, _, _)| name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let known = values::listed(&names);
    let error = match name {
        Some(name) if names.contains(&name) => return targets.into_iter().find(|(found, _, _)| found == name),
        None if targets.len() == 1 => return targets.into_iter().next(),
        // That there is none has been told.
        _ if targets.is_empty() => return None,
        Some(name) => {
            let nearest = nearest(name, names.iter().copied());
            TargetError::UnknownTarget { name: name.to_owned(), nearest, known }
        }
        None => TargetError::WhichTarget { known },
    };
    let spot = tree.entry("targets").map_or(&tree.spot, |(key, _)| &key.spot);
    reader.note("targets", spot, error);
    None
}

/// The target's own section, laid over the preset that it names.
fn with_preset(reader: &mut Reader<'_>, texts: &mut Texts, at: &str, node: Node) -> Node {
    let Some(Node { value: Value::Text(name), spot }) = node.get("preset") else { return node };
    let names = preset::preset_names();
    let Some(text) = preset::text(name) else {
        let nearest = nearest(name, names.iter().copied());
        let error = TargetError::UnknownPreset { name: name.clone(), nearest, known: values::listed(&names) };
        reader.note(read::below(at, "preset"), spot, error);
        // What the preset would have brought is not missed.
        if let Some(found) = reader.found.last_mut() {
            found.covers = format!("{at}.");
        }
        return node;
    };
    let below = preset::tree(name, text);
    texts.preset = Some(Text { name: format!("preset {name}"), text: text.into() });
    without_lost_calls(below.overlaid(node))
}

/// Calls of the preset to a service that the user has left out go with it.
fn without_lost_calls(node: Node) -> Node {
    let Some(Node { value: Value::Map(services), .. }) = node.get("services") else { return node };
    let names: Vec<String> = services.iter().map(|(key, _)| key.text.clone()).collect();
    let kept = |call: &Node| match call.get("service") {
        Some(Node { value: Value::Text(name), spot }) => spot.origin != Origin::Preset || names.contains(name),
        _ => true,
    };
    let Value::Map(mut entries) = node.value else { return node };
    for (_, services) in entries.iter_mut().filter(|(key, _)| key.text == "services") {
        let Value::Map(services) = &mut services.value else { continue };
        for (_, service) in services {
            let Value::Map(keys) = &mut service.value else { continue };
            for (_, calls) in keys.iter_mut().filter(|(key, _)| key.text == "calls") {
                if let Value::List(calls) = &mut calls.value {
                    calls.retain(kept);
                }
            }
        }
    }
    Node { spot: node.spot, value: Value::Map(entries) }
}

/// A key that stands twice in one section: only one could count, and which one depends on the reader.
fn doubled_keys(reader: &mut Reader<'_>, at: &str, node: &Node) {
    match &node.value {
        Value::Map(entries) => {
            for (index, (key, value)) in entries.iter().enumerate() {
                if entries[..index].iter().any(|(other, _)| other.text == key.text) {
                    let place = if at.is_empty() { "the file".to_owned() } else { format!("`{at}`") };
                    let error = TargetError::DuplicateKey { key: key.text.clone(), place };
                    reader.note_alone(read::below(at, &key.text), &key.spot, error);
                }
                doubled_keys(reader, &read::below(at, &key.text), value);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                doubled_keys(reader, &read::below(at, &index.to_string()), item);
            }
        }
        Value::Empty | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Tagged(_) | Value::Given(_) => {}
    }
}

/// A text and the name that messages give it.
struct Text {
    name: String,
    text: Arc<str>,
}

/// The texts that a target comes from.
struct Texts {
    file: Option<Text>,
    preset: Option<Text>,
}

impl Text {
    fn read(path: &Path) -> Result<Self, TargetErrors> {
        let name = path.display().to_string();
        let unreadable = |reason: String| TargetErrors::of_file(TargetError::Unreadable { path: name.clone(), reason });
        let found = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
        // Neither a device nor a pipe is opened: reading one may never end.
        if !found.is_file() {
            return Err(unreadable("it is no regular file".into()));
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let read = file.take(LIMIT as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() > LIMIT {
            return Err(TargetErrors::of_file(TargetError::TooLarge { path: name, limit: LIMIT }));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let offset = error.utf8_error().valid_up_to();
            TargetErrors::of_file(TargetError::NotUtf8 { path: name.clone(), offset })
        })?;
        // The byte order mark that some editors write is no part of the text.
        Ok(Self { name, text: text.strip_prefix('\u{feff}').unwrap_or(&text).into() })
    }

    fn place(&self, position: Position, source: &Arc<str>) -> Place {
        Place {
            file: self.name.clone(),
            line: position.line,
            column: position.column,
            source: NamedSource::new(&self.name, Arc::clone(source)),
            span: span(&self.text, position.offset),
        }
    }
}

impl Texts {
    fn tree(&self) -> Result<Node, TargetErrors> {
        let file = self.file.as_ref().expect("only a file is read into a tree");
        file::parse(&file.text, Origin::File).map_err(|error| {
            let at = if error.several_documents { second_document(&file.text) } else { error.at };
            let place = at.map(|at| file.place(at, &mask::masked(&file.text).into()));
            let error = match error.several_documents {
                true => TargetError::SeveralDocuments,
                false => TargetError::Syntax { reason: error.reason },
            };
            TargetErrors { mistakes: vec![TargetMistake { at: file.name.clone(), error, place }], more: 0 }
        })
    }

    /// `value` if nothing was found, else the mistakes in the order of their places.
    fn finish<T>(&self, found: Vec<Found>, value: T) -> Result<T, TargetErrors> {
        if found.is_empty() {
            return Ok(value);
        }
        let masked: Vec<(Origin, Arc<str>)> = [(Origin::File, &self.file), (Origin::Preset, &self.preset)]
            .into_iter()
            .filter_map(|(origin, text)| Some((origin, mask::masked(&text.as_ref()?.text).into())))
            .collect();
        let more = found.len().saturating_sub(MOST_MISTAKES);
        let mistakes = found.into_iter().take(MOST_MISTAKES).map(|found| {
            let text = self.text_of(found.spot.origin);
            let source = masked.iter().find(|(origin, _)| *origin == found.spot.origin).map(|(_, text)| text);
            let place = text.zip(source).and_then(|(text, source)| {
                file::place(&text.text, &found.spot).map(|position| text.place(position, source))
            });
            TargetMistake { at: found.at, error: found.error, place }
        });
        let mut mistakes: Vec<TargetMistake> = mistakes.collect();
        mistakes
            .sort_by_key(|mistake| mistake.place.as_ref().map(|place| (place.file.clone(), place.line, place.column)));
        Err(TargetErrors { mistakes, more })
    }

    fn text_of(&self, origin: Origin) -> Option<&Text> {
        match origin {
            Origin::File => self.file.as_ref(),
            Origin::Preset => self.preset.as_ref(),
            Origin::Arguments => None,
        }
    }
}

/// The mark before the second document.
fn second_document(text: &str) -> Option<Position> {
    // What stands before the first mark is a document only if it is more than comments.
    let mut begun = false;
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if line.starts_with("---") && begun {
            return Some(Position { offset, line: index + 1, column: 1 });
        }
        begun |= !(line.trim().is_empty() || line.starts_with('#'));
        offset += line.len();
    }
    None
}

/// The word, quoted text or rest of the line that begins at `offset`.
fn span(text: &str, offset: usize) -> SourceSpan {
    let mut start = offset.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let line = text[start..].lines().next().unwrap_or_default();
    let length = match line.chars().next() {
        Some(quote @ ('"' | '\'')) => line[1..].find(quote).map(|end| end + 2),
        Some('{') => line.rfind('}').map(|end| end + 1),
        Some('[') => line.rfind(']').map(|end| end + 1),
        _ => [": ", " #", ", ", " }", "]"].iter().filter_map(|end| line.find(end)).min(),
    };
    let length = length.unwrap_or_else(|| line.trim_end().trim_end_matches(':').len());
    SourceSpan::from((start, length))
}
