//! A resource server on its own, for a listener and a life of the caller's choosing.

use axum::Router;

use crate::provider::Provider;
use crate::settings::{Settings, StartError};
use crate::{backchannel, metadata, search};

/// The metadata service, which validates access tokens itself.
///
/// # Errors
/// The HTTP client cannot be set up.
pub fn metadata_service(settings: &Settings) -> Result<Router, StartError> {
    let http = backchannel::client(settings.timeout)?;
    Ok(metadata::router(settings, &Provider::new(&settings.issuer, http.clone()), &http))
}

/// The search service, which has the provider validate access tokens.
///
/// # Errors
/// The HTTP client cannot be set up.
pub fn search_service(settings: &Settings) -> Result<Router, StartError> {
    let http = backchannel::client(settings.timeout)?;
    Ok(search::router(settings, &Provider::new(&settings.issuer, http.clone()), &http))
}
