//! The system under test. A `Target` is valid by construction: `load` reports every mistake of a file at once.

mod builder;
mod capability;
mod error;
mod file;
mod load;
mod mask;
mod model;
mod preset;
mod read;
mod reference;
mod rules;
mod secret;
mod tree;
mod values;
mod variable;

pub use builder::TargetBuilder;
pub use capability::{Capability, capabilities, service_capabilities};
pub use error::{Place, TargetError, TargetErrors, TargetMistake};
pub use load::{inspect, load, names};
pub use model::{
    BearerSpelling, Call, Client, ClientId, Environment, Flavour, Idp, IdpMode, IssuerUrl, Role, Secret, Service, Spy,
    SpyAnswer, Target, UserLookup,
};
pub use preset::{Overrides, from_preset, preset_names, preset_text};
pub use reference::{ReferenceUrls, reference};

use strsim::damerau_levenshtein;

/// The name of `known` that is nearest to `word`, if one is near enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let reach = (word.chars().count() / 3).clamp(1, 3);
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|name| (damerau_levenshtein(&word, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= reach)
        .min()
        .map(|(_, name)| name.to_owned())
}
