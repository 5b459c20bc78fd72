use super::*;
use crate::suite::{FeatureSource, SelectionError, StepMatch, lint};
use crate::target::{
    BearerSpelling, Call, Environment, Flavour, Idp, IdpMode, IssuerUrl, Role, Service, Spy, Target, UserLookup,
};

fn service(name: &str, role: Role) -> Service {
    Service {
        name: name.to_owned(),
        url: "http://127.0.0.1:1".parse().unwrap(),
        roles: vec![role],
        client: None,
        login: None,
        callback: None,
        logout: None,
        health: vec!["/healthcheck".to_owned()],
        protected: vec!["/one".to_owned(), "/two".to_owned()],
        bearer: BearerSpelling::Jwt,
        audience: None,
        scope: None,
        introspects: false,
        user: None,
        calls: Vec::new(),
        spy: None,
        features: Vec::new(),
        leeway_seconds: 120,
    }
}

/// A frontend with a logout that calls metadata, which is recorded; and an admin frontend without logout.
fn target() -> Target {
    let mut frontend = service("frontend", Role::RelyingParty);
    frontend.logout = Some("/logout".to_owned());
    frontend.login = Some("/login".to_owned());
    frontend.user = Some(UserLookup { path: "/me".to_owned(), subject: Some("$.sub".to_owned()), email: None });
    frontend.calls = vec![Call { service: "metadata".to_owned(), method: "GET".to_owned(), path: "/api".to_owned() }];
    let mut metadata = service("metadata", Role::ResourceServer);
    metadata.spy = Some(Spy { listen: "127.0.0.1:0".parse().unwrap(), answers: Vec::new() });
    Target {
        name: "test".to_owned(),
        preset: None,
        environment: Environment::Local,
        idp: Idp {
            mode: IdpMode::Mock,
            issuer: IssuerUrl::for_tests("http://127.0.0.1:2"),
            listen: None,
            flavour: Flavour::Plain,
        },
        clients: Vec::new(),
        services: vec![frontend, service("admin", Role::RelyingParty), metadata],
        resolve: Default::default(),
        embedded: false,
    }
}

fn suite(text: &str) -> Suite {
    let source = FeatureSource { path: "own/login/a.feature".to_owned(), text: text.to_owned(), built_in: false };
    match lint(&[source], &|_, _| StepMatch::One, Catalogue::built_in()) {
        Ok(suite) => suite,
        Err(errors) => panic!("{:?}", errors.mistakes),
    }
}

fn planned(text: &str, target: &Target, selection: &Selection) -> Plan {
    plan(&suite(text), target, Catalogue::built_in(), selection)
}

fn all(text: &str) -> Plan {
    planned(text, &target(), &Selection::default())
}

fn titles(plan: &Plan) -> Vec<&str> {
    plan.run.iter().map(|case| case.name.title.as_str()).collect()
}

/// An outline over one table.
fn outline(title: &str, step: &str, tags: &str, table: &str) -> String {
    format!("Feature: f\nScenario Outline: {title}\nGiven {step}\nThen y\n{tags}\nExamples:\n{table}\n")
}

const THREE: &str = "Feature: f\n@id:E-12\nScenario: a\nThen x\n@id:E-13 @tag:slow\nScenario: b\nThen x\n@id:I-04\nScenario: c\nThen x\n";

#[test]
fn a_row_is_repeated_for_every_such_thing_of_the_target() {
    let plan = all(&outline(
        "<path> of <service> refuses <case>",
        "<service> <path> <case>",
        "@each:rp-protected-path",
        "| service | path | case |\n| * | * | aud is another client |",
    ));

    assert_eq!(
        titles(&plan),
        [
            "/one of frontend refuses aud is another client",
            "/two of frontend refuses aud is another client",
            "/one of admin refuses aud is another client",
            "/two of admin refuses aud is another client",
        ]
    );
    assert_eq!(plan.run[2].scenario.steps[0].value, "admin /one aud is another client");
    assert_eq!(plan.run[2].name.service.as_deref(), Some("admin"));
}

#[test]
fn every_each_finds_its_things() {
    let count = |each: &str, columns: &[&str]| {
        let head = columns.join(" | ");
        let used = columns.iter().map(|column| format!("<{column}>")).collect::<Vec<_>>().join(" ");
        let row = vec!["*"; columns.len()].join(" | ");
        all(&outline("t", &used, &format!("@each:{each}"), &format!("| {head} |\n| {row} |"))).run.len()
    };

    assert_eq!(count("relying-party", &["service"]), 2);
    assert_eq!(count("resource-server", &["service"]), 1);
    assert_eq!(count("service", &["service"]), 3);
    assert_eq!(count("protected-path", &["service", "path"]), 6);
    assert_eq!(count("protected-path", &["service"]), 3);
    assert_eq!(count("rs-protected-path", &["service", "path"]), 2);
    assert_eq!(count("health-path", &["service", "path"]), 3);
    assert_eq!(count("user-lookup", &["service", "path"]), 1);
    assert_eq!(count("call", &["service", "downstream", "method", "path"]), 1);
    assert_eq!(count("jwt-service", &["service"]), 1);
    assert_eq!(count("introspecting-service", &["service"]), 0);
}

#[test]
fn a_cell_beside_a_star_selects() {
    let table = "| service | path |\n| frontend | * |";

    let plan = all(&outline("<service> <path>", "x", "@each:protected-path", table));

    assert_eq!(titles(&plan), ["frontend /one", "frontend /two"]);
}

#[test]
fn nothing_to_fill_in_is_skipped_with_the_key_that_would_change_it() {
    let text = outline("t <case>", "<service>", "@each:introspecting-service", "| service | case |\n| * | a |");

    let plan = all(&text);

    assert!(plan.run.is_empty());
    assert_eq!(plan.skipped.len(), 1);
    assert_eq!(plan.skipped[0].0.title, "t a [service=*]");
    assert!(plan.skipped[0].1.contains("introspects: true"), "{}", plan.skipped[0].1);
}

#[test]
fn titles_name_what_tells_their_rows_apart() {
    let plan = all(&outline("t", "<service> <path>", "@each:rs-protected-path", "| service | path |\n| * | * |"));
    let literal = all(&outline("t", "<a>", "", "| a |\n| 1 |\n| 2 |"));
    let starred = all(&outline("t <service>", "<c>", "@each:service", "| service | c |\n| * | 1 |\n| metadata | 2 |"));

    assert_eq!(titles(&plan), ["t [service=metadata, path=/one]", "t [service=metadata, path=/two]"]);
    assert_eq!(titles(&literal), ["t [a=1]", "t [a=2]"]);
    assert_eq!(titles(&starred).last(), Some(&"t metadata [c=2]"));
    assert_eq!(starred.run.len(), 4);
}

#[test]
fn tables_doc_strings_and_cells_are_filled_in_once() {
    let text = "Feature: f\nScenario Outline: t <a>\nGiven x\n| <a> |\nThen y\n\"\"\"\n  <a> <z>\n\"\"\"\nExamples:\n| a | b |\n| <b> | 2 |\n"
        .replace("Given x", "Given x <b>");

    let plan = all(&text);

    let steps = &plan.run[0].scenario.steps;
    assert_eq!(steps[0].value, "x 2");
    assert_eq!(steps[0].table.as_ref().unwrap().rows, [["<b>"]]);
    assert_eq!(steps[1].docstring.as_deref(), Some("<b> <z>"));
    assert!(plan.run[0].scenario.examples.is_empty());
}

#[test]
fn background_steps_come_first_and_the_feature_keeps_none() {
    let text = "Feature: f\nBackground:\nGiven one\nRule: r\nBackground:\nGiven two\nScenario: s\nThen x\n";

    let plan = all(text);

    let steps: Vec<&str> = plan.run[0].scenario.steps.iter().map(|step| step.value.as_str()).collect();
    assert_eq!(steps, ["one", "two", "x"]);
    let feature = &plan.run[0].feature;
    assert!(feature.background.is_none() && feature.rules.is_empty() && feature.scenarios.is_empty());
}

#[test]
fn a_case_stands_on_the_line_of_its_row() {
    let plan = all("Feature: f\nScenario Outline: <a>\nThen x\nExamples:\n# note\n| a |\n\n| 1 |\n# note\n| 2 |\n");

    assert_eq!(plan.run.iter().map(|case| case.name.line).collect::<Vec<_>>(), [8, 10]);
    assert_eq!(plan.run[1].scenario.position.line, 10);
}

#[test]
fn tags_are_inherited() {
    let text = "@tag:a\nFeature: f\n@tag:b\nRule: r\n@tag:c @exclusive\nScenario Outline: <x>\nThen <x>\n@tag:d @id:E-12\nExamples:\n| x |\n| 1 |\n";

    let plan = all(text);

    assert_eq!(plan.run[0].tags, ["tag:a", "tag:b", "tag:c", "exclusive", "tag:d", "id:E-12"]);
    assert!(plan.run[0].exclusive);
    assert_eq!(plan.run[0].name.check.as_deref(), Some("E-12"));
}

#[test]
fn needs_are_judged_for_the_service_of_the_row() {
    let text = format!("@needs:logout\n{}", outline("t <service>", "x", "@each:relying-party", "| service |\n| * |"));

    let plan = all(&text);

    assert_eq!(titles(&plan), ["t frontend"]);
    assert_eq!(plan.skipped.len(), 1);
    assert_eq!(plan.skipped[0].0.service.as_deref(), Some("admin"));
    assert_eq!(plan.skipped[0].1, Capability::Logout.missing_reason().to_string());
}

#[test]
fn a_row_for_a_service_that_the_target_lacks_is_skipped() {
    let plan = all(&outline("<service>", "x", "", "| service |\n| gateway |"));

    assert!(plan.skipped[0].1.contains("no service `gateway`"), "{:?}", plan.skipped);
}

#[test]
fn production_runs_only_what_is_safe_unless_asked() {
    let catalogue = Catalogue::built_in();
    let risky = catalogue.checks().iter().find(|check| check.risk == Risk::Active).unwrap();
    let safe = catalogue.checks().iter().find(|check| check.risk == Risk::Safe).unwrap();
    let text = format!(
        "Feature: f\n@id:{}\nScenario: risky\nThen x\n@id:{}\nScenario: safe\nThen x\nScenario: own\nThen x\n",
        risky.id, safe.id
    );
    let production = Target { environment: Environment::Production, ..target() };
    let asked = Selection { risk: Some(Risk::Active), ..Selection::default() };
    let careful = Selection { risk: Some(Risk::Safe), ..Selection::default() };

    let plan = planned(&text, &production, &Selection::default());

    assert_eq!(titles(&plan), ["safe"]);
    assert_eq!(plan.skipped.len(), 2);
    assert!(plan.skipped[0].1.contains("production") && plan.skipped[0].1.contains("--risk active"));
    assert_eq!(planned(&text, &production, &asked).run.len(), 3);
    assert_eq!(titles(&planned(&text, &target(), &careful)), ["safe"]);
    assert_eq!(all(&text).run.len(), 3);
}

#[test]
fn parts_of_a_selection_narrow_it_down_together() {
    let by = |selection: Selection| planned(THREE, &target(), &selection);
    let ids = |ids: &[&str]| Selection { ids: ids.iter().map(ToString::to_string).collect(), ..Selection::default() };

    assert_eq!(titles(&by(ids(&["E-*"]))), ["a", "b"]);
    assert_eq!(titles(&by(ids(&["E-13", "i-04"]))), ["b", "c"]);
    assert_eq!(titles(&by(Selection { tags: Some("not @tag:slow".into()), ..ids(&["E-*"]) })), ["a"]);
    assert_eq!(titles(&by(Selection { name: Some("C".into()), ..Selection::default() })), ["c"]);
    assert_eq!(titles(&by(Selection { areas: vec!["bearer".into()], ..Selection::default() })), ["c"]);
    assert_eq!(by(ids(&["E-*"])).deselected, 1);
}

#[test]
fn cases_of_one_service_can_be_selected() {
    let text = outline("t <service>", "x", "@each:service", "| service |\n| * |");
    let selection = Selection { services: vec!["admin".into()], ..Selection::default() };

    assert_eq!(titles(&planned(&text, &target(), &selection)), ["t admin"]);
}

#[test]
fn a_part_that_matches_nothing_stops_the_run_and_is_named() {
    let unmatched = |selection: Selection| {
        let plan = planned(THREE, &target(), &selection);
        assert!(plan.run.is_empty() && plan.skipped.is_empty() && plan.deselected <= 3);
        assert_eq!(plan.unmatched.len(), 1, "{:?}", plan.unmatched);
        plan.unmatched.into_iter().next().unwrap()
    };
    let none = Selection::default;

    let id = unmatched(Selection { ids: vec!["E-12".into(), "E-99".into()], ..none() });
    let unproved = unmatched(Selection { ids: vec!["E-01".into()], ..none() });
    let service = unmatched(Selection { services: vec!["fronted".into()], ..none() });
    let idle = unmatched(Selection { services: vec!["admin".into()], ..none() });
    let area = unmatched(Selection { areas: vec!["logn".into()], ..none() });
    let tags = unmatched(Selection { tags: Some("@tag:fast".into()), ..none() });
    let syntax = unmatched(Selection { tags: Some("@tag:slow and".into()), ..none() });
    let deep = unmatched(Selection { tags: Some("(".repeat(999)), ..none() });
    let long = unmatched(Selection { tags: Some("(".repeat(100_000)), ..none() });
    let name = unmatched(Selection { name: Some("zzz".into()), ..none() });
    let common = unmatched(Selection { ids: vec!["E-12".into()], name: Some("c".into()), ..none() });

    assert!(matches!(id, SelectionError::UnknownCheck { id, nearest: Some(_) } if id == "E-99"));
    assert!(matches!(unproved, SelectionError::NoScenario { .. }));
    assert!(matches!(service, SelectionError::UnknownService { nearest: Some(name), .. } if name == "frontend"));
    assert!(matches!(idle, SelectionError::IdleService { .. }));
    assert!(matches!(area, SelectionError::UnknownArea { nearest: Some(name), .. } if name == "login"));
    assert!(matches!(tags, SelectionError::NoTags { .. }));
    assert!(matches!(deep, SelectionError::TagExpression { .. }));
    assert!(matches!(long, SelectionError::TagExpression { .. }));
    assert!(matches!(syntax, SelectionError::TagExpression { .. }));
    assert!(matches!(name, SelectionError::NoName { .. }));
    assert_eq!(common, SelectionError::NothingInCommon);
}
