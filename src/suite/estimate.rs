//! About how many requests a plan comes to, host by host. Enough to warn the people who own the hosts.

use std::collections::BTreeMap;

use cucumber::gherkin::StepType;

use super::{Case, Plan};
use crate::target::Target;

/// A login and the look at who is signed in, before and after; measured on the reference.
const LOGIN: Cost = Cost { service: 7, idp: 4 };

/// A look at a health path or a disguised path, between looks at the protected one.
const LOOK: Cost = Cost { service: 4, idp: 0 };

/// A request with a bearer, or without.
const REQUEST: Cost = Cost { service: 1, idp: 0 };

/// What a step costs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cost {
    service: usize,
    idp: usize,
}

/// About how many requests each host of `target` would get.
pub fn estimate(plan: &Plan, target: &Target) -> BTreeMap<String, usize> {
    let mut hosts: BTreeMap<String, usize> = BTreeMap::new();
    let idp = host(target, &target.idp.issuer.url(), "provider");
    for case in &plan.run {
        for (service, cost) in costs(case, target) {
            *hosts.entry(service).or_default() += cost.service;
            *hosts.entry(idp.clone()).or_default() += cost.idp;
        }
    }
    hosts.retain(|_, requests| *requests > 0);
    hosts
}

fn costs(case: &Case, target: &Target) -> Vec<(String, Cost)> {
    let mut last = case.name.service.clone();
    let mut costs = Vec::new();
    for step in &case.scenario.steps {
        let words: Vec<&str> = step.value.split(|c: char| c.is_whitespace() || c == ',' || c == ':').collect();
        let named = target.services.iter().find(|service| words.contains(&service.name.as_str()));
        last = named.map(|service| service.name.clone()).or(last);
        let Some(service) = last.as_ref().and_then(|name| target.find_service(name)) else { continue };
        let cost = match (step.ty, cost_of(&step.value)) {
            (StepType::Then, _) => continue,
            // Nobody logs in there: a token is shown instead.
            (StepType::Given | StepType::When, LOGIN) if !service.is_relying_party() => LOOK,
            (StepType::Given | StepType::When, REQUEST) if service.introspects => Cost { idp: 1, ..REQUEST },
            (StepType::Given | StepType::When, cost) => cost,
        };
        costs.push((host(target, &service.url, &service.name), cost));
    }
    costs
}

/// What a step that says this comes to.
fn cost_of(step: &str) -> Cost {
    let says = |words: &[&str]| words.iter().any(|words| step.contains(words));
    if says(&["log in", "logs in", "signed in", "session", "opens for alice and"]) {
        LOGIN
    } else if says(&["is asked", "is probed"]) {
        LOOK
    } else {
        REQUEST
    }
}

/// The reference gets its ports when it is started.
fn host(target: &Target, url: &url::Url, name: &str) -> String {
    if target.embedded {
        return name.to_owned();
    }
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| format!("{host} ({name})"), |port| format!("{host}:{port} ({name})"))
}
