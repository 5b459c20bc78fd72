//! What a target makes possible. Scenarios name what they need with `@needs:<capability>`.

use std::collections::BTreeSet;

use super::{BearerSpelling, IdpMode, Service, Target};

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
    /// A login can be started over an existing session: the path that starts it is no page that the session opens.
    Relogin,
}

/// What `target` makes possible, at whichever service.
pub fn capabilities(target: &Target) -> BTreeSet<Capability> {
    let of_idp = (target.idp.mode == IdpMode::Mock).then_some(Capability::IdpControl);
    target.services.iter().flat_map(|service| service_capabilities(target, service)).chain(of_idp).collect()
}

/// What `target` makes possible at one of its services.
pub fn service_capabilities(target: &Target, service: &Service) -> BTreeSet<Capability> {
    let recorded = |name: &str| target.find_service(name).is_some_and(|called| called.spy.is_some());
    let declares = |feature: &str| service.features.iter().any(|declared| declared == feature);
    let reads_jwt = !service.introspects && service.bearer == BearerSpelling::Jwt;
    Capability::ALL
        .into_iter()
        .filter(|capability| match capability {
            Capability::IdpControl => target.idp.mode == IdpMode::Mock,
            Capability::RelyingParty => service.is_relying_party(),
            Capability::ResourceServer => service.is_resource_server(),
            Capability::UserLookup => service.user.is_some(),
            Capability::Health => !service.health.is_empty(),
            Capability::Logout => service.logout.is_some(),
            Capability::Downstream => service.calls.iter().any(|call| recorded(&call.service)),
            Capability::Introspection => service.is_resource_server() && service.introspects,
            Capability::JwtBearer => service.is_resource_server() && reads_jwt,
            Capability::Refresh => declares("refresh"),
            Capability::RpInitiatedLogout => declares("rp-initiated-logout"),
            Capability::Relogin => service.is_relying_party() && starts_a_login_always(service),
        })
        .collect()
}

fn starts_a_login_always(service: &Service) -> bool {
    let page = |login: &str| {
        service.protected.iter().any(|path| path == login)
            || service.user.as_ref().is_some_and(|user| user.path == login)
    };
    service.login.as_ref().is_some_and(|login| !page(login))
}

impl Capability {
    pub const ALL: [Self; 12] = [
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
        Self::Relogin,
    ];

    /// As written behind `@needs:`.
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
            Self::Relogin => "relogin",
        }
    }

    /// The reverse of `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }

    /// Why it is missing, and what in the target file would make it possible.
    pub fn missing_reason(self) -> &'static str {
        match self {
            Self::IdpControl => "the provider is not ours; use `idp: { mode: mock }` to have it issue what is needed",
            Self::RelyingParty => "it is no relying party; add `relying-party` to its `roles:` if it logs people in",
            Self::ResourceServer => {
                "it is no resource server; add `resource-server` to its `roles:` if it takes bearers"
            }
            Self::UserLookup => "it declares no user lookup; add `user: { path: ... }` if it tells who is signed in",
            Self::Health => "it declares no health path; add one below `health:`",
            Self::Logout => "it declares no logout; add `logout:` with the path that ends the session",
            Self::Downstream => "it calls no recorded downstream; add `calls:` to it and `spy:` to the called service",
            Self::Introspection => "it does not introspect; set `introspects: true` if it asks the provider",
            Self::JwtBearer => "it reads no JWT access tokens itself; set `bearer: jwt` if it does",
            Self::Refresh => "it declares no refresh; add `refresh` to its `features:` if it renews access tokens",
            Self::RpInitiatedLogout => {
                "it declares no logout at the provider; add `rp-initiated-logout` to its `features:` if it does that"
            }
            Self::Relogin => {
                "its `login:` is a page that a session opens; name a path that starts a login always, if it has one"
            }
        }
    }
}
