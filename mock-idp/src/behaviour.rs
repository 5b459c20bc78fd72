//! What an issuer does otherwise than usual, for whom and how often.

use std::sync::{Mutex, PoisonError};

use axum::http::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Recipe;

/// Beyond it, orders that are done with go first, so that memory stays bounded.
const KEPT: usize = 10_000;

/// An order to do otherwise. The newest matching one is used; one that does not match blocks nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    pub scope: Scope,
    pub on: Trigger,
    pub times: Times,
    pub action: Action,
}

/// Whom it touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Only the logins and tokens of this scenario.
    Scenario(String),
    /// Everybody.
    Deployment,
}

/// When it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    pub endpoint: Endpoint,
    /// Only at the token endpoint: for this grant alone.
    #[serde(default)]
    pub grant: Option<Grant>,
}

impl From<Endpoint> for Trigger {
    fn from(endpoint: Endpoint) -> Self {
        Self { endpoint, grant: None }
    }
}

/// An endpoint of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Discovery,
    Jwks,
    Authorization,
    Token,
    Userinfo,
    Introspection,
    Revocation,
    EndSession,
    /// A path of the issuer where nothing is.
    Other,
}

/// A grant of the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

/// How often it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Times {
    Once,
    Times(u32),
    Always,
}

/// What is done otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The id_token follows this recipe.
    IdToken(Recipe),
    /// The access token follows this recipe.
    AccessToken(Recipe),
    /// Members of the token response are set or removed.
    TokenResponse(Members),
    /// Members of the userinfo response are set or removed.
    Userinfo(Members),
    /// Members of the introspection response are set or removed.
    Introspection(Members),
    /// The whole introspection response, any JSON.
    IntrospectionBody(Value),
    /// The authorization response.
    Authorization(AuthorizationResponse),
    /// Members of the discovery document are set or removed.
    Discovery(Members),
    /// The whole key set document.
    Jwks(Value),
    /// No proper answer at all.
    Fault(Fault),
}

/// Changes to the members of a JSON answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Members {
    pub set: Map<String, Value>,
    pub remove: Vec<String>,
}

impl Members {
    pub(crate) fn apply(&self, object: &mut Map<String, Value>) {
        for name in &self.remove {
            object.remove(name);
        }
        for (name, value) in &self.set {
            object.insert(name.clone(), value.clone());
        }
    }
}

/// What is otherwise in the authorization response (OIDC Core 3.1.2.5 and 3.1.2.6).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthorizationResponse {
    /// An error in place of the code.
    pub error: Option<String>,
    pub error_description: Option<String>,
    pub code: Parameter,
    pub state: Parameter,
    pub iss: Parameter,
}

/// What becomes of a parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parameter {
    #[default]
    Keep,
    Drop,
    Set(String),
}

/// No proper answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    Status(StatusFault),
    /// The proper answer, after so many milliseconds.
    Delay(u64),
    /// 200 with this body.
    Malformed(MalformedFault),
    /// The connection ends before the first byte of an answer.
    DropConnection,
    /// The connection stays open and nothing comes.
    Hang,
}

/// Another status than the proper one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusFault {
    pub status: u16,
    #[serde(default)]
    pub body: String,
    #[serde(default = "plain_text")]
    pub content_type: String,
}

/// A body that is not the endpoint's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MalformedFault {
    pub body: String,
    #[serde(default = "plain_text")]
    pub content_type: String,
}

fn plain_text() -> String {
    "text/plain".into()
}

/// Why an order could never be carried out as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BehaviourError {
    #[error("an order for no time at all")]
    Never,
    #[error("this action has no effect at that endpoint")]
    WrongEndpoint,
    #[error("only the token endpoint has grants")]
    GrantElsewhere,
    #[error("that grant gives out no id_token")]
    NoIdToken,
    #[error("requests there belong to no scenario; the scope must be the deployment")]
    NoScenario,
    #[error("{status} is no status that ends a response; 200 to 599 are")]
    Status { status: u16 },
    #[error("`{content_type}` cannot stand in a header")]
    ContentType { content_type: String },
}

impl Behaviour {
    /// Whether it can ever be carried out. One that cannot would leave everything as usual, in silence.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check(&self) -> Result<(), BehaviourError> {
        use BehaviourError as E;
        let Trigger { endpoint, grant } = self.on;
        let home = match &self.action {
            Action::IdToken(_) | Action::AccessToken(_) | Action::TokenResponse(_) => Some(Endpoint::Token),
            Action::Userinfo(_) => Some(Endpoint::Userinfo),
            Action::Introspection(_) | Action::IntrospectionBody(_) => Some(Endpoint::Introspection),
            Action::Authorization(_) => Some(Endpoint::Authorization),
            Action::Discovery(_) => Some(Endpoint::Discovery),
            Action::Jwks(_) => Some(Endpoint::Jwks),
            Action::Fault(_) => None,
        };
        let client_credentials = grant == Some(Grant::ClientCredentials);
        let ownerless = matches!(endpoint, Endpoint::Discovery | Endpoint::Jwks) || client_credentials;
        if self.times == Times::Times(0) {
            return Err(E::Never);
        }
        if home.is_some_and(|home| home != endpoint) {
            return Err(E::WrongEndpoint);
        }
        if grant.is_some() && endpoint != Endpoint::Token {
            return Err(E::GrantElsewhere);
        }
        if client_credentials && matches!(self.action, Action::IdToken(_)) {
            return Err(E::NoIdToken);
        }
        if ownerless && matches!(self.scope, Scope::Scenario(_)) {
            return Err(E::NoScenario);
        }
        if let Action::Fault(fault) = &self.action {
            fault.check()?;
        }
        Ok(())
    }
}

impl Fault {
    fn check(&self) -> Result<(), BehaviourError> {
        let content_type = match self {
            Self::Status(fault) if !(200..=599).contains(&fault.status) => {
                return Err(BehaviourError::Status { status: fault.status });
            }
            Self::Status(fault) => &fault.content_type,
            Self::Malformed(fault) => &fault.content_type,
            Self::Delay(_) | Self::DropConnection | Self::Hang => return Ok(()),
        };
        match HeaderValue::from_str(content_type) {
            Ok(_) => Ok(()),
            Err(_) => Err(BehaviourError::ContentType { content_type: content_type.clone() }),
        }
    }
}

/// Names an order given to an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BehaviourId(pub u64);

/// The orders of an issuer.
#[derive(Default)]
pub(crate) struct Orders(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    last: u64,
    armed: Vec<Armed>,
}

struct Armed {
    id: BehaviourId,
    behaviour: Behaviour,
    fired: u32,
}

impl Armed {
    fn is_spent(&self) -> bool {
        match self.behaviour.times {
            Times::Once => self.fired >= 1,
            Times::Times(times) => self.fired >= times,
            Times::Always => false,
        }
    }
}

impl Orders {
    pub(crate) fn add(&self, behaviour: Behaviour) -> BehaviourId {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.last += 1;
        let id = BehaviourId(inner.last);
        if inner.armed.len() >= KEPT
            && let Some(oldest) = inner.armed.iter().position(Armed::is_spent)
        {
            inner.armed.remove(oldest);
        }
        inner.armed.push(Armed { id, behaviour, fired: 0 });
        id
    }

    pub(crate) fn remove(&self, id: BehaviourId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).armed.retain(|armed| armed.id != id);
    }

    pub(crate) fn remove_scenario(&self, scenario: &str) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.armed.retain(|armed| armed.behaviour.scope != Scope::Scenario(scenario.into()));
    }

    pub(crate) fn fired(&self, id: BehaviourId) -> u32 {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.armed.iter().find(|armed| armed.id == id).map_or(0, |armed| armed.fired)
    }

    /// Undoes a `take`: the order could not be carried out after all.
    pub(crate) fn give_back(&self, id: BehaviourId) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(armed) = inner.armed.iter_mut().find(|armed| armed.id == id) {
            armed.fired = armed.fired.saturating_sub(1);
        }
    }

    /// The newest order that applies here and whose action `pick` wants; it counts as carried out.
    pub(crate) fn take<T>(
        &self,
        endpoint: Endpoint,
        grant: Option<Grant>,
        scenario: Option<&str>,
        pick: impl Fn(&Action) -> Option<T>,
    ) -> Option<(BehaviourId, T)> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.armed.iter_mut().rev().find_map(|armed| {
            let Behaviour { scope, on, action, .. } = &armed.behaviour;
            let touched = match scope {
                Scope::Deployment => true,
                Scope::Scenario(id) => scenario == Some(id.as_str()),
            };
            let here = on.endpoint == endpoint && (on.grant.is_none() || on.grant == grant);
            if armed.is_spent() || !touched || !here {
                return None;
            }
            let wanted = pick(action)?;
            armed.fired += 1;
            Some((armed.id, wanted))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(scope: Scope, times: Times) -> Behaviour {
        Behaviour { scope, on: Endpoint::Token.into(), times, action: Action::Fault(Fault::Hang) }
    }

    fn take(orders: &Orders, scenario: &str) -> Option<BehaviourId> {
        orders.take(Endpoint::Token, None, Some(scenario), |_| Some(())).map(|(id, ())| id)
    }

    #[test]
    fn an_order_of_another_scenario_neither_applies_nor_blocks() {
        let orders = Orders::default();
        let deployment = orders.add(order(Scope::Deployment, Times::Once));
        orders.add(order(Scope::Scenario("a".into()), Times::Always));

        assert_eq!(take(&orders, "b"), Some(deployment));
        assert_eq!(take(&orders, "b"), None);
    }

    #[test]
    fn an_order_is_carried_out_as_often_as_it_says() {
        let orders = Orders::default();
        let id = orders.add(order(Scope::Deployment, Times::Times(2)));

        let carried_out = (0..3).filter(|_| take(&orders, "a").is_some()).count();

        assert_eq!((carried_out, orders.fired(id)), (2, 2));
    }

    #[test]
    fn an_order_that_was_given_back_is_carried_out_later() {
        let orders = Orders::default();
        let id = orders.add(order(Scope::Deployment, Times::Once));

        let taken = take(&orders, "a");
        orders.give_back(id);

        assert_eq!((taken, orders.fired(id)), (Some(id), 0));
        assert_eq!(take(&orders, "a"), Some(id));
    }

    #[test]
    fn an_order_that_can_never_be_carried_out_is_told_apart() {
        use BehaviourError as E;
        let scenario = || Scope::Scenario("a".into());
        let id_token = || Action::IdToken(Recipe::default());
        let status = |status| {
            let fault = StatusFault { status, body: String::new(), content_type: plain_text() };
            Action::Fault(Fault::Status(fault))
        };
        let at = |endpoint, grant| Trigger { endpoint, grant };
        let client_credentials = Some(Grant::ClientCredentials);
        let check = |scope, on, times, action| Behaviour { scope, on, times, action }.check();

        assert_eq!(check(scenario(), at(Endpoint::Token, None), Times::Once, id_token()), Ok(()));
        assert_eq!(check(scenario(), at(Endpoint::Token, None), Times::Times(0), id_token()), Err(E::Never));
        assert_eq!(check(scenario(), at(Endpoint::Userinfo, None), Times::Once, id_token()), Err(E::WrongEndpoint));
        assert_eq!(check(scenario(), at(Endpoint::Jwks, None), Times::Once, status(500)), Err(E::NoScenario));
        assert_eq!(check(Scope::Deployment, at(Endpoint::Jwks, None), Times::Once, status(500)), Ok(()));
        assert_eq!(
            check(Scope::Deployment, at(Endpoint::Jwks, client_credentials), Times::Once, status(500)),
            Err(E::GrantElsewhere)
        );
        assert_eq!(
            check(Scope::Deployment, at(Endpoint::Token, client_credentials), Times::Once, id_token()),
            Err(E::NoIdToken)
        );
        assert_eq!(
            check(Scope::Deployment, at(Endpoint::Token, None), Times::Once, status(101)),
            Err(E::Status { status: 101 })
        );
    }

    #[test]
    fn orders_that_are_done_with_do_not_pile_up() {
        let orders = Orders::default();

        for _ in 0..KEPT + 5 {
            orders.add(order(Scope::Deployment, Times::Once));
            take(&orders, "a");
        }

        assert_eq!(orders.0.lock().unwrap().armed.len(), KEPT);
    }

    #[test]
    fn the_newest_order_comes_first() {
        let orders = Orders::default();
        orders.add(order(Scope::Deployment, Times::Always));
        let newer = orders.add(order(Scope::Deployment, Times::Once));

        assert_eq!(take(&orders, "a"), Some(newer));
    }
}
