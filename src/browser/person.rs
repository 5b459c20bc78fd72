//! One simulated person at a browser.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use url::Url;

use super::client::{parties, party_at};
use super::form::{FormError, pressed};
use super::jar::{Cause, Jar};
use super::network::{Network, authority};
use super::outgoing::Outgoing;
use super::raw::RawRequest;
use crate::evidence::{Exchange, Party, Recorder};

const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A person's browser: a cookie jar of its own, and cookies that go to the IdP alone.
#[derive(Clone)]
pub struct Browser {
    pub(super) network: Network,
    recorder: Recorder,
    persona: String,
    parties: BTreeMap<String, Party>,
    idp: Url,
    idp_cookies: Vec<(String, String)>,
    jar: Jar,
}

impl Browser {
    /// An empty browser. `services` gives names to base URLs; `idp_cookies` go to the IdP's origin and nowhere else.
    pub fn new<'a>(
        network: Network,
        recorder: Recorder,
        persona: impl Into<String>,
        services: impl IntoIterator<Item = (&'a Url, &'a str)>,
        idp: &Url,
        idp_cookies: Vec<(String, String)>,
    ) -> Self {
        let parties = parties(services, Some(idp));
        let idp = idp.clone();
        Self { network, recorder, persona: persona.into(), parties, idp, idp_cookies, jar: Jar::default() }
    }

    /// Sends one GET and follows nothing.
    pub async fn get(&mut self, url: &Url) -> Exchange {
        self.request(Outgoing::get(url.clone())).await
    }

    /// Sends one request with the jar's cookies, keeps the cookies of the answer, follows nothing.
    pub async fn request(&mut self, mut request: Outgoing) -> Exchange {
        request.url.set_fragment(None);
        if !request.has_header("accept") {
            request = request.header("Accept", ACCEPT);
        }
        let cookie = self.cookie_header(&request);
        if !cookie.is_empty() && !request.has_header("cookie") {
            request = request.header("Cookie", cookie);
        }
        let url = request.url.clone();
        self.raw(&url, request.into_raw()).await
    }

    /// Sends one request byte for byte to the host of `base`, without the jar's cookies; keeps those of the answer.
    pub async fn raw(&mut self, base: &Url, request: RawRequest) -> Exchange {
        let from = Party::Browser(self.persona.clone());
        let to = party_at(&self.parties, base);
        let exchange = self.network.send_raw(base, request, from, to, &self.recorder).await;
        if let Ok(response) = &exchange.response {
            let now = OffsetDateTime::now_utc();
            for line in response.headers.all("set-cookie") {
                if let Err(refusal) = self.jar.store(base, line, now) {
                    let name = line.split(['=', ';']).next().unwrap_or_default().trim();
                    let to = authority(base).unwrap_or_default();
                    self.recorder.note(format!("the browser does not keep the cookie `{name}` of {to}: {refusal}"));
                }
            }
        }
        exchange
    }

    /// Presses the button of the form under `css` (the page's first form without it) and follows nothing. `fields`
    /// replace those of the page; its others, the hidden ones too, are sent as they are.
    pub async fn submit_form(
        &mut self,
        page: &Exchange,
        css: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Result<Exchange, FormError> {
        let request = pressed(page, css, fields)?;
        Ok(self.request(request).await)
    }

    /// The request that `submit_form` would send; for `navigate_with`, which follows where it leads.
    pub fn form_request(
        &self,
        page: &Exchange,
        css: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Result<Outgoing, FormError> {
        pressed(page, css, fields)
    }

    /// The cookies.
    pub fn jar(&self) -> &Jar {
        &self.jar
    }

    /// The cookies, to be changed.
    pub fn jar_mut(&mut self) -> &mut Jar {
        &mut self.jar
    }

    /// The same person at a fresh browser. The IdP's scenario cookie stays: it is not the person's.
    pub fn fork_without_cookies(&self) -> Self {
        self.with_jar(Jar::default())
    }

    /// The same person at a browser with these cookies.
    pub fn with_jar(&self, jar: Jar) -> Self {
        Self { jar, ..self.clone() }
    }

    /// Who sits there.
    pub fn persona(&self) -> &str {
        &self.persona
    }

    /// The value of the `Cookie` header that the request will carry.
    pub(super) fn cookie_header(&self, request: &Outgoing) -> String {
        let reads = matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE");
        let cause = match (request.cross_site, reads) {
            (false, _) => Cause::SameSite,
            (true, true) => Cause::CrossSiteRead,
            (true, false) => Cause::CrossSiteWrite,
        };
        let mut pairs = self.jar.pairs(&request.url, cause, OffsetDateTime::now_utc());
        if request.url.origin() == self.idp.origin() {
            pairs.retain(|(name, _)| !self.idp_cookies.iter().any(|(ours, _)| ours == name));
            pairs.extend(self.idp_cookies.iter().cloned());
        }
        let texts =
            pairs.into_iter().map(|(name, value)| if name.is_empty() { value } else { format!("{name}={value}") });
        texts.collect::<Vec<_>>().join("; ")
    }
}
