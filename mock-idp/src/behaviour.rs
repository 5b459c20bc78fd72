//! What an issuer does otherwise than usual, for whom and how often.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Recipe;

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
    fn the_newest_order_comes_first() {
        let orders = Orders::default();
        orders.add(order(Scope::Deployment, Times::Always));
        let newer = orders.add(order(Scope::Deployment, Times::Once));

        assert_eq!(take(&orders, "a"), Some(newer));
    }
}
