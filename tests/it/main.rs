//! Integration tests, a module per area, in one binary.

mod module_order;
mod redaction;
mod server;
mod surf;
mod target_file;
mod vocabulary;
mod wire;
