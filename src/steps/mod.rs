//! The Gherkin vocabulary, one file per area. A step reads from the world, calls one function, hands the verdict back.

mod bearer;
mod forwarding;
mod health;
mod introspection;
mod login;
mod request;

/// The least number of steps this library registers. A lost step would turn scenarios into skipped ones in silence, so a
/// run with fewer refuses to start.
pub const AT_LEAST: usize = 6;
