//! Integration tests, a module per area.

mod redaction;
mod server;
mod surf;
mod wire;
