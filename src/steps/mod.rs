//! The Gherkin vocabulary, one file per area. A step reads from the world, calls one function, hands the verdict back.

mod authorization;
mod bearer;
mod callback;
mod forwarding;
mod health;
mod introspection;
mod login;
mod logout;
mod request;
mod session;
mod token;
mod user_lookup;

/// The least number of steps this library registers. A lost step would turn scenarios into skipped ones in silence, so a
/// run with fewer refuses to start.
pub const AT_LEAST: usize = 105;

#[cfg(test)]
mod tests {
    use cucumber::World as _;
    use cucumber::gherkin::{Feature, GherkinEnv};

    use crate::catalogue::Catalogue;
    use crate::suite::{StepMatch, built_in, lint};
    use crate::world::World;

    /// How many step functions the line fits.
    fn matches(kind: &str, text: &str) -> StepMatch {
        let keyword = match kind {
            "given" => "Given",
            "when" => "When",
            _ => "Then",
        };
        let feature = format!("Feature: x\n  Scenario: x\n    {keyword} {text}\n");
        let feature = Feature::parse(feature, GherkinEnv::default()).expect("one step is a scenario");
        match World::collection().find(&feature.scenarios[0].steps[0]) {
            Ok(Some(_)) => StepMatch::One,
            Ok(None) => StepMatch::None { nearest: None },
            Err(_) => StepMatch::Several,
        }
    }

    #[test]
    fn every_line_about_logins_and_sessions_fits_exactly_one_step() {
        let whole = ["callback", "id_token", "token_request", "session", "logout"];
        let mut sources = built_in();
        sources.retain(|source| whole.iter().any(|name| source.path.ends_with(&format!("/{name}.feature"))));

        assert_eq!(sources.len(), whole.len());
        if let Err(errors) = lint(&sources, &matches, Catalogue::built_in()) {
            panic!("{errors:?}");
        }
    }
}
