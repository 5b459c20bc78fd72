//! Three services behind OpenID Connect, done right, and the planted defects.

mod access_token;
mod backchannel;
mod bearer;
mod clock;
mod defects;
mod guard;
mod health;
mod id_token;
mod introspection;
mod jws;
mod metadata;
mod openapi;
mod provider;
mod resource_server;
mod search;
mod settings;
mod sloppy;
mod standalone;

pub use defects::{Defect, Defects, UnknownDefect};
pub use settings::{Settings, StartError};
pub use standalone::{metadata_service, search_service};
