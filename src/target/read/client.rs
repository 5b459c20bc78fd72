//! `clients:` with their secrets.

use super::section::Section;
use super::{Reader, literal_secret};
use crate::target::tree::{Node, Value};
use crate::target::{Client, ClientId, Environment, Secret, TargetError, secret, values, variable};

impl Reader<'_> {
    pub(super) fn clients(&mut self, target: &Section<'_>, environment: Environment) -> Vec<Client> {
        const KEYS: [&str; 4] = ["id", "secret", "redirect_uris", "post_logout_redirect_uris"];
        let mut clients = Vec::new();
        for (at, item) in self.items(target, "clients", "a list of clients") {
            let Some(section) = self.section(&at, "the client", item, &item.spot, &KEYS) else { continue };
            if section.get("id").is_none() {
                self.missing(&section, "id", "add `id:` with the identifier that it is registered under");
            }
            let id = self.text(&section, "id").unwrap_or_else(|| format!("[unread {}]", clients.len()));
            let secret = section.get("secret").and_then(|node| self.secret(&section, node, environment));
            let mut uris = |key| self.all_parsed(&section, key, "a list of URLs", values::redirect_uri);
            let (redirect_uris, post_logout_redirect_uris) = (uris("redirect_uris"), uris("post_logout_redirect_uris"));
            clients.push(Client { id: ClientId(id), secret, redirect_uris, post_logout_redirect_uris });
        }
        clients
    }

    fn secret(&mut self, client: &Section<'_>, node: &Node, environment: Environment) -> Option<Secret<String>> {
        let at = client.at_key("secret");
        match &node.value {
            Value::Given(secret) => Some(secret.clone()),
            Value::Text(text) => {
                if !variable::has_some(text) && environment != Environment::Local {
                    self.note(at, &node.spot, literal_secret(node.spot.origin));
                    return None;
                }
                self.filled(&at, text, node).map(Secret::new)
            }
            Value::Map(_) => self.fetched(client, node),
            Value::Empty | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Tagged(_) => {
                let help = "write `${NAME}`, `{ file: path }` or `{ command: [program, argument] }`";
                // What kind it is says enough: the value is not repeated.
                let Value::Number(_) = node.value else {
                    self.wrong_type(&at, node, &node.spot, "a secret", help);
                    return None;
                };
                let (key, found) = ("`secret`".to_owned(), "a number".to_owned());
                let (expected, help) = ("a text".to_owned(), "put it into quotes".to_owned());
                self.note(at, &node.spot, TargetError::WrongType { key, found, expected, help });
                None
            }
        }
    }

    /// `{ file: ... }` or `{ command: [...] }`.
    fn fetched(&mut self, client: &Section<'_>, node: &Node) -> Option<Secret<String>> {
        let section = self.subsection(client, "secret", "the secret", &["file", "command"])?;
        let file = self.text(&section, "file");
        let command =
            self.all_parsed(&section, "command", "a list of program and arguments", |word| Ok(word.to_owned()));
        let at = client.at_key("secret");
        let result = match (section.get("file"), section.get("command")) {
            (Some(_), None) => {
                let path = self.folder.join(file?);
                if self.fetch_secrets { secret::from_file(&path) } else { Ok(stand_in()) }
            }
            (None, Some(_)) if self.fetch_secrets => secret::from_command(&command),
            (None, Some(_)) => Ok(stand_in()),
            (Some(_), Some(_)) => Err(TargetError::SecretTwice),
            (None, None) => {
                self.missing(&section, "file", "add `file:` with a path, or `command:` with a list");
                return None;
            }
        };
        result.map_err(|error| self.note(at, &node.spot, error)).ok()
    }
}

/// Where nothing is sent, no secret is needed.
fn stand_in() -> Secret<String> {
    Secret::new("not fetched".into())
}
