//! From evidence to verdict: pure functions, one file per area. Nothing here talks to anybody.
//!
//! Two rules hold everywhere. A refusal is judged only beside its accepted control, so the functions that judge one take
//! the control as an argument. And what counts is the effect: who is signed in, what was shown, what a downstream got.

mod access;
mod forwarding;
mod health;
mod login;
mod request;
mod session;

pub use access::{Access, Identity, access_of, describe};
pub use forwarding::{
    Call, Kept, called_at_most, carries_own_token, drops_forged, first_objection, keeps_secrets, names_somebody,
    no_success, not_carried_away, not_taken_to_login, nothing_called,
};
pub use health::{Closed, closed, health_answered, not_asked, sets_nothing};
pub use login::{Control, LoginAttempt, control, login_refused, signed_in_as};
pub use request::{
    Opened, accepted, bearer_challenge, guarded, no_server_error, nothing_protected, opened, refused,
    refused_after_order,
};
pub use session::{cookies_protected, not_shareable, signed_out};
