//! Three services behind OpenID Connect, done right, and the planted defects.

mod defects;
mod guard;
mod health;
mod id_token;
mod jws;
mod openapi;
mod provider;
mod settings;
mod sloppy;

pub use defects::{Defect, Defects, UnknownDefect};
pub use settings::{Settings, StartError};
