//! What happened behind the browser's back: the provider's and the stand-ins' own records, as exchanges of the scenario.

use std::time::Duration;

use mock_idp::{Endpoint, Received};

use super::Stage;
use crate::evidence::{Exchange, Headers, Party, Request, Response};
use crate::lab::SpiedRequest;
use crate::target::Service;

impl Stage {
    /// Records what services sent to the provider and to the stand-ins for this scenario.
    pub(super) fn collect_hidden_exchanges(&self) {
        for received in self.idp_received_since(0).iter().filter(|received| is_back_channel(received.endpoint)) {
            self.record.recorder().record(&self.idp_exchange(received));
        }
        let marks = self.marks();
        for service in &self.target.services {
            let Some(spy) = self.lab.find_spy(&service.name) else { continue };
            for spied in spy.received_with(&marks) {
                self.record.recorder().record(&self.spy_exchange(service, &spied));
            }
        }
    }

    fn idp_exchange(&self, received: &Received) -> Exchange {
        let caller = received.client_id.as_ref().and_then(|id| {
            let mut services = self.target.services.iter();
            services.find(|service| service.client.as_ref().is_some_and(|client| &client.0 == id))
        });
        let from = match (received.endpoint, caller) {
            // Whoever introspects is a resource server; it may use the client of the relying party.
            (Endpoint::Introspection, _) => self.target.services.iter().find(|service| service.introspects).or(caller),
            (_, caller) => caller,
        };
        let url = self.lab.idp_url(&self.target);
        let url = url.join(&received.path_and_query).unwrap_or(url);
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&received.params).finish();
        Exchange {
            from: from.map_or(Party::Client, |service| Party::Service(service.name.clone())),
            to: Party::Idp,
            at: received.at,
            took: Duration::ZERO,
            request: Request {
                method: received.method.clone(),
                url,
                target: received.path_and_query.clone(),
                headers: headers(&received.headers),
                body: if received.method == "POST" { form.into_bytes() } else { Vec::new() },
            },
            response: Ok(Response {
                status: received.response_status,
                headers: Headers::default(),
                body: received.response_body.clone().into_bytes(),
                body_cut: false,
            }),
        }
    }

    fn spy_exchange(&self, called: &Service, spied: &SpiedRequest) -> Exchange {
        let mut services = self.target.services.iter();
        let caller = services.find(|service| service.calls.iter().any(|call| call.service == called.name));
        let query = spied.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Exchange {
            from: caller.map_or(Party::Client, |service| Party::Service(service.name.clone())),
            to: Party::Downstream(called.name.clone()),
            at: spied.at,
            took: Duration::ZERO,
            request: Request {
                method: spied.method.clone(),
                url: spied.url.clone(),
                target: format!("{}{query}", spied.url.path()),
                headers: spied.headers.clone(),
                body: spied.body.clone(),
            },
            response: Ok(Response {
                status: spied.status,
                headers: Headers::default(),
                body: Vec::new(),
                body_cut: false,
            }),
        }
    }
}

/// The browser's own requests to the provider are recorded where it sends them.
fn is_back_channel(endpoint: Endpoint) -> bool {
    match endpoint {
        Endpoint::Token | Endpoint::Userinfo | Endpoint::Introspection | Endpoint::Revocation => true,
        Endpoint::Discovery | Endpoint::Jwks | Endpoint::Authorization | Endpoint::EndSession | Endpoint::Other => {
            false
        }
    }
}

fn headers(lines: &[(String, String)]) -> Headers {
    Headers(lines.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect())
}
