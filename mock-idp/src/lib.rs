//! An OpenID provider for tests: strict by default, and hostile on request.
//!
//! ```
//! use mock_idp::{Client, IssuerSettings, MockIdp, Persona};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let idp = MockIdp::builder()
//!     .issuer(
//!         IssuerSettings::at_path("")
//!             .client(Client::confidential("web", "s3cret").redirect_uri("http://127.0.0.1:8080/callback"))
//!             .persona(Persona::named("alice")),
//!     )
//!     .start()
//!     .await?;
//! assert!(idp.first_issuer().url().starts_with("http://127.0.0.1:"));
//! idp.stop().await;
//! # Ok::<(), mock_idp::StartError>(())
//! # }).unwrap();
//! ```
//!
//! A browser that carries the cookie [`SCENARIO_COOKIE`] on the provider's origin is logged in as its scenario's persona;
//! any other one meets a login page. The scenario is sealed into the code and into every token, so what a
//! [`Behaviour`] orders for one scenario touches no other, though all use one issuer.

mod answer;
mod behaviour;
pub mod command;
mod connection;
mod control;
mod endpoints;
mod incoming;
mod issuer;
mod jose;
mod keys;
mod login_page;
mod model;
mod own;
mod recipe;
mod record;
mod seal;
mod serve;
mod server;
mod spent;

pub use behaviour::{
    Action, AuthorizationResponse, Behaviour, BehaviourError, BehaviourId, Endpoint, Fault, Grant, MalformedFault,
    Members, Parameter, Scope, StatusFault, Times, Trigger,
};
pub use control::ControlSettings;
pub use issuer::Issuer;
pub use jose::RecipeError;
pub use keys::{KeySet, PublicKeySpelling};
pub use model::{
    Client, IssuerAt, IssuerSettings, Mint, PERSONA_COOKIE, Persona, SCENARIO_COOKIE, SIGNING_ALGORITHMS,
    ScenarioEntry, TokenKind,
};
pub use recipe::{Edits, Key, Kid, Placeholders, Recipe, Signature};
pub use record::{ClientAuth, Issued, Received, ReceivedFilter};
pub use server::{Builder, MockIdp, StartError};
