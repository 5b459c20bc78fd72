//! A request as bytes. URL libraries tidy `/health/../admin` away before it leaves the machine; this writes it.

use url::Url;

use crate::evidence::Method;

/// A request written exactly as given.
#[derive(Clone)]
pub struct RawRequest {
    pub method: String,
    /// The request target, byte for byte.
    pub target: Vec<u8>,
    /// Header lines in this order and spelling.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub dialect: Dialect,
}

/// Which HTTP is spoken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dialect {
    #[default]
    Http11,
    /// HTTP/1.0 without a `Host` line, as old probes speak it (RFC 1945 knows no such line).
    Http10WithoutHost,
}

impl RawRequest {
    /// A request with that method and target.
    pub fn new(method: impl Into<String>, target: impl Into<Vec<u8>>) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
            dialect: Dialect::default(),
        }
    }

    /// A GET of that target.
    pub fn get(target: impl Into<Vec<u8>>) -> Self {
        Self::new(Method::GET.as_str(), target)
    }

    /// Adds a header line behind those there are.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Speaks another HTTP than 1.1.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Adds the lines without which a server could not answer or an operator not find us, unless they are given:
    /// `Host` in front, the rest behind.
    pub(super) fn complete(mut self, base: &Url, user_agent: &str, traceparent: &str) -> Self {
        let given: Vec<String> = self.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        let missing = |name: &str| !given.iter().any(|given| given == name);
        if missing("host") && self.dialect == Dialect::Http11 {
            let host = base.host_str().unwrap_or_default();
            let host = base.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"));
            self.headers.insert(0, ("Host".into(), host.into_bytes()));
        }
        let mut add = |name: &str, value: &str| self.headers.push((name.into(), value.into()));
        if missing("user-agent") {
            add("User-Agent", user_agent);
        }
        if missing("traceparent") {
            add("traceparent", traceparent);
        }
        if missing("connection") {
            add("Connection", "close");
        }
        let needs_length = !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH");
        if needs_length && missing("content-length") && missing("transfer-encoding") {
            add("Content-Length", &self.body.len().to_string());
        }
        self
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256 + self.target.len() + self.body.len());
        bytes.extend_from_slice(self.method.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(&self.target);
        bytes.extend_from_slice(match self.dialect {
            Dialect::Http11 => b" HTTP/1.1\r\n",
            Dialect::Http10WithoutHost => b" HTTP/1.0\r\n",
        });
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_1_0_goes_out_without_a_host_line() {
        let base = "http://a.test:81/".parse().unwrap();
        let request = RawRequest::get("/healthcheck").dialect(Dialect::Http10WithoutHost);

        let bytes = request.complete(&base, "ua", "tp").to_bytes();

        let expected = "GET /healthcheck HTTP/1.0\r\nUser-Agent: ua\r\ntraceparent: tp\r\nConnection: close\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
    }

    #[test]
    fn http_1_1_has_the_host_line_in_front() {
        let base = "http://a.test:81/".parse().unwrap();

        let bytes = RawRequest::get("/x#y").complete(&base, "ua", "tp").to_bytes();

        assert!(bytes.starts_with(b"GET /x#y HTTP/1.1\r\nHost: a.test:81\r\n"), "{}", bytes.escape_ascii());
    }
}
