//! A cookie jar after RFC 6265bis that keeps attributes for the judges. It departs in one point: cookies belong to
//! host *and port* (docs/decisions/0002-cookie-jar-per-port.md).

use time::OffsetDateTime;
use url::Url;

use super::cookie::{Cookie, CookieRefusal, SameSite, domain_matches, is_trustworthy, parse_set_cookie, path_matches};

/// The cookies of one browser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Jar {
    /// In order of creation; replacing a cookie keeps its place.
    cookies: Vec<Cookie>,
}

/// How a request came about, as far as `SameSite` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    SameSite,
    /// A navigation that another site caused, with a method that only reads.
    CrossSiteRead,
    /// Another site's form.
    CrossSiteWrite,
}

impl Jar {
    /// The live cookies that this host and port can get, whatever their path, in order of creation.
    pub fn cookies<'a>(&'a self, origin: &'a Url) -> impl Iterator<Item = &'a Cookie> + 'a {
        let now = OffsetDateTime::now_utc();
        self.cookies.iter().filter(move |cookie| belongs(cookie, origin) && is_live(cookie, now))
    }

    /// The first live cookie of that name.
    pub fn find(&self, origin: &Url, name: &str) -> Option<Cookie> {
        self.cookies(origin).find(|cookie| cookie.name == name).cloned()
    }

    /// Stores what a `Set-Cookie` line of that origin says, or tells why a browser would not.
    pub fn set(&mut self, origin: &Url, set_cookie: &str) -> Result<(), CookieRefusal> {
        self.store(origin, set_cookie, OffsetDateTime::now_utc())
    }

    /// A copy to come back to.
    pub fn snapshot(&self) -> Self {
        self.clone()
    }

    /// Back to a snapshot, or over to another browser's cookies.
    pub fn restore(&mut self, snapshot: Self) {
        *self = snapshot;
    }

    /// Drops all cookies.
    pub fn clear(&mut self) {
        self.cookies.clear();
    }

    /// Drops the cookies of that name, of every host.
    pub fn forget(&mut self, name: &str) {
        self.cookies.retain(|cookie| cookie.name != name);
    }

    /// Drops the session cookies, as a browser does when it is closed.
    pub fn close(&mut self) {
        self.cookies.retain(|cookie| cookie.expires.is_some());
    }

    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    pub(super) fn store(&mut self, url: &Url, set_cookie: &str, now: OffsetDateTime) -> Result<(), CookieRefusal> {
        let cookie = parse_set_cookie(url, set_cookie, now)?;
        // RFC 6265bis 5.7 (19): plain HTTP must not push a Secure cookie aside.
        let shadows = |kept: &Cookie| {
            kept.secure
                && kept.name == cookie.name
                && (domain_matches(&kept.host, &cookie.host) || domain_matches(&cookie.host, &kept.host))
                && path_matches(&cookie.path, &kept.path)
        };
        if !cookie.secure && !is_trustworthy(url) && self.cookies.iter().any(shadows) {
            return Err(CookieRefusal::WouldReplaceSecure);
        }
        let same = |kept: &Cookie| {
            (&kept.name, &kept.host, kept.host_only, kept.port, &kept.path)
                == (&cookie.name, &cookie.host, cookie.host_only, cookie.port, &cookie.path)
        };
        let place = self.cookies.iter().position(same);
        match (place, is_live(&cookie, now)) {
            (Some(at), true) => self.cookies[at] = cookie,
            (Some(at), false) => {
                self.cookies.remove(at);
            }
            (None, true) => self.cookies.push(cookie),
            (None, false) => {}
        }
        Ok(())
    }

    /// The pairs to send, longer paths first (RFC 6265bis 5.8.3).
    pub(super) fn pairs(&self, url: &Url, cause: Cause, now: OffsetDateTime) -> Vec<(String, String)> {
        let goes = |cookie: &&Cookie| {
            belongs(cookie, url)
                && is_live(cookie, now)
                && path_matches(url.path(), &cookie.path)
                && (!cookie.secure || is_trustworthy(url))
                && may_go(cookie, cause)
        };
        let mut going: Vec<&Cookie> = self.cookies.iter().filter(goes).collect();
        going.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        going.into_iter().map(|cookie| (cookie.name.clone(), cookie.value.clone())).collect()
    }
}

fn belongs(cookie: &Cookie, url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let right_host = if cookie.host_only { host == cookie.host } else { domain_matches(host, &cookie.host) };
    right_host && url.port_or_known_default() == Some(cookie.port)
}

fn is_live(cookie: &Cookie, now: OffsetDateTime) -> bool {
    cookie.expires.is_none_or(|end| end > now)
}

fn may_go(cookie: &Cookie, cause: Cause) -> bool {
    match (cause, cookie.same_site) {
        (Cause::SameSite, _) | (_, Some(SameSite::None)) => true,
        (_, Some(SameSite::Strict)) => false,
        // Without the attribute browsers do as with Lax.
        (Cause::CrossSiteRead, Some(SameSite::Lax) | None) => true,
        (Cause::CrossSiteWrite, Some(SameSite::Lax) | None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_795_487_192).unwrap()
    }

    fn sent(jar: &Jar, url: &str, cause: Cause) -> String {
        let pairs = jar.pairs(&url.parse().unwrap(), cause, noon());
        pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Set by a URL; then what another URL gets.
    fn round(from: &str, lines: &[&str], to: &str) -> String {
        let mut jar = Jar::default();
        for line in lines {
            // Refusals show in what is sent.
            let _ = jar.store(&from.parse().unwrap(), line, noon());
        }
        sent(&jar, to, Cause::SameSite)
    }

    #[test]
    fn cookies_go_where_the_specification_sends_them() {
        let cases: &[(&str, &[&str], &str, &str)] = &[
            ("https://a.test/", &["a=1"], "https://a.test/x", "a=1"),
            ("https://a.test/", &["a=1"], "https://b.test/", ""),
            ("https://a.test/", &["a=1"], "https://x.a.test/", ""),
            ("https://x.a.test/", &["a=1; Domain=a.test"], "https://y.a.test/", "a=1"),
            ("https://x.a.test/", &["a=1; domain=.A.test"], "https://a.test/", "a=1"),
            ("https://x.a.test/", &["a=1; Domain=b.test"], "https://x.a.test/", ""),
            ("https://x.a.test/", &["a=1; Domain=test"], "https://x.a.test/", ""),
            ("https://a.test/", &["a=1; Domain=x.a.test"], "https://a.test/", ""),
            ("https://xa.test/", &["a=1; Domain=a.test"], "https://xa.test/", ""),
            ("http://127.0.0.1/", &["a=1; Domain=0.0.1"], "http://127.0.0.1/", ""),
            ("http://127.0.0.1/", &["a=1; Domain=127.0.0.1"], "http://127.0.0.1/", "a=1"),
            ("http://127.0.0.1:1000/", &["a=1"], "http://127.0.0.1:2000/", ""),
            ("http://127.0.0.1:1000/", &["a=1"], "http://127.0.0.1:1000/", "a=1"),
            ("https://a.test/", &["a=1; Secure"], "http://a.test:443/", ""),
            ("http://a.test/", &["a=1; Secure"], "http://a.test/", ""),
            ("http://127.0.0.1/", &["a=1; Secure"], "http://127.0.0.1/", "a=1"),
            ("http://localhost/", &["a=1; Secure"], "http://localhost/", "a=1"),
            ("https://a.test/d/e", &["a=1"], "https://a.test/d", "a=1"),
            ("https://a.test/d/e", &["a=1"], "https://a.test/d/x/y", "a=1"),
            ("https://a.test/d/e", &["a=1"], "https://a.test/", ""),
            ("https://a.test/d/e", &["a=1"], "https://a.test/dx", ""),
            ("https://a.test/", &["a=1; Path=/d/"], "https://a.test/d", ""),
            ("https://a.test/", &["a=1; Path=d"], "https://a.test/x", "a=1"),
            ("https://a.test/", &["a=1; Path=/d; Path=/"], "https://a.test/x", "a=1"),
            ("https://a.test/", &["a=1", "b=2; Path=/d"], "https://a.test/d", "b=2; a=1"),
            ("https://a.test/", &["a=1", "b=2", "a=3"], "https://a.test/", "a=3; b=2"),
            ("https://a.test/", &["a=1", "a=; Max-Age=0"], "https://a.test/", ""),
            ("https://a.test/", &["a=1", "a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "https://a.test/", ""),
            ("https://a.test/", &["a=1; Path=/d", "a=2; Path=/; Max-Age=-1"], "https://a.test/d", "a=1"),
            ("https://a.test/", &["a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "https://a.test/", "a=1"),
            ("https://a.test/", &["a=1; Max-Age=99999999999999999999"], "https://a.test/", "a=1"),
            ("https://a.test/", &["a=1; Max-Age=soon"], "https://a.test/", "a=1"),
            ("https://a.test/", &["a=1; SameSite=None"], "https://a.test/", ""),
            ("https://a.test/", &["__Host-a=1; Secure; Path=/"], "https://a.test/", "__Host-a=1"),
            ("https://a.test/", &["__Host-a=1; Secure"], "https://a.test/", ""),
            ("https://a.test/", &["__Host-a=1; Path=/"], "https://a.test/", ""),
            ("https://a.test/", &["__host-a=1; Secure; Path=/; Domain=a.test"], "https://a.test/", ""),
            ("https://a.test/", &["__Secure-a=1; Path=/d; Secure"], "https://a.test/d", "__Secure-a=1"),
            ("https://a.test/", &["__Secure-a=1"], "https://a.test/", ""),
            ("https://a.test/", &["=__Host-a=1; Secure; Path=/"], "https://a.test/", ""),
            ("https://a.test/", &[" a = b=c ; Path=/"], "https://a.test/", "a=b=c"),
            ("https://a.test/", &["a=\"x y\""], "https://a.test/", "a=\"x y\""),
            ("https://a.test/", &["="], "https://a.test/", ""),
            ("https://a.test/", &["a=\u{1}"], "https://a.test/", ""),
        ];
        for (from, lines, to, expected) in cases {
            assert_eq!(round(from, lines, to), *expected, "{lines:?} from {from} to {to}");
        }
    }

    #[test]
    fn same_site_holds_cookies_back_from_other_sites() {
        let mut jar = Jar::default();
        let url = "https://a.test/".parse().unwrap();
        for line in ["s=1; SameSite=Strict", "l=1; SameSite=Lax", "n=1; SameSite=None; Secure", "d=1"] {
            jar.store(&url, line, noon()).unwrap();
        }

        assert_eq!(sent(&jar, "https://a.test/", Cause::SameSite), "s=1; l=1; n=1; d=1");
        assert_eq!(sent(&jar, "https://a.test/", Cause::CrossSiteRead), "l=1; n=1; d=1");
        assert_eq!(sent(&jar, "https://a.test/", Cause::CrossSiteWrite), "n=1");
    }

    #[test]
    fn plain_http_cannot_replace_a_secure_cookie() {
        let mut jar = Jar::default();
        jar.store(&"https://a.test/".parse().unwrap(), "a=1; Secure", noon()).unwrap();

        let refused = jar.store(&"http://a.test/".parse().unwrap(), "a=2", noon());

        assert_eq!(refused, Err(CookieRefusal::WouldReplaceSecure));
    }

    #[test]
    fn attributes_are_kept_for_the_judges() {
        let mut jar = Jar::default();
        let url: Url = "https://a.test/d/e".parse().unwrap();
        jar.set(&url, "a=1; HttpOnly; secure; samesite=LAX; max-age=60").unwrap();

        let cookie = jar.find(&url, "a").unwrap();

        assert!(cookie.http_only && cookie.secure && cookie.host_only);
        assert_eq!((cookie.same_site, cookie.max_age, cookie.path.as_str()), (Some(SameSite::Lax), Some(60), "/d"));
    }

    #[test]
    fn an_expired_cookie_is_gone_and_a_closed_browser_keeps_the_lasting_ones() {
        let mut jar = Jar::default();
        let url: Url = "https://a.test/".parse().unwrap();
        jar.store(&url, "short=1; Max-Age=60", noon()).unwrap();
        jar.store(&url, "session=1", noon()).unwrap();

        assert_eq!(jar.pairs(&url, Cause::SameSite, noon() + time::Duration::seconds(61)).len(), 1);
        jar.close();
        assert_eq!(sent(&jar, "https://a.test/", Cause::SameSite), "short=1");
    }

    #[test]
    fn a_snapshot_brings_forgotten_cookies_back() {
        let mut jar = Jar::default();
        let url: Url = "https://a.test/".parse().unwrap();
        jar.set(&url, "a=1").unwrap();
        let before = jar.snapshot();

        jar.forget("a");
        assert!(jar.is_empty());
        jar.restore(before);

        assert_eq!(jar.find(&url, "a").unwrap().value, "1");
    }
}
