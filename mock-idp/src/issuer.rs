//! One issuer: its state, and the handle by which programs speak to it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use url::Url;

use crate::behaviour::{Behaviour, BehaviourId, Orders};
use crate::jose::{self, Draft, KeyRing, RecipeError};
use crate::keys::{self, KeySet, Pending, Shared};
use crate::model::{Client, IssuerSettings, Mint, Persona, ScenarioEntry, TokenKind};
use crate::recipe::{Key, Placeholders, Recipe};
use crate::record::{Journal, Received, ReceivedFilter};
use crate::seal::Seal;
use crate::spent::Spent;

/// In seconds: twelve hours.
pub(crate) const REFRESH_TOKEN_LIFETIME: i64 = 12 * 3600;

/// A login at the provider lasts as long as a working day. In seconds.
pub(crate) const SESSION_LIFETIME: i64 = 8 * 3600;

/// Everything that an issuer knows.
pub(crate) struct IssuerState {
    /// The issuer identifier, byte for byte.
    pub(crate) url: String,
    /// The path of the identifier, without a slash at its end: where the endpoints are.
    pub(crate) path: String,
    pub(crate) settings: IssuerSettings,
    pub(crate) orders: Orders,
    pub(crate) journal: Journal,
    pub(crate) seal: Seal,
    pub(crate) spent: Spent,
    clients: RwLock<BTreeMap<String, Client>>,
    scenarios: RwLock<HashMap<String, Vec<Persona>>>,
    keys: RwLock<IssuerKeys>,
}

pub(crate) struct IssuerKeys {
    /// Rises with each rotation.
    generation: u32,
    current: Arc<Pending<KeySet>>,
    retired: Arc<Pending<KeySet>>,
    rogue: Arc<Pending<KeySet>>,
    /// The sets that were current before, newest first: tokens that they signed are good until they expire.
    earlier: VecDeque<Arc<Pending<KeySet>>>,
}

/// Of so many earlier key sets the tokens are still known.
const EARLIER_KEPT: usize = 8;

/// What a code, a refresh token and an access token have in common: who, for whom, in which scenario. It is sealed into
/// them, so that everything later follows the login without a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Login {
    /// Names this very code or token.
    pub(crate) id: String,
    /// Names the authorization; everything that follows from one code shares it.
    pub(crate) grant: String,
    /// Of the keys, when an access token is made.
    pub(crate) generation: u32,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) persona: Persona,
    pub(crate) scenario: Option<String>,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) code_challenge: Option<String>,
    /// Seconds since 1970.
    pub(crate) auth_time: i64,
    pub(crate) expires: i64,
    /// The session at the provider, which may see several authorizations.
    pub(crate) sid: String,
}

impl IssuerState {
    pub(crate) fn new(url: String, settings: IssuerSettings) -> Self {
        let keys = IssuerKeys::start(settings.fresh_keys);
        Self::with_keys(url, settings, keys)
    }

    fn with_keys(url: String, settings: IssuerSettings, keys: IssuerKeys) -> Self {
        let path = Url::parse(&url).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
        let clients = settings.clients.iter().map(|client| (client.id.clone(), client.clone())).collect();
        Self {
            url,
            path,
            settings,
            orders: Orders::default(),
            journal: Journal::default(),
            seal: Seal::new(),
            spent: Spent::default(),
            clients: RwLock::new(clients),
            scenarios: RwLock::default(),
            keys: RwLock::new(keys),
        }
    }

    /// The URL of an endpoint: `/token` at this issuer (Discovery 4.1 drops a slash at the identifier's end).
    pub(crate) fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }

    pub(crate) fn find_client(&self, id: &str) -> Option<Client> {
        self.clients.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The persona that a browser of that scenario is logged in as.
    pub(crate) fn persona_of(&self, scenario: &str, name: Option<&str>) -> Option<Persona> {
        let scenarios = self.scenarios.read().unwrap_or_else(PoisonError::into_inner);
        let personas = scenarios.get(scenario)?;
        match name {
            Some(name) => personas.iter().find(|persona| persona.name == name).cloned(),
            None => personas.first().cloned(),
        }
    }

    /// The persona of that name that the login page offers.
    pub(crate) fn find_persona(&self, name: &str) -> Option<Persona> {
        self.settings.personas.iter().find(|persona| persona.name == name).cloned()
    }

    /// Ends what follows from one authorization: its refresh tokens and all access tokens.
    pub(crate) fn end_grant(&self, login: &Login) {
        let access = i64::try_from(self.settings.access_token_lifetime).unwrap_or(i64::MAX / 2);
        self.spent.spend(&login.grant, now().saturating_add(access.max(REFRESH_TOKEN_LIFETIME)), now());
    }

    /// A registered client wants unsigned id_tokens. Only then is it announced: clients take that for a permission.
    pub(crate) fn serves_unsigned(&self) -> bool {
        let clients = self.clients.read().unwrap_or_else(PoisonError::into_inner);
        clients.values().any(|client| client.id_token_alg == "none")
    }

    /// The key set document.
    pub(crate) async fn jwks(&self) -> Value {
        let current = Arc::clone(&self.lock_keys().current);
        json!({ "keys": current.get().await.jwks() })
    }

    /// The keys for a token that `recipe` describes, once they are made; does not block.
    pub(crate) async fn ring(&self, recipe: &Recipe, client_secret: Option<String>) -> KeyRing {
        let (generation, current, signing) = self.lock_keys().choose(&recipe.key);
        KeyRing { generation, current: current.get().await, signing: signing.get().await, client_secret }
    }

    fn ring_blocking(&self, recipe: &Recipe, client_secret: Option<String>) -> KeyRing {
        let (generation, current, signing) = self.lock_keys().choose(&recipe.key);
        KeyRing { generation, current: current.wait(), signing: signing.wait(), client_secret }
    }

    /// The keys that were current in that generation, as long as they are known.
    pub(crate) fn keys_of(&self, generation: u32) -> Option<Arc<Pending<KeySet>>> {
        let keys = self.lock_keys();
        match keys.generation.checked_sub(generation)? {
            0 => Some(Arc::clone(&keys.current)),
            age => keys.earlier.get(age as usize - 1).cloned(),
        }
    }

    /// The keys that are current, and those that were, newest first.
    pub(crate) fn published_keys(&self) -> Vec<Arc<Pending<KeySet>>> {
        let keys = self.lock_keys();
        [&keys.current].into_iter().chain(&keys.earlier).cloned().collect()
    }

    fn lock_keys(&self) -> RwLockReadGuard<'_, IssuerKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token of `kind` about `login`. `expires` and `audience` as given.
    pub(crate) fn sign(&self, want: &Wanted<'_>, keys: &KeyRing) -> Result<String, RecipeError> {
        let now = now();
        let client = self.find_client(&want.login.client_id);
        let alg = match want.kind {
            TokenKind::IdToken => client.map_or_else(|| "RS256".into(), |client| client.id_token_alg),
            _ => "RS256".into(),
        };
        let mut claims = self.claims(want, keys.generation, now);
        if let (TokenKind::IdToken, Some(access_token)) = (want.kind, want.access_token)
            && let Some(hash) = jose::at_hash(&alg, want.recipe, access_token)
        {
            claims.insert("at_hash".into(), json!(hash));
        }
        let placeholders = Placeholders {
            issuer: self.url.clone(),
            client_id: want.login.client_id.clone(),
            nonce: want.login.nonce.clone().unwrap_or_default(),
            sub: want.login.persona.sub.clone(),
            audience: want.audience.first().cloned().unwrap_or_default(),
            email: want.login.persona.claims.get("email").and_then(Value::as_str).unwrap_or_default().into(),
        };
        let typ = match want.kind {
            TokenKind::IdToken => Some("JWT"),
            TokenKind::AccessToken => Some("at+jwt"),
            TokenKind::LogoutToken => Some("logout+jwt"),
            TokenKind::RefreshToken => None,
        };
        jose::write(&Draft { alg, typ, claims }, want.recipe, &placeholders, keys, now)
    }

    fn claims(&self, want: &Wanted<'_>, generation: u32, now: i64) -> Map<String, Value> {
        let login = want.login;
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| {
            claims.insert(name.into(), value);
        };
        set("iss", json!(self.url));
        set("sub", json!(login.persona.sub));
        set("aud", audience(&want.audience));
        set("iat", json!(now));
        set("exp", json!(now + want.lifetime));
        match want.kind {
            TokenKind::IdToken => {
                set("auth_time", json!(login.auth_time));
                set("sid", json!(login.sid));
                if let Some(nonce) = &login.nonce {
                    set("nonce", json!(nonce));
                }
            }
            TokenKind::AccessToken => {
                set("client_id", json!(login.client_id));
                if !login.scope.is_empty() {
                    set("scope", json!(login.scope));
                }
                set("jti", json!(self.seal.close("access-token", &Login { generation, ..login.clone() })));
            }
            TokenKind::LogoutToken => {
                set("sid", json!(login.sid));
                set("jti", json!(random_id()));
                set("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
            }
            TokenKind::RefreshToken => set("jti", json!(random_id())),
        }
        if matches!(want.kind, TokenKind::IdToken | TokenKind::AccessToken) {
            claims.extend(persona_claims(&login.persona, &login.scope));
        }
        claims.insert("mock_idp".into(), json!(true));
        claims
    }

    /// The audiences of an access token for `client_id`.
    pub(crate) fn access_token_audience(&self, client_id: &str) -> Vec<String> {
        match self.settings.access_token_audience.is_empty() {
            true => vec![client_id.into()],
            false => self.settings.access_token_audience.clone(),
        }
    }
}

impl IssuerKeys {
    fn start(fresh: bool) -> Self {
        let make = |shared| if fresh { keys::fresh() } else { keys::shared(shared) };
        Self {
            generation: 0,
            current: make(Shared::Current),
            retired: make(Shared::Retired),
            rogue: keys::shared(Shared::Rogue),
            earlier: VecDeque::new(),
        }
    }

    /// The generation, the published keys, and the set that `key` is of.
    fn choose(&self, key: &Key) -> (u32, Arc<Pending<KeySet>>, Arc<Pending<KeySet>>) {
        let signing = match key {
            Key::Retired => &self.retired,
            Key::Rogue | Key::RogueEmbeddedJwk => &self.rogue,
            Key::Current | Key::Weak1024 | Key::ClientSecret | Key::Hmac(_) | Key::PublicKeyAsHmac(_) | Key::None => {
                &self.current
            }
        };
        (self.generation, Arc::clone(&self.current), Arc::clone(signing))
    }

    fn rotate(&mut self) {
        let before = std::mem::replace(&mut self.current, keys::fresh());
        self.retired = Arc::clone(&before);
        self.earlier.push_front(before);
        self.earlier.truncate(EARLIER_KEPT);
        self.generation += 1;
    }
}

/// A token to be made.
pub(crate) struct Wanted<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) login: &'a Login,
    pub(crate) audience: Vec<String>,
    /// Seconds.
    pub(crate) lifetime: i64,
    /// For `at_hash`.
    pub(crate) access_token: Option<&'a str>,
    pub(crate) recipe: &'a Recipe,
}

/// OIDC Core 5.4: which claims a scope asks for. Claims that no standard scope names are given always.
pub(crate) fn persona_claims(persona: &Persona, scope: &str) -> Map<String, Value> {
    let has = |wanted: &str| scope.split(' ').any(|scope| scope == wanted);
    let allowed = |name: &str| match name {
        "email" | "email_verified" => has("email"),
        "name" | "family_name" | "given_name" | "nickname" | "preferred_username" | "picture" | "profile" => {
            has("profile")
        }
        "address" => has("address"),
        "phone_number" | "phone_number_verified" => has("phone"),
        _ => true,
    };
    persona.claims.iter().filter(|(name, _)| allowed(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A single audience is a text, several are a list.
fn audience(audience: &[String]) -> Value {
    match audience {
        [one] => json!(one),
        several => json!(several),
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// 128 random bits in hexadecimal.
pub(crate) fn random_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// An issuer of a running server. Cheap to clone.
#[derive(Clone)]
pub struct Issuer(pub(crate) Arc<IssuerState>);

impl Issuer {
    /// The issuer identifier, byte for byte.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Where browsers are sent to log in.
    pub fn authorization_endpoint(&self) -> Url {
        self.0.endpoint("/authorize").parse().expect("the identifier was parsed when the issuer was made")
    }

    /// Registers a client, or replaces it.
    pub fn add_client(&self, client: Client) {
        self.0.clients.write().unwrap_or_else(PoisonError::into_inner).insert(client.id.clone(), client);
    }

    /// Makes a scenario's personas known, in place of those before.
    pub fn enter_scenario(&self, entry: ScenarioEntry) {
        self.0.scenarios.write().unwrap_or_else(PoisonError::into_inner).insert(entry.id, entry.personas);
    }

    /// Forgets a scenario: its personas, its orders, what it sent.
    pub fn leave_scenario(&self, id: &str) {
        self.0.scenarios.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        self.0.orders.remove_scenario(id);
        self.0.journal.forget_scenario(id);
    }

    /// Gives an order to do otherwise. [`Behaviour::check`] tells one that can never be carried out.
    pub fn behave(&self, behaviour: Behaviour) -> BehaviourId {
        self.0.orders.add(behaviour)
    }

    /// Takes an order back.
    pub fn forget(&self, id: BehaviourId) {
        self.0.orders.remove(id);
    }

    /// How often an order was carried out.
    pub fn fired(&self, id: BehaviourId) -> u32 {
        self.0.orders.fired(id)
    }

    /// A place in the record: what comes later has a higher `seq`.
    pub fn mark(&self) -> u64 {
        self.0.journal.mark()
    }

    /// What was received.
    pub fn received(&self, filter: &ReceivedFilter) -> Vec<Received> {
        self.0.journal.find(filter)
    }

    /// The key set document. Waits until the keys are made.
    pub async fn jwks(&self) -> Value {
        self.0.jwks().await
    }

    /// Signs with new keys from now on and publishes only them; the present ones become the retired ones. The issuer's
    /// own endpoints take what those have signed until it expires.
    pub fn rotate_keys(&self) {
        self.0.keys.write().unwrap_or_else(PoisonError::into_inner).rotate();
    }

    /// Any token, without a login. Blocks until the keys are made, which happens once.
    ///
    /// # Errors
    /// The recipe wants a secret that the client does not have, or spoils a signature that is not there.
    pub fn mint(&self, mint: &Mint) -> Result<String, RecipeError> {
        let settings = &self.0.settings;
        let (audience, lifetime) = match mint.kind {
            TokenKind::AccessToken => (self.0.access_token_audience(&mint.client_id), settings.access_token_lifetime),
            TokenKind::RefreshToken => (vec![], REFRESH_TOKEN_LIFETIME.unsigned_abs()),
            TokenKind::IdToken | TokenKind::LogoutToken => (vec![mint.client_id.clone()], settings.id_token_lifetime),
        };
        let lifetime = i64::try_from(mint.lifetime.unwrap_or(lifetime)).unwrap_or(i64::MAX / 2);
        let login = Login {
            id: random_id(),
            grant: random_id(),
            generation: 0,
            issuer: self.0.url.clone(),
            client_id: mint.client_id.clone(),
            persona: mint.persona.clone(),
            scenario: mint.scenario.clone(),
            scope: mint.scope.clone(),
            nonce: mint.nonce.clone(),
            redirect_uri: None,
            code_challenge: None,
            auth_time: now(),
            expires: now().saturating_add(lifetime),
            sid: random_id(),
        };
        let secret = self.0.find_client(&mint.client_id).and_then(|client| client.secret);
        let wanted = Wanted {
            kind: mint.kind,
            login: &login,
            audience: mint.audience.clone().unwrap_or(audience),
            lifetime,
            access_token: None,
            recipe: &mint.recipe,
        };
        match mint.kind {
            TokenKind::RefreshToken => Ok(self.0.seal.close("refresh-token", &login)),
            _ => self.0.sign(&wanted, &self.0.ring_blocking(&mint.recipe, secret)),
        }
    }
}
