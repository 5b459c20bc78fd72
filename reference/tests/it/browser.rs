//! A browser that keeps cookies by host and port, and goes one step at a time.

use std::collections::{BTreeMap, HashMap};

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, StatusCode};
use url::Url;

/// What a request was answered with.
#[derive(Debug, Clone)]
pub struct Page {
    pub url: Url,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Page {
    pub fn location(&self) -> Option<Url> {
        self.url.join(self.headers.get(LOCATION)?.to_str().ok()?).ok()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub fn set_cookies(&self) -> Vec<String> {
        self.headers.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
    }
}

/// Cookies and a client. A clone has a copy of the cookies.
#[derive(Clone)]
pub struct Browser {
    http: Client,
    cookies: HashMap<String, BTreeMap<String, String>>,
}

impl Browser {
    pub fn new() -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { http, cookies: HashMap::new() }
    }

    pub fn set_cookie(&mut self, at: &Url, name: &str, value: &str) {
        self.cookies.entry(at.authority().into()).or_default().insert(name.into(), value.into());
    }

    pub fn cookie(&self, at: &Url, name: &str) -> Option<String> {
        self.cookies.get(at.authority())?.get(name).cloned()
    }

    pub async fn get(&mut self, url: &Url) -> Page {
        self.send(Method::GET, url, &[]).await
    }

    pub async fn send(&mut self, method: Method, url: &Url, headers: &[(&str, &str)]) -> Page {
        let jar = self.cookies.entry(url.authority().into()).or_default();
        let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method, url.clone()).header("cookie", cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let page = Page { url: url.clone(), status, headers, body: answer.text().await.unwrap() };
        for cookie in page.set_cookies() {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match cookie.contains("Max-Age=0") {
                true => jar.remove(name),
                false => jar.insert(name.into(), value.into()),
            };
        }
        page
    }

    /// Follows redirects until a page comes, or until one leads to a URL that `stop` names.
    pub async fn follow(&mut self, url: &Url, stop: impl Fn(&Url) -> bool) -> Page {
        let mut page = self.get(url).await;
        for _ in 0..10 {
            match page.location() {
                Some(to) if !stop(&to) => page = self.get(&to).await,
                Some(_) | None => return page,
            }
        }
        panic!("too many redirects from {url}");
    }
}

/// The parameter of that name, or nothing.
pub fn param(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// `url` with that parameter changed.
pub fn with_param(url: &Url, name: &str, value: &str) -> Url {
    let mut changed = url.clone();
    let pairs: Vec<_> =
        url.query_pairs().filter(|(key, _)| key != name).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
    changed.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
    changed
}
