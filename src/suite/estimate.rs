//! About how many requests a plan comes to, host by host. Enough to warn the people who own the hosts.

use std::collections::BTreeMap;

use cucumber::gherkin::StepType;

use super::{Case, Plan};
use crate::target::Target;

/// A login and the look at who is signed in: start, callback, landing page, user lookup and protected path before and after.
const LOGIN: Cost = Cost { service: 7, idp: 5 };

/// A control, or a request that departs from it.
const REQUEST: Cost = Cost { service: 1, idp: 0 };

/// What a step costs.
#[derive(Clone, Copy)]
struct Cost {
    service: usize,
    idp: usize,
}

/// About how many requests each host of `target` would get.
pub fn estimate(plan: &Plan, target: &Target) -> BTreeMap<String, usize> {
    let mut hosts: BTreeMap<String, usize> = BTreeMap::new();
    let idp = format!("{} (provider)", authority(&target.idp.issuer.url()));
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
        let judges = step.ty == StepType::Then;
        let logs_in = ["log in", "logs in", "signed in", "session"].iter().any(|text| step.value.contains(text));
        let Some(service) = last.as_ref().and_then(|name| target.find_service(name)) else { continue };
        let cost = match (judges, logs_in) {
            (true, _) => continue,
            (false, true) => LOGIN,
            (false, false) => REQUEST,
        };
        costs.push((format!("{} ({})", authority(&service.url), service.name), cost));
    }
    costs
}

fn authority(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
