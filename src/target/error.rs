//! Everything that can be wrong with a target, with the place and the remedy.

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};

/// Every mistake of a target, in the order of its file.
#[derive(Debug)]
pub struct TargetErrors {
    pub mistakes: Vec<TargetMistake>,
    /// How many more there are than are kept.
    pub more: usize,
}

/// One mistake and its place.
#[derive(Debug)]
pub struct TargetMistake {
    /// The keys that lead to it, joined by dots: `targets.staging.services.frontend.login`. Empty: the file as a whole.
    pub at: String,
    pub error: TargetError,
    pub(super) place: Option<Place>,
}

/// Where a mistake stands in a text.
#[derive(Debug, Clone)]
pub struct Place {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    pub(super) source: NamedSource<Arc<str>>,
    pub(super) span: SourceSpan,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum TargetError {
    #[error("`{path}` cannot be read: {reason}")]
    #[diagnostic(
        code("target::unreadable"),
        help("check the path; `authproof init` writes a target file to start from")
    )]
    Unreadable { path: String, reason: String },
    #[error("`{path}` is more than {limit} bytes long")]
    #[diagnostic(code("target::too-large"), help("a target file is meant to be read; is it the right file?"))]
    TooLarge { path: String, limit: usize },
    #[error("`{path}` is not UTF-8: byte {offset} cannot be read")]
    #[diagnostic(code("target::not-utf8"), help("save the file as UTF-8"))]
    NotUtf8 { path: String, offset: usize },
    #[error("the file cannot be read as YAML: {reason}")]
    #[diagnostic(
        code("target::syntax"),
        help("YAML is indented with spaces, and a text with `: ` or ` #` in it takes quotes")
    )]
    Syntax { reason: String },
    #[error("there is more than one YAML document in the file")]
    #[diagnostic(code("target::several-documents"), help("give each target a name below one `targets:`"))]
    SeveralDocuments,

    #[error("there is no key `{key}` in {place}{}", suggestion(.nearest))]
    #[diagnostic(code("target::unknown-key"), help("known are {known}"))]
    UnknownKey { key: String, place: String, nearest: Option<String>, known: String },
    #[error("the key `{key}` stands twice in {place}")]
    #[diagnostic(code("target::duplicate-key"), help("remove one of them: only one could count"))]
    DuplicateKey { key: String, place: String },
    #[error("{place} has no `{key}`")]
    #[diagnostic(code("target::missing-key"), help("{help}"))]
    MissingKey { key: String, place: String, help: String },
    #[error("{key} has no value")]
    #[diagnostic(code("target::empty"), help("give it {expected}, or remove the key"))]
    Empty { key: String, expected: String },
    #[error("{key} is {found}, not {expected}")]
    #[diagnostic(code("target::type"), help("{help}"))]
    WrongType { key: String, found: String, expected: String, help: String },
    #[error("`{value}` is no value for `{key}`{}", suggestion(.nearest))]
    #[diagnostic(code("target::value"), help("possible are {known}"))]
    NotOneOf { key: String, value: String, nearest: Option<String>, known: String },
    #[error("{key} takes no YAML tag, `{tag}`")]
    #[diagnostic(code("target::tag"), help("remove the tag, or put the text into quotes"))]
    YamlTag { key: String, tag: String },

    #[error("the environment has no variable `{name}`")]
    #[diagnostic(
        code("target::undefined-variable"),
        help("set it before the run: `export {name}=...`; write `$${{` for a plain `${{`")
    )]
    UndefinedVariable { name: String },
    #[error("`{text}` is no variable")]
    #[diagnostic(
        code("target::variable"),
        help(
            "write `${{NAME}}`, with letters, digits and underscores; there are no default values; write `$${{` for a plain `${{`"
        )
    )]
    BadVariable { text: String },
    #[error("a secret stands in the text")]
    #[diagnostic(
        code("target::literal-secret"),
        help(
            "whoever reads the file could use it, so in the text a secret is allowed with `environment: local` only; take it from the environment, `secret: ${{NAME}}`, a file, `secret: {{ file: path }}`, or a command, `secret: {{ command: [vault, read, ...] }}`"
        )
    )]
    LiteralSecret,
    #[error("the file with the secret cannot be used: {reason}")]
    #[diagnostic(code("target::secret-file"), help("the path is relative to the target file's folder"))]
    SecretFile { reason: String },
    #[error("the command for the secret has failed: {reason}")]
    #[diagnostic(
        code("target::secret-command"),
        help("it is started without a shell, and must print the secret, and nothing else, to its standard output")
    )]
    SecretCommand { reason: String },

    #[error("the secret comes from a file and from a command")]
    #[diagnostic(code("target::secret-twice"), help("keep one of them"))]
    SecretTwice,
    #[error("the preset's own secret is good for this machine only")]
    #[diagnostic(
        code("target::preset-secret"),
        help(
            "give the client's real one in the variable AUTHPROOF_CLIENT_SECRET; in a target file it is `secret: ${{NAME}}` below `clients:`"
        )
    )]
    PresetSecret,
    #[error("`{name}` is no name for a {what}")]
    #[diagnostic(code("target::name"), help("use letters, digits, `-`, `_` and `.`, and begin with a letter or digit"))]
    BadName { name: String, what: &'static str },
    #[error("the issuer is missing: {address} is no address that others could use")]
    #[diagnostic(code("target::issuer-of-listen"), help("add `--issuer URL`, the issuer as the services see it"))]
    IssuerOfListen { address: String },
    #[error("this is no service URL: {reason}")]
    #[diagnostic(
        code("target::url"),
        help("write scheme, host and, if need be, port: `https://app.example.test:8443`")
    )]
    Url { reason: String },
    #[error("this is no issuer: {reason}")]
    #[diagnostic(
        code("target::issuer"),
        help("write it as the provider's discovery document has it, byte for byte: `https://idp.example.test/tenant`")
    )]
    Issuer { reason: String },
    #[error("this is no redirect URI: {reason}")]
    #[diagnostic(code("target::redirect-uri"), help("write the whole URL: `https://app.example.test/callback`"))]
    RedirectUri { reason: String },
    #[error("this is no path: {reason}")]
    #[diagnostic(
        code("target::path"),
        help("write it as it stands in the request: `/api/me`, or `/api/items?limit=1`")
    )]
    Path { reason: String },
    #[error("this is no address to listen on: {reason}")]
    #[diagnostic(code("target::listen"), help("write an IP address and a port: `127.0.0.1:9400`"))]
    Listen { reason: String },
    #[error("this does not tell where a connection goes to: {reason}")]
    #[diagnostic(
        code("target::resolve"),
        help("write host and port, then address and port: `\"idp.example.test:443\": \"127.0.0.1:9400\"`")
    )]
    Resolve { reason: String },
    #[error("this is no JSON path: {reason}")]
    #[diagnostic(code("target::json-path"), help("write the members that lead to the value: `$.user.email`"))]
    JsonPath { reason: String },
    #[error("this is no request: {reason}")]
    #[diagnostic(code("target::request"), help("write method and path: `GET /api/items`"))]
    Request { reason: String },
    #[error("{value} is no {what}")]
    #[diagnostic(code("target::range"), help("write a number from {from} to {to}{why}"))]
    OutOfRange { value: String, what: &'static str, from: u64, to: u64, why: &'static str },

    #[error("there is no target `{name}`{}", suggestion(.nearest))]
    #[diagnostic(code("target::unknown-target"), help("the file has {known}"))]
    UnknownTarget { name: String, nearest: Option<String>, known: String },
    #[error("the file has several targets, and none was chosen")]
    #[diagnostic(code("target::which-target"), help("add `--target NAME`; the file has {known}"))]
    WhichTarget { known: String },
    #[error("there is no preset `{name}`{}", suggestion(.nearest))]
    #[diagnostic(code("target::unknown-preset"), help("the presets are {known}"))]
    UnknownPreset { name: String, nearest: Option<String>, known: String },
    #[error("there is no service `{name}`{}", suggestion(.nearest))]
    #[diagnostic(code("target::unknown-service"), help("the services are {known}"))]
    UnknownService { name: String, nearest: Option<String>, known: String },
    #[error("there is no client `{name}`{}", suggestion(.nearest))]
    #[diagnostic(code("target::unknown-client"), help("{known}"))]
    UnknownClient { name: String, nearest: Option<String>, known: String },
    #[error("there is no feature `{name}`{}", suggestion(.nearest))]
    #[diagnostic(
        code("target::unknown-feature"),
        help("known are {known}; everything else that a service can do follows from its other keys")
    )]
    UnknownFeature { name: String, nearest: Option<String>, known: String },

    #[error("the target has no services")]
    #[diagnostic(code("target::no-services"), help("add one below `services:`; without one nothing would be tested"))]
    NoServices,
    #[error("the relying party `{service}` has no `{key}`")]
    #[diagnostic(code("target::relying-party"), help("{help}"))]
    RelyingParty { service: String, key: &'static str, help: &'static str },
    #[error("the service `{service}` has no role")]
    #[diagnostic(
        code("target::no-role"),
        help("add `relying-party` if it logs people in, `resource-server` if it takes bearer tokens, or both")
    )]
    NoRole { service: String },
    #[error("the service `{service}` has no protected path")]
    #[diagnostic(
        code("target::no-protected-path"),
        help(
            "add one below `protected:` that answers 2xx to a GET of a signed-in user; without it nothing shows who gets in"
        )
    )]
    NoProtectedPath { service: String },
    #[error("`{path}` of `{service}` is declared both open and protected")]
    #[diagnostic(code("target::open-and-protected"), help("take it out of `health:` or out of `protected:`"))]
    OpenAndProtected { service: String, path: String },
    #[error("`{path}` stands twice")]
    #[diagnostic(code("target::twice"), help("remove one of them"))]
    Twice { path: String },
    #[error("`{service}` introspects, but is no resource server")]
    #[diagnostic(
        code("target::introspects"),
        help(
            "add `resource-server` to its `roles:`, or remove `introspects:`; as it stands no check would look at it"
        )
    )]
    IntrospectsNothing { service: String },
    #[error("`{service}` calls itself")]
    #[diagnostic(code("target::calls-itself"), help("name the service that receives the call"))]
    CallsItself { service: String },
    #[error("the mock provider has no address to listen on")]
    #[diagnostic(
        code("target::mock-without-listen"),
        help("add `listen: 127.0.0.1:9400` below `idp:`, an address at which the services reach the issuer")
    )]
    MockWithoutListen,
    #[error("a provider that is not ours does not listen here")]
    #[diagnostic(code("target::external-with-listen"), help("remove `listen:`, or use `mode: mock`"))]
    ExternalWithListen,
    #[error("the mock provider is the provider of a production deployment")]
    #[diagnostic(
        code("target::mock-in-production"),
        help(
            "the mock logs in whoever asks: a production that trusts it is open; test a staging deployment, or use `mode: external`"
        )
    )]
    MockInProduction,
    #[error("the issuer is `http`, and not on this machine")]
    #[diagnostic(
        code("target::http-issuer"),
        help(
            "codes and secrets would cross the network in clear; use https. With `mode: mock` and `environment: local` or `staging` http is allowed"
        )
    )]
    HttpIssuer,
    #[error("{address} is used twice: by {first} and by {second}")]
    #[diagnostic(code("target::address-twice"), help("give each its own port"))]
    AddressTwice { address: String, first: String, second: String },
    #[error("the target has no client")]
    #[diagnostic(
        code("target::no-client"),
        help("add one below `clients:` with the id that the relying party is registered under")
    )]
    NoClient,
    #[error("{what} is not among the services of the preset: `{name}`{}", suggestion(.nearest))]
    #[diagnostic(code("target::override"), help("the preset has {known}"))]
    UnknownOverride { what: &'static str, name: String, nearest: Option<String>, known: String },
}

/// The end of a message that suggests a name.
fn suggestion(name: &Option<String>) -> String {
    name.as_ref().map(|name| format!("; the nearest is `{name}`")).unwrap_or_default()
}

impl TargetErrors {
    /// One mistake that concerns a file as a whole.
    pub(super) fn of_file(error: TargetError) -> Self {
        Self { mistakes: vec![TargetMistake { at: String::new(), error, place: None }], more: 0 }
    }
}

impl TargetMistake {
    /// Where it stands, if it stands in a text.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

impl TargetError {
    /// What was expected at its place, for the pointer into the text.
    fn expected(&self) -> String {
        match self {
            Self::Empty { expected, .. } | Self::WrongType { expected, .. } => format!("expected {expected}"),
            Self::UnknownKey { nearest: Some(name), .. }
            | Self::NotOneOf { nearest: Some(name), .. }
            | Self::UnknownTarget { nearest: Some(name), .. }
            | Self::UnknownPreset { nearest: Some(name), .. }
            | Self::UnknownService { nearest: Some(name), .. }
            | Self::UnknownClient { nearest: Some(name), .. }
            | Self::UnknownFeature { nearest: Some(name), .. }
            | Self::UnknownOverride { nearest: Some(name), .. } => format!("expected `{name}`?"),
            Self::UnknownKey { nearest: None, .. } => "expected another key".into(),
            Self::NotOneOf { nearest: None, known, .. } => format!("expected one of {known}"),
            Self::UnknownTarget { nearest: None, .. } => "expected one of the file's targets".into(),
            Self::UnknownPreset { nearest: None, .. } => "expected the name of a preset".into(),
            Self::UnknownService { nearest: None, .. } | Self::UnknownOverride { nearest: None, .. } => {
                "expected the name of a service".into()
            }
            Self::UnknownClient { nearest: None, .. } => "expected the id of a client".into(),
            Self::UnknownFeature { nearest: None, .. } => "expected a known feature".into(),
            Self::MissingKey { key, .. } => format!("expected `{key}:` in here"),
            Self::RelyingParty { key, .. } => format!("expected `{key}:` in here"),
            Self::NoRole { .. } => "expected `roles:` in here".into(),
            Self::NoProtectedPath { .. } => "expected `protected:` in here".into(),
            Self::NoServices => "expected `services:` with at least one".into(),
            Self::NoClient => "expected `clients:` with at least one".into(),
            Self::MockWithoutListen => "expected `listen:` in here".into(),
            Self::DuplicateKey { .. } => "the second one".into(),
            Self::UndefinedVariable { .. } | Self::BadVariable { .. } => "expected a defined `${NAME}`".into(),
            Self::LiteralSecret => "expected `${NAME}`, `{ file: ... }` or `{ command: [...] }`".into(),
            Self::Url { .. } => "expected a base URL".into(),
            Self::Issuer { .. } => "expected the URL of an issuer".into(),
            Self::HttpIssuer => "expected an https URL".into(),
            Self::RedirectUri { .. } => "expected an absolute URL".into(),
            Self::Path { .. } => "expected a path that begins with `/`".into(),
            Self::Listen { .. } => "expected an IP address and a port".into(),
            Self::Resolve { .. } => "expected `host:port` to `address:port`".into(),
            Self::JsonPath { .. } => "expected a JSON path like `$.user.email`".into(),
            Self::Request { .. } => "expected a method and a path".into(),
            Self::PresetSecret => "good for this machine only".into(),
            Self::BadName { .. } => "expected a plain name".into(),
            Self::OutOfRange { from, to, .. } => format!("expected a number from {from} to {to}"),
            Self::WhichTarget { .. } => "several targets in here".into(),
            Self::YamlTag { .. }
            | Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::NotUtf8 { .. }
            | Self::Syntax { .. }
            | Self::SeveralDocuments
            | Self::SecretFile { .. }
            | Self::SecretTwice
            | Self::SecretCommand { .. }
            | Self::OpenAndProtected { .. }
            | Self::Twice { .. }
            | Self::IntrospectsNothing { .. }
            | Self::CallsItself { .. }
            | Self::ExternalWithListen
            | Self::MockInProduction
            | Self::AddressTwice { .. }
            | Self::IssuerOfListen { .. } => "here".into(),
        }
    }
}

impl fmt::Display for TargetMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{}:{}:{}: {}", place.file, place.line, place.column, self.error),
            None if self.at.is_empty() => write!(f, "{}", self.error),
            None => write!(f, "{}: {}", self.at, self.error),
        }
    }
}

impl std::error::Error for TargetMistake {}

impl Diagnostic for TargetMistake {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.error.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.error.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| &place.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.place.as_ref()?.span;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some(self.error.expected()), span))))
    }
}

impl fmt::Display for TargetErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.len() + self.more {
            1 => write!(f, "the target has a mistake")?,
            many => write!(f, "the target has {many} mistakes")?,
        }
        match self.more {
            0 => Ok(()),
            _ => write!(f, "; these are the first {}", self.mistakes.len()),
        }
    }
}

impl std::error::Error for TargetErrors {}

impl Diagnostic for TargetErrors {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.mistakes.iter().map(|mistake| mistake as &dyn Diagnostic)))
    }
}
