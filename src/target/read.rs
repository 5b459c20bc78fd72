//! From the tree of a file to a target: every key is looked at, and every mistake is kept with its place.

mod client;
mod section;
mod service;

use std::collections::BTreeMap;
use std::path::Path;

use super::builder::complete;
use super::tree::{Node, Origin, Spot, Value};
use super::{Environment, Flavour, Idp, IdpMode, IssuerUrl, Target, TargetError, rules, values};
use section::Section;

pub(super) use service::is_name;

const ENVIRONMENTS: [(&str, Environment); 3] =
    [("local", Environment::Local), ("staging", Environment::Staging), ("production", Environment::Production)];

const MODES: [(&str, IdpMode); 2] = [("mock", IdpMode::Mock), ("external", IdpMode::External)];

const FLAVOURS: [(&str, Flavour); 6] = [
    ("plain", Flavour::Plain),
    ("okta", Flavour::Okta),
    ("keycloak", Flavour::Keycloak),
    ("entra", Flavour::Entra),
    ("google", Flavour::Google),
    ("auth0", Flavour::Auth0),
];

/// What reading needs from outside, and what it has found.
pub(super) struct Reader<'a> {
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// What the paths of secret files are relative to.
    pub folder: &'a Path,
    /// Secret files are read and secret commands run; else a made-up value stands in.
    pub fetch_secrets: bool,
    pub found: Vec<Found>,
}

/// One mistake.
pub(super) struct Found {
    /// The keys that lead to it, joined by dots.
    pub at: String,
    /// What needs no further words: the same, or the key that was probably meant. Empty: nothing.
    pub covers: String,
    pub spot: Spot,
    pub error: TargetError,
}

impl Reader<'_> {
    /// Keeps a mistake.
    pub(super) fn note(&mut self, at: impl Into<String>, spot: &Spot, error: TargetError) {
        let at = at.into();
        self.found.push(Found { covers: at.clone(), at, spot: spot.clone(), error });
    }

    /// Keeps a mistake that explains no other one.
    pub(super) fn note_alone(&mut self, at: impl Into<String>, spot: &Spot, error: TargetError) {
        self.found.push(Found { at: at.into(), covers: String::new(), spot: spot.clone(), error });
    }

    /// Reads one target. Where something is wrong a stand-in takes its place, so that the rest can be looked at.
    pub(super) fn target(&mut self, name: &str, at: &str, node: &Node, spot: &Spot) -> Target {
        const KEYS: [&str; 6] = ["preset", "environment", "idp", "clients", "services", "resolve"];
        let place = format!("the target `{name}`");
        let empty = Node { spot: spot.clone(), value: Value::Map(vec![]) };
        let section = self.section(at, &place, node, spot, &KEYS);
        let known = section.is_some();
        let section = section.unwrap_or_else(|| Section::new(at, &place, &empty, spot));
        let environment = self.choice(&section, "environment", &ENVIRONMENTS).unwrap_or(Environment::Staging);
        let idp = match section.get("idp") {
            Some(_) => self.idp(&section),
            None => {
                if known {
                    let help = "add `idp:` with `mode`, `issuer` and `listen`";
                    self.missing(&section, "idp", help);
                }
                Idp { mode: IdpMode::External, issuer: IssuerUrl::nowhere(), listen: None, flavour: Flavour::Plain }
            }
        };
        let clients = self.clients(&section, environment);
        let services = self.services(&section);
        let resolve = self.resolve(&section);
        let preset = section.get("preset").and_then(|_| self.text(&section, "preset"));
        let mut target =
            Target { name: name.to_owned(), preset, environment, idp, clients, services, resolve, embedded: false };
        complete(&mut target);
        if known {
            self.rules(&target, at, node, spot);
        }
        target
    }

    fn idp(&mut self, target: &Section<'_>) -> Idp {
        const KEYS: [&str; 4] = ["mode", "issuer", "listen", "flavour"];
        let mut idp = Idp { mode: IdpMode::Mock, issuer: IssuerUrl::nowhere(), listen: None, flavour: Flavour::Plain };
        let Some(section) = self.subsection(target, "idp", "the provider", &KEYS) else { return idp };
        idp.mode = self.choice(&section, "mode", &MODES).unwrap_or(IdpMode::Mock);
        idp.flavour = self.choice(&section, "flavour", &FLAVOURS).unwrap_or(Flavour::Plain);
        idp.listen = self.parsed(&section, "listen", values::address);
        match section.get("issuer") {
            Some(_) => idp.issuer = self.parsed(&section, "issuer", IssuerUrl::parse).unwrap_or(idp.issuer),
            None => self.missing(&section, "issuer", "add `issuer:` with the issuer as the services know it"),
        }
        idp
    }

    fn resolve(&mut self, target: &Section<'_>) -> BTreeMap<String, std::net::SocketAddr> {
        let mut resolve = BTreeMap::new();
        let Some(section) = self.open_section(target, "resolve", "`resolve:`") else { return resolve };
        for (host, spot) in section.keys() {
            let at = section.at_key(&host);
            let Some(goes_to) = self.text(&section, &host) else { continue };
            match values::resolve(&host, &goes_to) {
                Ok((host, address)) => drop(resolve.insert(host, address)),
                Err(error) => self.note(at, &spot, error),
            }
        }
        resolve
    }

    /// What does not fit together, unless something at the same place was already found to be wrong.
    fn rules(&mut self, target: &Target, at: &str, node: &Node, spot: &Spot) {
        for (keys, error) in rules::violations(target) {
            let dotted = below(at, &keys.join("."));
            if !self.is_explained(&dotted) {
                self.note(dotted, &spot_of(node, spot, &keys), error);
            }
        }
    }

    /// Was something found at `at`, inside it or around it, that explains what is wrong there?
    fn is_explained(&self, at: &str) -> bool {
        let inside = |outer: &str, inner: &str| {
            let rest = inner.strip_prefix(outer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || outer.ends_with('.'))
        };
        let explains = |covers: &str| !covers.is_empty() && (inside(covers, at) || inside(at, covers));
        self.found.iter().any(|found| explains(&found.covers))
    }
}

/// The way to `key` of what stands at `at`.
pub(super) fn below(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}

/// The place that `keys` lead to; where they lead on to nothing, the key of the last thing that is there.
fn spot_of(node: &Node, spot: &Spot, keys: &[String]) -> Spot {
    let Some((first, rest)) = keys.split_first() else {
        return match node.value {
            // The key names a list or a section better than its first entry.
            Value::List(_) | Value::Map(_) => spot.clone(),
            _ => node.spot.clone(),
        };
    };
    let index = first.parse::<usize>().ok();
    match (&node.value, index) {
        (Value::List(items), Some(index)) if index < items.len() => spot_of(&items[index], &items[index].spot, rest),
        (Value::Map(_), _) => match node.entry(first) {
            Some((key, value)) => spot_of(value, &key.spot, rest),
            None => spot.clone(),
        },
        _ => spot.clone(),
    }
}

/// Secrets written in a preset are for trying out; those in a file are somebody's.
fn literal_secret(origin: Origin) -> TargetError {
    match origin {
        Origin::Preset => TargetError::PresetSecret,
        Origin::File | Origin::Arguments => TargetError::LiteralSecret,
    }
}
