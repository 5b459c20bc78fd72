//! JUnit XML for CI systems. There is no standard; this is what the common readers agree on: a case per scenario, service
//! and path, with a name that stays the same when a file is edited, and every message where each reader looks for it.

use std::collections::HashMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::evidence::{deciding, line};
use super::terminal::{level, sentence, severity};
use super::{again, area_of};
use crate::catalogue::Catalogue;
use crate::outcome::{EndReason, RunOutcome, ScenarioOutcome, StepStatus, Verdict};

/// Readers show a message on one line and cut it somewhere; the body has the rest.
const MESSAGE: usize = 500;

/// The report for CI systems.
pub fn junit(outcome: &RunOutcome, catalogue: &Catalogue) -> String {
    let mut report = Report::new(format!("authproof: {}", outcome.header.target));
    report.set_time(Duration::from_millis(outcome.end.took_ms));
    let mut names = Names::default();
    for (feature, scenarios) in by_feature(outcome) {
        let mut suite = TestSuite::new(feature);
        suite.extra.insert("file".into(), feature.into());
        suite.set_time(Duration::from_millis(scenarios.iter().map(|scenario| scenario.took_ms).sum()));
        if let Some(first) = scenarios.iter().map(|scenario| scenario.started).min() {
            suite.extra.insert("timestamp".into(), timestamp(first).into());
        }
        suite.add_properties(properties(outcome));
        for scenario in scenarios {
            suite.add_test_case(case(outcome, scenario, catalogue, &mut names));
        }
        report.add_test_suite(suite);
    }
    let trouble = troubles(outcome);
    if !trouble.is_empty() {
        report.add_test_suite(run_suite(outcome, trouble));
    }
    report.to_string().expect("writing XML to memory does not fail, and quick-junit drops what XML cannot hold")
}

fn by_feature(outcome: &RunOutcome) -> Vec<(&str, Vec<&ScenarioOutcome>)> {
    let mut scenarios: Vec<&ScenarioOutcome> = outcome.scenarios.iter().collect();
    scenarios.sort_by_key(|scenario| (&scenario.case.feature, scenario.case.line, &scenario.case.title));
    let mut suites: Vec<(&str, Vec<&ScenarioOutcome>)> = Vec::new();
    for scenario in scenarios {
        match suites.last_mut() {
            Some((feature, cases)) if *feature == scenario.case.feature => cases.push(scenario),
            _ => suites.push((&scenario.case.feature, vec![scenario])),
        }
    }
    suites
}

fn properties(outcome: &RunOutcome) -> Vec<Property> {
    let header = &outcome.header;
    [
        ("authproof.version", header.tool.as_str()),
        ("authproof.run", &header.id),
        ("authproof.target", &header.target),
        ("authproof.environment", &header.environment),
        ("authproof.issuer", &header.issuer),
        ("authproof.fail-on", level(header.fail_on)),
    ]
    .map(|(name, value)| Property::new(name, value))
    .into()
}

fn case(outcome: &RunOutcome, scenario: &ScenarioOutcome, catalogue: &Catalogue, names: &mut Names) -> TestCase {
    let name = &scenario.case;
    let area = area_of(name, catalogue);
    let place =
        name.service.as_deref().map_or_else(|| area.to_owned(), |service| format!("{}.{area}", dotless(service)));
    let class = format!("{}.{place}", dotless(&outcome.header.target));
    let title = match &name.check {
        Some(check) => format!("{} [{check}]", name.title),
        None => name.title.clone(),
    };
    let mut case = TestCase::new(names.unique(&class, title), status(outcome, scenario, catalogue));
    case.set_classname(class).set_time(Duration::from_millis(scenario.took_ms));
    case.extra.insert("file".into(), name.feature.as_str().into());
    case.extra.insert("line".into(), name.line.to_string().into());
    if let Some(id) = &name.check {
        case.add_property(("id", id.as_str()));
        if let Some(check) = catalogue.find(id) {
            case.add_property(("check", check.name.as_str()));
            case.add_property(("level", level(check.level)));
            case.add_property(("severity", severity(check.severity)));
        }
    }
    if let Verdict::Warn(finding) = &scenario.verdict {
        case.add_property(("warning", format!("expected {}; seen {}", finding.expected, finding.observed).as_str()));
    }
    let out = steps(scenario);
    if !out.is_empty() {
        case.set_system_out(out);
    }
    case
}

fn status(outcome: &RunOutcome, scenario: &ScenarioOutcome, catalogue: &Catalogue) -> TestCaseStatus {
    match &scenario.verdict {
        Verdict::Pass | Verdict::Warn(_) => TestCaseStatus::success(),
        Verdict::Skip { reason } => {
            let mut status = TestCaseStatus::skipped();
            // Some readers look at the attribute, others at the text.
            status.set_message(one_line(reason)).set_description(reason.as_str());
            status
        }
        Verdict::Fail(finding) => {
            let message = one_line(&format!("expected {}; seen {}", finding.expected, finding.observed));
            let kind = scenario.case.check.as_deref().unwrap_or("scenario");
            unsuccessful(NonSuccessKind::Failure, kind, &message, &body(outcome, scenario, catalogue))
        }
        Verdict::Error { reason } => {
            let message = one_line(reason);
            unsuccessful(NonSuccessKind::Error, "undecided", &message, &body(outcome, scenario, catalogue))
        }
    }
}

fn unsuccessful(kind: NonSuccessKind, name: &str, message: &str, body: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    // GitLab shows the text alone, so it begins with the message.
    status.set_type(name).set_message(message).set_description(format!("{message}\n{body}"));
    status
}

fn body(outcome: &RunOutcome, scenario: &ScenarioOutcome, catalogue: &Catalogue) -> String {
    let mut lines = Vec::new();
    match &scenario.verdict {
        Verdict::Fail(finding) | Verdict::Warn(finding) => {
            lines.push(format!("expected: {}", finding.expected));
            lines.push(format!("seen:     {}", finding.observed));
        }
        Verdict::Error { reason } | Verdict::Skip { reason } => lines.push(format!("reason:   {reason}")),
        Verdict::Pass => {}
    }
    let deciding = deciding(scenario);
    lines.extend(deciding.control.into_iter().map(|exchange| format!("control:  {}", line(exchange))));
    lines.extend(deciding.act.into_iter().map(|exchange| format!("evidence: {}", line(exchange))));
    lines.extend(scenario.notes.iter().map(|note| format!("note:     {note}")));
    let check = scenario.case.check.as_deref().and_then(|id| catalogue.find(id));
    if let (Some(check), Verdict::Fail(_) | Verdict::Warn(_)) = (check, &scenario.verdict) {
        lines.push(format!("why:      {}", check.why));
        lines.push(format!("to do:    {}", check.remedy_on(outcome.header.preset.as_deref())));
        lines.push(format!("source:   {}", check.specification.join(", ")));
    }
    lines.push(format!("again:    {}", again(&outcome.header, &scenario.case)));
    lines.push(format!("at {}:{}", scenario.case.feature, scenario.case.line));
    lines.join("\n")
}

fn steps(scenario: &ScenarioOutcome) -> String {
    let mut lines = Vec::new();
    if let Verdict::Warn(finding) = &scenario.verdict {
        lines.push(format!("warning: expected {}; seen {}", finding.expected, finding.observed));
    }
    for step in &scenario.steps {
        let word = match step.status {
            StepStatus::Passed => "passed",
            StepStatus::Failed => "failed",
            StepStatus::NotRun => "not run",
        };
        lines.push(format!("{} ... {word}", step.text));
    }
    lines.join("\n")
}

/// What is wrong with the run as a whole; a reader that counts cases alone must not take it for green.
fn troubles(outcome: &RunOutcome) -> Vec<(String, String)> {
    let mut troubles: Vec<(String, String)> = outcome
        .diagnoses
        .iter()
        .filter(|diagnosis| diagnosis.blocking)
        .map(|diagnosis| {
            let service = diagnosis.service.as_deref().unwrap_or("the target");
            let name = format!("{service} can be tested");
            (name, format!("{}; to do: {}", diagnosis.problem, diagnosis.remedy))
        })
        .collect();
    let complete = outcome.end.reason == EndReason::Completed;
    if !complete || outcome.exit_code() == 4 {
        troubles.push(("The run reaches a verdict".into(), sentence(outcome)));
    }
    troubles
}

fn run_suite(outcome: &RunOutcome, troubles: Vec<(String, String)>) -> TestSuite {
    let mut suite = TestSuite::new("authproof run");
    suite.set_time(Duration::from_millis(outcome.end.took_ms));
    suite.extra.insert("timestamp".into(), timestamp(outcome.header.started).into());
    suite.add_properties(properties(outcome));
    let mut names = Names::default();
    for (name, reason) in troubles {
        let class = format!("{}.run", dotless(&outcome.header.target));
        let status = unsuccessful(NonSuccessKind::Error, "run", &one_line(&reason), &reason);
        let mut case = TestCase::new(names.unique(&class, name), status);
        case.set_classname(class).set_time(Duration::ZERO);
        suite.add_test_case(case);
    }
    suite
}

/// Readers keep only the first of two cases with the same class and name.
#[derive(Default)]
struct Names(HashMap<(String, String), usize>);

impl Names {
    fn unique(&mut self, class: &str, name: String) -> String {
        let seen = self.0.entry((class.to_owned(), name.clone())).or_default();
        *seen += 1;
        if *seen == 1 { name } else { format!("{name} #{seen}") }
    }
}

/// Jenkins splits a class at its last dot.
fn dotless(text: &str) -> String {
    text.replace('.', "_")
}

fn one_line(text: &str) -> String {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match joined.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}…", &joined[..end]),
        None => joined,
    }
}

fn timestamp(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).expect("a time of this century can be written in RFC 3339")
}

#[cfg(test)]
mod tests {
    use super::super::terminal::tests::{outcome, scenario};
    use super::*;
    use crate::outcome::{Diagnosis, Finding};

    fn written(outcome: &RunOutcome) -> Report {
        let text = junit(outcome, Catalogue::built_in());
        Report::deserialize_from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn slash(report: &Report) -> &TestCase {
        let mut cases = cases(report).into_iter();
        cases.find(|case| case.name.as_str().contains("slash")).expect("the outcome of the tests has such a scenario")
    }

    fn cases(report: &Report) -> Vec<&TestCase> {
        report.test_suites.iter().flat_map(|suite| &suite.test_cases).collect()
    }

    #[test]
    fn each_scenario_is_a_case_and_each_verdict_has_its_place() {
        let report = written(&outcome());

        assert_eq!((report.tests, report.failures, report.errors), (6, 2, 1));
        let skipped = cases(&report).into_iter().filter(|case| matches!(case.status, TestCaseStatus::Skipped { .. }));
        assert_eq!(skipped.count(), 1);
    }

    #[test]
    fn a_case_is_named_by_what_does_not_change() {
        let report = written(&outcome());

        let case = slash(&report);
        assert_eq!(case.classname.as_ref().map(|class| class.as_str()), Some("staging.frontend.login"));
        assert_eq!(case.name.as_str(), "An id_token where iss has a slash is refused at frontend [E-12]");
        assert_eq!(case.extra.get("line").map(|line| line.as_str()), Some("31"));
    }

    #[test]
    fn the_body_begins_with_the_message() {
        let report = written(&outcome());

        let TestCaseStatus::NonSuccess { message: Some(message), description: Some(body), ty, .. } =
            &slash(&report).status
        else {
            panic!("the first case has failed");
        };
        assert!(body.as_str().starts_with(message.as_str()), "{body:?}");
        assert!(body.as_str().contains("authproof run --target staging --check E-12 --service frontend"));
        assert_eq!(ty.as_ref().map(|ty| ty.as_str()), Some("E-12"));
    }

    #[test]
    fn hostile_text_leaves_the_file_well_formed() {
        let hostile = "]]>\u{0}\u{8}\u{1b}[31m<script>&amp;\"'\u{fffe}\u{85}\n--> é 😀";
        let mut outcome = outcome();
        outcome.header.target = hostile.into();
        let finding = Finding { expected: hostile.into(), observed: hostile.into() };
        for verdict in [
            Verdict::Fail(finding.clone()),
            Verdict::Warn(finding),
            Verdict::Error { reason: hostile.into() },
            Verdict::Skip { reason: hostile.into() },
        ] {
            let mut scenario = scenario(Some(hostile), hostile, verdict);
            scenario.notes.push(hostile.into());
            scenario.steps[0].text = hostile.into();
            scenario.case.feature = hostile.into();
            outcome.scenarios.push(scenario);
        }

        let report = written(&outcome);

        assert_eq!(report.tests, 10);
    }

    #[test]
    fn equal_names_are_told_apart() {
        let mut outcome = outcome();
        outcome.scenarios = vec![outcome.scenarios[2].clone(), outcome.scenarios[2].clone()];

        let report = written(&outcome);

        assert_ne!(cases(&report)[0].name, cases(&report)[1].name);
    }

    #[test]
    fn a_run_without_a_verdict_has_a_case_that_says_so() {
        let mut outcome = outcome();
        outcome.scenarios.clear();
        assert_eq!(written(&outcome).errors, 1);

        outcome.end.reason = EndReason::NotReady;
        outcome.diagnoses = vec![Diagnosis {
            service: Some("frontend".into()),
            problem: "no answer".into(),
            remedy: "start it".into(),
            blocking: true,
        }];
        assert_eq!(written(&outcome).errors, 2);
    }
}
