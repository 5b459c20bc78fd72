//! Three services behind OpenID Connect, done right, and the planted defects.

mod backchannel;
mod clock;
mod defects;
mod frontend;
mod id_token;
mod jws;
mod provider;
mod random;
mod server;
mod settings;
mod store;
mod tokens;

pub use defects::{Defect, Defects, UnknownDefect};
pub use server::Reference;
pub use settings::{Settings, StartError};
