//! Targets made by a program: a test that starts its own service on a free port hands its URLs over like this.
//!
//! ```
//! use authproof::target::{Client, Service, Target, UserLookup};
//!
//! let web = "http://127.0.0.1:8000".parse()?;
//! let target = Target::builder("web")
//!     .issuer("http://127.0.0.1:9400")
//!     .listen(([127, 0, 0, 1], 9400).into())
//!     .client(Client::confidential("web", "known to this test alone"))
//!     .service(
//!         Service::relying_party("web", web)
//!             .login("/login")
//!             .callback("/callback")
//!             .health("/healthz")
//!             .protected("/me")
//!             .user(UserLookup::at("/me").subject("$.sub")),
//!     )
//!     .build()?;
//! assert_eq!(target.clients[0].redirect_uris[0].as_str(), "http://127.0.0.1:8000/callback");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::net::SocketAddr;

use url::Url;

use super::{
    BearerSpelling, Call, Client, ClientId, Environment, Flavour, Idp, IdpMode, IssuerUrl, Role, Secret, Service, Spy,
    SpyAnswer, Target, TargetError, TargetErrors, TargetMistake, UserLookup, rules, values,
};

/// What a service may be off by when it declares nothing, in seconds.
pub(super) const USUAL_LEEWAY_SECONDS: u64 = 120;

/// A target in the making; see [`Target::builder`].
#[derive(Debug, Clone)]
pub struct TargetBuilder {
    name: String,
    environment: Environment,
    issuer: Option<String>,
    listen: Option<SocketAddr>,
    mode: IdpMode,
    flavour: Flavour,
    clients: Vec<Client>,
    services: Vec<Service>,
    resolve: Vec<(String, SocketAddr)>,
}

impl Target {
    /// Starts a target of that name, on this machine, with our mock as its provider.
    ///
    /// ```
    /// # use authproof::target::Target;
    /// let mistakes = Target::builder("empty").build().unwrap_err();
    /// assert!(mistakes.mistakes.len() > 1, "all of them are told at once");
    /// ```
    pub fn builder(name: &str) -> TargetBuilder {
        TargetBuilder {
            name: name.to_owned(),
            environment: Environment::Local,
            issuer: None,
            listen: None,
            mode: IdpMode::Mock,
            flavour: Flavour::Plain,
            clients: vec![],
            services: vec![],
            resolve: vec![],
        }
    }
}

impl TargetBuilder {
    /// The issuer identifier, byte for byte as the services know it.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.issuer = Some(issuer.to_owned());
        self
    }

    /// Where the mock provider listens.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = Some(address);
        self
    }

    /// The provider is somebody else's: no token of its own can be made.
    #[must_use]
    pub fn external(mut self) -> Self {
        self.mode = IdpMode::External;
        self
    }

    #[must_use]
    pub fn flavour(mut self, flavour: Flavour) -> Self {
        self.flavour = flavour;
        self
    }

    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// Adds a client. Without redirect URIs it gets the callbacks of the relying parties that use it.
    #[must_use]
    pub fn client(mut self, client: Client) -> Self {
        self.clients.push(client);
        self
    }

    /// Adds a service.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.services.push(service);
        self
    }

    /// Sends connections for `host:port` to `address`.
    #[must_use]
    pub fn resolve(mut self, host_and_port: &str, address: SocketAddr) -> Self {
        self.resolve.push((host_and_port.to_lowercase(), address));
        self
    }

    /// The target, if everything fits together.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn build(self) -> Result<Target, TargetErrors> {
        let mut mistakes = Vec::new();
        let mut note = |at: &str, error| mistakes.push(TargetMistake { at: at.to_owned(), error, place: None });
        let issuer = match self.issuer.as_deref().map(IssuerUrl::parse) {
            Some(Ok(issuer)) => issuer,
            Some(Err(error)) => {
                note("idp.issuer", error);
                IssuerUrl::nowhere()
            }
            None => {
                let help = "add `.issuer(...)` with the issuer as the services know it".to_owned();
                note("idp", TargetError::MissingKey { key: "issuer".into(), place: "the provider".into(), help });
                IssuerUrl::nowhere()
            }
        };
        for service in &self.services {
            if let Err(error) = values::check_service_url(&service.url) {
                note(&format!("services.{}.url", service.name), error);
            }
        }
        let mut target = Target {
            name: self.name,
            preset: None,
            environment: self.environment,
            idp: Idp { mode: self.mode, issuer, listen: self.listen, flavour: self.flavour },
            clients: self.clients,
            services: self.services,
            resolve: self.resolve.into_iter().collect(),
            embedded: false,
        };
        complete(&mut target);
        for (keys, error) in rules::violations(&target) {
            note(&keys.join("."), error);
        }
        if mistakes.is_empty() { Ok(target) } else { Err(TargetErrors { mistakes, more: 0 }) }
    }
}

/// Fills in what follows from the rest: the only client, and the redirect URIs of a client that declares none.
pub(super) fn complete(target: &mut Target) {
    if let [only] = target.clients.as_slice() {
        let only = only.id.clone();
        for service in target.services.iter_mut().filter(|service| service.is_relying_party()) {
            service.client.get_or_insert_with(|| only.clone());
        }
    }
    for client in &mut target.clients {
        let users = || target.services.iter().filter(|service| service.client.as_ref() == Some(&client.id));
        if client.redirect_uris.is_empty() {
            let callbacks = users().filter_map(|service| service.url.join(service.callback.as_ref()?).ok());
            client.redirect_uris = callbacks.collect();
        }
        if client.post_logout_redirect_uris.is_empty() {
            client.post_logout_redirect_uris = users().filter_map(|service| service.url.join("/").ok()).collect();
        }
    }
}

impl IssuerUrl {
    /// Stands in for one that could not be read, so that the rest can be looked at.
    pub(super) fn nowhere() -> Self {
        Self::parse("https://nowhere.invalid").expect("it is a URL")
    }
}

impl Client {
    /// A client that authenticates with a secret.
    pub fn confidential(id: &str, secret: &str) -> Self {
        Self { secret: Some(Secret::new(secret.to_owned())), ..Self::public(id) }
    }

    /// A client without a secret.
    pub fn public(id: &str) -> Self {
        Self { id: ClientId(id.to_owned()), secret: None, redirect_uris: vec![], post_logout_redirect_uris: vec![] }
    }

    /// Registers a redirect URI.
    #[must_use]
    pub fn redirect_uri(mut self, uri: Url) -> Self {
        self.redirect_uris.push(uri);
        self
    }

    /// Registers where a logout may lead back to.
    #[must_use]
    pub fn post_logout_redirect_uri(mut self, uri: Url) -> Self {
        self.post_logout_redirect_uris.push(uri);
        self
    }
}

impl Service {
    /// A service at `url` that declares nothing but its role.
    pub fn new(name: &str, url: Url, role: Role) -> Self {
        Self {
            name: name.to_owned(),
            url,
            roles: vec![role],
            client: None,
            login: None,
            callback: None,
            logout: None,
            health: vec![],
            protected: vec![],
            bearer: BearerSpelling::Jwt,
            audience: None,
            scope: None,
            introspects: false,
            user: None,
            calls: vec![],
            spy: None,
            features: vec![],
            leeway_seconds: USUAL_LEEWAY_SECONDS,
        }
    }

    /// A service that logs people in.
    pub fn relying_party(name: &str, url: Url) -> Self {
        Self::new(name, url, Role::RelyingParty)
    }

    /// A service that takes bearer tokens.
    pub fn resource_server(name: &str, url: Url) -> Self {
        Self::new(name, url, Role::ResourceServer)
    }

    /// Adds a role.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        if !self.roles.contains(&role) {
            self.roles.push(role);
        }
        self
    }

    /// The client it is registered as; not needed where the target has only one.
    #[must_use]
    pub fn client(mut self, id: &str) -> Self {
        self.client = Some(ClientId(id.to_owned()));
        self
    }

    /// The path that starts a login.
    #[must_use]
    pub fn login(mut self, path: &str) -> Self {
        self.login = Some(path.to_owned());
        self
    }

    /// The path of its redirect URI.
    #[must_use]
    pub fn callback(mut self, path: &str) -> Self {
        self.callback = Some(path.to_owned());
        self
    }

    /// The path that ends the session.
    #[must_use]
    pub fn logout(mut self, path: &str) -> Self {
        self.logout = Some(path.to_owned());
        self
    }

    /// Adds a path that is open without login.
    #[must_use]
    pub fn health(mut self, path: &str) -> Self {
        self.health.push(path.to_owned());
        self
    }

    /// Adds a path that needs a login or a bearer, and answers a GET of a signed-in user with 2xx.
    #[must_use]
    pub fn protected(mut self, path: &str) -> Self {
        self.protected.push(path.to_owned());
        self
    }

    /// How a token is spelled in the header.
    #[must_use]
    pub fn bearer(mut self, spelling: BearerSpelling) -> Self {
        self.bearer = spelling;
        self
    }

    /// The audience it expects in access tokens.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.audience = Some(audience.to_owned());
        self
    }

    /// The scope that access tokens need.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        self.scope = Some(scope.to_owned());
        self
    }

    /// It asks the introspection endpoint instead of reading the token.
    #[must_use]
    pub fn introspects(mut self) -> Self {
        self.introspects = true;
        self
    }

    /// Where it tells who is signed in.
    #[must_use]
    pub fn user(mut self, lookup: UserLookup) -> Self {
        self.user = Some(lookup);
        self
    }

    /// Adds a call that it makes to the service of that name, triggered by a request with this method and path.
    #[must_use]
    pub fn calls(mut self, service: &str, method: &str, path: &str) -> Self {
        self.calls.push(Call { service: service.to_owned(), method: method.to_owned(), path: path.to_owned() });
        self
    }

    /// A stand-in receives the calls meant for this service.
    #[must_use]
    pub fn spy(mut self, spy: Spy) -> Self {
        self.spy = Some(spy);
        self
    }

    /// Declares a feature that no other key declares: `refresh`, `rp-initiated-logout`.
    #[must_use]
    pub fn feature(mut self, feature: &str) -> Self {
        self.features.push(feature.to_owned());
        self
    }

    /// The tolerance for clock differences that it declares, in seconds.
    #[must_use]
    pub fn leeway_seconds(mut self, seconds: u64) -> Self {
        self.leeway_seconds = seconds;
        self
    }
}

impl UserLookup {
    /// A user lookup at this path.
    pub fn at(path: &str) -> Self {
        Self { path: path.to_owned(), subject: None, email: None }
    }

    /// The JSON path of the subject in the answer.
    #[must_use]
    pub fn subject(mut self, path: &str) -> Self {
        self.subject = Some(path.to_owned());
        self
    }

    /// The JSON path of the e-mail address in the answer.
    #[must_use]
    pub fn email(mut self, path: &str) -> Self {
        self.email = Some(path.to_owned());
        self
    }
}

impl Spy {
    /// A stand-in that listens there and answers everything with 404.
    pub fn at(listen: SocketAddr) -> Self {
        Self { listen, answers: vec![] }
    }

    /// Adds an answer; `*` in the path stands for one segment, `**` for the rest.
    #[must_use]
    pub fn answer(mut self, method: &str, path: &str, status: u16, json: serde_json::Value) -> Self {
        self.answers.push(SpyAnswer { method: method.to_owned(), path: path.to_owned(), status, json });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web() -> Service {
        Service::relying_party("web", "http://127.0.0.1:8000".parse().unwrap())
            .login("/login")
            .callback("/cb")
            .protected("/me")
    }

    fn builder() -> TargetBuilder {
        let listen = ([127, 0, 0, 1], 9400).into();
        Target::builder("web").issuer("http://127.0.0.1:9400").listen(listen).client(Client::public("web"))
    }

    fn errors(builder: TargetBuilder) -> Vec<(String, TargetError)> {
        builder.build().unwrap_err().mistakes.into_iter().map(|mistake| (mistake.at, mistake.error)).collect()
    }

    #[test]
    fn the_only_client_serves_every_relying_party() {
        let target = builder().service(web()).build().unwrap();

        assert_eq!(target.services[0].client, Some(ClientId("web".into())));
        assert_eq!(target.clients[0].redirect_uris[0].as_str(), "http://127.0.0.1:8000/cb");
        assert_eq!(target.clients[0].post_logout_redirect_uris[0].as_str(), "http://127.0.0.1:8000/");
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let found =
            errors(Target::builder("t").service(Service { login: None, ..web() }.health("/me").leeway_seconds(900)));

        let places: Vec<&str> = found.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(
            places,
            [
                "idp",
                "idp.listen",
                "services.web.leeway_seconds",
                "services.web.login",
                "clients",
                "services.web.health.0"
            ]
        );
    }

    #[test]
    fn two_listeners_cannot_share_an_address() {
        let spy = Spy::at(([127, 0, 0, 1], 9400).into());

        let found = errors(builder().service(web().spy(spy)));

        assert!(
            matches!(&found[..], [(at, TargetError::AddressTwice { .. })] if at == "services.web.spy.listen"),
            "{found:?}"
        );
    }

    #[test]
    fn the_mock_is_no_provider_for_production() {
        let found = errors(builder().environment(Environment::Production).service(web()));

        assert_eq!(found, [("idp.mode".to_owned(), TargetError::MockInProduction)]);
    }

    #[test]
    fn an_external_provider_on_another_machine_is_reached_by_https() {
        let builder = Target::builder("t").external().issuer("http://idp.test").client(Client::public("web"));

        assert_eq!(errors(builder.service(web())), [("idp.issuer".to_owned(), TargetError::HttpIssuer)]);
    }
}
