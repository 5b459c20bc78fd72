//! The Gherkin vocabulary, one file per area. A step reads from the world, calls one function, hands the verdict back.

mod authorization;
mod callback;
mod login;
mod logout;
mod session;
mod token;
mod user_lookup;

/// The least number of steps this library registers. A lost step would turn scenarios into skipped ones in silence, so a
/// run with fewer refuses to start.
pub const AT_LEAST: usize = 60;
