//! The embedded reference as a target.

use url::Url;

use super::{
    Call, Client, ClientId, Environment, Flavour, Idp, IdpMode, IssuerUrl, Role, Secret, Service, Spy, Target,
    UserLookup,
};

/// Where the reference services of a lab are, and the client that they are.
#[derive(Clone)]
pub struct ReferenceUrls {
    pub issuer: String,
    pub frontend: Url,
    pub metadata: Url,
    pub search: Url,
    pub client_id: String,
    pub client_secret: String,
}

/// The target that the embedded reference is.
///
/// # Panics
/// If the issuer is none; it is told by the provider that runs under it.
pub fn reference(urls: &ReferenceUrls) -> Target {
    let issuer = IssuerUrl::parse(&urls.issuer).expect("a running provider tells a valid issuer");
    let at_frontend = |path: &str| urls.frontend.join(path).expect("a path is joined to a base URL");
    let client = Client {
        id: ClientId(urls.client_id.clone()),
        secret: Some(Secret::new(urls.client_secret.clone())),
        redirect_uris: vec![at_frontend("/callback")],
        post_logout_redirect_uris: vec![at_frontend("/")],
    };
    Target {
        name: "reference".into(),
        preset: None,
        environment: Environment::Local,
        idp: Idp { mode: IdpMode::Mock, issuer, listen: None, flavour: Flavour::Plain },
        clients: vec![client],
        services: vec![frontend(urls), metadata(urls), search(urls)],
        resolve: [].into(),
        embedded: true,
    }
}

fn frontend(urls: &ReferenceUrls) -> Service {
    let call = |service: &str, path: &str| Call { service: service.into(), method: "GET".into(), path: path.into() };
    Service {
        roles: vec![Role::RelyingParty],
        client: Some(ClientId(urls.client_id.clone())),
        login: Some("/login".into()),
        callback: Some("/callback".into()),
        logout: Some("/logout".into()),
        protected: vec!["/api/me".into(), "/api/resources".into(), "/profile".into()],
        user: Some(UserLookup { path: "/api/me".into(), subject: Some("$.sub".into()), email: Some("$.email".into()) }),
        calls: vec![call("metadata", "/api/resources"), call("search", "/api/search?q=authproof")],
        features: vec!["refresh".into(), "rp-initiated-logout".into()],
        ..plain("frontend", &urls.frontend)
    }
}

fn metadata(urls: &ReferenceUrls) -> Service {
    let protected = vec!["/resources".into(), "/user".into()];
    Service { protected, ..resource_server(urls, "metadata", &urls.metadata) }
}

fn search(urls: &ReferenceUrls) -> Service {
    let protected = vec!["/search".into()];
    Service { protected, introspects: true, ..resource_server(urls, "search", &urls.search) }
}

fn resource_server(urls: &ReferenceUrls, name: &str, url: &Url) -> Service {
    // The lab has started the stand-ins already; the declaration tells the suite that there are some.
    let spy = Spy { listen: ([127, 0, 0, 1], 0).into(), answers: vec![] };
    Service {
        roles: vec![Role::ResourceServer],
        audience: Some(urls.client_id.clone()),
        spy: Some(spy),
        ..plain(name, url)
    }
}

fn plain(name: &str, url: &Url) -> Service {
    let roles = vec![];
    let health = vec!["/healthcheck".into()];
    Service { roles, health, leeway_seconds: 60, ..Service::new(name, url.clone(), Role::RelyingParty) }
}

#[cfg(test)]
mod tests {
    use super::super::{Capability, capabilities, rules};
    use super::*;

    #[test]
    fn the_reference_is_a_valid_target_with_every_capability() {
        let url = |port: u16| format!("http://127.0.0.1:{port}").parse::<Url>().unwrap();

        let target = reference(&ReferenceUrls {
            issuer: "http://127.0.0.1:4".into(),
            frontend: url(1),
            metadata: url(2),
            search: url(3),
            client_id: "c".into(),
            client_secret: "s".into(),
        });

        assert_eq!(rules::violations(&target), []);
        assert_eq!(capabilities(&target).len(), Capability::ALL.len());
    }
}
