//! One cookie: from a `Set-Cookie` line to what a browser keeps of it, or the reason why it keeps nothing.

use time::{Duration, OffsetDateTime};
use url::{Host, Url};

use super::cookie_date::parse_cookie_date;
use super::dial::is_loopback;

/// RFC 6265bis 5.6: longer ones are ignored.
const NAME_AND_VALUE_LIMIT: usize = 4096;
const ATTRIBUTE_LIMIT: usize = 1024;
/// RFC 6265bis 5.5: no cookie lives longer.
const LONGEST_LIFE: Duration = Duration::days(400);

/// When a cookie goes along with requests that another site caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    Strict,
    Lax,
    None,
}

/// A cookie as a browser keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    pub name: String,
    pub value: String,
    /// The host that set it, or the `Domain` it gave.
    pub host: String,
    /// Goes to exactly that host: there was no `Domain`.
    pub host_only: bool,
    /// Not of the specification: see `Jar`.
    pub port: u16,
    pub path: String,
    pub secure: bool,
    pub http_only: bool,
    /// As given; `None` where it was not given or not understood.
    pub same_site: Option<SameSite>,
    /// `Max-Age` in seconds, as given.
    pub max_age: Option<i64>,
    /// When it ends; `None` for a session cookie.
    pub expires: Option<OffsetDateTime>,
    /// The line it came from.
    pub raw: String,
}

/// Why a browser does not keep a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CookieRefusal {
    #[error("it has neither name nor value")]
    Empty,
    #[error("it contains control characters")]
    ControlCharacter,
    #[error("name and value are longer than 4096 bytes")]
    TooLong,
    #[error("its Domain is not the host's")]
    ForeignDomain,
    #[error("it is Secure and came over plain HTTP")]
    SecureOverHttp,
    #[error("it would replace a Secure cookie from plain HTTP")]
    WouldReplaceSecure,
    #[error("SameSite=None needs Secure")]
    SameSiteNoneNotSecure,
    #[error("its `__Secure-` name needs Secure")]
    SecurePrefix,
    #[error("its `__Host-` name needs Secure, Path=/ and no Domain")]
    HostPrefix,
    #[error("the URL has no host")]
    NoHost,
}

/// Reads one `Set-Cookie` value that came from `url`.
pub(super) fn parse_set_cookie(url: &Url, raw: &str, now: OffsetDateTime) -> Result<Cookie, CookieRefusal> {
    if raw.bytes().any(|byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f) {
        return Err(CookieRefusal::ControlCharacter);
    }
    let host = url.host_str().ok_or(CookieRefusal::NoHost)?.to_ascii_lowercase();
    let mut parts = raw.split(';');
    let pair = parts.next().unwrap_or_default();
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let (name, value) = (trim(name).to_string(), trim(value).to_string());
    if name.is_empty() && value.is_empty() {
        return Err(CookieRefusal::Empty);
    }
    if name.len() + value.len() > NAME_AND_VALUE_LIMIT {
        return Err(CookieRefusal::TooLong);
    }
    let mut cookie = Cookie {
        name,
        value,
        host: host.clone(),
        host_only: true,
        port: url.port_or_known_default().unwrap_or_default(),
        path: default_path(url),
        secure: false,
        http_only: false,
        same_site: None,
        max_age: None,
        expires: None,
        raw: raw.to_string(),
    };
    let attributes = Attributes::read(parts);
    attributes.apply(&mut cookie, url, &host, now)?;
    check_prefixes(&cookie, attributes.path.as_deref() == Some("/"))?;
    Ok(cookie)
}

/// Whether cookies marked `Secure` may travel: TLS, or loopback, which browsers trust as much.
pub(super) fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

/// RFC 6265bis 5.1.3.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain || (host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')) && is_name(host))
}

/// RFC 6265bis 5.1.4.
pub(super) fn path_matches(path: &str, cookie_path: &str) -> bool {
    match path.strip_prefix(cookie_path) {
        Some(rest) => rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

/// Attributes as given; of repeated ones the last counts.
#[derive(Default)]
struct Attributes {
    domain: Option<String>,
    path: Option<String>,
    secure: bool,
    http_only: bool,
    same_site: Option<SameSite>,
    max_age: Option<i64>,
    expires: Option<OffsetDateTime>,
}

impl Attributes {
    fn read<'a>(parts: impl Iterator<Item = &'a str>) -> Self {
        let mut given = Self::default();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (trim(name).to_ascii_lowercase(), trim(value));
            if value.len() > ATTRIBUTE_LIMIT {
                continue;
            }
            match name.as_str() {
                "domain" => given.domain = Some(value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase()),
                "path" => given.path = Some(value.to_string()),
                "secure" => given.secure = true,
                "httponly" => given.http_only = true,
                "samesite" => {
                    given.same_site = match value.to_ascii_lowercase().as_str() {
                        "strict" => Some(SameSite::Strict),
                        "lax" => Some(SameSite::Lax),
                        "none" => Some(SameSite::None),
                        _ => None,
                    }
                }
                "max-age" => given.max_age = parse_max_age(value).or(given.max_age),
                "expires" => given.expires = parse_cookie_date(value).or(given.expires),
                _ => {}
            }
        }
        given
    }

    fn apply(&self, cookie: &mut Cookie, url: &Url, host: &str, now: OffsetDateTime) -> Result<(), CookieRefusal> {
        if let Some(domain) = self.domain.as_deref().filter(|domain| !domain.is_empty()) {
            // Without a list of public suffixes: a bare `test` or `com` is one, unless it is the host itself.
            let too_wide = !domain.contains('.') && domain != host;
            if too_wide || !domain_matches(host, domain) {
                return Err(CookieRefusal::ForeignDomain);
            }
            cookie.host = domain.to_string();
            cookie.host_only = false;
        }
        if let Some(path) = self.path.as_deref().filter(|path| path.starts_with('/')) {
            cookie.path = path.to_string();
        }
        if self.secure && !is_trustworthy(url) {
            return Err(CookieRefusal::SecureOverHttp);
        }
        if self.same_site == Some(SameSite::None) && !self.secure {
            return Err(CookieRefusal::SameSiteNoneNotSecure);
        }
        cookie.secure = self.secure;
        cookie.http_only = self.http_only;
        cookie.same_site = self.same_site;
        cookie.max_age = self.max_age;
        cookie.expires = match self.max_age {
            Some(seconds) if seconds <= 0 => Some(OffsetDateTime::UNIX_EPOCH),
            Some(seconds) => Some(now + Duration::seconds(seconds).min(LONGEST_LIFE)),
            None => self.expires.map(|moment| moment.min(now + LONGEST_LIFE)),
        };
        Ok(())
    }
}

fn check_prefixes(cookie: &Cookie, path_is_root: bool) -> Result<(), CookieRefusal> {
    // Without a name the value stands where the name would, so it is held to the same rule (RFC 6265bis 5.7, 20-22).
    let shown = if cookie.name.is_empty() { &cookie.value } else { &cookie.name };
    let begins = |prefix: &str| shown.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
    if begins("__Secure-") && (!cookie.secure || cookie.name.is_empty()) {
        return Err(CookieRefusal::SecurePrefix);
    }
    if begins("__Host-") && !(cookie.secure && cookie.host_only && path_is_root && !cookie.name.is_empty()) {
        return Err(CookieRefusal::HostPrefix);
    }
    Ok(())
}

fn parse_max_age(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let overflow = if value.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(value.parse().unwrap_or(overflow))
}

fn default_path(url: &Url) -> String {
    let path = url.path();
    match path.rfind('/') {
        Some(at) if at > 0 && path.starts_with('/') => path[..at].to_string(),
        _ => "/".to_string(),
    }
}

fn is_name(host: &str) -> bool {
    matches!(Host::parse(host), Ok(Host::Domain(_)))
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}
