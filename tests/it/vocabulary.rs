//! Every line of a built-in feature file fits exactly one step.

use authproof::catalogue::Catalogue;
use authproof::run::knows_step;
use authproof::suite::{built_in, lint};

#[test]
fn every_line_of_the_bearer_forwarding_and_health_features_fits_one_step() {
    let areas = ["features/bearer/", "features/forwarding/", "features/health/"];
    let sources: Vec<_> =
        built_in().into_iter().filter(|source| areas.iter().any(|area| source.path.starts_with(area))).collect();
    assert_eq!(sources.len(), 5);

    let linted = lint(&sources, &knows_step(), Catalogue::built_in());

    let mistakes = linted.err().map(|errors| format!("{:#?}", miette::Report::new(errors)));
    assert_eq!(mistakes, None);
}
