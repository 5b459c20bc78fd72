//! Single requests: first with valid credentials, as the control, then again with one difference.

use std::mem;

use mock_idp::Action;
use mock_idp::Behaviour;
use mock_idp::BehaviourId;
use mock_idp::Endpoint;
use mock_idp::Fault;
use mock_idp::MalformedFault;
use mock_idp::Mint;
use mock_idp::Recipe;
use mock_idp::Scope;
use mock_idp::StatusFault;
use mock_idp::Times;
use mock_idp::TokenKind;
use time::OffsetDateTime;
use url::Url;

use super::Stage;
use super::departure;
use crate::browser::Outgoing;
use crate::judge;
use crate::judge::Opened;
use crate::target::Service;
use crate::token::dress;

/// A client identifier for targets that register none; tokens are signed for it all the same.
const NO_CLIENT: &str = "authproof";

/// Looks like no token of any spelling.
const GARBAGE: &str = "authproof-garbage";

/// What single requests leave behind for the steps that judge them.
#[derive(Default)]
pub struct Asked {
    proven: Option<Proven>,
    control: Option<Opened>,
    /// How the last request differs from its control; completes "since ...".
    difference: String,
    /// The bodies that everybody gets at open and unknown paths.
    pub(super) open: Vec<Vec<u8>>,
    order: Option<BehaviourId>,
}

/// A request that a valid access token opened.
#[derive(Clone)]
struct Proven {
    person: String,
    service: Service,
    url: Url,
    credential: String,
}

impl Stage {
    /// Opens `path` with an access token of the person's, and keeps the request to be made again with one difference.
    ///
    /// # Errors
    /// It does not open: the control failed.
    pub async fn prove_token(&mut self, person: &str, service: &str, path: &str) -> Result<(), String> {
        let service = self.service(service)?;
        let credential = self.fresh_credential(person, &service)?;
        let url = service.path_url(path);
        let exchange = self.client().request(Outgoing::get(url.clone()).bearer(&credential)).await;
        let marks = self.marks_of(person)?;
        self.keep_control(judge::opened(&exchange, marks))?;
        self.seen.push(exchange);
        self.asked.proven = Some(Proven { person: person.into(), service, url, credential });
        Ok(())
    }

    /// Opens `path` in the person's browser as it is.
    ///
    /// # Errors
    /// It does not open: the control failed.
    pub async fn prove_browser(&mut self, person: &str, service: &str, path: &str) -> Result<(), String> {
        let url = self.service(service)?.path_url(path);
        let exchange = self.person(person)?.browser.get(&url).await;
        let marks = self.marks_of(person)?;
        self.keep_control(judge::opened(&exchange, marks))?;
        self.seen.push(exchange);
        Ok(())
    }

    fn keep_control(&mut self, control: Result<Opened, String>) -> Result<(), String> {
        self.asked.control = Some(self.undecided(control)?);
        Ok(())
    }

    /// Asks for `path` without any credentials.
    ///
    /// # Errors
    /// The scenario names a service that the target does not have.
    pub async fn ask_anonymously(&mut self, method: &str, service: &str, path: &str) -> Result<(), String> {
        let url = self.service(service)?.path_url(path);
        self.asked.difference = "it has no credentials".into();
        let exchange = self.client().request(Outgoing::new(method, url)).await;
        self.seen.push(exchange);
        Ok(())
    }

    /// Asks for `path` in the person's browser.
    ///
    /// # Errors
    /// The scenario names something that does not exist.
    pub async fn ask_in_browser(&mut self, person: &str, service: &str, path: &str) -> Result<(), String> {
        let url = self.service(service)?.path_url(path);
        let exchange = self.person(person)?.browser.get(&url).await;
        self.seen.push(exchange);
        Ok(())
    }

    /// Makes the proven request again with these credentials in place of its own.
    ///
    /// # Errors
    /// No request was proven, or these credentials are unknown.
    pub async fn repeat_with(&mut self, credentials: &str) -> Result<(), String> {
        let proven = self.proven()?;
        let good = format!("Bearer {}", proven.credential);
        let garbage = format!("Bearer {GARBAGE}");
        let request = Outgoing::get(proven.url.clone());
        let request = match credentials {
            "nothing" => Ok(request),
            "a garbage token" => Ok(request.header("Authorization", garbage)),
            "a good and then a garbage header" => {
                Ok(request.header("Authorization", good).header("Authorization", garbage))
            }
            "a garbage and then a good header" => {
                Ok(request.header("Authorization", garbage).header("Authorization", good))
            }
            "a garbage header and a good query token" => {
                Ok(Outgoing::get(with_query(&proven, "access_token")).header("Authorization", garbage))
            }
            other => Err(format!("there are no credentials called `{other}`")),
        };
        let request = self.undecided(request)?;
        self.repeat(request, format!("it carries {credentials}")).await;
        Ok(())
    }

    /// Makes the proven request again with this Authorization header; `{token}` in it is the good credential.
    ///
    /// # Errors
    /// No request was proven.
    pub async fn repeat_with_header(&mut self, header: &str) -> Result<(), String> {
        let proven = self.proven()?;
        let value = header.replace("{token}", &proven.credential);
        let request = Outgoing::get(proven.url).header("Authorization", value);
        self.repeat(request, format!("its Authorization header is `{header}`")).await;
        Ok(())
    }

    /// Makes the proven request again with its token in the query and nowhere else.
    ///
    /// # Errors
    /// No request was proven.
    pub async fn repeat_with_query(&mut self, parameter: &str) -> Result<(), String> {
        let request = Outgoing::get(with_query(&self.proven()?, parameter));
        self.repeat(request, format!("its token is the query parameter `{parameter}`")).await;
        Ok(())
    }

    /// Makes the proven request again with an access token of the same person's that departs as `words` say.
    ///
    /// # Errors
    /// No request was proven, or no recipe has that name.
    pub async fn repeat_with_departure(&mut self, words: &str) -> Result<(), String> {
        let proven = self.proven()?;
        let recipe = self.undecided(departure::access_token(words))?;
        let credential = self.credential(&proven.person, &proven.service, TokenKind::AccessToken, recipe)?;
        self.repeat(Outgoing::get(proven.url).bearer(&credential), words.into()).await;
        Ok(())
    }

    /// Makes the proven request again with an id_token of the person's.
    ///
    /// # Errors
    /// No request was proven, or nobody has that name.
    pub async fn repeat_with_id_token(&mut self, person: &str) -> Result<(), String> {
        let proven = self.proven()?;
        let credential = self.credential(person, &proven.service, TokenKind::IdToken, Recipe::default())?;
        self.repeat(Outgoing::get(proven.url).bearer(&credential), "it carries an id_token".into()).await;
        Ok(())
    }

    /// Makes the proven request again, after the provider was told to do otherwise. Where the service did not ask the
    /// provider it may remember the token, so a new one of the same kind follows.
    ///
    /// # Errors
    /// No request was proven.
    pub async fn repeat_after_order(&mut self) -> Result<(), String> {
        let proven = self.proven()?;
        let difference = mem::take(&mut self.asked.difference);
        self.repeat(Outgoing::get(proven.url.clone()).bearer(&proven.credential), difference.clone()).await;
        if self.order_fired() == Some(0) {
            let credential = self.fresh_credential(&proven.person, &proven.service)?;
            self.repeat(Outgoing::get(proven.url).bearer(&credential), difference).await;
        }
        Ok(())
    }

    async fn repeat(&mut self, request: Outgoing, difference: String) {
        self.asked.difference = difference;
        let exchange = self.client().request(request).await;
        self.seen.push(exchange);
    }

    /// The provider's introspection answers with this JSON from now on, for this scenario's tokens.
    ///
    /// # Errors
    /// It is no JSON, or the provider is not ours.
    pub fn order_introspection_body(&mut self, json: &str) -> Result<(), String> {
        let body = serde_json::from_str(json).map_err(|error| format!("`{json}` is no JSON: {error}"));
        let body = self.undecided(body)?;
        self.order_introspection(Action::IntrospectionBody(body), format!("introspection answers {json}"))
    }

    /// The provider's introspection fails from now on, for this scenario's tokens.
    ///
    /// # Errors
    /// No fault has that name, or the provider is not ours.
    pub fn order_introspection_fault(&mut self, words: &str) -> Result<(), String> {
        let fault = self.undecided(introspection_fault(words))?;
        self.order_introspection(Action::Fault(fault), format!("introspection fails with {words}"))
    }

    fn order_introspection(&mut self, action: Action, difference: String) -> Result<(), String> {
        let behaviour = Behaviour {
            scope: Scope::Scenario(self.id.clone()),
            on: Endpoint::Introspection.into(),
            times: Times::Always,
            action,
        };
        self.asked.order = Some(self.undecided(self.lab.behave(behaviour))?);
        self.asked.difference = difference;
        Ok(())
    }

    /// How often the order of this scenario was carried out; `None` where none was given.
    pub fn order_fired(&self) -> Option<u32> {
        self.asked.order.map(|id| self.lab.fired(id))
    }

    /// The accepted twin of the last request.
    ///
    /// # Errors
    /// No step has shown that the path opens.
    pub fn opened(&self) -> Result<&Opened, String> {
        let missing = || "no step before this one has shown that the path opens for anybody".to_owned();
        self.undecided(self.asked.control.as_ref().ok_or_else(missing))
    }

    /// How the last request differs from its accepted twin.
    pub fn difference(&self) -> &str {
        &self.asked.difference
    }

    /// The bodies that everybody gets at open and unknown paths.
    pub fn open_bodies(&self) -> &[Vec<u8>] {
        &self.asked.open
    }

    fn proven(&self) -> Result<Proven, String> {
        let missing = || "no step before this one has opened a path with an access token".to_owned();
        self.undecided(self.asked.proven.clone().ok_or_else(missing))
    }

    /// What stands behind `Bearer` for a valid access token of the person's at `service`.
    ///
    /// # Errors
    /// The provider is not ours.
    pub fn fresh_credential(&mut self, person: &str, service: &Service) -> Result<String, String> {
        self.credential(person, service, TokenKind::AccessToken, Recipe::default())
    }

    fn credential(
        &mut self,
        person: &str,
        service: &Service,
        kind: TokenKind,
        recipe: Recipe,
    ) -> Result<String, String> {
        let persona = self.person(person)?.persona.clone();
        let client = service.client.as_ref().or_else(|| self.target.clients.first().map(|client| &client.id));
        let mut mint = Mint::new(kind, client.map_or(NO_CLIENT, |client| client.0.as_str()), persona);
        mint.scenario = Some(self.id.clone());
        mint.recipe = recipe;
        if kind == TokenKind::AccessToken {
            mint.audience = service.audience.clone().map(|audience| vec![audience]);
        }
        if let Some(scope) = &service.scope {
            mint.scope = format!("{} {scope}", mint.scope);
        }
        let token = self.undecided(self.lab.mint(&mint))?;
        Ok(dress(&token, service.bearer, OffsetDateTime::now_utc()))
    }

    /// Texts that only the person's own pages hold.
    fn marks_of(&mut self, person: &str) -> Result<Vec<String>, String> {
        let identity = self.person(person)?.identity();
        Ok(identity.subject.into_iter().chain(identity.email).collect())
    }
}

fn with_query(proven: &Proven, parameter: &str) -> Url {
    let mut url = proven.url.clone();
    url.query_pairs_mut().append_pair(parameter, &proven.credential);
    url
}

fn introspection_fault(words: &str) -> Result<Fault, String> {
    let status = |status| StatusFault { status, body: String::new(), content_type: "text/plain".into() };
    match words {
        "status 500" => Ok(Fault::Status(status(500))),
        "status 401" => Ok(Fault::Status(status(401))),
        "an HTML page" => Ok(Fault::Malformed(MalformedFault {
            body: "<!doctype html><title>Sign in</title><p>active: true</p>".into(),
            content_type: "text/html".into(),
        })),
        "a dropped connection" => Ok(Fault::DropConnection),
        other => Err(format!("there is no fault called `{other}`")),
    }
}
