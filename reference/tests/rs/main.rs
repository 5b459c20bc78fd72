//! The resource servers, the path guard and the health endpoint, over raw TCP against a running provider.

mod bearer;
mod health;
mod hostile;
mod introspection;
mod planted;
mod raw;
mod rows;
mod services;
