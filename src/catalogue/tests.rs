use std::collections::BTreeSet;

use super::*;

fn read() -> Catalogue {
    let files = embedded_files("yaml").into_iter().filter(|(path, _)| path.ends_with("/checks.yaml"));
    Catalogue::parse(files).unwrap()
}

#[test]
fn the_embedded_catalogue_can_be_read() {
    assert_eq!(read().areas(), ["bearer", "forwarding", "health", "login", "session", "user-lookup"]);
}

#[test]
fn ids_and_names_are_unique_and_well_formed() {
    let catalogue = read();
    let mut names = BTreeSet::new();

    for check in catalogue.checks() {
        let (letter, number) = check.id.split_once('-').unwrap();
        assert!(letter.len() == 1 && number.len() == 2 && number.chars().all(|c| c.is_ascii_digit()), "{}", check.id);
        let words = check
            .name
            .split('-')
            .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        assert!(words && check.name.contains('-'), "{} is not in kebab case", check.name);
        assert!(names.insert(&check.name), "{} stands twice", check.name);
    }
}

#[test]
fn every_check_says_what_why_and_what_to_do() {
    for check in read().checks() {
        let sentences = check.why.matches(". ").count() + usize::from(check.why.ends_with('.'));
        assert!(sentences >= 2, "{}: `why` takes two sentences: {}", check.id, check.why);
        assert!(check.title.len() > 10 && check.title.len() < 120 && !check.title.ends_with('.'), "{}", check.id);
        assert!(check.remedy.len() > 30 && check.remedy.ends_with('.'), "{}: {}", check.id, check.remedy);
        assert!(!check.specification.is_empty(), "{}", check.id);
        assert!(check.specification.iter().all(|section| !section.trim().is_empty()), "{}", check.id);
    }
}

#[test]
fn remedies_are_for_known_stacks_and_say_something() {
    for check in read().checks() {
        for (preset, remedy) in &check.remedy_for {
            assert!(["amundsen-flaskoidc-1x", "flaskoidc-1x", "flaskoidc-0x"].contains(&preset.as_str()), "{preset}");
            assert!(remedy.len() > 30 && remedy.ends_with('.'), "{} on {preset}: {remedy}", check.id);
        }
    }
}

#[test]
fn a_check_is_found_by_its_id() {
    let catalogue = Catalogue::built_in();

    assert_eq!(catalogue.find("E-12").map(|check| check.area.as_str()), Some("login"));
    assert_eq!(catalogue.find("E-1"), None);
}

#[test]
fn an_id_that_stands_twice_is_refused() {
    let one = "- {id: X-01, name: a-b, title: t, level: must, severity: low, risk: safe, why: w, specification: [s], remedy: r}";

    let twice = [("features/a/checks.yaml".to_owned(), one), ("features/b/checks.yaml".to_owned(), one)];

    assert!(matches!(Catalogue::parse(twice), Err(CatalogueError::IdTwice { id }) if id == "X-01"));
}

#[test]
fn an_unknown_key_is_refused() {
    let text = "- {id: X-01, levle: must}";

    assert!(matches!(
        Catalogue::parse([("features/a/checks.yaml".to_owned(), text)]),
        Err(CatalogueError::Syntax { .. })
    ));
}

#[test]
fn a_stack_without_a_remedy_of_its_own_gets_the_general_one() {
    let check = Catalogue::built_in().find("I-04").unwrap();

    assert_ne!(check.remedy_on(Some("flaskoidc-1x")), check.remedy);
    assert_eq!(check.remedy_on(Some("other")), check.remedy);
    assert_eq!(check.remedy_on(None), check.remedy);
}
