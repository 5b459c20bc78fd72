//! What is tested and which part of it, as options that several commands share.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use reference::{Defect, Defects};

use super::{Message, Stop};
use crate::catalogue::Risk;
use crate::check::{Check, check, check_reference, reference_at_rest};
use crate::report::quoted;
use crate::suite::Selection;
use crate::target::{self, Overrides, Secret, Target};

/// The file that is read where none is named.
pub(super) const FILE: &str = "authproof.yaml";

/// The variable that holds the client's secret; on the command line others could read it.
const SECRET: &str = "AUTHPROOF_CLIENT_SECRET";

/// What is tested. Nothing: the embedded reference.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// Name of a target in the target file
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// The target file [default: authproof.yaml, if a target is named]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// A preset instead of a file; give the URLs of its services with --url
    #[arg(long, value_name = "NAME", conflicts_with_all = ["target", "file"])]
    pub preset: Option<String>,
    /// Base URL of a service of the preset; `none` leaves the service out. Repeat for each
    #[arg(long, value_name = "SERVICE=URL", requires = "preset", value_parser = url_of_service)]
    pub url: Vec<(String, String)>,
    /// Issuer as the services see it
    #[arg(long, value_name = "URL", requires = "preset")]
    pub issuer: Option<String>,
    /// Where our provider listens
    #[arg(long, value_name = "ADDRESS", requires = "preset")]
    pub listen: Option<SocketAddr>,
    /// The client that the services are; its secret comes from AUTHPROOF_CLIENT_SECRET
    #[arg(long, value_name = "ID", requires = "preset")]
    pub client_id: Option<String>,
    /// Plant a defect into the embedded reference; repeat for several
    #[arg(long, value_name = "NAME", conflicts_with_all = ["target", "file", "preset"], value_parser = defect)]
    pub defect: Vec<Defect>,
}

/// Which part of the features is run.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Selection")]
pub struct ChoiceArgs {
    /// A folder with features of your own, beside the built-in ones; repeat for several
    #[arg(long, value_name = "DIR")]
    pub features: Vec<PathBuf>,
    /// Only this check, by id or name; `*` stands for any text. Repeat for several
    #[arg(long, value_name = "ID")]
    pub check: Vec<String>,
    /// Only this area, e.g. login, session, bearer; repeat for several
    #[arg(long, value_name = "AREA")]
    pub area: Vec<String>,
    /// Only scenarios that concern this service; repeat for several
    #[arg(long, value_name = "NAME")]
    pub service: Vec<String>,
    /// Only scenarios whose tags fit, e.g. "@needs:downstream and not @exclusive"
    #[arg(long, value_name = "EXPRESSION")]
    pub tags: Option<String>,
    /// Only scenarios whose title contains this
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// The highest risk that is allowed [default: active, on production safe]
    #[arg(long, value_name = "RISK")]
    pub risk: Option<RiskArg>,
    /// Allow checks that may disturb the deployment
    #[arg(long, visible_alias = "intrusive")]
    pub allow_intrusive: bool,
}

/// `--risk`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RiskArg {
    Safe,
    Active,
    Load,
    Intrusive,
}

impl From<RiskArg> for Risk {
    fn from(risk: RiskArg) -> Self {
        match risk {
            RiskArg::Safe => Self::Safe,
            RiskArg::Active => Self::Active,
            RiskArg::Load => Self::Load,
            RiskArg::Intrusive => Self::Intrusive,
        }
    }
}

impl ChoiceArgs {
    pub fn selection(&self) -> Selection {
        Selection {
            ids: self.check.clone(),
            tags: self.tags.clone(),
            name: self.name.clone(),
            services: self.service.clone(),
            areas: self.area.clone(),
            risk: self.risk.map(Risk::from),
            intrusive: self.allow_intrusive || self.risk == Some(RiskArg::Intrusive),
        }
    }
}

/// What is tested, loaded and valid.
pub enum Subject {
    Reference(Defects),
    Target(Box<Target>),
}

impl Subject {
    /// Reads what `args` name.
    pub fn load(args: &TargetArgs) -> Result<Self, Stop> {
        Self::read(args, true)
    }

    /// The same for commands that send nothing: no secret is fetched.
    pub fn inspect(args: &TargetArgs) -> Result<Self, Stop> {
        Self::read(args, false)
    }

    /// The target as far as it is known before anything was started.
    pub fn target_at_rest(&self) -> Target {
        match self {
            Self::Reference(_) => reference_at_rest(),
            Self::Target(target) => (**target).clone(),
        }
    }

    fn read(args: &TargetArgs, fetch_secrets: bool) -> Result<Self, Stop> {
        if let Some(preset) = &args.preset {
            let overrides = Overrides {
                urls: args.url.clone(),
                issuer: args.issuer.clone(),
                listen: args.listen,
                client_id: args.client_id.clone(),
                client_secret: std::env::var(SECRET).ok().map(Secret::new),
                environment: None,
            };
            let target = target::from_preset(preset, &overrides).map_err(Stop::usage)?;
            return Ok(Self::Target(Box::new(target)));
        }
        if args.target.is_none() && args.file.is_none() {
            return Ok(Self::Reference(args.defect.iter().copied().collect()));
        }
        let file = args.file.as_deref().unwrap_or(Path::new(FILE));
        if args.file.is_none() && !file.exists() {
            let message = format!("there is no `{FILE}` in this folder to find the target in");
            let help = "write one with `authproof init`, or name another file with `--file`";
            return Err(Stop::usage(Message::new(message, Some(help))));
        }
        let env = |name: &str| std::env::var(name).ok();
        let read = if fetch_secrets { target::load } else { target::inspect };
        let target = read(file, args.target.as_deref(), &env).map_err(Stop::usage)?;
        Ok(Self::Target(Box::new(target)))
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Reference(_) => "reference",
            Self::Target(target) => &target.name,
        }
    }

    /// A run on it.
    pub fn check(self) -> Check {
        match self {
            Self::Reference(defects) => check_reference(defects),
            Self::Target(target) => check(*target),
        }
    }
}

impl TargetArgs {
    /// The command that tests the same target again.
    pub fn again(&self) -> String {
        let mut command = "authproof run".to_owned();
        let mut option = |name: &str, value: &str| command.push_str(&format!(" {name} {}", quoted(value)));
        self.target.iter().for_each(|target| option("--target", target));
        self.file.iter().for_each(|file| option("--file", &file.display().to_string()));
        self.preset.iter().for_each(|preset| option("--preset", preset));
        self.url.iter().for_each(|(service, url)| option("--url", &format!("{service}={url}")));
        self.issuer.iter().for_each(|issuer| option("--issuer", issuer));
        self.listen.iter().for_each(|listen| option("--listen", &listen.to_string()));
        self.client_id.iter().for_each(|id| option("--client-id", id));
        self.defect.iter().for_each(|defect| option("--defect", defect.name()));
        command
    }
}

pub(super) fn url_of_service(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((service, url)) if !service.is_empty() && !url.is_empty() => Ok((service.to_owned(), url.to_owned())),
        _ => Err("write it as SERVICE=URL, e.g. frontend=http://127.0.0.1:5000".into()),
    }
}

/// The defect of that name, or the nearest one's name.
pub fn defect(name: &str) -> Result<Defect, String> {
    name.parse().map_err(|_| {
        let nearest = target::nearest(name, Defect::ALL.iter().map(|defect| defect.name()));
        match nearest {
            Some(nearest) => format!("no defect is called that; the nearest is `{nearest}`"),
            None => "no defect is called that; `authproof selfcheck` shows them all".into(),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        target: TargetArgs,
    }

    fn parse(arguments: &[&str]) -> Result<TargetArgs, clap::Error> {
        Command::try_parse_from(std::iter::once(&"x").chain(arguments)).map(|command| command.target)
    }

    #[test]
    fn the_command_that_runs_it_again_names_the_same_target() {
        let args = ["--preset", "flaskoidc-1x", "--url", "app=http://127.0.0.1:5010", "--listen", "127.0.0.1:9400"];

        let again = parse(&args).unwrap().again();

        assert_eq!(
            again,
            "authproof run --preset flaskoidc-1x --url app=http://127.0.0.1:5010 --listen 127.0.0.1:9400"
        );
    }

    #[test]
    fn options_that_would_do_nothing_are_refused() {
        assert!(parse(&["--url", "app=http://127.0.0.1:1"]).is_err());
        assert!(parse(&["--preset", "flaskoidc-1x", "--target", "x"]).is_err());
        assert!(parse(&["--preset", "flaskoidc-1x", "--url", "http//x"]).is_err());
    }

    #[test]
    fn a_misspelt_defect_is_suggested() {
        assert!(defect("issuer-prefx").unwrap_err().contains("issuer-prefix"));
    }
}
