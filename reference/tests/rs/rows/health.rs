//! `features/health`.

use std::net::SocketAddr;

use serde_json::json;

use super::{Expect, Row};
use crate::raw::request;
use crate::services::Services;

const OPEN: &str = "/healthcheck";

const ABSENT: [&str; 14] = [
    "/",
    "/api",
    "/metrics",
    "/debug",
    "/docs",
    "/openapi.json",
    "/swagger",
    "/apidocs/",
    "/admin",
    "/actuator/env",
    "/.git/HEAD",
    "/.env",
    "/console",
    "/graphql",
];

const NEAR: [&str; 8] = [
    "{open}x",
    "{open}-admin",
    "{open}{protected}",
    "/x{open}",
    "{protected}?x={open}",
    "{protected}{open}",
    "{protected};{open}",
    "{protected}&{open}",
];

const WAYS_OUT: [&str; 15] = [
    "{open}/..{protected}",
    "{open}/%2e%2e{protected}",
    "{open}/.%2e{protected}",
    "{open}/%2e.{protected}",
    "{open}/..%2f{bare}",
    "{open}%2f..%2f{bare}",
    "{open}/..;{protected}",
    "{open};/..{protected}",
    "{open}/..%5c{bare}",
    r"{open}\..\{bare}",
    "{open}/%252e%252e{protected}",
    "{open}/..%252f{bare}",
    "{open}/%c0%ae%c0%ae{protected}",
    "{open}//..{protected}",
    "{open}/./..{protected}",
];

const DECORATED: [&str; 31] = [
    "/{protected}",
    "//{protected}",
    "/.{protected}",
    "/./{protected}",
    "{protected}/",
    "{protected}//",
    "{protected}/.",
    "{protected};",
    "{protected};x={open}",
    "{protected}%3b",
    "{protected}%3bx",
    "{protected}%20",
    "{protected}%09",
    "{protected}%0a",
    "{protected}%0d%0a",
    "{protected}%00",
    "{protected}%23",
    "{protected}%23{open}",
    "{protected}#{open}",
    "{protected}?{open}",
    "{protected}%3f",
    "{protected}%3f{open}",
    "{protected}/..;{open}",
    "{protected}.json",
    "{protected}.css",
    "{protected}.html",
    "{upper}",
    "{first-encoded}",
    "{all-encoded}",
    "{double-encoded}",
    r"{protected}\",
];

const PATH_HEADERS: [&str; 9] = [
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Original-URI",
    "X-Forwarded-Uri",
    "X-Forwarded-Path",
    "X-Forwarded-Prefix",
    "X-Envoy-Original-Path",
    "X-Auth-Request-Redirect",
    "X-Replaced-Path",
];

const TRUST_HEADERS: [&str; 12] = [
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-For: 10.0.0.1",
    "X-Forwarded-For: ::1",
    "X-Forwarded-For: garbage",
    "X-Real-IP: 127.0.0.1",
    "Forwarded: for=127.0.0.1;proto=https",
    "X-Forwarded-Host: localhost",
    "Referer: http://service.test/",
    "X-Internal: 1",
    "X-Envoy-Internal: true",
    "X-Forwarded-Proto: https",
    "x-middleware-subrequest: middleware:middleware:middleware:middleware:middleware",
];

const PROBES: [&str; 6] = [
    "kube-probe/1.30",
    "GoogleHC/1.0",
    "ELB-HealthChecker/2.0",
    "Envoy/HC",
    "Prometheus/2.50.0",
    "Amazon-Route53-Health-Check-Service",
];

pub async fn open_rows(services: &Services) -> Vec<Row> {
    let expired = services.access_token(json!({ "claims": { "at": { "exp": -3600 } } })).await;
    let expired = format!("Authorization: Bearer {expired}");
    let garbage = "Authorization: Bearer garbage";
    let mut rows = Vec::new();
    for to in [services.frontend, services.metadata, services.search] {
        let mut add = |check, request: Vec<u8>, expect| {
            rows.push(Row { check, title: String::from_utf8_lossy(&request).into_owned(), to, request, expect });
        };
        add("L-01", request("GET", OPEN, &[]), Expect::Health);
        add("L-01", request("HEAD", OPEN, &[]), Expect::Health);
        add("L-01", request("GET", OPEN, &["User-Agent: kube-probe/1.30"]), Expect::Health);
        add("L-01", format!("GET {OPEN} HTTP/1.0\r\n\r\n").into_bytes(), Expect::Health);
        for headers in [&[garbage][..], &[&expired], &["Cookie: id=%%%; session=garbage"], &[garbage, &expired]] {
            add("L-02", request("GET", OPEN, headers), Expect::Health);
        }
        add("L-02", request("GET", OPEN, &["X-Forwarded-User: admin"]), Expect::Health);
        add("L-03", request("GET", OPEN, &[]), Expect::HealthWithoutTrace);
        add("L-05", request("GET", OPEN, &[]), Expect::HealthAlone);
    }
    rows
}

pub fn closed_rows(services: &Services) -> Vec<Row> {
    let mut rows = Vec::new();
    let protected = [(services.frontend, "/api/me"), (services.metadata, "/resources"), (services.search, "/search")];
    for (to, protected) in protected {
        for target in ABSENT {
            rows.push(closed("L-07", to, target, &[]));
        }
        for (check, targets) in [("L-08", &NEAR[..]), ("L-09", &WAYS_OUT), ("L-10", &DECORATED)] {
            rows.extend(targets.iter().map(|target| closed(check, to, &filled(target, protected), &[])));
        }
        rows.extend(PATH_HEADERS.iter().map(|name| closed("L-11", to, protected, &[&format!("{name}: {OPEN}")])));
        rows.extend(TRUST_HEADERS.iter().map(|header| closed("L-12", to, protected, &[header])));
        rows.extend(PROBES.iter().map(|agent| closed("L-13", to, protected, &[&format!("User-Agent: {agent}")])));
    }
    rows
}

fn closed(check: &'static str, to: SocketAddr, target: &str, headers: &[&str]) -> Row {
    let title = format!("{target} {headers:?}");
    Row { check, title, to, request: request("GET", target, headers), expect: Expect::Refused }
}

fn filled(target: &str, protected: &str) -> String {
    let bare = protected.trim_start_matches('/');
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let (first, rest) = bare.split_at(1);
    [
        ("{open}", OPEN.to_owned()),
        ("{protected}", protected.to_owned()),
        ("{bare}", bare.to_owned()),
        ("{upper}", protected.to_uppercase()),
        ("{first-encoded}", format!("/{}{rest}", encoded(first))),
        ("{all-encoded}", format!("/{}", encoded(bare))),
        ("{double-encoded}", format!("/%25{}{rest}", &encoded(first)[1..])),
    ]
    .iter()
    .fold(target.to_owned(), |target, (name, value)| target.replace(name, value))
}
