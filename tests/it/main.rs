//! Integration tests, a module per area, in one binary.

mod app;
mod cli;
mod folder;
mod journal;
mod module_order;
mod never_green;
mod offline;
mod redaction;
mod run;
mod server;
mod surf;
mod target_file;
mod vocabulary;
mod wire;
