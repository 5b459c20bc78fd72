//! `authproof` proves that the OpenID Connect login in front of your services holds.
//!
//! The command is a thin layer over [`check()`]; a Rust project can call it from its own tests.

pub mod browser;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod evidence;
pub mod judge;
pub mod lab;
pub mod outcome;
pub mod report;
pub mod run;
pub mod selfcheck;
pub mod steps;
pub mod suite;
pub mod target;
pub mod token;
pub mod world;

pub use check::{check, check_reference};
pub use mock_idp;
pub use reference::{Defect, Defects};
