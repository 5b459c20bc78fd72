//! `services:`, each by its name.

use serde_json::{Map, Value as Json};

use super::Reader;
use super::section::{Section, one_of};
use crate::target::builder::USUAL_LEEWAY_SECONDS;
use crate::target::tree::{Node, Value};
use crate::target::{BearerSpelling, Call, ClientId, Role, Service, Spy, SpyAnswer, TargetError, UserLookup, values};

const KEYS: [&str; 17] = [
    "url",
    "roles",
    "client",
    "login",
    "callback",
    "logout",
    "health",
    "protected",
    "bearer",
    "audience",
    "scope",
    "introspects",
    "user",
    "calls",
    "spy",
    "features",
    "leeway_seconds",
];

const ROLES: [(&str, Role); 2] = [("relying-party", Role::RelyingParty), ("resource-server", Role::ResourceServer)];

const SPELLINGS: [(&str, BearerSpelling); 3] = [
    ("jwt", BearerSpelling::Jwt),
    ("opaque", BearerSpelling::Opaque),
    ("flaskoidc-json", BearerSpelling::FlaskoidcJson),
];

impl Reader<'_> {
    pub(super) fn services(&mut self, target: &Section<'_>) -> Vec<Service> {
        let Some(all) = self.open_section(target, "services", "`services:`") else { return vec![] };
        let mut services = Vec::new();
        for (name, spot) in all.keys() {
            if !is_name(&name) {
                let error = TargetError::BadName { name: name.clone(), what: "service" };
                self.note_alone(all.at_key(&name), &spot, error);
            }
            services.push(self.service(&all, &name));
        }
        services
    }

    fn service(&mut self, all: &Section<'_>, name: &str) -> Service {
        let nowhere = "http://nowhere.invalid".parse().expect("it is a URL");
        let mut service = Service { roles: vec![], ..Service::new(name, nowhere, Role::RelyingParty) };
        let place = format!("the service `{name}`");
        let Some(section) = self.subsection(all, name, &place, &KEYS) else { return service };
        match section.get("url") {
            Some(_) => service.url = self.parsed(&section, "url", values::service_url).unwrap_or(service.url),
            None => self.missing(&section, "url", "add `url:` with scheme, host and port"),
        }
        service.roles = self.all_parsed(&section, "roles", "a list of roles", |text| one_of("roles", text, &ROLES));
        service.client = self.text(&section, "client").map(ClientId);
        service.login = self.text(&section, "login");
        service.callback = self.text(&section, "callback");
        service.logout = self.text(&section, "logout");
        service.health = self.all_parsed(&section, "health", "a list of paths", text);
        service.protected = self.all_parsed(&section, "protected", "a list of paths", text);
        service.bearer = self.choice(&section, "bearer", &SPELLINGS).unwrap_or(BearerSpelling::Jwt);
        service.audience = self.text(&section, "audience");
        service.scope = self.text(&section, "scope");
        service.introspects = self.flag(&section, "introspects").unwrap_or(false);
        service.features = self.all_parsed(&section, "features", "a list of features", text);
        let leeway = self.number(&section, "leeway_seconds", values::leeway_out_of_range);
        service.leeway_seconds = leeway.unwrap_or(USUAL_LEEWAY_SECONDS);
        service.user = self.user(&section);
        service.calls = self.calls(&section);
        service.spy = self.spy(&section);
        service
    }

    fn user(&mut self, service: &Section<'_>) -> Option<UserLookup> {
        let section = self.subsection(service, "user", "the user lookup", &["path", "subject", "email"])?;
        if section.get("path").is_none() {
            self.missing(&section, "path", "add `path:` with the path that tells who is signed in");
        }
        let mut json_path =
            |key| self.parsed(&section, key, |text| values::check_json_path(text).map(|()| text.to_owned()));
        let (subject, email) = (json_path("subject"), json_path("email"));
        let path = self.text(&section, "path").unwrap_or_else(|| "/".into());
        if section.get("subject").is_none() && section.get("email").is_none() {
            let help = "add `subject:` or `email:` with a JSON path; without one nothing tells people apart";
            self.missing(&section, "subject", help);
        }
        Some(UserLookup { path, subject, email })
    }

    fn calls(&mut self, service: &Section<'_>) -> Vec<Call> {
        let mut calls = Vec::new();
        for (at, item) in self.items(service, "calls", "a list of calls") {
            let Some(section) = self.section(&at, "the call", item, &item.spot, &["service", "through"]) else {
                continue;
            };
            if section.get("service").is_none() {
                self.missing(&section, "service", "add `service:` with the name of the called service");
            }
            if section.get("through").is_none() {
                self.missing(&section, "through", "add `through:` with the request that triggers the call");
            }
            let called = self.text(&section, "service");
            let call =
                self.parsed(&section, "through", |through| values::call(called.as_deref().unwrap_or(""), through));
            calls.extend(call.filter(|call| !call.service.is_empty()));
        }
        calls
    }

    fn spy(&mut self, service: &Section<'_>) -> Option<Spy> {
        let section = self.subsection(service, "spy", "the stand-in", &["listen", "answers"])?;
        if section.get("listen").is_none() {
            self.missing(&section, "listen", "add `listen:` with the address that the calls are sent to");
        }
        let listen = self.parsed(&section, "listen", values::address);
        let mut answers = Vec::new();
        for (at, item) in self.items(&section, "answers", "a list of answers") {
            const KEYS: [&str; 4] = ["method", "path", "status", "json"];
            let Some(answer) = self.section(&at, "the answer", item, &item.spot, &KEYS) else { continue };
            if answer.get("path").is_none() {
                self.missing(&answer, "path", "add `path:`; `*` stands for one segment, `**` for the rest");
            }
            let method = self.parsed(&answer, "method", |text| values::check_method(text).map(|()| text.to_owned()));
            let path = self.parsed(&answer, "path", |text| values::check_path(text).map(|()| text.to_owned()));
            let status = self.number(&answer, "status", status_out_of_range).unwrap_or(200);
            let known = u16::try_from(status).ok().filter(|status| (200..=599).contains(status));
            if let (None, Some(node)) = (known, answer.get("status")) {
                self.note(answer.at_key("status"), &node.spot, status_out_of_range(&status.to_string()));
            }
            let json = answer.get("json").map_or(Json::Null, |node| self.json(&answer.at_key("json"), node));
            answers.push(SpyAnswer {
                method: method.unwrap_or_else(|| "GET".into()),
                path: path.unwrap_or_else(|| "/".into()),
                status: known.unwrap_or(200),
                json,
            });
        }
        Some(Spy { listen: listen?, answers })
    }

    fn json(&mut self, at: &str, node: &Node) -> Json {
        match &node.value {
            Value::Empty | Value::Given(_) => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(number) => Json::Number(number.clone()),
            Value::Text(text) if text.is_empty() => Json::String(String::new()),
            Value::Text(text) => self.filled(at, text, node).map_or(Json::Null, Json::String),
            Value::List(items) => {
                let items = items.iter().enumerate();
                Json::Array(items.map(|(index, item)| self.json(&format!("{at}.{index}"), item)).collect())
            }
            Value::Map(entries) => {
                let members = entries.iter();
                let members =
                    members.map(|(key, value)| (key.text.clone(), self.json(&super::below(at, &key.text), value)));
                Json::Object(members.collect::<Map<_, _>>())
            }
            Value::Tagged(_) => {
                self.wrong_type(at, node, &node.spot, "JSON", "remove the tag");
                Json::Null
            }
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is given where a value can be wrong")]
fn text(text: &str) -> Result<String, TargetError> {
    Ok(text.to_owned())
}

fn status_out_of_range(value: &str) -> TargetError {
    let value = value.to_owned();
    TargetError::OutOfRange { value, what: "HTTP status", from: 200, to: 599, why: "" }
}

/// Names stand in steps and tables, where spaces part words.
pub(in crate::target) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}
