//! Integration tests, a module per area, in one binary.

mod module_order;
mod wire;
