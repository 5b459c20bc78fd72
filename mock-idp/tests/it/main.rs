//! The provider as programs and browsers see it: over HTTP, on a free port.

mod behaviours;
mod code_flow;
mod command;
mod control;
mod discovery;
mod hostile;
mod issuers;
mod recipes;
mod records;
mod scenarios;
mod signing;
mod support;
mod token_endpoint;
mod tokens;
