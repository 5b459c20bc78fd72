//! The user agents: a person's `Browser` with a cookie jar, a program's `Client`, and raw requests written byte for
//! byte. All go through one `Network`, which alone opens connections, and only to hosts of the target.

mod client;
mod cookie;
mod cookie_date;
mod dial;
mod form;
mod jar;
mod navigate;
mod network;
mod outgoing;
mod person;
mod raw;
mod read;

pub use client::Client;
pub use cookie::{Cookie, CookieRefusal, SameSite};
pub use form::{Form, FormError, find_forms};
pub use jar::Jar;
pub use navigate::{End, Trail};
pub use network::{Network, NetworkError, NetworkSettings, authority};
pub use outgoing::Outgoing;
pub use person::Browser;
pub use raw::{Dialect, RawRequest};
