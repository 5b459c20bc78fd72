//! From the suite to the cases of a run: which are asked for, possible and allowed.

use std::collections::HashSet;

use super::expand::{Expansion, expand};
use super::select::{Candidate, Choice};
use super::template::{Suite, Template};
use super::{Case, Plan, Selection};
use crate::catalogue::{Catalogue, Risk};
use crate::outcome::CaseName;
use crate::target::{Capability, Target, capabilities, service_capabilities};

/// Decides for every scenario whether it is run on this target, and why not.
pub fn plan(suite: &Suite, target: &Target, catalogue: &Catalogue, selection: &Selection) -> Plan {
    let choice = match Choice::new(selection, catalogue) {
        Ok(choice) => choice,
        Err(error) => {
            return Plan { unmatched: vec![error], ..Plan::default() };
        }
    };
    let all = candidates(suite, target);
    let seen: Vec<Candidate<'_>> = all.iter().map(|(_, expansion, name)| candidate(expansion, name)).collect();
    let unmatched = choice.unmatched(&seen, target);
    if !unmatched.is_empty() {
        return Plan { deselected: all.len(), unmatched, ..Plan::default() };
    }
    let mut plan = Plan::default();
    for (template, expansion, name) in &all {
        if !choice.wants(&candidate(expansion, name)) {
            plan.deselected += 1;
            continue;
        }
        let risk = name.check.as_deref().and_then(|id| catalogue.find(id)).map_or(Risk::Active, |check| check.risk);
        let reason = impossible(expansion, target).or_else(|| choice.refuses(risk, target.environment));
        match (&expansion.scenario, reason) {
            (_, Some(reason)) => plan.skipped.push((name.clone(), reason)),
            (Err(reason), None) => plan.skipped.push((name.clone(), (*reason).to_owned())),
            (Ok(scenario), None) => plan.run.push(Case {
                name: name.clone(),
                exclusive: expansion.tags.exclusive,
                tags: expansion.tags.all.clone(),
                scenario: scenario.clone(),
                feature: template.feature.clone(),
            }),
        }
    }
    plan
}

fn candidate<'a>(expansion: &'a Expansion<'_>, name: &'a CaseName) -> Candidate<'a> {
    Candidate { name, tags: &expansion.tags.all }
}

fn candidates<'a>(suite: &'a Suite, target: &Target) -> Vec<(&'a Template, Expansion<'a>, CaseName)> {
    let mut all = Vec::new();
    for template in &suite.templates {
        let mut titles = HashSet::new();
        for expansion in expand(template, target) {
            // Rows of an outline may come to the same for this target, where a service has two roles.
            if !titles.insert(expansion.title.clone()) {
                continue;
            }
            let name = CaseName {
                check: expansion.tags.checks.first().cloned(),
                service: expansion.service.clone(),
                title: expansion.title.clone(),
                feature: template.path.clone(),
                line: expansion.line,
            };
            all.push((template, expansion, name));
        }
    }
    all
}

/// Why the target cannot be asked this, and what would change it.
fn impossible(expansion: &Expansion<'_>, target: &Target) -> Option<String> {
    if let Err(reason) = expansion.scenario {
        return Some(reason.to_owned());
    }
    let offered = match &expansion.service {
        None => capabilities(target),
        Some(name) => match target.find_service(name) {
            Some(service) => service_capabilities(target, service),
            None => return Some(format!("the target has no service `{name}`; add it below `services:`")),
        },
    };
    let missing: Vec<&Capability> = expansion.tags.needs.difference(&offered).collect();
    let reasons: Vec<String> = missing.into_iter().map(|capability| capability.missing_reason().to_string()).collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

#[cfg(test)]
mod tests;
