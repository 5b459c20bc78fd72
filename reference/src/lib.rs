//! Three services behind OpenID Connect, done right, and the planted defects.

mod access_token;
mod backchannel;
mod bearer;
mod clock;
pub mod command;
mod defects;
mod frontend;
mod guard;
mod health;
mod id_token;
mod introspection;
mod jws;
mod metadata;
mod openapi;
mod provider;
mod random;
mod resource_server;
mod search;
mod server;
mod settings;
mod sloppy;
mod store;
mod tokens;

pub use defects::{Defect, Defects, UnknownDefect};
pub use server::Reference;
pub use settings::{Settings, StartError};
