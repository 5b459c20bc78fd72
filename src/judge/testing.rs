//! Evidence for the tests of this module: good in every part, to be changed in one.

use std::time::Duration;

use mock_idp::{ClientAuth, Endpoint, Received};
use time::OffsetDateTime;

use super::{Access, Control, Identity, LoginAttempt, control};
use crate::browser::End;
use crate::evidence::{Exchange, Headers, Party, Request, Response};

pub(super) fn identity(person: &str) -> Identity {
    Identity { subject: Some(format!("sub-{person}")), email: Some(format!("{person}@example.test")) }
}

pub(super) fn nobody() -> Access {
    Access::Nobody { seen: "GET / → 401".into() }
}

/// An honest login of alice's that worked.
pub(super) fn attempt(service: &str) -> LoginAttempt {
    LoginAttempt {
        person: "alice".into(),
        service: service.into(),
        expected: identity("alice"),
        before: nobody(),
        reached_idp: true,
        reached_callback: true,
        redeemed_code: true,
        departure: None,
        ended: "GET / → 200".into(),
        end_status: Some(200),
        end: End::Page,
        access: Access::As(identity("alice")),
    }
}

pub(super) fn proof(service: &str) -> Control {
    control(&attempt(service)).expect("that login worked")
}

pub(super) fn exchange(status: u16, headers: &[(&str, &str)], body: &str) -> Exchange {
    let url: url::Url = "https://app.test/page".parse().expect("a URL");
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    Exchange {
        from: Party::Browser("alice".into()),
        to: Party::Service("app".into()),
        at: OffsetDateTime::UNIX_EPOCH,
        took: Duration::ZERO,
        request: Request {
            method: "GET".into(),
            target: url.path().into(),
            url,
            headers: Headers::default(),
            body: Vec::new(),
        },
        response: Ok(Response {
            status,
            headers: Headers(headers.collect()),
            body: body.as_bytes().to_vec(),
            body_cut: false,
        }),
    }
}

pub(super) fn received(endpoint: Endpoint, params: &[(&str, &str)]) -> Received {
    Received {
        seq: 1,
        at: OffsetDateTime::UNIX_EPOCH,
        issuer: "https://idp.test".into(),
        endpoint,
        scenario: None,
        method: "POST".into(),
        path_and_query: "/endpoint".into(),
        headers: Vec::new(),
        params: params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        client_id: Some("web".into()),
        client_auth: ClientAuth::ClientSecretBasic,
        response_status: 200,
        response_body: String::new(),
        issued: Vec::new(),
        behaviour: None,
    }
}
