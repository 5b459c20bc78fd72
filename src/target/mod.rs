//! The system under test. A `Target` is valid by construction: `load` reports every mistake of a file at once.

mod capability;
mod model;
mod reference;

pub use capability::{Capability, capabilities, service_capabilities};
pub use model::{
    BearerSpelling, Call, Client, ClientId, Environment, Flavour, Idp, IdpMode, IssuerUrl, Role, Secret, Service, Spy,
    SpyAnswer, Target, UserLookup,
};
pub use reference::{ReferenceUrls, reference};
