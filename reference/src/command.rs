//! The command: the three services for a provider that runs elsewhere.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use url::Url;

use crate::defects::{Defect, UnknownDefect};
use crate::server::Reference;
use crate::settings::{Settings, StartError};

/// Starts three services behind OpenID Connect: a frontend, metadata and search. Done right, unless defects are planted.
// No `Debug`: it would print the secret.
#[derive(Parser)]
#[command(name = "reference", version)]
pub struct Args {
    /// Issuer identifier of the provider, byte for byte
    #[arg(long, value_name = "URL", required_unless_present = "list_defects")]
    pub issuer: Option<String>,
    /// Identifier of the client at the provider
    #[arg(long, default_value = "test-client")]
    pub client: String,
    /// The client's secret; without one the client is public
    #[arg(long, env = "REFERENCE_CLIENT_SECRET", hide_env_values = true)]
    pub client_secret: Option<String>,
    /// Audience that metadata and search expect in access tokens; by default the client
    #[arg(long)]
    pub audience: Option<String>,
    /// Where the frontend listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000")]
    pub frontend: SocketAddr,
    /// Where metadata listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5002")]
    pub metadata: SocketAddr,
    /// Where search listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5001")]
    pub search: SocketAddr,
    /// Where browsers find the frontend, if that is not where it listens
    #[arg(long, value_name = "URL")]
    pub frontend_url: Option<Url>,
    /// Where the frontend keeps its sessions; by default in memory
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// Allow addresses that other machines can reach
    #[arg(long)]
    pub public: bool,
    /// Plant this defect; repeat for several
    #[arg(long, value_name = "NAME", value_parser = planted)]
    pub defect: Vec<Defect>,
    /// Print every defect with the check that must catch it
    #[arg(long)]
    pub list_defects: bool,
}

fn planted(name: &str) -> Result<Defect, UnknownDefect> {
    name.parse()
}

/// Why the command ends without having served.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("no issuer; add --issuer URL")]
    NoIssuer,
    #[error("{address} can be reached from other machines; add --public if that is meant")]
    Public { address: SocketAddr },
    #[error("`{url}` is no place for a frontend: an http or https URL without path, query and fragment is needed")]
    FrontendUrl { url: Url },
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Serves until Ctrl-C, or prints the list of defects.
///
/// # Errors
/// Arguments that do not fit together, an address that cannot be bound.
pub async fn run(args: Args) -> Result<(), CommandError> {
    if args.list_defects {
        let line = |defect: &Defect| format!("{:<34} {}  {}\n", defect.name(), defect.check(), defect.summary());
        // A reader that has seen enough and closed the pipe is no failure.
        let _ = std::io::stdout().write_all(Defect::ALL.iter().map(line).collect::<String>().as_bytes());
        return Ok(());
    }
    let public = [args.frontend, args.metadata, args.search].into_iter().find(|address| !address.ip().is_loopback());
    if let Some(address) = public.filter(|_| !args.public) {
        return Err(CommandError::Public { address });
    }
    if let Some(url) = args.frontend_url.as_ref().filter(|url| !is_origin(url)) {
        return Err(CommandError::FrontendUrl { url: url.clone() });
    }
    let defects = args.defect.clone();
    let reference = Reference::start(settings(args)?).await?;
    println!("frontend   {}", reference.frontend_url());
    println!("metadata   {}", reference.metadata_url());
    println!("search     {}", reference.search_url());
    println!("callback   {}callback", reference.frontend_url());
    for defect in defects {
        println!("defect     {} ({}): {}", defect.name(), defect.check(), defect.summary());
    }
    println!("Ctrl-C ends it.");
    // An interrupt that cannot be waited for ends the process in its usual way.
    let _ = tokio::signal::ctrl_c().await;
    reference.stop().await;
    Ok(())
}

fn settings(args: Args) -> Result<Settings, CommandError> {
    let issuer = args.issuer.ok_or(CommandError::NoIssuer)?;
    let settings = Settings::new(&issuer, &args.client, args.client_secret);
    Ok(Settings {
        audience: args.audience.unwrap_or(args.client),
        frontend_url: args.frontend_url,
        database: args.database,
        frontend_listen: args.frontend,
        metadata_listen: args.metadata,
        search_listen: args.search,
        defects: args.defect.into_iter().collect(),
        ..settings
    })
}

fn is_origin(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none() && url.fragment().is_none()
}
