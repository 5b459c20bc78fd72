//! What a target makes possible. Scenarios name what they need with `@needs:<capability>`.

use super::{IdpMode, Service, Target};

/// Something a scenario may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// The provider is ours: it issues what we ask for, and tells what it received.
    IdpControl,
    /// A service that logs people in.
    RelyingParty,
    /// A service that takes bearer tokens.
    ResourceServer,
    /// A service that tells who is signed in.
    UserLookup,
    /// A path declared open.
    Health,
    /// A path that ends the session.
    Logout,
    /// A recorded downstream: calls on the user's behalf can be read.
    Downstream,
    /// A resource server that asks the introspection endpoint.
    Introspection,
    /// A service that reads JWT access tokens itself.
    JwtBearer,
    /// A relying party that refreshes its access token.
    Refresh,
    /// Logout goes on to the provider's end-session endpoint.
    RpInitiatedLogout,
}

/// What `target` makes possible.
pub fn capabilities(target: &Target) -> std::collections::BTreeSet<Capability> {
    let controlled = target.idp.mode == IdpMode::Mock;
    controlled.then_some(Capability::IdpControl).into_iter().collect()
}

impl Capability {
    pub const ALL: [Self; 11] = [
        Self::IdpControl,
        Self::RelyingParty,
        Self::ResourceServer,
        Self::UserLookup,
        Self::Health,
        Self::Logout,
        Self::Downstream,
        Self::Introspection,
        Self::JwtBearer,
        Self::Refresh,
        Self::RpInitiatedLogout,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::IdpControl => "idp-control",
            Self::RelyingParty => "relying-party",
            Self::ResourceServer => "resource-server",
            Self::UserLookup => "user-lookup",
            Self::Health => "health",
            Self::Logout => "logout",
            Self::Downstream => "downstream",
            Self::Introspection => "introspection",
            Self::JwtBearer => "jwt-bearer",
            Self::Refresh => "refresh",
            Self::RpInitiatedLogout => "rp-initiated-logout",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }

    pub fn missing_reason(self) -> String {
        format!("needs {}", self.name())
    }
}

pub fn service_capabilities(target: &Target, service: &Service) -> std::collections::BTreeSet<Capability> {
    let mut found = capabilities(target);
    if service.logout.is_some() {
        found.insert(Capability::Logout);
    }
    if service.introspects {
        found.insert(Capability::Introspection);
    }
    if service.is_resource_server() && !service.introspects && service.bearer == super::BearerSpelling::Jwt {
        found.insert(Capability::JwtBearer);
    }
    found
}
