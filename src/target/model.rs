//! The valid form of a target. Everything here has been checked; nothing here knows the file's syntax.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use url::Url;

use super::TargetError;

pub use crate::token::Spelling as BearerSpelling;

/// A deployment under test: services behind one OpenID provider.
#[derive(Debug, Clone)]
pub struct Target {
    pub name: String,
    /// The preset it was built on, if any: picks the remedies for that stack.
    pub preset: Option<String>,
    pub environment: Environment,
    pub idp: Idp,
    pub clients: Vec<Client>,
    /// In the file's order.
    pub services: Vec<Service>,
    /// `host:port` to the address that a connection really goes to.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// The target is the embedded reference: exclusive scenarios get services of their own.
    pub embedded: bool,
}

/// Decides which risk classes run without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Local,
    Staging,
    Production,
}

/// The OpenID provider as the services see it.
#[derive(Debug, Clone)]
pub struct Idp {
    pub mode: IdpMode,
    pub issuer: IssuerUrl,
    /// Where our mock listens; only with `IdpMode::Mock`. Port 0 only for the embedded reference.
    pub listen: Option<SocketAddr>,
    pub flavour: Flavour,
}

/// Whose provider it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdpMode {
    /// Ours: it issues what we ask for.
    Mock,
    /// Okta, Keycloak, ... as it stands: no token of its own can be forged.
    External,
}

/// Endpoint layout and claim shapes of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    Plain,
    Okta,
    Keycloak,
    Entra,
    Google,
    Auth0,
}

/// An issuer identifier, kept byte for byte as written (Discovery 4.3 compares it exactly).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerUrl(String);

impl IssuerUrl {
    /// Reads an issuer identifier: an http or https URL without query and fragment (OpenID Connect Discovery 3).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let wrong = |reason: &str| Err(TargetError::Issuer { reason: reason.to_owned() });
        let Ok(url) = text.parse::<Url>() else { return wrong("it is no URL") };
        if !matches!(url.scheme(), "http" | "https") {
            return wrong("it begins neither with `http://` nor with `https://`");
        }
        match url {
            _ if url.query().is_some() => wrong("it has a query"),
            _ if url.fragment().is_some() => wrong("it has a fragment"),
            _ if !url.username().is_empty() || url.password().is_some() => wrong("it has a user name"),
            _ if text != text.trim() => wrong("there are spaces around it"),
            _ => Ok(Self(text.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same as a URL, normalised: good for connecting, not for comparing.
    pub fn url(&self) -> Url {
        self.0.parse().expect("`parse` has read it as a URL")
    }

    /// One that no file was read for.
    #[cfg(test)]
    pub(crate) fn for_tests(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// An OAuth client identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(pub String);

/// A value that never reaches a log, a report or a debug print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Each caller is a place to review.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

/// A client registered at the provider.
#[derive(Debug, Clone)]
pub struct Client {
    pub id: ClientId,
    /// `None` for a public client.
    pub secret: Option<Secret<String>>,
    pub redirect_uris: Vec<Url>,
    /// Where a logout at the provider may lead back to.
    pub post_logout_redirect_uris: Vec<Url>,
}

/// One service of the target.
#[derive(Debug, Clone)]
pub struct Service {
    pub name: String,
    /// Base URL, without a path beyond `/`.
    pub url: Url,
    pub roles: Vec<Role>,
    /// The client it is registered as; relying parties have one.
    pub client: Option<ClientId>,
    /// Path that starts a login.
    pub login: Option<String>,
    /// Path of the redirect URI.
    pub callback: Option<String>,
    /// Path that ends the session.
    pub logout: Option<String>,
    /// Paths open without login.
    pub health: Vec<String>,
    /// Paths that need a login or a bearer; at least one.
    pub protected: Vec<String>,
    pub bearer: BearerSpelling,
    /// The audience it expects in access tokens; `None`: the client's id, or whatever the mock issues by default.
    pub audience: Option<String>,
    /// Scope that access tokens need; empty: none.
    pub scope: Option<String>,
    /// It asks the introspection endpoint instead of reading the token.
    pub introspects: bool,
    pub user: Option<UserLookup>,
    pub calls: Vec<Call>,
    /// Stand-in that receives the calls meant for this service, instead of it.
    pub spy: Option<Spy>,
    /// Features that no other key declares: `refresh`, `rp-initiated-logout`, ...
    pub features: Vec<String>,
    /// Tolerance for clock differences that the service declares, in seconds; default 120.
    pub leeway_seconds: u64,
}

/// What a service is in OAuth's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    RelyingParty,
    ResourceServer,
}

/// Where a service tells who is signed in.
#[derive(Debug, Clone)]
pub struct UserLookup {
    pub path: String,
    /// JSON path (`$.user.user_id`) of the subject in the answer, if it is told.
    pub subject: Option<String>,
    /// JSON path of the e-mail address in the answer, if it is told.
    pub email: Option<String>,
}

/// A call that a service makes to another one on the user's behalf.
#[derive(Debug, Clone)]
pub struct Call {
    /// Name of the called service.
    pub service: String,
    /// Method of the request that triggers it.
    pub method: String,
    /// Path and query of the request that triggers it; `{sub}` and `{email}` stand for the user's.
    pub path: String,
}

/// A recording stand-in for a downstream service.
#[derive(Debug, Clone)]
pub struct Spy {
    /// Where it listens; port 0 only for the embedded reference.
    pub listen: SocketAddr,
    /// First match wins; anything else gets 404.
    pub answers: Vec<SpyAnswer>,
}

/// What a stand-in answers.
#[derive(Debug, Clone)]
pub struct SpyAnswer {
    pub method: String,
    /// Path pattern; `*` stands for one segment, `**` for the rest.
    pub path: String,
    pub status: u16,
    /// Body; `{1}`, `{2}`, ... stand for what the stars matched.
    pub json: serde_json::Value,
}

impl Target {
    pub fn find_service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    pub fn find_client(&self, id: &ClientId) -> Option<&Client> {
        self.clients.iter().find(|client| &client.id == id)
    }
}

impl Service {
    pub fn is_relying_party(&self) -> bool {
        self.roles.contains(&Role::RelyingParty)
    }

    /// `path` (with its query) at this service, as a browser would open it.
    pub fn path_url(&self, path: &str) -> Url {
        self.url.join(path).unwrap_or_else(|_| self.url.clone())
    }

    pub fn is_resource_server(&self) -> bool {
        self.roles.contains(&Role::ResourceServer)
    }
}
