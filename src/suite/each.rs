//! `@each:`: what the rows of an examples table are repeated for.

use crate::target::{Capability, Service, Target, service_capabilities};

/// What a table is repeated for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    RelyingParty,
    ResourceServer,
    Service,
    ProtectedPath,
    /// Protected paths of relying parties only.
    RpProtectedPath,
    /// Protected paths of resource servers only.
    RsProtectedPath,
    HealthPath,
    UserLookup,
    /// A declared call to a service whose calls can be recorded.
    Call,
    /// A resource server that asks the introspection endpoint.
    IntrospectingService,
    /// A resource server that reads JWT access tokens itself.
    JwtService,
}

/// One thing of the target: its column names and values.
pub(super) type Item = Vec<(&'static str, String)>;

impl Each {
    pub const ALL: [Self; 11] = [
        Self::RelyingParty,
        Self::ResourceServer,
        Self::Service,
        Self::ProtectedPath,
        Self::RpProtectedPath,
        Self::RsProtectedPath,
        Self::HealthPath,
        Self::UserLookup,
        Self::Call,
        Self::IntrospectingService,
        Self::JwtService,
    ];

    /// As written behind `@each:`.
    pub fn name(self) -> &'static str {
        match self {
            Self::RelyingParty => "relying-party",
            Self::ResourceServer => "resource-server",
            Self::Service => "service",
            Self::ProtectedPath => "protected-path",
            Self::RpProtectedPath => "rp-protected-path",
            Self::RsProtectedPath => "rs-protected-path",
            Self::HealthPath => "health-path",
            Self::UserLookup => "user-lookup",
            Self::Call => "call",
            Self::IntrospectingService => "introspecting-service",
            Self::JwtService => "jwt-service",
        }
    }

    /// The reverse of `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.name() == name)
    }

    /// The columns whose `*` it fills in.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::RelyingParty | Self::ResourceServer | Self::Service | Self::JwtService => &["service"],
            Self::ProtectedPath
            | Self::RpProtectedPath
            | Self::RsProtectedPath
            | Self::HealthPath
            | Self::UserLookup
            | Self::IntrospectingService => &["service", "path"],
            Self::Call => &["service", "downstream", "method", "path"],
        }
    }

    /// What to write into the target file so that there is something to repeat for.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::RelyingParty => "no service is a relying party; add `relying-party` to the `roles:` of one",
            Self::ResourceServer => "no service is a resource server; add `resource-server` to the `roles:` of one",
            Self::Service => "the target has no services; add one below `services:`",
            Self::ProtectedPath => "no service declares a protected path; add one below `protected:`",
            Self::RpProtectedPath => "no relying party declares a protected path; add one below its `protected:`",
            Self::RsProtectedPath => "no resource server declares a protected path; add one below its `protected:`",
            Self::HealthPath => "no service declares a health path; add one below `health:`",
            Self::UserLookup => "no service tells who is signed in; add `user: { path: ... }` to the one that does",
            Self::Call => {
                "no call to a recorded downstream is declared; add `calls:` to the caller and `spy:` to the called service"
            }
            Self::IntrospectingService => {
                "no resource server asks the introspection endpoint; set `introspects: true` on the one that does"
            }
            Self::JwtService => {
                "no resource server reads JWT access tokens itself; set `bearer: jwt` on the one that does"
            }
        }
    }

    /// Everything of the target that it stands for, in the file's order.
    pub(super) fn items(self, target: &Target) -> Vec<Item> {
        target.services.iter().flat_map(|service| self.items_of(target, service)).collect()
    }

    fn items_of(self, target: &Target, service: &Service) -> Vec<Item> {
        let able = |capability| service_capabilities(target, service).contains(&capability);
        let alone = |applies: bool| {
            if applies { vec![vec![("service", service.name.clone())]] } else { Vec::new() }
        };
        let paths = |applies: bool, paths: &[String]| {
            let paths = if applies { paths } else { &[] };
            paths.iter().map(|path| vec![("service", service.name.clone()), ("path", path.clone())]).collect()
        };
        match self {
            Self::RelyingParty => alone(service.is_relying_party()),
            Self::ResourceServer => alone(service.is_resource_server()),
            Self::Service => alone(true),
            Self::IntrospectingService => paths(able(Capability::Introspection), &service.protected),
            Self::JwtService => alone(able(Capability::JwtBearer)),
            Self::ProtectedPath => {
                paths(service.is_relying_party() || service.is_resource_server(), &service.protected)
            }
            Self::RpProtectedPath => paths(service.is_relying_party(), &service.protected),
            Self::RsProtectedPath => paths(service.is_resource_server(), &service.protected),
            Self::HealthPath => paths(true, &service.health),
            Self::UserLookup => paths(true, service.user.as_ref().map(|user| user.path.clone()).as_slice()),
            Self::Call => calls(target, service),
        }
    }
}

fn calls(target: &Target, service: &Service) -> Vec<Item> {
    let recorded = |name: &str| target.find_service(name).is_some_and(|called| called.spy.is_some());
    service
        .calls
        .iter()
        .filter(|call| recorded(&call.service))
        .map(|call| {
            vec![
                ("service", service.name.clone()),
                ("downstream", call.service.clone()),
                ("method", call.method.clone()),
                ("path", call.path.clone()),
            ]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_kind() {
        for each in Each::ALL {
            assert_eq!(Each::from_name(each.name()), Some(each));
        }
    }
}
