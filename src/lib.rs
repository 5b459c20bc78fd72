//! `authproof` proves that the OpenID Connect login in front of your services holds.

pub mod browser;
pub mod catalogue;
pub mod evidence;
pub mod judge;
pub mod lab;
pub mod outcome;
pub mod report;
pub mod run;
pub mod steps;
pub mod suite;
pub mod target;
pub mod token;
pub mod world;
