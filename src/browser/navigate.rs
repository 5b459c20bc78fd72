//! Follows redirects and self-submitting forms one at a time, each of them an exchange.

use std::collections::HashSet;

use url::Url;

use super::form::{Automatic, automatic};
use super::outgoing::Outgoing;
use super::person::Browser;
use crate::evidence::Exchange;

/// The Fetch standard's limit.
const MOST_REDIRECTS: usize = 20;

/// Where a navigation went.
#[derive(Clone)]
pub struct Trail {
    /// In order; empty only if it was stopped before the first request.
    pub exchanges: Vec<Exchange>,
    pub end: End,
    /// The request that was held back, with its form where it has one; `Browser::navigate_with` sends it.
    pub pending: Option<Outgoing>,
}

/// Why a navigation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// An answer that leads nowhere else.
    Page,
    /// The same request with the same cookies again.
    Loop,
    /// More redirects than a browser follows.
    TooMany,
    /// The next URL is not the target's; nothing was sent to it.
    LeftTarget(Url),
    /// The last exchange has no response.
    Failed,
    /// The caller wanted to stop before this URL.
    Stopped(Url),
}

impl Trail {
    /// The last exchange.
    pub fn last(&self) -> Option<&Exchange> {
        self.exchanges.last()
    }

    /// The page where the navigation arrived; `None` if it ended otherwise.
    pub fn page(&self) -> Option<&Exchange> {
        self.last().filter(|_| self.end == End::Page)
    }
}

impl Browser {
    /// Goes to `url` as if typed into the address bar, and wherever that leads.
    pub async fn navigate(&mut self, url: &Url) -> Trail {
        self.navigate_until(url, |_| false).await
    }

    /// Goes to `url` and on, up to the first URL that `stop` matches; that one is not requested.
    pub async fn navigate_until(&mut self, url: &Url, stop: impl Fn(&Url) -> bool) -> Trail {
        self.navigate_with_until(Outgoing::get(url.clone()), stop).await
    }

    /// Goes on from where `navigate_until` stopped.
    pub async fn continue_from(&mut self, url: &Url) -> Trail {
        self.navigate(url).await
    }

    /// Sends `first` and goes wherever it leads.
    pub async fn navigate_with(&mut self, first: Outgoing) -> Trail {
        self.navigate_with_until(first, |_| false).await
    }

    /// Sends `first` and goes on, up to the first URL that `stop` matches.
    pub async fn navigate_with_until(&mut self, first: Outgoing, stop: impl Fn(&Url) -> bool) -> Trail {
        let mut trail = Trail { exchanges: Vec::new(), end: End::Page, pending: None };
        let mut seen = HashSet::new();
        let mut next = first;
        loop {
            trail.end = if stop(&next.url) {
                End::Stopped(next.url.clone())
            } else if !trail.exchanges.is_empty() && !self.network.allows(&next.url) {
                End::LeftTarget(next.url.clone())
            } else if trail.exchanges.len() > MOST_REDIRECTS {
                End::TooMany
            } else if !seen.insert(self.mark(&next)) {
                End::Loop
            } else {
                End::Page
            };
            if trail.end != End::Page {
                trail.pending = Some(next);
                return trail;
            }
            let exchange = self.request(next.clone()).await;
            let following = follow(next, &exchange);
            if exchange.response.is_err() {
                trail.end = End::Failed;
            }
            trail.exchanges.push(exchange);
            match following {
                Some(request) => next = request,
                None => return trail,
            }
        }
    }

    /// What makes a request the same as an earlier one: a redirect back that sets a cookie first is no loop.
    fn mark(&self, request: &Outgoing) -> (String, String, String, Vec<u8>) {
        let url = request.url.as_str().split('#').next().unwrap_or_default().to_string();
        (request.method.clone(), url, self.cookie_header(request), request.body.clone())
    }
}

/// The request that the answer sends the browser to.
fn follow(request: Outgoing, exchange: &Exchange) -> Option<Outgoing> {
    let status = exchange.status()?;
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return match automatic(exchange)? {
            Automatic::Submit(form) => {
                Some(Outgoing { cross_site: request.cross_site, ..form.submit(&exchange.request.url) })
            }
            Automatic::Refresh(url) => Some(Outgoing { cross_site: request.cross_site, ..Outgoing::get(url) }),
        };
    }
    let mut url = exchange.location()?;
    // A redirect without a fragment keeps the one there is (Fetch 4.4).
    if url.fragment().is_none() {
        url.set_fragment(request.url.fragment());
    }
    let becomes_get = match status {
        301 | 302 => request.method == "POST",
        303 => !matches!(request.method.as_str(), "GET" | "HEAD"),
        _ => false,
    };
    let leaves = url.origin() != request.url.origin();
    let mut next = Outgoing { url, ..request };
    // Cookies are the jar's; a bearer is not carried to another origin.
    next.headers.retain(|(name, _)| {
        let name = name.to_ascii_lowercase();
        let of_body = matches!(name.as_str(), "content-type" | "content-length" | "origin") && becomes_get;
        let of_origin = matches!(name.as_str(), "authorization" | "cookie" | "host") && leaves;
        !of_body && !of_origin
    });
    if becomes_get {
        next.method = "GET".to_string();
        next.body.clear();
    }
    Some(next)
}
