//! A provider and the services, on free ports.

use std::net::SocketAddr;

use mock_idp::{
    Action, Behaviour, Client, Endpoint, Fault, Issuer, IssuerSettings, Mint, MockIdp, Persona, Scope, StatusFault,
    Times, TokenKind,
};
use reference::{Defect, Reference, Settings};
use serde_json::{Value, json};
use url::Url;

use crate::raw::{self, Answer, request};

const CLIENT: &str = "web client";
const SECRET: &str = "s3cret:%&";

/// What runs for one test.
pub struct Services {
    pub issuer: Issuer,
    pub frontend: SocketAddr,
    pub metadata: SocketAddr,
    pub search: SocketAddr,
    _reference: Reference,
    _idp: MockIdp,
}

impl Services {
    pub async fn start(defects: &[Defect]) -> Self {
        let client = Client::confidential(CLIENT, SECRET);
        let idp = MockIdp::builder().issuer(IssuerSettings::at_path("").client(client)).start().await.unwrap();
        let issuer = idp.first_issuer();
        let mut settings = Settings::new(issuer.url(), CLIENT, Some(SECRET.into()));
        settings.defects = defects.iter().copied().collect();
        let reference = Reference::start(settings).await.unwrap();
        Self {
            issuer,
            frontend: address(reference.frontend_url()),
            metadata: address(reference.metadata_url()),
            search: address(reference.search_url()),
            _reference: reference,
            _idp: idp,
        }
    }

    /// An access token of alice's that departs from a valid one by `recipe`.
    pub async fn access_token(&self, recipe: Value) -> String {
        self.mint(Mint { recipe: serde_json::from_value(recipe).unwrap(), ..alice(TokenKind::AccessToken) }).await
    }

    pub async fn valid_token(&self) -> String {
        self.access_token(json!({})).await
    }

    pub async fn id_token(&self) -> String {
        self.mint(alice(TokenKind::IdToken)).await
    }

    /// A valid access token; what the provider is asked about it has the answer `action`.
    pub async fn token_answered_with(&self, scenario: &str, action: Action) -> String {
        self.issuer.behave(Behaviour {
            scope: Scope::Scenario(scenario.into()),
            on: Endpoint::Introspection.into(),
            times: Times::Always,
            action,
        });
        self.mint(Mint { scenario: Some(scenario.into()), ..alice(TokenKind::AccessToken) }).await
    }

    /// From now on every endpoint of the provider that the services ask answers 500.
    pub fn provider_fails(&self) {
        for endpoint in [Endpoint::Discovery, Endpoint::Jwks, Endpoint::Introspection] {
            let fault = StatusFault { status: 500, body: String::new(), content_type: "text/plain".into() };
            self.issuer.behave(Behaviour {
                scope: Scope::Deployment,
                on: endpoint.into(),
                times: Times::Always,
                action: Action::Fault(Fault::Status(fault)),
            });
        }
    }

    async fn mint(&self, mint: Mint) -> String {
        let issuer = self.issuer.clone();
        // The first token waits until the keys are made.
        tokio::task::spawn_blocking(move || issuer.mint(&mint).unwrap()).await.unwrap()
    }

    /// GET with this Authorization header.
    pub async fn get(&self, at: SocketAddr, target: &str, authorization: &str) -> Answer {
        raw::send(at, &request("GET", target, &[&format!("Authorization: {authorization}")])).await
    }
}

fn alice(kind: TokenKind) -> Mint {
    Mint::new(kind, CLIENT, Persona::named("alice"))
}

fn address(url: &Url) -> SocketAddr {
    let addresses = url.socket_addrs(|| None).unwrap();
    addresses[0]
}
