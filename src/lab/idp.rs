//! The mock IdP in a target's service: its settings, and what scenarios ask of it.

use mock_idp::Behaviour;
use mock_idp::BehaviourId;
use mock_idp::Client;
use mock_idp::IssuerSettings;
use mock_idp::Mint;
use mock_idp::MockIdp;
use mock_idp::Persona;
use mock_idp::Received;
use mock_idp::ReceivedFilter;
use mock_idp::RecipeError;
use mock_idp::ScenarioEntry;

use super::Idp;
use super::Lab;
use super::LabError;
use crate::target;
use crate::target::Target;

/// Starts the provider that `target` declares.
pub(super) async fn start(target: &Target) -> Result<Idp, LabError> {
    let settings = target
        .clients
        .iter()
        .fold(IssuerSettings::new(target.idp.issuer.as_str()), |settings, client| settings.client(registered(client)));
    let builder = MockIdp::builder().issuer(settings);
    let builder = match target.idp.listen {
        Some(address) => builder.listen(address),
        None => builder,
    };
    let server = builder.start().await.map_err(|source| LabError::Idp { source })?;
    let issuer = server.first_issuer();
    Ok(Idp { server, issuer })
}

/// Makes the clients of `target` known to a provider that is running already.
pub(super) fn join(server: MockIdp, target: &Target) -> Idp {
    let issuer = server.first_issuer();
    target.clients.iter().for_each(|client| issuer.add_client(registered(client)));
    Idp { server, issuer }
}

/// A client of the target file as the provider registers it.
pub(super) fn registered(client: &target::Client) -> Client {
    let known = match &client.secret {
        Some(secret) => Client::confidential(&client.id.0, secret.reveal()),
        None => Client::public(&client.id.0),
    };
    let known = client.redirect_uris.iter().fold(known, |known, uri| known.redirect_uri(uri.as_str()));
    let after_logout = client.post_logout_redirect_uris.iter();
    after_logout.fold(known, |known, uri| known.post_logout_redirect_uri(uri.as_str()))
}

/// What scenarios ask of the provider. Where it is not ours nothing happens: such scenarios were not selected.
impl Lab {
    /// The provider is ours: what it issues dies with the run.
    pub fn idp_is_ours(&self) -> bool {
        self.idp.is_some()
    }

    /// Makes `personas` known for the scenario, in place of those before.
    pub fn enter_scenario(&self, id: &str, personas: Vec<Persona>) {
        if let Some(idp) = &self.idp {
            idp.issuer.enter_scenario(ScenarioEntry { id: id.into(), personas });
        }
    }

    /// Puts back what the scenario has changed, at the provider and at the stand-ins.
    pub fn leave_scenario(&self, id: &str, marks: &[String]) {
        if let Some(idp) = &self.idp {
            idp.issuer.leave_scenario(id);
        }
        for spy in &self.spies {
            spy.forget(marks);
        }
    }

    /// Orders the provider to do otherwise.
    ///
    /// # Errors
    /// The provider is not ours.
    pub fn behave(&self, behaviour: Behaviour) -> Result<BehaviourId, String> {
        self.idp.as_ref().map(|idp| idp.issuer.behave(behaviour)).ok_or_else(not_ours)
    }

    /// How often that order was carried out.
    pub fn fired(&self, id: BehaviourId) -> u32 {
        self.idp.as_ref().map_or(0, |idp| idp.issuer.fired(id))
    }

    /// Takes an order back.
    pub fn forget(&self, id: BehaviourId) {
        if let Some(idp) = &self.idp {
            idp.issuer.forget(id);
        }
    }

    /// A place in the provider's record: what comes later has a higher number.
    pub fn idp_mark(&self) -> u64 {
        self.idp.as_ref().map_or(0, |idp| idp.issuer.mark())
    }

    /// What the provider received.
    pub fn received(&self, filter: &ReceivedFilter) -> Vec<Received> {
        self.idp.as_ref().map(|idp| idp.issuer.received(filter)).unwrap_or_default()
    }

    /// A token without a login.
    ///
    /// # Errors
    /// The provider is not ours, or the recipe cannot be followed.
    pub fn mint(&self, mint: &Mint) -> Result<String, String> {
        let idp = self.idp.as_ref().ok_or_else(not_ours)?;
        idp.issuer.mint(mint).map_err(|error: RecipeError| error.to_string())
    }
}

fn not_ours() -> String {
    "the provider is not ours, so it cannot be told what to do".into()
}
