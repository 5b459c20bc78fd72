//! A provider and the services, each time anew, and the people who log in there.

use mock_idp::{
    Action, AuthorizationResponse, Behaviour, Client, Edits, Endpoint, Issuer, IssuerSettings, MockIdp, PERSONA_COOKIE,
    Persona, Received, ReceivedFilter, Recipe, SCENARIO_COOKIE, ScenarioEntry, Scope, Times, Trigger,
};
use reference::{Defect, Reference, Settings};
use serde_json::Value;
use url::Url;

use crate::browser::{Browser, Page};
use crate::downstream::Downstream;

const SCENARIO: &str = "0123456789abcdef";

pub struct House {
    pub issuer: Issuer,
    pub reference: Reference,
    /// Stands in for metadata and search.
    pub downstream: Downstream,
    _idp: MockIdp,
}

impl House {
    /// Correct services.
    pub async fn start() -> Self {
        Self::with(&[], |issuer| issuer).await
    }

    pub async fn planted(defect: Defect) -> Self {
        Self::with(&[defect], |issuer| issuer).await
    }

    pub async fn with(defects: &[Defect], change: impl Fn(IssuerSettings) -> IssuerSettings) -> Self {
        let idp = MockIdp::builder().issuer(change(IssuerSettings::at_path(""))).start().await.unwrap();
        let issuer = idp.first_issuer();
        let downstream = Downstream::start().await;
        let mut settings = Settings::new(issuer.url(), "web", Some("s3cret & more".into()));
        settings.metadata_url = Some(downstream.url.clone());
        settings.search_url = Some(downstream.url.clone());
        settings.defects = defects.iter().copied().collect();
        let reference = Reference::start(settings).await.unwrap();
        let frontend = reference.frontend_url().as_str();
        issuer.add_client(
            Client::confidential("web", "s3cret & more")
                .redirect_uri(&format!("{frontend}callback"))
                .post_logout_redirect_uri(frontend),
        );
        let house = Self { issuer, reference, downstream, _idp: idp };
        house.invite(["alice", "bob", "mallory"].map(persona).into());
        house
    }

    /// Makes these people known to the provider, in place of those before.
    pub fn invite(&self, personas: Vec<Persona>) {
        self.issuer.enter_scenario(ScenarioEntry { id: SCENARIO.into(), personas });
    }

    pub fn url(&self, path: &str) -> Url {
        self.reference.frontend_url().join(path).unwrap()
    }

    /// A browser that the provider knows as that person's.
    pub fn browser(&self, name: &str) -> Browser {
        let mut browser = Browser::new();
        let idp = self.issuer.authorization_endpoint();
        browser.set_cookie(&idp, SCENARIO_COOKIE, SCENARIO);
        browser.set_cookie(&idp, PERSONA_COOKIE, name);
        browser
    }

    /// Logs in and returns the browser, whoever is signed in then.
    pub async fn log_in(&self, name: &str) -> Browser {
        let mut browser = self.browser(name);
        browser.follow(&self.url("/login"), |_| false).await;
        browser
    }

    /// Goes on to the callback's URL, and does not open it.
    pub async fn up_to_callback(&self, browser: &mut Browser) -> Url {
        let callback = self.url("/callback");
        let page = browser.follow(&self.url("/login"), |to| to.path() == callback.path()).await;
        page.location().expect("the provider answers with a redirect to the callback")
    }

    /// The subject that `/api/me` tells.
    pub async fn who(&self, browser: &mut Browser) -> Option<String> {
        let page = browser.get(&self.url("/api/me")).await;
        (page.status == 200).then(|| page.json()["sub"].as_str().unwrap_or_default().to_owned())
    }

    pub async fn me(&self, browser: &mut Browser) -> Page {
        browser.get(&self.url("/api/me")).await
    }

    /// Has the provider do otherwise, once.
    pub fn order(&self, on: impl Into<Trigger>, action: Action) {
        self.issuer.behave(Behaviour {
            scope: Scope::Scenario(SCENARIO.into()),
            on: on.into(),
            times: Times::Once,
            action,
        });
    }

    /// The next id_token has these claims otherwise.
    pub fn order_claims(&self, claims: Value) {
        let Value::Object(set) = claims else { panic!("claims are an object") };
        let recipe = Recipe { claims: Edits { set, ..Edits::default() }, ..Recipe::default() };
        self.order(Endpoint::Token, Action::IdToken(recipe));
    }

    pub fn order_authorization(&self, response: AuthorizationResponse) {
        self.order(Endpoint::Authorization, Action::Authorization(response));
    }

    pub fn received(&self, endpoint: Endpoint) -> Vec<Received> {
        self.issuer.received(&ReceivedFilter { endpoint: Some(endpoint), ..ReceivedFilter::default() })
    }
}

/// A persona whose subject ends in the scenario's name, as the subjects of a run do.
pub fn persona(name: &str) -> Persona {
    Persona { sub: format!("sub-{name}-{SCENARIO}"), ..Persona::named(name) }
}

pub fn sub(name: &str) -> Option<String> {
    Some(persona(name).sub)
}
