//! What a target makes possible. Scenarios name what they need with `@needs:<capability>`.

use super::{IdpMode, Target};

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
