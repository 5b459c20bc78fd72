//! The command: a mock IdP on its own.

use std::future::poll_fn;
use std::io::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;

use clap::Parser;

use crate::control::ControlSettings;
use crate::model::{Client, IssuerSettings, Persona};
use crate::server::{MockIdp, StartError};

/// Starts an OpenID provider for tests. Every token it issues carries the claim `mock_idp: true`.
#[derive(Parser)]
#[command(name = "mock-idp", version)]
pub struct Args {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:9400")]
    pub listen: SocketAddr,
    /// Issuer identifier as the services see it, or a path on this server; repeat for several issuers
    #[arg(long, value_name = "URL|PATH", default_value = "")]
    pub issuer: Vec<String>,
    /// Identifier of the client to register
    #[arg(long, default_value = "test-client")]
    pub client: String,
    /// The client's secret; without one the client is public and must use PKCE
    #[arg(long, env = "MOCK_IDP_CLIENT_SECRET", hide_env_values = true)]
    pub client_secret: Option<String>,
    /// Where the client may be sent back to, byte for byte; repeat for several
    #[arg(long, value_name = "URL")]
    pub redirect_uri: Vec<String>,
    /// Where a logout may lead; repeat for several
    #[arg(long, value_name = "URL")]
    pub post_logout_redirect_uri: Vec<String>,
    /// A test user that the login page offers; repeat for several
    #[arg(long, value_name = "NAME", default_values = ["alice", "bob"])]
    pub persona: Vec<String>,
    /// Log every browser in as this persona without asking: lenient, it hides refusals
    #[arg(long, value_name = "NAME")]
    pub auto_login: Option<String>,
    /// Offer the control API here; its token comes from MOCK_IDP_CONTROL_TOKEN, or is made and printed
    #[arg(long, value_name = "ADDRESS")]
    pub control: Option<SocketAddr>,
    #[arg(skip = std::env::var("MOCK_IDP_CONTROL_TOKEN").ok())]
    control_token: Option<String>,
    /// Allow an address that other machines can reach
    #[arg(long)]
    pub public: bool,
}

impl std::fmt::Debug for Args {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Args").field("listen", &self.listen).field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Why the command ends without having served.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(
        "{address} can be reached from other machines, and this provider logs in whoever asks; add --public if that is meant"
    )]
    Public { address: SocketAddr },
    #[error("no persona is called `{name}`; add --persona {name}")]
    NoSuchPersona { name: String },
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Serves until Ctrl-C.
///
/// # Errors
/// Arguments that do not fit together, an address that cannot be bound.
pub async fn run(args: Args) -> Result<(), CommandError> {
    for address in [Some(args.listen), args.control].into_iter().flatten() {
        if !address.ip().is_loopback() && !args.public {
            return Err(CommandError::Public { address });
        }
    }
    if let Some(name) = args.auto_login.as_ref().filter(|name| !args.persona.contains(name)) {
        return Err(CommandError::NoSuchPersona { name: name.clone() });
    }
    let token = args.control_token.clone().filter(|token| !token.is_empty());
    let made_token = token.is_none();
    let token = token.unwrap_or_else(crate::issuer::random_id);
    let mut builder = MockIdp::builder().listen(args.listen);
    for issuer in &args.issuer {
        builder = builder.issuer(settings(&args, issuer));
    }
    if let Some(listen) = args.control {
        builder = builder.control(ControlSettings { listen, token: token.clone() });
    }
    let idp = builder.start().await?;
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    // Asked once before anything is said: from here on an interrupt is heard.
    let interrupted = poll_fn(|cx| Poll::Ready(interrupt.as_mut().poll(cx).is_ready())).await;
    // Nobody may be reading; the server serves all the same.
    let _ = writeln!(std::io::stdout(), "{}", announcement(&args, &idp, made_token.then_some(token.as_str())));
    if !interrupted {
        // An interrupt that cannot be waited for ends the process in its usual way.
        let _ = interrupt.await;
    }
    idp.stop().await;
    Ok(())
}

fn announcement(args: &Args, idp: &MockIdp, made_token: Option<&str>) -> String {
    let mut lines = vec![format!("listening  http://{}", idp.address())];
    for issuer in idp.issuers() {
        lines.push(format!("issuer     {}", issuer.url()));
        lines.push(format!("discovery  {}", issuer.0.endpoint("/.well-known/openid-configuration")));
    }
    let kind = if args.client_secret.is_some() { "confidential" } else { "public, PKCE required" };
    lines.push(format!("client     {} ({kind}), redirect URIs: {}", args.client, listed(&args.redirect_uri)));
    lines.push(format!("personas   {}", listed(&args.persona)));
    if let Some(name) = &args.auto_login {
        lines.push(format!("lenient    every browser is logged in as {name}"));
    }
    if let Some(address) = idp.control_address() {
        lines.push(format!("control    http://{address}"));
        lines.extend(made_token.map(|token| format!("           token {token}")));
    }
    lines.push("Ctrl-C ends it.".into());
    lines.join("\n")
}

fn settings(args: &Args, issuer: &str) -> IssuerSettings {
    let settings = match issuer.contains("://") {
        true => IssuerSettings::new(issuer),
        false => IssuerSettings::at_path(issuer),
    };
    let client = match &args.client_secret {
        Some(secret) => Client::confidential(&args.client, secret),
        None => Client::public(&args.client),
    };
    let client = args.redirect_uri.iter().fold(client, |client, uri| client.redirect_uri(uri));
    let client = args.post_logout_redirect_uri.iter().fold(client, |client, uri| client.post_logout_redirect_uri(uri));
    let settings =
        args.persona.iter().fold(settings.client(client), |settings, name| settings.persona(Persona::named(name)));
    match &args.auto_login {
        Some(name) => settings.auto_login(name),
        None => settings,
    }
}

fn listed(texts: &[String]) -> String {
    if texts.is_empty() { "none".into() } else { texts.join(", ") }
}
