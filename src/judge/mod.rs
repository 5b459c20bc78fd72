//! From evidence to verdict: pure functions, one file per area. Nothing here talks to anybody.
//!
//! Two rules hold everywhere. A refusal is judged only beside its accepted control, so the functions that judge one take
//! the control as an argument. And what counts is the effect: who is signed in, what was shown, what a downstream got.

mod access;
mod authorization;
mod callback;
mod forwarding;
mod health;
mod login;
mod redirects;
mod request;
mod session;
#[cfg(test)]
mod testing;
mod token_request;
mod user;

pub use access::{Access, Identity, access_of, describe};
pub use authorization::{
    HostStart, Registered, each_has_its_own, parameter, redirect_uri_registered, request_complete,
};
pub use callback::{Replay, no_code_redeemed, no_second_code, not_in_a_page};
pub use forwarding::{
    Call, Kept, called_at_most, carries_own_token, drops_forged, first_objection, keeps_secrets, names_somebody,
    no_success, not_carried_away, not_taken_to_login, nothing_called,
};
pub use health::{Closed, closed, health_answered, not_asked, sets_nothing};
pub use login::{Control, LoginAttempt, control, login_refused, refusal_controlled, signed_in_as};
pub use redirects::{Route, login_done, stays_home};
pub use request::{
    Opened, accepted, bearer_challenge, guarded, no_server_error, nothing_protected, opened, refused,
    refused_after_order,
};
pub use session::{
    Live, cookies_protected, fixed_session, key_unpublished, live, not_shareable, provider_told, signed_out, still_live,
};
pub use token_request::{
    Hidden, nothing_leaked, one_authentication, pkce_used, refused_tokens_unused, token_request_bound,
};
pub use user::{Carried, never_one_user, no_token_of_anothers, not_about, not_taken_for, wholly};
