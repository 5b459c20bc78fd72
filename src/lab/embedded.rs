//! The lab of the embedded reference: everything on free loopback ports.

use reference::Defects;
use reference::Reference;
use reference::Settings;

use super::Idp;
use super::Lab;
use super::LabError;
use super::spy;
use super::spy::Spy;
use crate::target;
use crate::target::ReferenceUrls;
use crate::target::Target;

const CLIENT_ID: &str = "authproof-reference";

impl Lab {
    /// Starts the reference services with `defects` planted, a provider for them and stand-ins for their downstreams.
    ///
    /// # Errors
    /// Something cannot listen on loopback.
    pub async fn embedded(defects: Defects) -> Result<(Self, Target), LabError> {
        let server = mock_idp::MockIdp::builder()
            .issuer(mock_idp::IssuerSettings::at_path(""))
            .start()
            .await
            .map_err(|source| LabError::Idp { source })?;
        let issuer = server.first_issuer();
        // Known to the provider and the services of this process alone; it guards nothing else.
        let secret = format!("{:032x}", rand::random::<u128>());
        let metadata = Spy::start("metadata", &spy::on_a_free_port("/resources")).await?;
        let search = Spy::start("search", &spy::on_a_free_port("/search")).await?;
        let mut settings = Settings::new(issuer.url(), CLIENT_ID, Some(secret.clone()));
        settings.metadata_url = Some(metadata.url());
        settings.search_url = Some(search.url());
        settings.defects = defects;
        let reference = Reference::start(settings).await.map_err(|source| LabError::Reference { source })?;
        let target = target::reference(&ReferenceUrls {
            issuer: issuer.url().to_owned(),
            frontend: reference.frontend_url().clone(),
            metadata: reference.metadata_url().clone(),
            search: reference.search_url().clone(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: secret,
        });
        for client in &target.clients {
            issuer.add_client(super::idp::registered(client));
        }
        let lab = Self {
            idp: Some(Idp { server, issuer }),
            reference: Some(reference),
            spies: vec![metadata, search],
            elsewhere: spy::elsewhere().await?,
        };
        Ok((lab, target))
    }
}
