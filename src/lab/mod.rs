//! What we start on loopback: the mock IdP, the reference services, recording stand-ins for downstream services.

mod embedded;
mod error;
mod idp;
mod spy;

use mock_idp::Issuer;
use mock_idp::MockIdp;
use reference::Reference;
use url::Url;

use crate::browser::NetworkSettings;
use crate::browser::authority;
use crate::target::IdpMode;
use crate::target::Target;

pub use error::LabError;
pub use spy::SpiedRequest;
pub use spy::Spy;
pub use spy::SpyBehaviour;
pub use spy::SpyReply;

/// Everything that was started for a target.
pub struct Lab {
    /// `None` where the target's provider is not ours.
    idp: Option<Idp>,
    reference: Option<Reference>,
    spies: Vec<Spy>,
    /// An origin that nobody has a reason to talk to: what arrives here was carried away.
    elsewhere: Spy,
}

struct Idp {
    server: MockIdp,
    issuer: Issuer,
}

impl Lab {
    /// The stand-in for the service `name`, where its target has one.
    pub fn find_spy(&self, name: &str) -> Option<&Spy> {
        self.spies.iter().find(|spy| spy.name() == name)
    }

    /// The origin that nobody has a reason to talk to.
    pub fn elsewhere(&self) -> &Spy {
        &self.elsewhere
    }

    /// Everything that was started still runs.
    ///
    /// # Errors
    /// What has ended.
    pub fn health(&self) -> Result<(), String> {
        if self.idp.as_ref().is_some_and(|idp| !idp.server.is_alive()) {
            return Err("the mock IdP has ended".into());
        }
        if self.reference.as_ref().is_some_and(|reference| !reference.is_alive()) {
            return Err("a reference service has ended".into());
        }
        Ok(())
    }

    /// Ends everything that was started.
    pub async fn stop(&self) {
        if let Some(reference) = &self.reference {
            reference.stop().await;
        }
        if let Some(idp) = &self.idp {
            idp.server.stop().await;
        }
    }

    /// Where the provider's pages are, as browsers see them.
    pub fn idp_url(&self, target: &Target) -> Url {
        let issuer = target.idp.issuer.as_str().parse().expect("an issuer of a valid target is a URL");
        self.idp.as_ref().map_or(issuer, |idp| idp.issuer.authorization_endpoint())
    }

    /// How browsers reach this target: its hosts and the provider's, nobody else's.
    pub fn network_settings(&self, target: &Target) -> NetworkSettings {
        let services = target.services.iter().map(|service| &service.url);
        let idp = self.idp_url(target);
        let hosts = services.chain([&idp]).filter_map(authority);
        NetworkSettings { allowed: hosts.collect(), resolve: target.resolve.clone(), ..NetworkSettings::default() }
    }
}

/// The lab of a deployment that somebody else runs: our provider, if it is ours, and the stand-ins.
impl Lab {
    /// Starts what `target` asks for.
    ///
    /// # Errors
    /// An address that cannot be bound, a provider that does not start.
    pub async fn for_target(target: &Target) -> Result<Self, LabError> {
        Self::with_idp(target, None).await
    }

    /// Starts what `target` asks for, except the provider if it is running already.
    ///
    /// # Errors
    /// An address that cannot be bound, a provider that does not start.
    pub async fn with_idp(target: &Target, running: Option<MockIdp>) -> Result<Self, LabError> {
        let idp = match (target.idp.mode, running) {
            (IdpMode::Mock, None) => Some(idp::start(target).await?),
            (IdpMode::Mock, Some(server)) => Some(idp::join(server, target)),
            (IdpMode::External, _) => None,
        };
        let mut spies = Vec::new();
        for service in &target.services {
            if let Some(settings) = &service.spy {
                spies.push(Spy::start(&service.name, settings).await?);
            }
        }
        Ok(Self { idp, reference: None, spies, elsewhere: spy::elsewhere().await? })
    }
}
