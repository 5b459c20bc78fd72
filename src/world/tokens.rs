//! What the provider received and gave out in a login, and what of it may never be seen or used.

use mock_idp::Received;

use super::Stage;
use super::login::ask;
use crate::browser::Outgoing;
use crate::judge::Hidden;
use crate::judge::parameter;

impl Stage {
    /// What the provider received in the last login and since.
    ///
    /// # Errors
    /// No step has logged anybody in.
    pub fn received_in_login(&self) -> Result<Vec<Received>, String> {
        self.last_attempt()?;
        Ok(self.idp_received_since(self.aside.since))
    }

    /// The code that came to the callback of the last login.
    pub fn code_of_login(&self) -> Option<String> {
        self.aside.callback.as_ref().and_then(|callback| parameter(callback, "code"))
    }

    /// What the provider received since the last logout began.
    ///
    /// # Errors
    /// No step has logged anybody out.
    pub fn received_since_logout(&self) -> Result<Vec<Received>, String> {
        let none = "no step before this one has logged anybody out";
        let since = self.undecided(self.aside.logout_since.ok_or_else(|| none.into()))?;
        Ok(self.idp_received_since(since))
    }

    /// Every token of this scenario's logins.
    pub fn hidden_tokens(&self) -> Vec<Hidden> {
        let issued = self.issued_tokens().into_iter();
        issued.map(|issued| Hidden { what: format!("the {:?}", issued.kind), text: issued.token }).collect()
    }

    /// Every token of this scenario's logins, the verifiers, and the client's secret.
    ///
    /// # Errors
    /// The target has no such service.
    pub fn hidden_secrets(&self, service: &str) -> Result<Vec<Hidden>, String> {
        let mut hidden = self.hidden_tokens();
        let received = self.idp_received_since(0);
        let verifiers = received.iter().filter_map(|received| received.param("code_verifier"));
        hidden.extend(verifiers.map(|text| Hidden { what: "a code_verifier".into(), text: text.into() }));
        let service = self.service(service)?;
        let client = service.client.as_ref().and_then(|id| self.target.find_client(id));
        if let Some(secret) = client.and_then(|client| client.secret.as_ref()) {
            hidden.push(Hidden { what: "the client secret".into(), text: secret.reveal().clone() });
        }
        Ok(hidden)
    }

    /// The tokens of the last login; then gives the service every occasion to use them, and tells who received one.
    ///
    /// # Errors
    /// No step has logged anybody in.
    pub async fn provoke_use(&mut self) -> Result<(Vec<String>, Vec<Received>, Vec<String>), String> {
        let attempt = self.last_attempt()?.clone();
        let service = self.service(&attempt.service)?;
        let issued = self.received_in_login()?.into_iter().flat_map(|received| received.issued);
        let tokens: Vec<String> = issued.map(|issued| issued.token).collect();
        let mut browser = self.person(&attempt.person)?.browser.clone();
        let (_, probed) = ask(&mut browser, &service).await;
        self.seen.extend(probed);
        let (subject, email) =
            (attempt.expected.subject.unwrap_or_default(), attempt.expected.email.unwrap_or_default());
        for call in &service.calls {
            let path = call.path.replace("{sub}", &subject).replace("{email}", &email);
            let exchange = browser.request(Outgoing::new(call.method.clone(), service.path_url(&path))).await;
            self.seen.push(exchange);
        }
        let names = self.target.services.iter().map(|service| service.name.clone());
        let called =
            names.filter(|name| self.lab.find_spy(name).is_some_and(|spy| !spy.received_with(&tokens).is_empty()));
        let called = called.collect();
        Ok((tokens, self.received_in_login()?, called))
    }
}
