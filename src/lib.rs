//! `authproof` proves that the OpenID Connect login in front of your services holds.

pub mod browser;
pub mod catalogue;
pub mod evidence;
// pub mod lab;
pub mod judge;
pub mod outcome;
pub mod suite;
pub mod target;
pub mod token;
