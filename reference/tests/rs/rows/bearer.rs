//! `features/bearer`.

use std::net::SocketAddr;

use mock_idp::{Action, Fault, MalformedFault, StatusFault};
use serde_json::{Value, json};

use super::{Expect, Row};
use crate::raw::request;
use crate::services::Services;

const METHODS: [&str; 9] = ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "FOO"];

const ANYBODY_CAN_WRITE: [&str; 7] = [
    r#"{"expires_at":9999999999}"#,
    r#"{"expires_at":9999999999,"sub":"admin"}"#,
    r#"{"access_token":"forged","expires_at":9999999999}"#,
    "eyJleHBpcmVzX2F0Ijo5OTk5OTk5OTk5LCJzdWIiOiJhZG1pbiJ9",
    "user:admin",
    "null",
    "true",
];

/// `fixtures/recipes/access_token.yaml`, one or more of each sort.
fn departures() -> Vec<(&'static str, Value)> {
    vec![
        ("I-08", json!({ "signature": "flipped" })),
        ("I-08", json!({ "claims": { "set": { "name": "Changed" } }, "signature": "before-change" })),
        ("I-08", json!({ "key": "rogue", "kid": "current" })),
        ("I-08", json!({ "signature": "empty" })),
        ("I-08", json!({ "signature": "of-another" })),
        ("I-08", json!({ "alg": "none", "key": "none", "signature": "empty" })),
        ("I-08", json!({ "alg": "nOnE", "key": "none", "signature": "empty" })),
        ("I-08", json!({ "alg": "none", "key": "none", "kid": "missing", "signature": "empty" })),
        ("I-08", json!({ "alg": "none", "key": "none", "signature": "dropped" })),
        ("I-08", json!({ "alg": "HS256", "key": { "public-key-as-hmac": "spki-pem" } })),
        ("I-08", json!({ "alg": "HS256", "key": { "public-key-as-hmac": "jwk" } })),
        ("I-08", json!({ "alg": "HS256", "key": { "hmac": "" } })),
        ("I-08", json!({ "key": "rogue-embedded-jwk", "kid": "missing" })),
        ("I-08", json!({ "header": { "set": { "crit": ["bork"], "bork": true } } })),
        ("I-09", json!({ "claims": { "set": { "iss": "https://other.test" } } })),
        ("I-09", json!({ "claims": { "set": { "iss": "{issuer}/" } } })),
        ("I-09", json!({ "claims": { "set": { "iss": "{issuer}.other.test" } } })),
        ("I-09", json!({ "claims": { "set": { "iss": ["{issuer}"] } } })),
        ("I-09", json!({ "claims": { "remove": ["iss"] } })),
        ("I-09", json!({ "claims": { "set": { "iss": "" } } })),
        ("I-10", json!({ "claims": { "set": { "aud": "https://other-service.test" } } })),
        ("I-10", json!({ "claims": { "set": { "aud": "{audience}-2" } } })),
        ("I-10", json!({ "claims": { "set": { "aud": ["https://a.test", "https://b.test"] } } })),
        ("I-10", json!({ "claims": { "remove": ["aud"] } })),
        ("I-10", json!({ "claims": { "set": { "aud": [] } } })),
        ("I-10", json!({ "claims": { "set": { "aud": 1 } } })),
        ("I-13", json!({ "claims": { "at": { "exp": -3600 } } })),
        ("I-13", json!({ "claims": { "at": { "exp": -600 } } })),
        ("I-13", json!({ "claims": { "remove": ["exp"] } })),
        ("I-13", json!({ "claims": { "set": { "exp": null } } })),
        ("I-13", json!({ "claims": { "set": { "exp": "9999999999" } } })),
        ("I-13", json!({ "claims": { "at": { "nbf": 3600 } } })),
    ]
}

pub async fn rows(services: &Services) -> Vec<Row> {
    let token = services.valid_token().await;
    let id_token = services.id_token().await;
    let mut departed = Vec::new();
    for (check, recipe) in departures() {
        departed.push((check, recipe.to_string(), services.access_token(recipe).await));
    }
    let paths = [(services.metadata, "/resources"), (services.metadata, "/user"), (services.search, "/search")];
    let mut rows = Vec::new();
    for (to, path) in paths {
        let at = At { to, path };
        rows.push(at.row("I-01", "", &[], Expect::Refused));
        rows.push(at.row("I-02", "", &[], Expect::Challenged(None)));
        rows.push(at.row("I-02", "", &["Authorization: Bearer garbage"], Expect::Challenged(Some("invalid_token"))));
        for header in ["Bearer", "Bearer garbage", "Bearer: {token}", "Basic {token}", "Token {token}", "{token}"] {
            rows.push(at.with_header("I-03", &header.replace("{token}", &token), Expect::RefusedWithoutCrash));
        }
        for scheme in ["bearer", "BEARER"] {
            rows.push(at.with_header("I-03", &format!("{scheme} {token}"), Expect::Accepted));
        }
        for text in ANYBODY_CAN_WRITE {
            rows.push(at.with_header("I-04", &format!("Bearer {text}"), Expect::Refused));
        }
        for parameter in ["access_token", "token", "jwt", "auth_token"] {
            rows.push(at.row("I-05", &format!("?{parameter}={token}"), &[], Expect::Refused));
        }
        let (good, bad) = (format!("Authorization: Bearer {token}"), "Authorization: Bearer garbage");
        rows.push(at.row("I-07", "", &[&good, bad], Expect::Refused));
        rows.push(at.row("I-07", "", &[bad, &good], Expect::Refused));
        rows.push(at.row("I-07", &format!("?access_token={token}"), &[bad], Expect::Refused));
        for method in METHODS {
            let title = format!("{method} {path}");
            rows.push(Row { check: "I-26", title, to, request: request(method, path, &[]), expect: Expect::Refused });
        }
        for (check, title, token) in &departed {
            let row = at.with_header(check, &format!("Bearer {token}"), Expect::Refused);
            rows.push(Row { title: format!("{path} {title}"), ..row });
        }
        rows.push(at.with_header("I-11", &format!("Bearer {id_token}"), Expect::Refused));
    }
    rows
}

pub async fn introspection_rows(services: &Services) -> Vec<Row> {
    let answers = [
        json!({ "active": false }),
        json!({ "active": "true" }),
        json!({ "active": "false" }),
        json!({ "active": 1 }),
        json!({ "active": null }),
        json!({}),
        json!([]),
        json!({ "active": false, "expires_in": 3600 }),
        json!({ "error": "invalid_client" }),
    ];
    let status = |status| {
        Action::Fault(Fault::Status(StatusFault { status, body: String::new(), content_type: "text/plain".into() }))
    };
    let page = MalformedFault { body: "<!doctype html><title>Sorry</title>".into(), content_type: "text/html".into() };
    let faults =
        [status(500), status(401), Action::Fault(Fault::Malformed(page)), Action::Fault(Fault::DropConnection)];
    let answers = answers.into_iter().map(|answer| ("I-18", Action::IntrospectionBody(answer)));
    let faults = faults.into_iter().map(|fault| ("I-22", fault));
    let mut rows = Vec::new();
    for (number, (check, action)) in answers.chain(faults).enumerate() {
        let title = format!("{action:?}");
        let token = services.token_answered_with(&format!("row-{number}"), action).await;
        let at = At { to: services.search, path: "/search" };
        rows.push(Row { title, ..at.with_header(check, &format!("Bearer {token}"), Expect::Refused) });
    }
    rows
}

struct At {
    to: SocketAddr,
    path: &'static str,
}

impl At {
    fn row(&self, check: &'static str, query: &str, headers: &[&str], expect: Expect) -> Row {
        let target = format!("{}{query}", self.path);
        let title = format!("{target} {headers:?}");
        Row { check, title, to: self.to, request: request("GET", &target, headers), expect }
    }

    fn with_header(&self, check: &'static str, authorization: &str, expect: Expect) -> Row {
        self.row(check, "", &[&format!("Authorization: {authorization}")], expect)
    }
}
