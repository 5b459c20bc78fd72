//! What a person reads when the run is over: what failed and what to do, what was not tested, and the verdict last, where
//! the eye is.

use super::evidence::{deciding, line};
use super::paper::{Ink, Paper};
use super::{Layout, again, area_of};
use crate::catalogue::{Catalogue, Check};
use crate::outcome::{Counts, Diagnosis, EndReason, Finding, Level, RunOutcome, ScenarioOutcome, Severity, Verdict};

/// Rows of one block that are listed; the others are counted.
const LISTED: usize = 12;

/// The report for a person.
pub fn terminal(outcome: &RunOutcome, catalogue: &Catalogue, layout: &Layout) -> String {
    let mut report = Report { outcome, catalogue, layout, paper: Paper::new(layout.colour, layout.width) };
    report.head();
    report.diagnoses();
    report.warnings();
    report.undecided();
    report.failures();
    report.skipped();
    report.areas();
    report.verdict();
    report.paper.into_text()
}

struct Report<'a> {
    outcome: &'a RunOutcome,
    catalogue: &'a Catalogue,
    layout: &'a Layout,
    paper: Paper,
}

/// A scenario with its place in the journal.
type Row<'a> = (usize, &'a ScenarioOutcome);

impl<'a> Report<'a> {
    fn head(&mut self) {
        let header = &self.outcome.header;
        let tool = format!("authproof {}", header.tool);
        self.paper.line(&[(Ink::Bold, &tool), (Ink::Plain, &format!("{} ({})", header.target, header.environment))]);
        let whose = if header.idp_is_mock { "ours" } else { "not ours" };
        self.paper.field("provider", &format!("{} ({whose})", header.issuer));
        for (index, service) in header.services.iter().enumerate() {
            let label = if index == 0 { "services" } else { "" };
            self.paper.field(label, &format!("{} {} ({})", service.name, service.url, service.roles.join(", ")));
        }
        if !header.selection.is_empty() {
            self.paper.field("only", &header.selection.join(" "));
        }
        if !header.defects.is_empty() {
            self.paper.field("planted", &header.defects.join(", "));
        }
    }

    fn diagnoses(&mut self) {
        for Diagnosis { service, problem, remedy, blocking } in &self.outcome.diagnoses {
            let (ink, word) = if *blocking { (Ink::Bad, "NOT READY") } else { (Ink::Doubt, "NOTE") };
            self.paper.blank();
            self.paper.line(&[(ink, word), (Ink::Bold, service.as_deref().unwrap_or("the target"))]);
            self.paper.field("seen", problem);
            self.paper.field("to do", remedy);
        }
    }

    fn warnings(&mut self) {
        for (_, rows) in self.grouped(|verdict| matches!(verdict, Verdict::Warn(_))) {
            let Some((_, first)) = rows.first() else { continue };
            self.paper.blank();
            self.title(Ink::Doubt, "WARNING", first);
            for (_, scenario) in rows.iter().take(LISTED) {
                if let Verdict::Warn(Finding { observed, .. }) = &scenario.verdict {
                    self.paper.field("seen", &format!("{}: {observed}", scenario.case.title));
                }
            }
            self.rest(rows.len());
            self.remedy(first);
        }
    }

    fn failures(&mut self) {
        for (_, rows) in self.grouped(|verdict| matches!(verdict, Verdict::Fail(_))) {
            let Some(((index, first), others)) = rows.split_first() else { continue };
            let Verdict::Fail(finding) = &first.verdict else { continue };
            self.paper.blank();
            self.title(Ink::Bad, "FAILED", first);
            self.place(first);
            self.paper.field("expected", &finding.expected);
            self.paper.field("seen", &finding.observed);
            for note in &first.notes {
                self.paper.field("note", note);
            }
            self.evidence(*index, first);
            self.why(first);
            self.remedy(first);
            self.paper.field_unwrapped("again", &again(&self.outcome.header, &first.case));
            self.also(others, finding);
        }
    }

    /// Scenarios without a verdict, those with the same reason together: one setting often stops many.
    fn undecided(&mut self) {
        let mut groups: Vec<(&str, Vec<Row<'a>>)> = Vec::new();
        for row in self.rows() {
            let Verdict::Error { reason } = &row.1.verdict else { continue };
            match groups.iter_mut().find(|(known, _)| known == reason) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((reason, vec![row])),
            }
        }
        for (reason, rows) in groups {
            let Some(((index, first), others)) = rows.split_first() else { continue };
            self.paper.blank();
            self.title(Ink::Doubt, "UNDECIDED", first);
            self.place(first);
            self.paper.field("reason", reason);
            for note in &first.notes {
                self.paper.field("note", note);
            }
            self.evidence(*index, first);
            self.paper.field_unwrapped("again", &again(&self.outcome.header, &first.case));
            self.list(others);
        }
    }

    fn also(&mut self, others: &[Row<'_>], finding: &Finding) {
        for (index, (_, scenario)) in others.iter().take(LISTED).enumerate() {
            let label = if index == 0 { "also" } else { "" };
            match &scenario.verdict {
                Verdict::Fail(other) if other.observed != finding.observed => {
                    self.paper.field(label, &format!("{}: {}", scenario.case.title, other.observed));
                }
                _ => self.paper.field(label, &scenario.case.title),
            }
        }
        self.rest(others.len());
    }

    fn list(&mut self, others: &[Row<'_>]) {
        for (index, (_, scenario)) in others.iter().take(LISTED).enumerate() {
            self.paper.field(if index == 0 { "also" } else { "" }, &named(scenario));
        }
        self.rest(others.len());
    }

    fn rest(&mut self, all: usize) {
        if let Some(more) = all.checked_sub(LISTED).filter(|more| *more > 0) {
            self.paper.field("", &format!("and {more} more; the JUnit report has them all"));
        }
    }

    fn title(&mut self, ink: Ink, word: &str, scenario: &ScenarioOutcome) {
        match self.check(scenario) {
            Some(check) => {
                let level = format!("({}, {})", level(check.level), severity(check.severity));
                let words = [(ink, word), (Ink::Bold, &*check.id), (Ink::Bold, &*check.title), (Ink::Faint, &*level)];
                self.paper.line(&words);
            }
            None => {
                let id = scenario.case.check.as_deref().unwrap_or("your own");
                self.paper.line(&[(ink, word), (Ink::Bold, id), (Ink::Bold, &scenario.case.title)]);
            }
        }
    }

    fn place(&mut self, scenario: &ScenarioOutcome) {
        self.paper.field("scenario", &scenario.case.title);
        self.paper.field("", &format!("{}:{}", scenario.case.feature, scenario.case.line));
    }

    fn evidence(&mut self, index: usize, scenario: &ScenarioOutcome) {
        let deciding = deciding(scenario);
        for (label, exchanges) in [("control", deciding.control), ("evidence", deciding.act)] {
            for (at, exchange) in exchanges.into_iter().enumerate() {
                self.paper.field(if at == 0 { label } else { "" }, &line(exchange));
            }
        }
        if let Some(journal) = &self.layout.journal {
            // Header and doctor stand before the scenarios.
            self.paper.field("in full", &format!("{}, line {}", journal.display(), index + 3));
        }
    }

    fn why(&mut self, scenario: &ScenarioOutcome) {
        if let Some(check) = self.check(scenario) {
            self.paper.field("why", &format!("{} ({})", check.why, check.specification.join(", ")));
        }
    }

    fn remedy(&mut self, scenario: &ScenarioOutcome) {
        if let Some(check) = self.check(scenario) {
            self.paper.field("to do", check.remedy_on(self.outcome.header.preset.as_deref()));
        }
    }

    fn skipped(&mut self) {
        let mut groups: Vec<(&str, usize, Vec<&str>)> = Vec::new();
        for (_, scenario) in self.rows() {
            let Verdict::Skip { reason } = &scenario.verdict else { continue };
            let id = scenario.case.check.as_deref().unwrap_or("your own");
            match groups.iter_mut().find(|(known, ..)| known == reason) {
                Some((_, count, ids)) => {
                    *count += 1;
                    ids.push(id);
                }
                None => groups.push((reason, 1, vec![id])),
            }
        }
        if groups.is_empty() {
            return;
        }
        self.paper.blank();
        self.paper.line(&[(Ink::Bold, "Not tested")]);
        for (reason, count, mut ids) in groups {
            ids.sort_unstable();
            ids.dedup();
            self.paper.field(&count.to_string(), &format!("{reason} [{}]", ids.join(", ")));
        }
    }

    fn areas(&mut self) {
        let mut areas: Vec<(&str, Counts)> = Vec::new();
        for scenario in &self.outcome.scenarios {
            let area = area_of(&scenario.case, self.catalogue);
            match areas.iter_mut().find(|(known, _)| *known == area) {
                Some((_, counts)) => counts.add(&scenario.verdict),
                None => areas.push((area, Counts::of([&scenario.verdict]))),
            }
        }
        areas.sort_by_key(|(area, _)| *area);
        if areas.is_empty() {
            return;
        }
        self.paper.blank();
        let head =
            format!("{:<14}{:>8}{:>8}{:>8}{:>11}{:>9}", "area", "passed", "failed", "warned", "undecided", "skipped");
        self.paper.line(&[(Ink::Faint, &head)]);
        for (area, counts) in areas {
            let Counts { pass, fail, warn, error, skip } = counts;
            self.paper.line(&[(Ink::Plain, &format!("{area:<14}{pass:>8}{fail:>8}{warn:>8}{error:>11}{skip:>9}"))]);
        }
    }

    fn verdict(&mut self) {
        let ink = match self.outcome.exit_code() {
            0 => Ink::Good,
            1 => Ink::Bad,
            _ => Ink::Doubt,
        };
        self.paper.blank();
        let sentence = sentence(self.outcome);
        let (word, rest) = sentence.split_once(' ').unwrap_or((&sentence, ""));
        self.paper.sentence(ink, word, rest);
    }

    fn check(&self, scenario: &ScenarioOutcome) -> Option<&'a Check> {
        scenario.case.check.as_deref().and_then(|id| self.catalogue.find(id))
    }

    fn rows(&self) -> Vec<Row<'a>> {
        let mut rows: Vec<Row<'a>> = self.outcome.scenarios.iter().enumerate().collect();
        // Scenarios end in any order; a report that looks different each time cannot be compared.
        rows.sort_by_key(|(_, scenario)| (&scenario.case.feature, scenario.case.line, &scenario.case.title));
        rows
    }

    /// The scenarios whose verdict `wanted` wants, by check, the worst checks last: nearest to the prompt.
    fn grouped(&self, wanted: impl Fn(&Verdict) -> bool) -> Vec<(String, Vec<Row<'a>>)> {
        let mut groups: Vec<(String, Vec<Row<'a>>)> = Vec::new();
        for row in self.rows().into_iter().filter(|(_, scenario)| wanted(&scenario.verdict)) {
            let key = row.1.case.check.clone().unwrap_or_else(|| row.1.case.title.clone());
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((key, vec![row])),
            }
        }
        let weight = |rows: &[Row<'a>]| {
            rows.first().and_then(|(_, scenario)| self.check(scenario)).map(|check| (check.severity, check.level))
        };
        groups.sort_by_key(|(_, rows)| weight(rows));
        groups
    }
}

/// The whole run in one sentence.
pub(super) fn sentence(outcome: &RunOutcome) -> String {
    let counts = outcome.counts();
    let target = &outcome.header.target;
    let numbers = numbers(outcome, counts);
    let failed = match counts.fail {
        0 => String::new(),
        _ => format!("{} failed all the same; ", scenarios(counts.fail)),
    };
    match &outcome.end.reason {
        EndReason::Interrupted => format!("INTERRUPTED: {failed}{numbers}"),
        EndReason::Cut => format!("UNDECIDED: the journal ends in the middle, the run was killed; {failed}{numbers}"),
        EndReason::Deadline { seconds } => {
            format!("UNDECIDED: the run took longer than its {seconds} seconds; {failed}{numbers}")
        }
        EndReason::LabDied { what } => format!("UNDECIDED: {what}; {failed}{numbers}"),
        EndReason::TargetLost { reason } => format!(
            "UNDECIDED: after scenarios that had the deployment for themselves it works no more: {reason}; {failed}{numbers}"
        ),
        EndReason::NotReady => {
            format!(
                "UNDECIDED: at `{target}` signed in cannot be told from refused, so nothing can be proven; {numbers}"
            )
        }
        EndReason::Completed => match outcome.exit_code() {
            0 => format!("PASSED: the login of `{target}` holds; {numbers}"),
            1 => format!("FAILED: the login of `{target}` does not hold: {}; {numbers}", failed_checks(outcome)),
            4 => format!("UNTESTED: no scenario could be run on `{target}`; {numbers}"),
            _ => format!("UNDECIDED: not everything on `{target}` could be decided; {failed}{numbers}"),
        },
    }
}

fn failed_checks(outcome: &RunOutcome) -> String {
    let mut ids: Vec<&str> = outcome
        .scenarios
        .iter()
        .filter(|scenario| matches!(scenario.verdict, Verdict::Fail(_)))
        .map(|scenario| scenario.case.check.as_deref().unwrap_or("your own"))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.join(", ")
}

fn numbers(outcome: &RunOutcome, counts: Counts) -> String {
    let mut parts = vec![format!("{} of {} passed", counts.pass, scenarios(counts.total()))];
    let more =
        [(counts.fail, "failed"), (counts.warn, "warned"), (counts.error, "undecided"), (counts.skip, "skipped")];
    parts.extend(more.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
    if outcome.header.deselected > 0 {
        parts.push(format!("{} not selected", outcome.header.deselected));
    }
    format!("{}; {}.{} s", parts.join(", "), outcome.end.took_ms / 1000, outcome.end.took_ms % 1000 / 100)
}

fn scenarios(count: usize) -> String {
    if count == 1 { "1 scenario".into() } else { format!("{count} scenarios") }
}

fn named(scenario: &ScenarioOutcome) -> String {
    match &scenario.case.check {
        Some(check) => format!("{check} {}", scenario.case.title),
        None => scenario.case.title.clone(),
    }
}

pub(super) fn level(level: Level) -> &'static str {
    match level {
        Level::Hardening => "hardening",
        Level::Should => "should",
        Level::Must => "must",
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::PathBuf;

    use time::OffsetDateTime;

    use super::*;
    use crate::evidence::{Party, RecordedBody, RecordedExchange, RecordedRequest, RecordedResponse};
    use crate::outcome::{CaseName, RunEnd, RunHeader, ServiceHeader, StepOutcome, StepStatus};

    fn at() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_795_487_192).unwrap()
    }

    fn exchange(number: u32, step: &str, target: &str, status: u16) -> RecordedExchange {
        RecordedExchange {
            number,
            from: Party::Browser("alice".into()),
            to: Party::Service("frontend".into()),
            step: Some(step.into()),
            at: at(),
            took_ms: 3,
            request: RecordedRequest {
                method: "GET".into(),
                origin: "http://127.0.0.1:1".into(),
                target: target.into(),
                headers: vec![],
                body: RecordedBody::default(),
            },
            response: Ok(RecordedResponse { status, headers: vec![], body: RecordedBody::default() }),
        }
    }

    pub(in crate::report) fn scenario(check: Option<&str>, title: &str, verdict: Verdict) -> ScenarioOutcome {
        let given = "alice can log in to frontend";
        let when = "alice logs in to frontend with an id_token where iss is another issuer";
        ScenarioOutcome {
            case: CaseName {
                check: check.map(str::to_owned),
                service: Some("frontend".into()),
                title: title.into(),
                feature: "features/login/id_token.feature".into(),
                line: 31,
            },
            steps: vec![
                StepOutcome { text: format!("Given {given}"), status: StepStatus::Passed },
                StepOutcome { text: format!("When {when}"), status: StepStatus::Passed },
                StepOutcome { text: "Then the login is refused".into(), status: StepStatus::Failed },
            ],
            exchanges: vec![
                exchange(1, given, "/login", 302),
                exchange(2, given, "/api/me", 200),
                exchange(3, when, "/callback?code=x", 302),
                exchange(4, when, "/api/me", 200),
            ],
            verdict,
            notes: vec![],
            started: at(),
            took_ms: 1234,
        }
    }

    fn signed_in(name: &str) -> Verdict {
        Verdict::Fail(Finding {
            expected: "the login is refused, since iss is another issuer: nobody is signed in".into(),
            observed: format!("signed in as `{name}`"),
        })
    }

    pub(in crate::report) fn outcome() -> RunOutcome {
        let scenarios = vec![
            scenario(
                Some("E-12"),
                "An id_token where iss is another issuer is refused at frontend",
                signed_in("sub-1"),
            ),
            scenario(Some("E-12"), "An id_token where iss has a slash is refused at frontend", signed_in("sub-2")),
            scenario(Some("E-13"), "An id_token for another client is refused at frontend", Verdict::Pass),
            scenario(
                Some("G-15"),
                "Personal pages of frontend are not cacheable",
                Verdict::Warn(Finding { expected: "no-store".into(), observed: "no Cache-Control".into() }),
            ),
            scenario(None, "A scenario of mine", Verdict::Error { reason: "control failed: no answer".into() }),
            scenario(Some("H-01"), "Logout ends the session", Verdict::Skip { reason: "it declares no logout".into() }),
        ];
        RunOutcome {
            header: RunHeader {
                tool: "0.1.0".into(),
                id: "20261125-110632-1a2b".into(),
                target: "staging".into(),
                preset: None,
                environment: "staging".into(),
                issuer: "https://idp.test".into(),
                idp_is_mock: true,
                services: vec![ServiceHeader {
                    name: "frontend".into(),
                    url: "https://app.test/".into(),
                    roles: vec!["relying-party".into()],
                }],
                defects: vec![],
                started: at(),
                fail_on: Level::Must,
                again: "authproof run --target staging".into(),
                selection: vec![],
                deselected: 0,
                planned: 5,
            },
            diagnoses: vec![],
            scenarios,
            end: RunEnd { finished: at(), took_ms: 2345, reason: EndReason::Completed },
        }
    }

    /// A catalogue whose texts do not change with ours.
    fn catalogue() -> Catalogue {
        let file = "\
- id: E-12
  name: id-token-issuer-exact
  title: The issuer of an ID token is compared exactly
  level: must
  severity: critical
  risk: active
  why: >-
    Whoever runs another issuer could sign in here as anybody. Nothing else in the token tells them apart.
  specification: [OIDC Core 3.1.3.7]
  remedy: >-
    Compare iss byte for byte with the configured issuer.
- id: G-15
  name: personal-pages-not-cacheable
  title: Personal pages are not cacheable
  level: should
  severity: low
  risk: safe
  why: A shared cache shows one person's page to another. Nobody notices.
  specification: [RFC 9111 3]
  remedy: Send Cache-Control no-store.
";
        let login = file.split("- id: G-15").next().unwrap().to_owned();
        let session = format!("- id: G-15{}", file.split("- id: G-15").nth(1).unwrap());
        Catalogue::parse([
            ("features/login/checks.yaml".to_owned(), login.as_str()),
            ("features/session/checks.yaml".to_owned(), session.as_str()),
        ])
        .unwrap()
    }

    #[test]
    fn the_report_says_what_failed_why_and_what_to_do() {
        let layout =
            Layout { colour: false, width: 100, journal: Some(PathBuf::from("reports/staging/journal.ndjson")) };

        insta::assert_snapshot!(terminal(&outcome(), &catalogue(), &layout));
    }

    #[test]
    fn the_last_words_are_the_verdict() {
        let mut outcome = outcome();
        let last = |outcome: &RunOutcome| {
            let text = terminal(outcome, &catalogue(), &Layout::default());
            text.trim_end().rsplit("\n\n").next().unwrap().replace('\n', " ")
        };

        assert!(last(&outcome).starts_with("UNDECIDED:"), "{}", last(&outcome));
        outcome.scenarios.retain(|scenario| !matches!(scenario.verdict, Verdict::Error { .. }));
        assert!(last(&outcome).starts_with("FAILED:") && last(&outcome).contains(": E-12;"), "{}", last(&outcome));
        outcome.scenarios.retain(|scenario| !matches!(scenario.verdict, Verdict::Fail(_)));
        assert!(last(&outcome).starts_with("PASSED:"), "{}", last(&outcome));
        outcome.scenarios.clear();
        assert!(last(&outcome).starts_with("UNTESTED:"), "{}", last(&outcome));
    }

    #[test]
    fn what_a_target_sends_cannot_steer_the_terminal() {
        let mut outcome = outcome();
        outcome.scenarios[0].verdict =
            Verdict::Fail(Finding { expected: "x".into(), observed: "\u{1b}]0;owned\u{7}\n\nPASSED: all".into() });

        let text = terminal(&outcome, &catalogue(), &Layout::default());

        assert!(!text.contains('\u{1b}') && !text.lines().any(|line| line.starts_with("PASSED")), "{text}");
    }

    #[test]
    fn colour_changes_nothing_but_the_ink() {
        let plain = terminal(&outcome(), &catalogue(), &Layout::default());
        let coloured = terminal(&outcome(), &catalogue(), &Layout { colour: true, ..Layout::default() });

        let mut bare = String::new();
        let mut parts = coloured.split('\u{1b}');
        bare.push_str(parts.next().unwrap());
        parts.for_each(|part| bare.push_str(part.split_once('m').unwrap().1));
        assert_ne!(plain, coloured);
        assert_eq!(plain, bare);
    }
}
