//! Three services behind OpenID Connect, done right, and the planted defects.

mod defects;
mod server;
mod settings;

pub use defects::{Defect, Defects, UnknownDefect};
pub use server::Reference;
pub use settings::{Settings, StartError};
