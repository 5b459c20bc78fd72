//! The reference services against the mock provider.

mod browser;
mod downstream;
mod forwarding;
mod guards;
mod house;
mod login;
mod planted;
mod session;
