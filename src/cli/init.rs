//! `authproof init`: a target file to start from.

mod text;

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::subject::{FILE, url_of_service};
use super::{Ending, Message, Stop, tell};
use crate::report::quoted;
use crate::target::{self, Overrides, nearest};

/// Options of `authproof init`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// The preset to build on; `authproof init --preset list` names them
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// Base URL of a service; without a preset the service is described from scratch. Repeat for each
    #[arg(long, value_name = "SERVICE=URL", value_parser = url_of_service)]
    pub url: Vec<(String, String)>,
    /// Name of the target
    #[arg(long, value_name = "NAME", default_value = "staging")]
    pub target: String,
    /// Where to write it
    #[arg(long, value_name = "FILE", default_value = FILE)]
    pub file: PathBuf,
    /// Replace a file that is already there
    #[arg(long)]
    pub force: bool,
}

pub fn command(args: &Args) -> Ending {
    if args.preset.as_deref() == Some("list") {
        return super::printed(&format!("{}\n", target::preset_names().join("\n")));
    }
    let stdin = std::io::stdin();
    let asks = args.preset.is_none() && args.url.is_empty() && stdin.is_terminal() && std::io::stderr().is_terminal();
    if args.file.exists() && !args.force {
        return Err(already_there(&args.file));
    }
    let mut args = args.clone();
    if asks {
        ask(&mut args, &mut stdin.lock(), &mut std::io::stderr())
            .map_err(|error| Stop::usage(Message::new(format!("the answer cannot be read: {error}"), None)))?;
    }
    let text = described(&args)?;
    write(&args, &text)?;
    let (file, name) = (quoted(&args.file.display().to_string()), quoted(&args.target));
    tell(&format!("wrote {}", args.file.display()));
    tell(&format!("next:  authproof lint --file {file}"));
    tell(&format!("       authproof doctor --file {file} --target {name}"));
    Ok(0)
}

/// The text of the file, which is a valid target file but for variables that are not set.
fn described(args: &Args) -> Result<String, Stop> {
    let Some(preset) = &args.preset else { return Ok(text::from_scratch(&args.target, &args.url)) };
    let names = target::preset_names();
    if !names.contains(&preset.as_str()) {
        let near = nearest(preset, names.iter().copied()).map(|name| format!("; the nearest is `{name}`"));
        let message = format!("there is no preset `{preset}`{}", near.unwrap_or_default());
        return Err(Stop::usage(Message::new(message, Some(&format!("the presets are {}", names.join(", "))))));
    }
    // A stand-in for the secret: the file will name a variable.
    let secret = Some(target::Secret::new("not known here".to_owned()));
    let overrides = Overrides { urls: args.url.clone(), client_secret: secret, ..Overrides::default() };
    let target = target::from_preset(preset, &overrides).map_err(Stop::usage)?;
    Ok(text::from_preset(&args.target, preset, &target))
}

fn write(args: &Args, text: &str) -> Result<(), Stop> {
    let mut options = std::fs::OpenOptions::new();
    // Whatever appears there in the meantime is not overwritten either.
    match args.force {
        true => options.write(true).create(true).truncate(true),
        false => options.write(true).create_new(true),
    };
    let written = options.open(&args.file).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => already_there(&args.file),
        _ => Stop::usage(Message::new(format!("cannot write `{}`: {error}", args.file.display()), None)),
    })
}

fn already_there(file: &Path) -> Stop {
    let message = format!("`{}` is already there, and stays as it is", file.display());
    Stop::usage(Message::new(message, Some("replace it with `--force`, or write another one with `--file`")))
}

/// Four questions; an empty answer takes what stands in brackets.
fn ask(args: &mut Args, from: &mut impl BufRead, to: &mut impl Write) -> std::io::Result<()> {
    let mut answer = |question: &str, usual: &str| -> std::io::Result<String> {
        write!(to, "{question} [{usual}] ")?;
        to.flush()?;
        let mut line = String::new();
        from.read_line(&mut line)?;
        let line = line.trim();
        Ok(if line.is_empty() { usual.to_owned() } else { line.to_owned() })
    };
    args.target = answer("Name of the target?", &args.target)?;
    let presets = target::preset_names();
    let preset = answer(&format!("Preset ({}, none)?", presets.join(", ")), "none")?;
    args.preset = (preset != "none").then_some(preset);
    let services: Vec<(String, String)> =
        match args.preset.as_deref().map(|name| target::from_preset(name, &Overrides::default())) {
            Some(Ok(target)) => {
                let services = target.services.iter();
                services
                    .map(|service| (service.name.clone(), service.url.as_str().trim_end_matches('/').to_owned()))
                    .collect()
            }
            // A preset that does not exist is told when the file is made.
            Some(Err(_)) => vec![],
            None => {
                let name = answer("Name of the service that logs people in?", "web")?;
                vec![(name, "http://127.0.0.1:8000".to_owned())]
            }
        };
    for (name, usual) in services {
        let url = answer(&format!("URL of {name}?"), &usual)?;
        args.url.push((name, url));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(text: &str, name: &str) -> Result<target::Target, target::TargetErrors> {
        let path = std::env::temp_dir().join(format!(
            "authproof-init-{}-{:016x}.yaml",
            std::process::id(),
            rand::random::<u64>()
        ));
        std::fs::write(&path, text).unwrap();
        let target = target::load(&path, Some(name), &|_| Some("from the environment".into()));
        std::fs::remove_file(&path).unwrap();
        target
    }

    fn args(preset: Option<&str>, urls: &[(&str, &str)]) -> Args {
        let url = urls.iter().map(|(name, url)| ((*name).to_owned(), (*url).to_owned())).collect();
        Args { preset: preset.map(str::to_owned), url, target: "staging".into(), ..Args::default() }
    }

    #[test]
    fn what_is_written_can_be_read_back() {
        let web = ("web", "https://app.example.test");
        for args in [
            args(None, &[]),
            args(None, &[web]),
            args(None, &[web, ("api", "http://127.0.0.1:8001")]),
            args(Some("flaskoidc-1x"), &[]),
            args(Some("flaskoidc-0x"), &[("app", "https://app.example.test")]),
            args(Some("amundsen-flaskoidc-1x"), &[("frontend", "https://amundsen.example.test"), ("search", "none")]),
        ] {
            let text = described(&args).unwrap();

            let target = read_back(&text, "staging").unwrap_or_else(|errors| panic!("{:?}\n{text}", errors.mistakes));
            for (name, url) in args.url.iter().filter(|(_, url)| url != "none") {
                let service = target.find_service(name).unwrap_or_else(|| panic!("{text}"));
                assert_eq!(service.url.as_str().trim_end_matches('/'), url);
            }
            assert_eq!(target.find_service("search").is_some(), args.preset.as_deref() == Some("x"), "{text}");
        }
    }

    #[test]
    fn answers_fill_in_the_arguments() {
        let mut args = args(None, &[]);
        let mut asked = Vec::new();

        ask(&mut args, &mut "local\nflaskoidc-1x\nhttp://127.0.0.1:6000\n".as_bytes(), &mut asked).unwrap();

        assert_eq!((args.target.as_str(), args.preset.as_deref()), ("local", Some("flaskoidc-1x")));
        assert_eq!(args.url, [("app".to_owned(), "http://127.0.0.1:6000".to_owned())]);
        assert_eq!(String::from_utf8(asked).unwrap().matches("] ").count(), 3);
    }

    #[test]
    fn an_input_that_ends_takes_what_is_usual() {
        let mut args = args(None, &[]);

        ask(&mut args, &mut "".as_bytes(), &mut Vec::new()).unwrap();

        assert_eq!(args.url, [("web".to_owned(), "http://127.0.0.1:8000".to_owned())]);
    }

    #[test]
    fn a_file_that_is_there_is_kept() {
        let path = std::env::temp_dir().join(format!("authproof-init-kept-{}.yaml", std::process::id()));
        std::fs::write(&path, "mine").unwrap();
        let args = Args { file: path.clone(), ..args(Some("flaskoidc-1x"), &[]) };

        let kept = (command(&args).is_err(), write(&args, "new").is_err(), std::fs::read_to_string(&path).unwrap());
        let forced = write(&Args { force: true, ..args }, "new").is_ok();

        let replaced = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((kept, forced, replaced), ((true, true, "mine".to_owned()), true, "new".to_owned()));
    }
}
