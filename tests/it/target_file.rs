//! Target files: broken ones with their messages side by side, and good ones.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it target_file` writes the messages anew; read the difference before it is kept.

use std::path::{Path, PathBuf};

use authproof::target::{self, Capability, Overrides, Role, Secret, Target, TargetErrors};
use miette::{GraphicalReportHandler, GraphicalTheme};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/targets")
}

fn env(name: &str) -> Option<String> {
    match name {
        "CLIENT_SECRET" => Some("planted-in-the-environment".into()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

/// As the command shows it, without colour.
fn shown(errors: &TargetErrors) -> String {
    let mut text = String::new();
    let theme = GraphicalTheme::unicode_nocolor();
    // Wide enough that no line breaks: the place of a break would depend on how long the path of the folder is.
    GraphicalReportHandler::new_themed(theme).with_width(10_000).render_report(&mut text, errors).unwrap();
    // The folder depends on the machine.
    let folder = format!("{}/", folder().display());
    let lines = text.replace(&folder, "");
    lines.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

/// A target file, with the name behind `# --target` in its first line if there is one.
fn load(file: &Path) -> Result<Target, TargetErrors> {
    let bytes = std::fs::read(file).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let name = text.lines().next().and_then(|line| line.strip_prefix("# --target "));
    target::load(file, name, &env)
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|name| name == "yaml")).collect();
    files.sort();
    files
}

fn preset(name: &str, overrides: Overrides) -> Result<Target, TargetErrors> {
    target::from_preset(name, &overrides)
}

#[test]
fn every_broken_file_gets_its_message() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for file in files() {
        let golden = file.with_extension("stderr");
        let text = match load(&file) {
            Ok(_) => String::new(),
            Err(errors) => shown(&errors),
        };
        if update && !text.is_empty() {
            std::fs::write(&golden, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if text != expected {
            wrong.push(format!("{}\n--- expected\n{expected}--- found\n{text}", file.display()));
        }
    }

    assert!(files().len() > 40);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_files_that_are_meant_to_be_good_have_no_message() {
    let good: Vec<String> = files()
        .iter()
        .filter(|file| !file.with_extension("stderr").exists())
        .map(|file| file.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();

    assert_eq!(good, ["good"]);
}

#[test]
fn no_message_shows_a_secret() {
    for file in files() {
        let Err(errors) = load(&file) else { continue };

        let everything = format!("{}{errors:?}{errors}", shown(&errors));
        for secret in ["hunter2", "planted-in-the-environment"] {
            assert!(!everything.contains(secret), "{}: {everything}", file.display());
        }
    }
}

#[test]
fn every_mistake_in_a_text_has_its_place() {
    for file in files() {
        let Err(errors) = load(&file) else { continue };

        for mistake in &errors.mistakes {
            let of_the_whole = file.file_stem().is_some_and(|name| name == "not-utf8");
            assert!(mistake.place().is_some() || of_the_whole, "{}: {mistake}", file.display());
        }
    }
}

#[test]
fn a_file_that_is_none_is_told() {
    let missing = folder().join("no-such-file.yaml");
    let empty = std::env::temp_dir().join(format!("authproof-large-{}.yaml", std::process::id()));
    std::fs::write(&empty, "#".repeat(300_000)).unwrap();

    let errors = [&missing, &folder(), &empty].map(|path| target::load(path, None, &env).unwrap_err());

    std::fs::remove_file(&empty).unwrap();
    let codes = errors.map(|errors| miette::Diagnostic::code(&errors.mistakes[0]).unwrap().to_string());
    assert_eq!(codes, ["target::unreadable", "target::unreadable", "target::too-large"]);
}

#[test]
fn a_good_file_is_read_with_what_follows_from_it() {
    let target = load(&folder().join("good.yaml")).unwrap();

    let client = &target.clients[0];
    assert_eq!(client.secret.as_ref().unwrap().reveal(), "planted-in-the-environment");
    assert_eq!(client.redirect_uris[0].as_str(), "http://127.0.0.1:8000/callback");
    assert_eq!(target.services[0].client, Some(client.id.clone()));
    assert_eq!(target.services[0].leeway_seconds, 120);
}

#[test]
fn nothing_is_fetched_where_nothing_is_sent() {
    for name in ["secret-file-missing", "secret-command-fails"] {
        assert!(target::inspect(&folder().join(name).with_extension("yaml"), None, &env).is_ok(), "{name}");
    }
}

#[test]
fn the_names_of_the_targets_need_no_environment() {
    assert_eq!(target::names(&folder().join("which-target.yaml")).unwrap(), ["staging", "local"]);
}

#[test]
fn every_preset_is_a_target_and_a_target_file() {
    for name in target::preset_names() {
        let target = preset(name, Overrides::default()).unwrap_or_else(|errors| panic!("{}", shown(&errors)));

        assert_eq!((target.name.as_str(), target.preset.as_deref()), (name, Some(name)));
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/presets/{name}.yaml"));
        assert_eq!(target::load(&file, Some(name), &env).unwrap().services.len(), target.services.len());
    }
}

#[test]
fn presets_make_possible_what_their_stacks_can_do() {
    let able = |name: &str, capability| {
        target::capabilities(&preset(name, Overrides::default()).unwrap()).contains(&capability)
    };

    assert!(able("amundsen-flaskoidc-1x", Capability::Downstream));
    assert!(able("flaskoidc-0x", Capability::Introspection));
    // Any page of flaskoidc 0.x starts a login, but only for somebody who is not signed in.
    assert!(able("flaskoidc-1x", Capability::Relogin) && !able("flaskoidc-0x", Capability::Relogin));
    assert!(!able("flaskoidc-1x", Capability::JwtBearer) && !able("flaskoidc-1x", Capability::RpInitiatedLogout));
}

#[test]
fn arguments_override_a_preset() {
    let overrides = Overrides {
        urls: vec![("frontend".into(), "http://127.0.0.1:6000".into()), ("search".into(), "none".into())],
        issuer: Some("http://127.0.0.1:9500".into()),
        client_id: Some("other".into()),
        ..Overrides::default()
    };

    let target = preset("amundsen-flaskoidc-1x", overrides).unwrap();

    let names: Vec<&str> = target.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["frontend", "metadata"]);
    assert_eq!(target.services[0].url.as_str(), "http://127.0.0.1:6000/");
    assert_eq!(target.idp.listen.unwrap().port(), 9500);
    assert_eq!(target.clients[0].id.0, "other");
    assert_eq!(target.clients[0].redirect_uris[0].as_str(), "http://127.0.0.1:6000/auth");
    assert_eq!(target.clients[0].secret.as_ref().unwrap().reveal(), "s3cret");
}

#[test]
fn the_secret_of_a_preset_stays_on_this_machine() {
    let elsewhere = |client_secret| Overrides {
        urls: vec![("app".into(), "https://app.example.test".into())],
        client_secret,
        ..Overrides::default()
    };

    let refused = preset("flaskoidc-1x", elsewhere(None)).unwrap_err();
    let taken = preset("flaskoidc-1x", elsewhere(Some(Secret::new("real".to_owned())))).unwrap();

    assert!(shown(&refused).contains("target::preset-secret"), "{}", shown(&refused));
    assert_eq!(taken.clients[0].secret.as_ref().unwrap().reveal(), "real");
}

#[test]
fn wrong_arguments_are_told_by_their_names() {
    let wrong = |overrides| shown(&preset("flaskoidc-1x", overrides).unwrap_err());
    let url = |name: &str, url: &str| Overrides { urls: vec![(name.into(), url.into())], ..Overrides::default() };

    let unknown = wrong(url("ap", "http://127.0.0.1:1"));
    let no_url = wrong(url("app", "127.0.0.1"));
    let issuer = wrong(Overrides { issuer: Some("x".into()), ..Overrides::default() });
    let listen = wrong(Overrides { listen: Some(([0, 0, 0, 0], 9400).into()), ..Overrides::default() });
    let name = shown(&target::from_preset("flaskoidc", &Overrides::default()).unwrap_err());

    assert!(unknown.contains("the nearest is `app`"), "{unknown}");
    assert!(no_url.contains("--url app=..."), "{no_url}");
    assert!(issuer.contains("--issuer"), "{issuer}");
    assert!(listen.contains("--issuer URL"), "{listen}");
    assert!(name.contains("`flaskoidc-1x`"), "{name}");
}

#[test]
fn a_file_overrides_its_preset_by_service_and_key() {
    let path = std::env::temp_dir().join(format!("authproof-overlay-{}.yaml", std::process::id()));
    let text = "targets:\n  mine:\n    preset: amundsen-flaskoidc-1x\n    services:\n      frontend:\n        health: [/up]\n      metadata: { spy: none }\n      search: none\n      extra: { url: http://127.0.0.1:1, roles: [resource-server], protected: [/x] }\n";
    std::fs::write(&path, text).unwrap();

    let target = target::load(&path, None, &env);

    std::fs::remove_file(&path).unwrap();
    let target = target.unwrap_or_else(|errors| panic!("{}", shown(&errors)));
    let frontend = target.find_service("frontend").unwrap();
    assert_eq!((frontend.health.as_slice(), frontend.login.as_deref()), (&["/up".to_owned()][..], Some("/login")));
    assert!(target.find_service("metadata").unwrap().spy.is_none());
    assert!(target.find_service("search").is_none());
    assert_eq!(target.find_service("extra").unwrap().roles, [Role::ResourceServer]);
}

/// Numbers that are the same in every run (xorshift, Marsaglia 2003).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[test]
fn no_file_makes_it_panic() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let good: Vec<Vec<u8>> = files().iter().map(|file| std::fs::read(file).unwrap()).collect();
    let path = std::env::temp_dir().join(format!("authproof-mutant-{}.yaml", std::process::id()));
    let marks = b"{}[]:-#&*!|>'\"%@`$~?, \n\t\0\xff";

    for round in 0..600 {
        let mut bytes = match round % 3 {
            0 => (0..numbers.below(200)).map(|_| marks[numbers.below(marks.len())]).collect(),
            _ => good[numbers.below(good.len())].clone(),
        };
        for _ in 0..numbers.below(6) {
            let at = numbers.below(bytes.len() + 1);
            match numbers.below(3) {
                0 => bytes.insert(at, marks[numbers.below(marks.len())]),
                1 => bytes.truncate(at),
                _ if at < bytes.len() => drop(bytes.remove(at)),
                _ => {}
            }
        }
        std::fs::write(&path, &bytes).unwrap();
        if let Err(errors) = target::inspect(&path, None, &env) {
            assert!(!shown(&errors).is_empty());
        }
    }

    std::fs::remove_file(&path).unwrap();
}
