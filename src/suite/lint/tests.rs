use super::*;
use crate::suite::{FeatureSource, Suite};

/// Knows the steps of these tests, each under one kind.
fn knows(kind: &str, text: &str) -> StepMatch {
    let starts = |beginning: &str| text.starts_with(beginning);
    match kind {
        _ if starts("two ways") => StepMatch::Several,
        "given" if starts("a service") || starts("\"") => StepMatch::One,
        "when" if starts("somebody asks") || starts("he asks") => StepMatch::One,
        "then" if starts("it is refused") || starts("it says") => StepMatch::One,
        _ => StepMatch::None { nearest: Some("it is refused".to_owned()) },
    }
}

fn read(text: &str) -> Result<Suite, Vec<(usize, SuiteError)>> {
    let source = FeatureSource { path: "own/a.feature".to_owned(), text: text.to_owned(), built_in: false };
    lint(&[source], &knows, Catalogue::built_in())
        .map_err(|errors| errors.mistakes.into_iter().map(|it| (it.line.unwrap_or_default(), it.error)).collect())
}

fn mistakes(text: &str) -> Vec<(usize, SuiteError)> {
    read(text).map(|suite| panic!("no mistake in {text}\n{suite:?}")).unwrap_err()
}

/// A file whose third line is `Scenario: s`, followed by the given lines.
fn scenario(lines: &str) -> String {
    format!("Feature: f\n\n  Scenario: s\n{lines}")
}

fn one_mistake(text: &str, line: usize) -> SuiteError {
    let found = mistakes(text);
    assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [line], "{found:?}\n{text}");
    found.into_iter().next().unwrap().1
}

const GOOD: &str = "Given a service\nWhen somebody asks\nThen it is refused\n";
const OUTLINE: &str = "Feature: f\nScenario Outline: <case>\nGiven a service\nThen it says \"<case>\"\n";

#[test]
fn a_file_without_mistakes_becomes_a_suite() {
    let suite = read(&format!("# note\n@tag:own\nFeature: f\n  Prose, and more.\n\n  Background:\n    Given a service\n\n  @id:E-12\n  Scenario: s\n    {GOOD}\n  Rule: r\n\n    Example: t\n      {GOOD}")).unwrap();

    assert_eq!(suite.scenario_count(), 2);
    assert_eq!(suite.checks(), ["E-12"]);
}

#[test]
fn windows_line_ends_and_a_missing_last_line_end_are_fine() {
    let text = scenario(GOOD).replace('\n', "\r\n");

    assert!(read(text.trim_end()).is_ok());
}

#[test]
fn an_empty_file_is_refused() {
    assert_eq!(one_mistake("", 1), SuiteError::NoFeature);
    assert_eq!(one_mistake("# only a note\n", 1), SuiteError::NoFeature);
}

#[test]
fn no_files_at_all_are_refused() {
    let errors = lint(&[], &knows, Catalogue::built_in()).unwrap_err();

    assert_eq!(errors.mistakes[0].error, SuiteError::NoFiles);
}

#[test]
fn a_feature_without_scenarios_is_refused() {
    assert_eq!(one_mistake("Feature: f\n  Some prose\n", 1), SuiteError::NoScenario);
}

#[test]
fn a_rule_without_scenarios_is_refused() {
    assert_eq!(one_mistake(&scenario(&format!("{GOOD}Rule: r\n")), 7), SuiteError::EmptyRule);
}

#[test]
fn a_scenario_without_steps_is_refused_in_rules_too() {
    assert_eq!(one_mistake(&scenario(""), 3), SuiteError::NoSteps { block: "scenario" });
    assert_eq!(one_mistake("Feature: f\nRule: r\nScenario: s\n", 3), SuiteError::NoSteps { block: "scenario" });
    assert_eq!(
        one_mistake("Feature: f\nScenario Outline: <a>\nExamples:\n| a |\n| 1 |\n", 2),
        SuiteError::NoSteps { block: "scenario" }
    );
}

#[test]
fn a_background_without_steps_is_refused() {
    let text = format!("Feature: f\nBackground:\nScenario: s\n{GOOD}");

    assert_eq!(one_mistake(&text, 2), SuiteError::NoSteps { block: "background" });
}

#[test]
fn a_scenario_that_cannot_fail_is_refused() {
    assert_eq!(one_mistake(&scenario("Given a service\n"), 3), SuiteError::NoThen);
}

#[test]
fn a_misspelt_step_keyword_is_found_before_and_behind_the_first_step() {
    let first = one_mistake(&scenario("Givenn a service\nWhen somebody asks\nThen it is refused\n"), 4);
    let later = one_mistake(&scenario("Given a service\nThne it is refused\nThen it is refused\n"), 5);

    assert_eq!(first, SuiteError::MisspeltKeyword { found: "Givenn".into(), keyword: "Given".into() });
    assert_eq!(later, SuiteError::MisspeltKeyword { found: "Thne".into(), keyword: "Then".into() });
}

#[test]
fn a_misspelt_block_keyword_is_found() {
    let text = format!("Feature: f\n  Scenaro: s\n{GOOD}  Scenario: t\n{GOOD}");
    let found = mistakes(&text);

    assert_eq!(found[0], (2, SuiteError::MisspeltKeyword { found: "Scenaro:".into(), keyword: "Scenario:".into() }));
}

#[test]
fn a_misspelt_feature_is_found() {
    let error = one_mistake(&format!("Featur: f\nScenario: s\n{GOOD}").replace("Scenario: s\n", ""), 1);

    assert_eq!(error, SuiteError::MisspeltKeyword { found: "Featur:".into(), keyword: "Feature:".into() });
}

#[test]
fn a_step_without_its_keyword_is_found_in_the_description() {
    assert_eq!(one_mistake(&scenario(&format!("a service\n{GOOD}")), 4), SuiteError::SwallowedStep);
    assert_eq!(one_mistake(&scenario(&format!("Assume a service\n{GOOD}")), 4), SuiteError::SwallowedStep);
}

#[test]
fn a_step_above_the_first_scenario_is_found_and_a_sentence_is_not() {
    let text = |line: &str| format!("Feature: f\n  {line}\n\n  Scenario: s\n{GOOD}");

    assert!(matches!(one_mistake(&text("Given a service"), 2), SuiteError::Syntax { .. }));
    assert!(read(&text("When the provider is down, nobody gets in.")).is_ok());
}

#[test]
fn text_between_steps_is_refused() {
    let error = one_mistake(&scenario("Given a service\nsomething else\nThen it is refused\n"), 5);

    assert_eq!(error, SuiteError::StrayText { found: "something else".into() });
}

#[test]
fn a_step_with_a_star_is_refused() {
    assert_eq!(
        one_mistake(&scenario("Given a service\n* somebody asks\nThen it is refused\n"), 5),
        SuiteError::StarStep
    );
}

#[test]
fn a_comment_behind_text_is_refused_and_a_quoted_one_is_not() {
    let text = |step: &str| scenario(&format!("Given a service\nThen {step}\n"));

    assert_eq!(one_mistake(&text("it is refused # note"), 5), SuiteError::CommentBehindText);
    assert!(read(&text("it says \"a #1\"")).is_ok());
    assert!(read(&text("it says a#1")).is_ok());
}

#[test]
fn a_tab_is_refused() {
    assert_eq!(one_mistake(&scenario("\tGiven a service\n    Then it is refused\n"), 4), SuiteError::Tab);
}

#[test]
fn odd_doc_strings_are_refused() {
    let text = |lines: &str| scenario(&format!("Given a service\n{lines}"));

    assert_eq!(one_mistake(&text("\"\"\"json\n{}\n\"\"\"\nThen it is refused\n"), 5), SuiteError::DocStringMarks);
    assert_eq!(one_mistake(&text("\"\"\"\n{} \"\"\"\nThen it is refused\n"), 6), SuiteError::DocStringMarks);
    assert_eq!(one_mistake(&text("\"\"\"\n{}\nThen it is refused\n"), 5), SuiteError::OpenDocString);
    assert_eq!(one_mistake(&scenario(&format!("\"\"\"\nx\n\"\"\"\n{GOOD}")), 4), SuiteError::StrayDocString);
    assert!(read(&text("\"\"\"\n\tGivenn # <x>\n\"\"\"\nThen it is refused\n")).is_ok());
}

#[test]
fn another_language_is_refused() {
    let text = "# language: de\nFunktionalität: f\nSzenario: s\nAngenommen a service\n";

    assert_eq!(one_mistake(text, 1), SuiteError::Language { language: "de".into() });
}

#[test]
fn what_the_parser_cannot_read_is_shown_with_its_line() {
    let error = one_mistake(&format!("Feature: f\nScenario: s\n{GOOD}@tag:end\n"), 6);

    assert!(matches!(error, SuiteError::Syntax { .. }), "{error}");
}

#[test]
fn blocks_in_the_wrong_order_are_refused() {
    let second = mistakes(&scenario(&format!("{GOOD}Feature: g\nScenario: t\n{GOOD}")));
    let late = mistakes(&scenario(&format!("{GOOD}Background:\nGiven a service\n")));

    assert_eq!(second[0], (7, SuiteError::SecondFeature));
    assert_eq!(late[0].0, 7);
}

#[test]
fn rows_of_unequal_width_are_refused_longer_ones_too() {
    let text = |row: &str| format!("{OUTLINE}Examples:\n| case |\n{row}\n");

    assert_eq!(one_mistake(&text("| a | b |"), 7), SuiteError::RowWidth { found: 2, expected: 1 });
    assert_eq!(one_mistake(&text("| a"), 7), SuiteError::OpenRow);
    assert_eq!(one_mistake(&text(r"| a\d |"), 7), SuiteError::RowEscape);
}

#[test]
fn examples_without_rows_are_refused() {
    assert_eq!(one_mistake(&format!("{OUTLINE}Examples:\n| case |\n"), 5), SuiteError::EmptyExamples);
    assert_eq!(one_mistake(&format!("{OUTLINE}Examples:\n"), 5), SuiteError::EmptyExamples);
    assert_eq!(one_mistake(OUTLINE, 2), SuiteError::NoExamples);
}

#[test]
fn columns_and_placeholders_belong_together() {
    let text = |head: &str, row: &str| format!("{OUTLINE}Examples:\n{head}\n{row}\n");

    let unused = one_mistake(&text("| case | more |", "| a | b |"), 6);
    let missing = mistakes(&text("| other |", "| a |"));

    assert_eq!(unused, SuiteError::UnusedColumn { name: "more".into() });
    assert!(missing.contains(&(4, SuiteError::NoColumn { name: "case".into() })));
    assert!(missing.contains(&(2, SuiteError::NoColumn { name: "case".into() })));
    assert_eq!(one_mistake(&text("| case | case |", "| a | b |"), 6), SuiteError::ColumnTwice { name: "case".into() });
    assert_eq!(one_mistake(&text("| case | |", "| a | b |"), 6), SuiteError::UnnamedColumn { column: 2 });
}

#[test]
fn a_placeholder_in_a_plain_scenario_is_refused() {
    let error = one_mistake(&scenario("Given a service\nThen it says \"<case>\"\n"), 5);

    assert_eq!(error, SuiteError::NoColumn { name: "case".into() });
}

#[test]
fn titles_are_unique_expanded_ones_too() {
    let plain = one_mistake(&scenario(&format!("{GOOD}Scenario: s\n{GOOD}")), 7);
    let rows = one_mistake(&format!("{OUTLINE}Examples:\n| case |\n| a |\n| b |\n| a |\n"), 9);
    let mixed = one_mistake(&format!("{OUTLINE}Examples:\n| case |\n| a |\nScenario: a\n{GOOD}"), 8);

    assert_eq!(plain, SuiteError::TitleTwice { title: "s".into(), first: 3 });
    assert_eq!(rows, SuiteError::TitleTwice { title: "a".into(), first: 7 });
    assert_eq!(mixed, SuiteError::TitleTwice { title: "a".into(), first: 7 });
}

#[test]
fn tags_are_checked_where_they_stand() {
    let text = |tag: &str| format!("Feature: f\n\n@tag:x\n{tag}\nScenario: s\n{GOOD}");
    let mistake = |tag: &str| one_mistake(&text(tag), 4);

    assert!(matches!(mistake("@retry(2)"), SuiteError::ForbiddenTag { .. }));
    assert!(matches!(mistake("@allow.skipped"), SuiteError::ForbiddenTag { .. }));
    assert!(matches!(mistake("@serial"), SuiteError::ForbiddenTag { .. }));
    assert!(matches!(mistake("@slow"), SuiteError::UnknownTag { .. }));
    assert!(matches!(mistake("@id:E-99"), SuiteError::UnknownCheck { nearest: Some(_), .. }));
    assert!(matches!(mistake("@needs:logot"), SuiteError::UnknownNeed { nearest: Some(_), .. }));
    assert_eq!(mistake("@each:service"), SuiteError::MisplacedEach);
    assert!(matches!(mistake("@tag:y more"), SuiteError::Syntax { .. }));
    assert!(read(&text("@tag:y @exclusive @needs:logout # note")).is_ok());
}

#[test]
fn a_scenario_names_at_most_one_check_and_ours_exactly_one() {
    let several = one_mistake(&format!("Feature: f\n@id:E-12 @id:E-13\nScenario: s\n{GOOD}"), 3);
    let ours = FeatureSource { path: "features/login/a.feature".into(), text: scenario(GOOD), built_in: true };
    let none = lint(&[ours], &knows, Catalogue::built_in()).unwrap_err();

    assert_eq!(several, SuiteError::SeveralChecks);
    assert_eq!(none.mistakes[0].error, SuiteError::NoCheck);
}

#[test]
fn stars_and_each_belong_together() {
    let text = |tags: &str, row: &str| format!("{OUTLINE}{tags}\nExamples:\n| case |\n{row}\n");

    assert!(matches!(one_mistake(&text("", "| * |"), 8), SuiteError::UnfilledStar { .. }));
    assert!(matches!(mistakes(&text("@each:service", "| * |"))[0].1, SuiteError::EachWithoutStar { .. }));
    assert!(matches!(one_mistake(&text("@each:service", "| a |"), 6), SuiteError::EachWithoutStar { .. }));
    assert!(matches!(one_mistake(&text("@each:servce", "| a |"), 5), SuiteError::UnknownEach { nearest: Some(_), .. }));
    assert!(read(&text("", r"| \\* |")).is_ok());
}

#[test]
fn unknown_and_ambiguous_steps_are_reported_once_for_all_rows() {
    let unknown =
        "Feature: f\nScenario Outline: <case>\nGiven <case>\nThen it is refused\nExamples:\n| case |\n| a |\n| b |\n";

    let unknown = one_mistake(unknown, 3);
    let ambiguous = one_mistake(&scenario("Given two ways\nThen it is refused\n"), 4);
    let wrong_kind = one_mistake(&scenario("Given somebody asks\nThen it is refused\n"), 4);

    assert_eq!(
        unknown,
        SuiteError::UnknownStep { keyword: "Given", text: "a".into(), nearest: Some("it is refused".into()) }
    );
    assert_eq!(ambiguous, SuiteError::AmbiguousStep { keyword: "Given", text: "two ways".into() });
    assert!(matches!(wrong_kind, SuiteError::UnknownStep { .. }));
}

#[test]
fn every_mistake_of_every_file_is_reported_with_file_and_line() {
    let source = |path: &str, text: String| FeatureSource { path: path.into(), text, built_in: false };
    let sources = [
        source("own/a.feature", scenario("Given a servce\nThen it is refusd\n")),
        source("own/b.feature", "Feature: f\n".into()),
    ];

    let errors = lint(&sources, &knows, Catalogue::built_in()).unwrap_err();

    let shown: Vec<String> = errors.mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "own/a.feature:4: there is no step `Given a servce`; the nearest is `it is refused`",
            "own/a.feature:5: there is no step `Then it is refusd`; the nearest is `it is refused`",
            "own/b.feature:1: there is no scenario in this file",
        ]
    );
}

#[test]
fn a_report_shows_the_line_and_the_remedy() {
    let source = FeatureSource { path: "own/a.feature".into(), text: scenario("Given a service\n"), built_in: false };
    let errors = lint(&[source], &knows, Catalogue::built_in()).unwrap_err();

    let mut shown = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor());
    handler.render_report(&mut shown, &errors).unwrap();

    assert!(shown.contains("own/a.feature:3"), "{shown}");
    assert!(shown.contains("Scenario: s"), "{shown}");
    assert!(shown.contains("end it with `Then <what must hold>`"), "{shown}");
}

#[test]
fn no_cut_of_a_good_file_makes_the_linter_panic() {
    let text = format!("# c\n@tag:x\nFeature: ä\n  Background:\n    Given a service\n      | a | b\\n |\n{OUTLINE}\n@each:service\nExamples:\n| case |\n| ü |\n").replace("Feature: f\n", "");

    for (cut, _) in text.char_indices() {
        // Only the absence of a panic counts: most cuts are mistakes, some are not.
        let _ = read(&text[..cut]);
        let _ = read(&text[cut..]);
    }
}

#[test]
fn a_large_outline_is_read_and_many_mistakes_are_reported_without_delay() {
    let rows: String = (0..2000).map(|row| format!("| {row} |\n")).collect();
    let good = format!("{OUTLINE}Examples:\n| case |\n{rows}");
    let bad = good.replace(" |\n", "\n");

    assert!(read(&good).is_ok());
    assert_eq!(mistakes(&bad).len(), 2001);
}
