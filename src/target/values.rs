//! Single values of a target: what makes a path, a URL, an address good.

use std::net::SocketAddr;

use url::{Host, Url};

use super::rules::MOST_LEEWAY_SECONDS;
use super::{Call, TargetError};

/// Reads the base URL of a service.
pub(super) fn service_url(text: &str) -> Result<Url, TargetError> {
    let wrong = |reason: &str| Err(TargetError::Url { reason: reason.to_owned() });
    let url: Url = match text.parse() {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => return wrong("it has no scheme"),
        Err(error) => return wrong(&error.to_string()),
    };
    check_service_url(&url).map(|()| url)
}

/// A service's URL is an origin and nothing else.
pub(super) fn check_service_url(url: &Url) -> Result<(), TargetError> {
    let wrong = |reason: &str| Err(TargetError::Url { reason: reason.to_owned() });
    match url {
        // `localhost:5000` is read as the scheme `localhost`.
        _ if !matches!(url.scheme(), "http" | "https") => wrong("it begins neither with `http://` nor with `https://`"),
        _ if !url.username().is_empty() || url.password().is_some() => wrong("it has a user name"),
        _ if url.query().is_some() => wrong("it has a query"),
        _ if url.fragment().is_some() => wrong("it has a fragment"),
        _ if url.path() != "/" => wrong("it has a path; paths belong to `health:`, `protected:` and so on"),
        _ if url.port() == Some(0) => wrong("nobody listens on port 0"),
        _ => Ok(()),
    }
}

/// Reads a redirect URI.
pub(super) fn redirect_uri(text: &str) -> Result<Url, TargetError> {
    let url: Url =
        text.parse().map_err(|error: url::ParseError| TargetError::RedirectUri { reason: error.to_string() })?;
    check_redirect_uri(&url).map(|()| url)
}

/// RFC 6749 section 3.1.2: absolute, without a fragment.
pub(super) fn check_redirect_uri(url: &Url) -> Result<(), TargetError> {
    let wrong = |reason: &str| Err(TargetError::RedirectUri { reason: reason.to_owned() });
    match url {
        _ if !matches!(url.scheme(), "http" | "https") => wrong("it begins neither with `http://` nor with `https://`"),
        _ if url.fragment().is_some() => wrong("it has a fragment"),
        _ => Ok(()),
    }
}

/// A path, perhaps with a query, as it goes into a request line.
pub(super) fn check_path(path: &str) -> Result<(), TargetError> {
    let wrong = |reason: &str| Err(TargetError::Path { reason: reason.to_owned() });
    match path {
        "" => wrong("it is empty"),
        _ if path.contains("://") && !path.starts_with('/') => {
            wrong("it is a whole URL; the service's `url:` stands before it")
        }
        _ if !path.starts_with('/') => wrong("it does not begin with `/`"),
        _ if path.starts_with("//") => wrong("with two slashes at its beginning it would name a host"),
        _ if path.contains('#') => wrong("what follows `#` is never sent"),
        _ if path.contains('\\') => wrong("it has a backslash"),
        _ if path.contains(|c: char| c.is_whitespace() || c.is_control()) => wrong("it has a space; write `%20`"),
        _ => Ok(()),
    }
}

/// Reads an address to listen on.
pub(super) fn address(text: &str) -> Result<SocketAddr, TargetError> {
    let wrong = |reason: &str| TargetError::Listen { reason: reason.to_owned() };
    text.parse().map_err(|_| match text.rsplit_once(':') {
        _ if text.contains("://") => wrong("it is a URL"),
        None => wrong("it has no port"),
        Some((_, port)) if port.parse::<u16>().is_err() => wrong("the port is no number from 1 to 65535"),
        Some(_) => wrong("what stands before the port is no IP address"),
    })
}

/// Reads one entry of `resolve:`.
pub(super) fn resolve(host: &str, goes_to: &str) -> Result<(String, SocketAddr), TargetError> {
    let wrong = |reason: &str| TargetError::Resolve { reason: reason.to_owned() };
    let (name, port) = host.rsplit_once(':').ok_or_else(|| wrong("the host has no port"))?;
    if name.is_empty() || name.contains('/') || port.parse::<u16>().is_err() {
        return Err(wrong(&format!("`{host}` is no host with its port")));
    }
    let address = address(goes_to).map_err(|_| wrong(&format!("`{goes_to}` is no address with its port")))?;
    Ok((host.to_lowercase(), address))
}

/// A JSON path of plain members.
pub(super) fn check_json_path(path: &str) -> Result<(), TargetError> {
    let wrong = |reason: &str| Err(TargetError::JsonPath { reason: reason.to_owned() });
    match path.strip_prefix("$.") {
        None => wrong("it does not begin with `$.`"),
        Some(rest) if rest.split('.').any(str::is_empty) => wrong("a member has no name"),
        Some(rest) if rest.contains(['[', ']', '*', ' ']) => {
            wrong("only plain members are followed, no `[ ]` and no `*`")
        }
        Some(_) => Ok(()),
    }
}

/// Reads `GET /path`.
pub(super) fn call(service: &str, through: &str) -> Result<Call, TargetError> {
    let wrong = |reason: &str| TargetError::Request { reason: reason.to_owned() };
    let (method, path) = through.split_once(' ').ok_or_else(|| wrong("the path is missing, or the method"))?;
    let path = path.trim();
    check_method(method)?;
    check_path(path).map_err(|error| match error {
        TargetError::Path { reason } => TargetError::Request { reason },
        other => other,
    })?;
    Ok(Call { service: service.to_owned(), method: method.to_owned(), path: path.to_owned() })
}

/// An HTTP method is spelled in capitals.
pub(super) fn check_method(method: &str) -> Result<(), TargetError> {
    let capitals = !method.is_empty() && method.chars().all(|c| c.is_ascii_uppercase());
    let reason = format!("`{method}` is no method: write it in capitals");
    if capitals { Ok(()) } else { Err(TargetError::Request { reason }) }
}

pub(super) fn leeway_out_of_range(value: &str) -> TargetError {
    TargetError::OutOfRange {
        value: value.to_owned(),
        what: "tolerance in seconds",
        from: 0,
        to: MOST_LEEWAY_SECONDS,
        why: "; with more a service takes tokens that expired long ago",
    }
}

/// Loopback addresses, and the names that never leave the machine (RFC 6761 section 6.3).
pub(super) fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// For messages: `a`, `b`, `c`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => "none".into(),
        _ => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_url_is_an_origin() {
        for good in ["http://127.0.0.1:5000", "https://app.example.test/", "http://[::1]:1"] {
            assert!(service_url(good).is_ok(), "{good}");
        }
        for bad in [
            "localhost:5000",
            "app.example.test",
            "http://",
            "ftp://a",
            "http://a/b",
            "http://a?x",
            "http://u@a",
            "http://a:99999",
            "http://a:0",
            "",
        ] {
            assert!(service_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_begins_with_one_slash() {
        for good in ["/", "/api/me", "/a?b=c&d=/"] {
            assert!(check_path(good).is_ok(), "{good}");
        }
        for bad in ["", "api", "//evil.test", "http://a/b", "/a b", "/a#b", "/a\\b", "/a\n"] {
            assert!(check_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_told_apart_from_what_looks_like_one() {
        assert!(address("127.0.0.1:9400").is_ok() && address("[::1]:9400").is_ok() && address("0.0.0.0:9400").is_ok());
        for bad in ["9400", "localhost:9400", "127.0.0.1", "127.0.0.1:99999", "http://127.0.0.1:9400", ""] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_call_has_a_method_and_a_path() {
        assert!(call("metadata", "GET /api/x?a={sub}").is_ok());
        for bad in ["GET", "/api", "get /api", "GET api", "GET http://a/b", ""] {
            assert!(call("metadata", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_json_path_names_members() {
        assert!(check_json_path("$.user.email").is_ok());
        for bad in ["user.email", "$", "$.", "$.a..b", "$.a[0]", "$.*"] {
            assert!(check_json_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_loopback_is_this_machine() {
        let here = |text: &str| is_on_this_machine(&text.parse().unwrap());

        assert!(here("http://127.1.2.3") && here("http://[::1]") && here("http://app.localhost:1"));
        assert!(!here("http://10.0.0.1") && !here("http://localhost.example.test") && !here("http://notlocalhost"));
    }
}
