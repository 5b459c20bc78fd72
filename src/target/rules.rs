//! What must hold between the parts of a target, wherever it comes from: a file, a preset, or a program.

use std::collections::BTreeMap;

use super::model::{Client, Environment, IdpMode, Service, Target};
use super::values;
use super::{TargetError, nearest};

/// The features that a service may declare.
pub(super) const FEATURES: [&str; 2] = ["refresh", "rp-initiated-logout"];

/// A wider tolerance would take tokens for good that the checks let expire ten minutes ago.
pub(super) const MOST_LEEWAY_SECONDS: u64 = 300;

/// A mistake and the keys that lead to its place; items of a list are counted from 0.
pub(super) type Violation = (Vec<String>, TargetError);

/// Everything in `target` that does not fit together.
pub(super) fn violations(target: &Target) -> Vec<Violation> {
    let mut found = Vec::new();
    idp(target, &mut found);
    clients(target, &mut found);
    addresses(target, &mut found);
    if target.services.is_empty() {
        found.push((vec!["services".into()], TargetError::NoServices));
    }
    for service in &target.services {
        roles(target, service, &mut found);
        paths(service, &mut found);
        references(target, service, &mut found);
    }
    found
}

fn idp(target: &Target, found: &mut Vec<Violation>) {
    let at = |key: &str| vec!["idp".to_owned(), key.to_owned()];
    let mock = target.idp.mode == IdpMode::Mock;
    match target.idp.listen {
        None if mock && !target.embedded => found.push((at("listen"), TargetError::MockWithoutListen)),
        Some(_) if !mock => found.push((at("listen"), TargetError::ExternalWithListen)),
        Some(address) if address.port() == 0 && !target.embedded => {
            found.push((at("listen"), TargetError::Listen { reason: "port 0 stands for any port".into() }));
        }
        None | Some(_) => {}
    }
    let production = target.environment == Environment::Production;
    if mock && production {
        found.push((at("mode"), TargetError::MockInProduction));
    }
    let issuer = target.idp.issuer.url();
    if issuer.scheme() == "http" && !values::is_on_this_machine(&issuer) && (!mock || production) {
        found.push((at("issuer"), TargetError::HttpIssuer));
    }
}

fn clients(target: &Target, found: &mut Vec<Violation>) {
    for (index, client) in target.clients.iter().enumerate() {
        let at = |key: &str| vec!["clients".to_owned(), index.to_string(), key.to_owned()];
        if target.clients[..index].iter().any(|other| other.id == client.id) {
            found.push((at("id"), TargetError::Twice { path: client.id.0.clone() }));
        }
        let uris = [
            ("redirect_uris", &client.redirect_uris),
            ("post_logout_redirect_uris", &client.post_logout_redirect_uris),
        ];
        for (key, uris) in uris {
            for (number, uri) in uris.iter().enumerate() {
                if let Err(error) = values::check_redirect_uri(uri) {
                    let mut at = at(key);
                    at.push(number.to_string());
                    found.push((at, error));
                }
            }
        }
    }
}

/// Two things of ours cannot listen on one address.
fn addresses(target: &Target, found: &mut Vec<Violation>) {
    let idp = target.idp.listen.iter().map(|address| (*address, vec!["idp".to_owned(), "listen".to_owned()]));
    let spies = target.services.iter().filter_map(|service| {
        let keys = ["services", &service.name, "spy", "listen"].map(str::to_owned).to_vec();
        service.spy.as_ref().map(|spy| (spy.listen, keys))
    });
    let mut users = BTreeMap::new();
    for (address, keys) in idp.chain(spies) {
        if address.port() == 0 {
            if !target.embedded && keys[0] == "services" {
                found.push((keys, TargetError::Listen { reason: "port 0 stands for any port".into() }));
            }
            continue;
        }
        let user = keys.join(".");
        if let Some(first) = users.insert(address, user.clone()) {
            found.push((keys, TargetError::AddressTwice { address: address.to_string(), first, second: user }));
        }
    }
}

fn roles(target: &Target, service: &Service, found: &mut Vec<Violation>) {
    let at = |key: &str| vec!["services".to_owned(), service.name.clone(), key.to_owned()];
    if service.roles.is_empty() {
        found.push((at("roles"), TargetError::NoRole { service: service.name.clone() }));
    }
    if service.protected.is_empty() {
        found.push((at("protected"), TargetError::NoProtectedPath { service: service.name.clone() }));
    }
    if service.introspects && !service.is_resource_server() {
        found.push((at("introspects"), TargetError::IntrospectsNothing { service: service.name.clone() }));
    }
    if service.leeway_seconds > MOST_LEEWAY_SECONDS {
        found.push((at("leeway_seconds"), values::leeway_out_of_range(&service.leeway_seconds.to_string())));
    }
    if !service.is_relying_party() {
        return;
    }
    let lacks = |key, help| TargetError::RelyingParty { service: service.name.clone(), key, help };
    if service.login.is_none() {
        found.push((
            at("login"),
            lacks("login", "add the path that starts a login: `login: /login`; `/` will do where any page does"),
        ));
    }
    if service.callback.is_none() {
        found.push((at("callback"), lacks("callback", "add the path of its redirect URI: `callback: /callback`")));
    }
    match (&service.client, target.clients.is_empty()) {
        (_, true) => found.push((vec!["clients".into()], TargetError::NoClient)),
        (None, false) => {
            let help = "the target has several clients: add `client:` with the id of the one it is registered as";
            found.push((at("client"), lacks("client", help)));
        }
        (Some(_), false) => {}
    }
}

fn paths(service: &Service, found: &mut Vec<Violation>) {
    let at = |keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned());
        ["services".to_owned(), service.name.clone()].into_iter().chain(keys).collect::<Vec<_>>()
    };
    let mut check = |keys: &[&str], path: Option<&String>| {
        if let Some(Err(error)) = path.map(|path| values::check_path(path)) {
            found.push((at(keys), error));
        }
    };
    check(&["login"], service.login.as_ref());
    check(&["callback"], service.callback.as_ref());
    check(&["logout"], service.logout.as_ref());
    check(&["user", "path"], service.user.as_ref().map(|user| &user.path));
    for (key, paths) in [("health", &service.health), ("protected", &service.protected)] {
        for (index, path) in paths.iter().enumerate() {
            check(&[key, &index.to_string()], Some(path));
        }
    }
    for (index, call) in service.calls.iter().enumerate() {
        check(&["calls", &index.to_string(), "through"], Some(&call.path));
    }
    let bare = |path: &str| path.split('?').next().unwrap_or_default().to_owned();
    for (index, path) in service.health.iter().enumerate() {
        if service.protected.iter().any(|protected| bare(protected) == bare(path)) {
            let error = TargetError::OpenAndProtected { service: service.name.clone(), path: path.clone() };
            found.push((at(&["health", &index.to_string()]), error));
        }
    }
    for (key, paths) in [("health", &service.health), ("protected", &service.protected)] {
        for (index, path) in paths.iter().enumerate() {
            if paths[..index].contains(path) {
                found.push((at(&[key, &index.to_string()]), TargetError::Twice { path: path.clone() }));
            }
        }
    }
}

fn references(target: &Target, service: &Service, found: &mut Vec<Violation>) {
    let at = |keys: [&str; 3]| {
        let keys = keys.into_iter().filter(|key| !key.is_empty()).map(str::to_owned);
        ["services".to_owned(), service.name.clone()].into_iter().chain(keys).collect::<Vec<_>>()
    };
    if let Some(id) = service.client.as_ref().filter(|id| target.find_client(id).is_none())
        && !target.clients.is_empty()
    {
        let known: Vec<&str> = target.clients.iter().map(|Client { id, .. }| id.0.as_str()).collect();
        let error = TargetError::UnknownClient {
            name: id.0.clone(),
            nearest: nearest(&id.0, known.iter().copied()),
            known: format!("the clients are {}", values::listed(&known)),
        };
        found.push((at(["client", "", ""]), error));
    }
    for (index, call) in service.calls.iter().enumerate() {
        let keys = at(["calls", &index.to_string(), "service"]);
        if call.service == service.name {
            found.push((keys, TargetError::CallsItself { service: service.name.clone() }));
        } else if target.find_service(&call.service).is_none() {
            let known: Vec<&str> = target.services.iter().map(|service| service.name.as_str()).collect();
            let error = TargetError::UnknownService {
                name: call.service.clone(),
                nearest: nearest(&call.service, known.iter().copied()),
                known: values::listed(&known),
            };
            found.push((keys, error));
        }
    }
    for (index, feature) in service.features.iter().enumerate() {
        if !FEATURES.contains(&feature.as_str()) {
            let error = TargetError::UnknownFeature {
                name: feature.clone(),
                nearest: nearest(feature, FEATURES),
                known: values::listed(&FEATURES),
            };
            found.push((at(["features", &index.to_string(), ""]), error));
        }
    }
}
