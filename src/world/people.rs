//! The people of a scenario: personas that exist at the provider for this scenario alone, each with a browser.

use mock_idp::Persona;
use serde_json::json;

use super::Stage;
use crate::browser::Browser;
use crate::judge::Identity;

/// The names that steps may use.
const NAMES: [&str; 3] = ["alice", "bob", "mallory"];

/// Somebody with an account at the provider and a browser.
pub struct Person {
    pub persona: Persona,
    pub browser: Browser,
}

impl Person {
    /// Who a service should take this person for.
    pub fn identity(&self) -> Identity {
        let email = self.persona.claims.get("email").and_then(|email| email.as_str());
        Identity { subject: Some(self.persona.sub.clone()), email: email.map(str::to_owned) }
    }
}

impl Stage {
    /// Gives each name a persona with a subject and an e-mail address that no other scenario has.
    pub(super) fn invite_everybody(&mut self) {
        for name in NAMES {
            let persona = persona(name, &self.id);
            let browser = self.new_browser(&persona);
            self.people.insert(name.into(), Person { persona, browser });
        }
        self.announce_people();
    }

    /// Tells the provider the personas as they are now.
    pub fn announce_people(&self) {
        self.lab.enter_scenario(&self.id, self.people.values().map(|person| person.persona.clone()).collect());
    }

    /// The person of that name.
    ///
    /// # Errors
    /// Steps know only alice, bob and mallory.
    pub fn person(&mut self, name: &str) -> Result<&mut Person, String> {
        if !self.people.contains_key(name) {
            return self.undecided(Err(format!("nobody is called `{name}`; there are {}", NAMES.join(", "))));
        }
        Ok(self.people.get_mut(name).expect("looked for just above"))
    }

    /// Gives the person a browser that has never been anywhere, and returns it.
    ///
    /// # Errors
    /// Nobody has that name.
    pub fn fresh_browser(&mut self, name: &str) -> Result<&mut Browser, String> {
        let persona = self.person(name)?.persona.clone();
        let browser = self.new_browser(&persona);
        let person = self.person(name)?;
        person.browser = browser;
        Ok(&mut person.browser)
    }

    /// A browser without cookies, which the provider logs in as `persona`.
    pub fn new_browser(&self, persona: &Persona) -> Browser {
        let cookies = vec![
            ("mock_idp_scenario".to_owned(), self.id.clone()),
            ("mock_idp_persona".to_owned(), persona.name.clone()),
        ];
        let services = self.target.services.iter().map(|service| (&service.url, service.name.as_str()));
        let idp = self.lab.idp_url(&self.target);
        Browser::new(self.network.clone(), self.record.recorder().clone(), &persona.name, services, &idp, cookies)
    }

    /// Texts that tell this scenario's requests from all others.
    pub fn marks(&self) -> Vec<String> {
        let subjects = self.people.values().map(|person| person.persona.sub.clone());
        subjects.chain(self.issued_tokens().into_iter().map(|issued| issued.token)).collect()
    }
}

fn persona(name: &str, scenario: &str) -> Persona {
    let claims = json!({
        "email": format!("{name}-{scenario}@example.test"),
        "email_verified": true,
        "name": format!("{name} of scenario {scenario}"),
        "preferred_username": format!("{name}-{scenario}"),
    });
    let serde_json::Value::Object(claims) = claims else { unreachable!("an object literal is an object") };
    Persona { name: name.into(), sub: format!("sub-{name}-{scenario}"), claims }
}
