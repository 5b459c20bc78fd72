//! The embedded reference as a target.

use url::Url;

use super::model::{
    BearerSpelling, Call, Client, ClientId, Environment, Flavour, Idp, IdpMode, IssuerUrl, Role, Secret, Service, Spy,
    Target, UserLookup,
};

/// Where the reference services of a lab are, and the client that they are.
#[derive(Debug, Clone)]
pub struct ReferenceUrls {
    pub issuer: String,
    pub frontend: Url,
    pub metadata: Url,
    pub search: Url,
    pub client_id: String,
    pub client_secret: String,
}

/// The target that the embedded reference is.
pub fn reference(urls: &ReferenceUrls) -> Target {
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
        idp: Idp { mode: IdpMode::Mock, issuer: IssuerUrl(urls.issuer.clone()), listen: None, flavour: Flavour::Plain },
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
        protected: vec!["/api/me".into(), "/api/resources".into()],
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
    Service {
        name: name.into(),
        url: url.clone(),
        roles: vec![],
        client: None,
        login: None,
        callback: None,
        logout: None,
        health: vec!["/healthcheck".into()],
        protected: vec![],
        bearer: BearerSpelling::Jwt,
        audience: None,
        scope: None,
        introspects: false,
        user: None,
        calls: vec![],
        spy: None,
        features: vec![],
        leeway_seconds: 60,
    }
}
