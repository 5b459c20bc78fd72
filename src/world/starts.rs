//! Logins that are only started: what the browser would carry to the provider.

use url::Url;

use super::Stage;
use super::login::is_callback;
use super::login::login_url;
use crate::browser::Browser;
use crate::browser::End;
use crate::browser::RawRequest;
use crate::browser::authority;
use crate::evidence::Exchange;
use crate::judge::HostStart;
use crate::judge::Registered;
use crate::judge::describe;
use crate::target::Service;

/// A service may go through its own login path first.
const MOST_HOPS: usize = 4;

impl Stage {
    /// Starts a login with a fresh browser of `person` and keeps the authorization request, which is not sent.
    ///
    /// # Errors
    /// The browser was never sent to the provider; it is the scenario's verdict.
    pub async fn start_login(&mut self, person: &str, service: &str) -> Result<(), String> {
        let service = self.service(service)?;
        let mut browser = self.fresh_browser(person)?.clone();
        let request = self.authorization_request(&mut browser, &service).await?;
        self.person(person)?.browser = browser;
        self.aside.requests.push(request);
        self.aside.started_at = Some(service.name);
        Ok(())
    }

    /// Starts `count` logins: half of them in one browser, each of the others in a fresh one.
    ///
    /// # Errors
    /// A browser was never sent to the provider.
    pub async fn start_logins(&mut self, count: usize, service: &str) -> Result<(), String> {
        let service = self.service(service)?;
        let mut same = self.fresh_browser("alice")?.clone();
        for number in 0..count {
            let mut fresh = same.fork_without_cookies();
            let browser = if number < count / 2 { &mut same } else { &mut fresh };
            let request = self.authorization_request(browser, &service).await?;
            self.aside.requests.push(request);
        }
        Ok(())
    }

    /// Starts a login with a fresh browser of `person`, has the provider log them in, and keeps the callback unopened.
    ///
    /// # Errors
    /// The login does not come to a callback.
    pub async fn stop_before_callback(&mut self, person: &str, service: &str) -> Result<(), String> {
        let service = self.service(service)?;
        let mut browser = self.fresh_browser(person)?.clone();
        let callback = self.pending_callback(&mut browser, &service).await?;
        self.person(person)?.browser = browser;
        self.aside.pending.insert(person.into(), callback);
        Ok(())
    }

    /// Starts a login with `host` as the `Host` header, and follows by hand as far as the provider.
    ///
    /// # Errors
    /// The scenario names a service that the target does not have.
    pub async fn start_with_host(&mut self, service: &str, host: &str) -> Result<(), String> {
        let service = self.service(service)?;
        let host = host.replace("{host}", &authority_of(&service));
        let mut browser = self.fresh_browser("alice")?.clone();
        let mut url = login_url(&service);
        let mut start = HostStart::Other { ended: "more redirects than expected".into() };
        for _ in 0..MOST_HOPS {
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            let request = RawRequest::get(format!("{}{query}", url.path())).header("Host", host.clone());
            let exchange = browser.raw(&service.url, request).await;
            self.seen.push(exchange.clone());
            match self.next_hop(&service, &exchange) {
                Ok(next) => url = next,
                Err(end) => {
                    start = end;
                    break;
                }
            }
        }
        self.aside.host_start = Some((service.name, start));
        Ok(())
    }

    /// The path at the service to ask next, or how the start ended.
    fn next_hop(&self, service: &Service, exchange: &Exchange) -> Result<Url, HostStart> {
        match (exchange.status(), exchange.location()) {
            (Some(_), Some(to)) if self.is_authorization(service, &to) => Err(HostStart::Request(to)),
            // The service may name itself by the foreign host; it is still the service that is asked.
            (Some(_), Some(to)) => Ok(to),
            (Some(status @ 400..=499), None) => Err(HostStart::Refused { status }),
            (Some(_) | None, None) | (None, Some(_)) => Err(HostStart::Other { ended: describe(exchange) }),
        }
    }

    /// The authorization request that a login start leads to.
    ///
    /// # Errors
    /// The browser was never sent to the provider.
    pub(super) async fn authorization_request(
        &mut self,
        browser: &mut Browser,
        service: &Service,
    ) -> Result<Url, String> {
        let trail = browser.navigate_until(&login_url(service), |url| self.is_authorization(service, url)).await;
        let ended = trail.last().map_or_else(|| "nothing was sent".into(), describe);
        self.seen.extend(trail.exchanges);
        self.undecided(match trail.end {
            End::Stopped(url) => Ok(url),
            End::Page | End::Loop | End::TooMany | End::LeftTarget(_) | End::Failed => {
                Err(format!("the login start did not lead to the provider: {ended}"))
            }
        })
    }

    /// The callback that a login leads to, not opened.
    ///
    /// # Errors
    /// The login does not come to a callback.
    pub(super) async fn pending_callback(&mut self, browser: &mut Browser, service: &Service) -> Result<Url, String> {
        let trail = browser.navigate_until(&login_url(service), |url| is_callback(service, url)).await;
        let ended = trail.last().map_or_else(|| "nothing was sent".into(), describe);
        self.seen.extend(trail.exchanges);
        self.undecided(match trail.end {
            End::Stopped(url) => Ok(url),
            End::Page | End::Loop | End::TooMany | End::LeftTarget(_) | End::Failed => {
                Err(format!("the login did not come to a callback: {ended}"))
            }
        })
    }

    /// The URL is an authorization request to the provider.
    pub(super) fn is_authorization(&self, service: &Service, url: &Url) -> bool {
        let idp = self.lab.idp_url(&self.target);
        let at_endpoint = url.origin() == idp.origin() && url.path() == idp.path();
        // Where the provider is not ours its endpoint is not known; the request looks like one.
        let looks_so =
            url.origin() != service.url.origin() && url.query_pairs().any(|(name, _)| name == "response_type");
        at_endpoint || (!self.lab.idp_is_ours() && looks_so)
    }

    /// The client that `service` is registered as.
    ///
    /// # Errors
    /// The target declares none.
    pub fn registered(&self, service: &str) -> Result<Registered, String> {
        let service = self.service(service)?;
        let client = service.client.as_ref().and_then(|id| self.target.find_client(id));
        let client = client.ok_or_else(|| format!("the target declares no client for {}", service.name));
        let client = self.undecided(client)?;
        Ok(Registered {
            client_id: client.id.0.clone(),
            redirect_uris: client.redirect_uris.clone(),
            confidential: client.secret.is_some(),
        })
    }

    /// The last authorization request that was kept, and the client that it should be for.
    ///
    /// # Errors
    /// No step has started a login.
    pub fn last_start(&self) -> Result<(Url, Registered), String> {
        let none = "no step before this one has started a login";
        let kept = self.aside.requests.last().zip(self.aside.started_at.as_ref());
        let (request, service) = self.undecided(kept.ok_or_else(|| none.to_owned()))?;
        Ok((request.clone(), self.registered(service)?))
    }

    /// The login start with a foreign `Host`, and its service.
    ///
    /// # Errors
    /// No step has made one.
    pub fn host_start(&self) -> Result<(String, HostStart), String> {
        let none = "no step before this one has started a login with a Host header";
        self.undecided(self.aside.host_start.clone().ok_or_else(|| none.into()))
    }

    /// The authorization requests that were kept.
    ///
    /// # Errors
    /// No step has started a login.
    pub fn started(&self) -> Result<&[Url], String> {
        match self.aside.requests.is_empty() {
            true => self.undecided(Err("no step before this one has started a login".into())),
            false => Ok(&self.aside.requests),
        }
    }
}

fn authority_of(service: &Service) -> String {
    let host = service.url.host_str().unwrap_or_default();
    match service.url.port() {
        Some(_) => authority(&service.url).unwrap_or_else(|| host.into()),
        None => host.into(),
    }
}
