//! What an issuer is made of: its clients, its personas, its settings. The same types serve the library, the control API
//! and the command.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A test user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// What the login page calls it.
    pub name: String,
    /// The subject identifier (OIDC Core 2).
    pub sub: String,
    /// Further claims: `email`, `email_verified`, `name`, ...
    #[serde(default)]
    pub claims: Map<String, Value>,
}

impl Persona {
    /// A persona whose e-mail address is `<name>@example.test`, verified.
    pub fn named(name: &str) -> Self {
        let mut claims = Map::new();
        claims.insert("email".into(), Value::from(format!("{name}@example.test")));
        claims.insert("email_verified".into(), Value::from(true));
        claims.insert("name".into(), Value::from(name));
        claims.insert("preferred_username".into(), Value::from(name));
        Self { name: name.into(), sub: format!("sub-{name}"), claims }
    }
}

/// What a client may register as `id_token_signed_response_alg`.
pub const SIGNING_ALGORITHMS: [&str; 6] = ["RS256", "PS256", "ES256", "EdDSA", "HS256", "none"];

/// A registered client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    pub id: String,
    /// `None` for a public client, which must use PKCE.
    #[serde(default)]
    pub secret: Option<String>,
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// `id_token_signed_response_alg`: one of [`SIGNING_ALGORITHMS`].
    #[serde(default = "rs256")]
    pub id_token_alg: String,
}

fn rs256() -> String {
    "RS256".into()
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = self.secret.as_ref().map(|_| "[secret]");
        f.debug_struct("Client").field("id", &self.id).field("secret", &secret).finish_non_exhaustive()
    }
}

impl Client {
    /// A client that authenticates with a secret, by Basic or in the form.
    pub fn confidential(id: &str, secret: &str) -> Self {
        Self { secret: Some(secret.into()), ..Self::public(id) }
    }

    /// A client without a secret.
    pub fn public(id: &str) -> Self {
        Self {
            id: id.into(),
            secret: None,
            redirect_uris: vec![],
            post_logout_redirect_uris: vec![],
            id_token_alg: rs256(),
        }
    }

    /// Registers a redirect URI; it is compared byte for byte (RFC 9700 section 2.1).
    #[must_use]
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Registers where a logout may lead.
    #[must_use]
    pub fn post_logout_redirect_uri(mut self, uri: &str) -> Self {
        self.post_logout_redirect_uris.push(uri.into());
        self
    }

    pub(crate) fn has_known_alg(&self) -> bool {
        SIGNING_ALGORITHMS.contains(&self.id_token_alg.as_str())
    }

    /// Has id_tokens signed with another algorithm than RS256.
    #[must_use]
    pub fn id_token_alg(mut self, alg: &str) -> Self {
        self.id_token_alg = alg.into();
        self
    }
}

/// How an issuer behaves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// Where it is: a whole issuer identifier, or a path on the server's own base URL.
    pub at: IssuerAt,
    #[serde(default)]
    pub clients: Vec<Client>,
    /// Personas that the login page offers.
    #[serde(default)]
    pub personas: Vec<Persona>,
    /// Audiences of access tokens beside the client; empty: the client's identifier alone.
    #[serde(default)]
    pub access_token_audience: Vec<String>,
    /// Seconds that an access token is good for.
    #[serde(default = "five_minutes")]
    pub access_token_lifetime: u64,
    /// Seconds that an id_token is good for.
    #[serde(default = "five_minutes")]
    pub id_token_lifetime: u64,
    /// Every browser is logged in as this persona without being asked. A leniency: it hides refusals.
    #[serde(default)]
    pub auto_login: Option<String>,
    /// Keys that no other issuer of this process uses.
    #[serde(default)]
    pub fresh_keys: bool,
}

/// Where an issuer is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssuerAt {
    /// The issuer identifier, byte for byte as the services know it.
    Url(String),
    /// A path on the server's base URL; the empty one is the base URL itself.
    Path(String),
}

fn five_minutes() -> u64 {
    300
}

impl IssuerSettings {
    /// An issuer with this identifier, whatever address the server listens on.
    pub fn new(issuer: &str) -> Self {
        Self::at(IssuerAt::Url(issuer.into()))
    }

    /// An issuer at a path of the server's own base URL.
    pub fn at_path(path: &str) -> Self {
        Self::at(IssuerAt::Path(path.into()))
    }

    fn at(at: IssuerAt) -> Self {
        Self {
            at,
            clients: vec![],
            personas: vec![],
            access_token_audience: vec![],
            access_token_lifetime: five_minutes(),
            id_token_lifetime: five_minutes(),
            auto_login: None,
            fresh_keys: false,
        }
    }

    #[must_use]
    pub fn client(mut self, client: Client) -> Self {
        self.clients.push(client);
        self
    }

    #[must_use]
    pub fn persona(mut self, persona: Persona) -> Self {
        self.personas.push(persona);
        self
    }

    /// Logs every browser in as this persona.
    #[must_use]
    pub fn auto_login(mut self, persona: &str) -> Self {
        self.auto_login = Some(persona.into());
        self
    }

    #[must_use]
    pub fn access_token_audience(mut self, audience: Vec<String>) -> Self {
        self.access_token_audience = audience;
        self
    }

    /// In seconds.
    #[must_use]
    pub fn access_token_lifetime(mut self, seconds: u64) -> Self {
        self.access_token_lifetime = seconds;
        self
    }

    /// Keys of its own, not those that the servers of a process share.
    #[must_use]
    pub fn fresh_keys(mut self) -> Self {
        self.fresh_keys = true;
        self
    }
}

/// A scenario: browsers that carry its name are logged in as its personas, and what it orders touches nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioEntry {
    /// The value of the cookie [`SCENARIO_COOKIE`].
    pub id: String,
    /// The first is the default; another one is chosen by the cookie [`PERSONA_COOKIE`].
    pub personas: Vec<Persona>,
}

/// The cookie by which a browser tells the authorization endpoint its scenario.
pub const SCENARIO_COOKIE: &str = "mock_idp_scenario";

/// The cookie by which a browser tells the authorization endpoint its persona.
pub const PERSONA_COOKIE: &str = "mock_idp_persona";

/// A token without a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mint {
    pub kind: TokenKind,
    pub client_id: String,
    pub persona: Persona,
    /// `None`: as the issuer would set it.
    #[serde(default)]
    pub audience: Option<Vec<String>>,
    #[serde(default = "default_scope")]
    pub scope: String,
    #[serde(default)]
    pub nonce: Option<String>,
    /// Seconds; `None`: as the issuer would set it.
    #[serde(default)]
    pub lifetime: Option<u64>,
    #[serde(default)]
    pub scenario: Option<String>,
    #[serde(default)]
    pub recipe: crate::Recipe,
}

fn default_scope() -> String {
    "openid email profile".into()
}

impl Mint {
    /// A valid token of that kind for `persona`.
    pub fn new(kind: TokenKind, client_id: &str, persona: Persona) -> Self {
        Self {
            kind,
            client_id: client_id.into(),
            persona,
            audience: None,
            scope: default_scope(),
            nonce: None,
            lifetime: None,
            scenario: None,
            recipe: crate::Recipe::default(),
        }
    }
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    IdToken,
    AccessToken,
    RefreshToken,
    /// OIDC Back-Channel Logout 2.4.
    LogoutToken,
}
