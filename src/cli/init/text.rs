//! The words of a new target file.

use crate::target::{Environment, Target};

const HEAD: &str = "\
# What authproof tests. `authproof lint` checks this file, `authproof doctor` the login, `authproof run` all of it.
# ${NAME} stands for a variable of the environment, in any value.
targets:
";

/// A file that builds on a preset: only what is likely to be different stands in it.
pub(super) fn from_preset(name: &str, preset: &str, target: &Target) -> String {
    let mut text = String::from(HEAD);
    let mut line = |indent: usize, words: &str| {
        text.push_str(&format!("{:indent$}{words}\n", ""));
    };
    line(2, &format!("{name}:"));
    line(4, "# What is not written here is as the preset has it; `none` leaves a service or a section of it out.");
    line(4, &format!("preset: {preset}"));
    line(4, "# local, staging or production; production refuses what could disturb it.");
    line(4, &format!("environment: {}", environment(target.environment)));
    line(4, "idp:");
    line(6, "# The services must take this issuer for theirs, byte for byte, and reach it.");
    line(6, &format!("issuer: {}", target.idp.issuer.as_str()));
    if let Some(listen) = target.idp.listen {
        line(6, "# Where our provider listens while the checks run.");
        line(6, &format!("listen: {listen}"));
    }
    line(4, "clients:");
    for client in &target.clients {
        line(6, &format!("- id: {}", client.id.0));
        line(8, "secret: ${CLIENT_SECRET}");
    }
    line(4, "services:");
    for service in &target.services {
        line(6, &format!("{}:", service.name));
        line(8, &format!("url: {}", service.url.as_str().trim_end_matches('/')));
        if let Some(spy) = &service.spy {
            line(8, &format!("# Calls meant for it are recorded at {}, if its callers send them there.", spy.listen));
            line(8, "# Where they cannot, take the next line in: what needs the recording is skipped then.");
            line(8, "# spy: none");
        }
    }
    for lost in left_out(preset, target) {
        line(6, &format!("{lost}: none"));
    }
    text
}

fn left_out(preset: &str, target: &Target) -> Vec<String> {
    let whole = crate::target::from_preset(preset, &crate::target::Overrides::default());
    let names = whole.map(|whole| whole.services.into_iter().map(|service| service.name).collect::<Vec<_>>());
    names.unwrap_or_default().into_iter().filter(|name| target.find_service(name).is_none()).collect()
}

/// A file without a preset: the first service logs people in, the others take bearer tokens.
pub(super) fn from_scratch(name: &str, urls: &[(String, String)]) -> String {
    let usual = [("web".to_owned(), "http://127.0.0.1:8000".to_owned())];
    let urls = if urls.is_empty() { &usual } else { urls };
    let mut text = format!("{HEAD}  {name}:\n{TARGET}");
    for (index, (service, url)) in urls.iter().enumerate() {
        let keys = if index == 0 { RELYING_PARTY } else { RESOURCE_SERVER };
        text.push_str(&format!("      {service}:\n        url: {url}\n{keys}"));
    }
    text
}

fn environment(environment: Environment) -> &'static str {
    match environment {
        Environment::Local => "local",
        Environment::Staging => "staging",
        Environment::Production => "production",
    }
}

const TARGET: &str = r#"    # local, staging or production; production refuses what could disturb it.
    environment: staging
    idp:
      # mock: our own provider, which can issue every token that a real one never would.
      # external: yours as it stands; most checks are skipped then.
      mode: mock
      # The services must take this issuer for theirs, byte for byte, and reach it.
      issuer: http://127.0.0.1:9400
      # Where our provider listens while the checks run.
      listen: 127.0.0.1:9400
      # Endpoint layout and claims: plain, okta, keycloak, entra, google, auth0
      flavour: plain
    clients:
      # What the service is registered as. Its redirect URI is the service's URL and `callback:`.
      - id: web
        secret: ${CLIENT_SECRET}
    services:
"#;

const RELYING_PARTY: &str = r#"        # relying-party: logs people in. resource-server: takes bearer tokens. Some do both.
        roles: [relying-party]
        # The paths that start a login, take its answer, and end the session.
        login: /login
        callback: /callback
        logout: /logout
        # Open without a login. Everything else has to be closed.
        health: [/healthz]
        # Answer a GET of somebody who is signed in with 2xx, and nobody else.
        protected: [/me]
        # Tells who is signed in: the path, and where in its JSON the subject and the e-mail address stand.
        user: { path: /me, subject: $.sub, email: $.email }
        # Calls on the user's behalf to a service below, and the request that causes each.
        # calls: [{ service: api, through: "GET /items" }]
        # Only if it has them: refresh, rp-initiated-logout
        # features: [refresh]
"#;

const RESOURCE_SERVER: &str = r#"        roles: [resource-server]
        health: [/healthz]
        protected: [/items]
        # How a token is spelled behind `Bearer`: jwt, opaque, flaskoidc-json
        bearer: jwt
        # It asks the provider about tokens instead of reading them.
        # introspects: true
        # The audience that it expects in access tokens.
        # audience: api
        # A stand-in that records the calls meant for it, if the caller can be told to send them there.
        # spy: { listen: 127.0.0.1:9402, answers: [{ path: /items, json: [] }] }
"#;
