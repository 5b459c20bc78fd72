//! Presets: target files that come with the program, and targets made of one and a few arguments.

use std::net::SocketAddr;

use super::load::load_preset;
use super::tree::{Node, Origin, Value};
use super::{Environment, IssuerUrl, Secret, Target, TargetError, TargetErrors, TargetMistake, file, nearest, values};

const PRESETS: [(&str, &str); 3] = [
    ("amundsen-flaskoidc-1x", include_str!("../../fixtures/presets/amundsen-flaskoidc-1x.yaml")),
    ("flaskoidc-0x", include_str!("../../fixtures/presets/flaskoidc-0x.yaml")),
    ("flaskoidc-1x", include_str!("../../fixtures/presets/flaskoidc-1x.yaml")),
];

/// What is otherwise than the preset says.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Base URLs by service name; the URL `none` leaves the service out.
    pub urls: Vec<(String, String)>,
    /// The issuer as the services see it.
    pub issuer: Option<String>,
    /// Where our provider listens.
    pub listen: Option<SocketAddr>,
    pub client_id: Option<String>,
    pub client_secret: Option<Secret<String>>,
    /// `None`: local if every URL is on this machine, else staging.
    pub environment: Option<Environment>,
}

/// The names of the presets, sorted.
pub fn preset_names() -> Vec<&'static str> {
    PRESETS.iter().map(|(name, _)| *name).collect()
}

/// The text of a preset: a target file with comments, to start from.
pub fn preset_text(name: &str) -> Option<&'static str> {
    text(name)
}

/// The preset `name` as a target.
///
/// # Errors
/// There is no such preset, or the overrides do not fit it.
pub fn from_preset(name: &str, overrides: &Overrides) -> Result<Target, TargetErrors> {
    let Some(text) = text(name) else {
        let names = preset_names();
        let nearest = nearest(name, names.iter().copied());
        let error = TargetError::UnknownPreset { name: name.to_owned(), nearest, known: values::listed(&names) };
        return Err(TargetErrors::of_file(error));
    };
    let tree = tree(name, text);
    let mistakes = unknown_services(&tree, overrides);
    if !mistakes.is_empty() {
        return Err(TargetErrors { mistakes, more: 0 });
    }
    let over = overlay(&tree, overrides).map_err(TargetErrors::of_file)?;
    load_preset(name, over).map_err(named_as_arguments)
}

pub(super) fn text(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The one target of a preset's file.
pub(super) fn tree(name: &str, text: &str) -> Node {
    let file = file::parse(text, Origin::Preset).expect("a test reads every preset");
    let targets = file.get("targets").expect("a test reads every preset");
    targets.get(name).cloned().expect("a preset's target bears its name; a test reads every preset")
}

fn service_names(tree: &Node) -> Vec<&str> {
    match tree.get("services").map(|services| &services.value) {
        Some(Value::Map(entries)) => entries.iter().map(|(key, _)| key.text.as_str()).collect(),
        _ => vec![],
    }
}

fn unknown_services(tree: &Node, overrides: &Overrides) -> Vec<TargetMistake> {
    let known = service_names(tree);
    let unknown = overrides.urls.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    unknown
        .map(|(name, _)| TargetMistake {
            at: "--url".into(),
            error: TargetError::UnknownOverride {
                what: "the service of `--url`",
                name: name.clone(),
                nearest: nearest(name, known.iter().copied()),
                known: values::listed(&known),
            },
            place: None,
        })
        .collect()
}

/// The overrides in the form of a target file.
fn overlay(tree: &Node, overrides: &Overrides) -> Result<Node, TargetError> {
    let text = |text: &str| Node::given(Value::Text(text.replace("${", "$${")));
    let mut target = Vec::new();
    let mut services = Vec::new();
    for (name, url) in &overrides.urls {
        let service = if url == "none" { text("none") } else { Node::given_map([("url", text(url))]) };
        services.push((name.as_str(), service));
    }
    target.push(("services", Node::given_map(services)));
    let (issuer, listen) = addresses(overrides)?;
    let mut idp = Vec::new();
    idp.extend(issuer.map(|issuer| ("issuer", text(&issuer))));
    idp.extend(listen.map(|listen| ("listen", text(&listen.to_string()))));
    target.push(("idp", Node::given_map(idp)));
    if overrides.client_id.is_some() || overrides.client_secret.is_some() {
        let client = first_client(tree);
        let mut over = Vec::new();
        over.extend(overrides.client_id.as_ref().map(|id| ("id", text(id))));
        over.extend(overrides.client_secret.clone().map(|secret| ("secret", Node::given(Value::Given(secret)))));
        let client = client.overlaid(Node::given_map(over));
        target.push(("clients", Node::given(Value::List(vec![client]))));
    }
    let elsewhere = |url: &str| url.parse().is_ok_and(|url| !values::is_on_this_machine(&url));
    let urls = overrides.urls.iter().map(|(_, url)| url).chain(&overrides.issuer);
    let environment = match overrides.environment {
        Some(Environment::Local) => "local",
        Some(Environment::Production) => "production",
        Some(Environment::Staging) => "staging",
        None if urls.clone().any(|url| elsewhere(url)) => "staging",
        None => "local",
    };
    target.push(("environment", text(environment)));
    Ok(Node::given_map(target))
}

/// An issuer on this machine tells where to listen, and an address that others can use tells the issuer.
fn addresses(overrides: &Overrides) -> Result<(Option<String>, Option<SocketAddr>), TargetError> {
    match (&overrides.issuer, overrides.listen) {
        (Some(issuer), None) => {
            let listen = IssuerUrl::parse(issuer).ok().map(|issuer| issuer.url()).and_then(|url| match url.host() {
                Some(url::Host::Ipv4(ip)) if ip.is_loopback() => Some((ip, url.port_or_known_default()?).into()),
                Some(url::Host::Ipv6(ip)) if ip.is_loopback() => Some((ip, url.port_or_known_default()?).into()),
                _ => None,
            });
            Ok((Some(issuer.clone()), listen))
        }
        (None, Some(listen)) if listen.ip().is_unspecified() => {
            Err(TargetError::IssuerOfListen { address: listen.to_string() })
        }
        (None, Some(listen)) => Ok((Some(format!("http://{listen}")), Some(listen))),
        (issuer, listen) => Ok((issuer.clone(), listen)),
    }
}

fn first_client(tree: &Node) -> Node {
    match tree.get("clients").map(|clients| &clients.value) {
        Some(Value::List(clients)) => clients.first().cloned().unwrap_or_else(|| Node::given_map([])),
        _ => Node::given_map([]),
    }
}

/// Mistakes of the arguments under the names of the arguments.
fn named_as_arguments(errors: TargetErrors) -> TargetErrors {
    let renamed = |mistake: TargetMistake| {
        let at = mistake.at.as_str();
        let service = at.strip_prefix("services.").and_then(|rest| rest.strip_suffix(".url"));
        let at = match (at, service) {
            (_, Some(service)) => format!("--url {service}=..."),
            ("idp.issuer", None) => "--issuer".into(),
            ("idp.listen", None) => "--listen".into(),
            (other, None) => other.to_owned(),
        };
        TargetMistake { at, ..mistake }
    };
    TargetErrors { mistakes: errors.mistakes.into_iter().map(renamed).collect(), more: errors.more }
}
