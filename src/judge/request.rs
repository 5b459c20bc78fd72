//! Single requests at a service: let in, refused, crashed, and what was shown.

use serde_json::Value;

use super::describe;
use crate::evidence::Exchange;
use crate::outcome::Finding;
use crate::outcome::Verdict;

/// Proof that the path opens for somebody who may see it, and what it shows then.
#[derive(Debug, Clone)]
pub struct Opened {
    /// `GET /api/me`, for messages.
    request: String,
    body: Vec<u8>,
    /// Texts that only the person's own page holds: subject, e-mail address.
    marks: Vec<String>,
}

/// The path opened for the person: the control of every refusal there.
///
/// # Errors
/// The reason why it is no control, for `Verdict::Error`.
pub fn opened(exchange: &Exchange, marks: Vec<String>) -> Result<Opened, String> {
    match &exchange.response {
        Ok(response) if is_success(response.status) => Ok(Opened {
            request: format!("{} {}", exchange.request.method, exchange.request.target),
            body: response.body.clone(),
            marks,
        }),
        Ok(_) => Err(format!("control failed: with valid credentials {}; 2xx was expected", describe(exchange))),
        Err(failure) => Err(format!("control failed: {failure}")),
    }
}

/// The request with a departure was refused, while its control was accepted.
///
/// A crash (5xx) shows nothing either, so it is no way in; that it is no controlled answer is the finding of other checks.
pub fn refused(control: &Opened, what: &str, attack: &Exchange) -> Verdict {
    match &attack.response {
        Ok(response) if is_success(response.status) => Verdict::Fail(Finding {
            expected: format!("{} is refused, since {what}", control.request),
            observed: format!("{}{}", describe(attack), shown(control, &response.body)),
        }),
        Ok(response) if holds_content(control, &response.body) => Verdict::Fail(Finding {
            expected: format!("{} shows nothing protected, since {what}", control.request),
            observed: format!("{}, and yet the answer holds the protected content", describe(attack)),
        }),
        Ok(_) => Verdict::Pass,
        // A server that ends the connection on hostile input has refused it, provided the control works.
        Err(failure) if ended_by_server(failure) => Verdict::Pass,
        Err(failure) => Verdict::Error { reason: failure.to_string() },
    }
}

/// The request was accepted like its control.
pub fn accepted(what: &str, exchange: &Exchange) -> Verdict {
    match &exchange.response {
        Ok(response) if is_success(response.status) => Verdict::Pass,
        Ok(_) => Verdict::Fail(Finding { expected: format!("2xx, since {what}"), observed: describe(exchange) }),
        Err(failure) => Verdict::Error { reason: failure.to_string() },
    }
}

/// Whatever the answer, it is no 5xx and the connection did not break.
pub fn no_server_error(exchange: &Exchange) -> Verdict {
    match &exchange.response {
        Ok(response) if response.status >= 500 => Verdict::Fail(Finding {
            expected: "a controlled answer, 4xx or a redirect".into(),
            observed: describe(exchange),
        }),
        Ok(_) => Verdict::Pass,
        Err(failure) => Verdict::Error { reason: failure.to_string() },
    }
}

/// An anonymous caller's answer shows nothing protected: an error, a redirect, or the very answer that `open` gives to
/// everybody; never the content of the control.
pub fn nothing_protected(control: &Opened, open: Option<&[u8]>, attack: &Exchange) -> Verdict {
    match &attack.response {
        Ok(response) if is_success(response.status) => match open {
            Some(open) if open == response.body.as_slice() => Verdict::Pass,
            _ if response.body.is_empty() && attack.request.method == "OPTIONS" => Verdict::Pass,
            _ => Verdict::Fail(Finding {
                expected: "an error or a redirect to the login: nothing is open but the health paths".into(),
                observed: format!("{}{}", describe(attack), shown(control, &response.body)),
            }),
        },
        Ok(response) if holds_content(control, &response.body) => Verdict::Fail(Finding {
            expected: "an answer without protected content".into(),
            observed: format!("{}, and yet its body holds the protected content", describe(attack)),
        }),
        Ok(_) => Verdict::Pass,
        Err(failure) if ended_by_server(failure) => Verdict::Pass,
        Err(failure) => Verdict::Error { reason: failure.to_string() },
    }
}

/// RFC 6750 section 3: a 401 with a Bearer challenge, and the error code only where credentials were sent.
pub fn bearer_challenge(exchange: &Exchange, error: Option<&str>) -> Verdict {
    let Ok(response) = &exchange.response else {
        return Verdict::Error { reason: describe(exchange) };
    };
    let challenges: Vec<&str> = response.headers.all("www-authenticate").collect();
    let bearer = challenges.iter().find(|challenge| {
        challenge.split([' ', ',']).next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"))
    });
    let told = bearer.and_then(|challenge| parameter(challenge, "error"));
    let expected = match error {
        Some(error) => format!("401 with `WWW-Authenticate: Bearer` and error=\"{error}\""),
        None => "401 with `WWW-Authenticate: Bearer` without an error code".into(),
    };
    if response.status == 401 && bearer.is_some() && told.as_deref() == error {
        return Verdict::Pass;
    }
    let seen = if challenges.is_empty() { "no challenge".into() } else { challenges.join(", ") };
    Verdict::Fail(Finding { expected, observed: format!("{}; {seen}", describe(exchange)) })
}

/// The value of a challenge's parameter, quoted or not.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let (_, parameters) = challenge.split_once(' ')?;
    parameters.split(',').find_map(|parameter| {
        let (key, value) = parameter.trim().split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn shown(control: &Opened, body: &[u8]) -> &'static str {
    match holds_content(control, body) {
        true => ", with the protected content",
        false => "",
    }
}

/// The body is the control's, or holds something that only the person's own page holds.
fn holds_content(control: &Opened, body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let marked = control.marks.iter().filter(|mark| !mark.is_empty()).any(|mark| text.contains(mark.as_str()));
    marked || (is_telling(&control.body) && same(&control.body, body))
}

/// Long enough to be the page's own: `{}`, `[]` and `ok` are said by many pages.
fn is_telling(body: &[u8]) -> bool {
    body.len() > 16
}

fn same(one: &[u8], other: &[u8]) -> bool {
    let json = |body| serde_json::from_slice::<Value>(body).ok();
    one == other || json(one).is_some_and(|value| Some(value) == json(other))
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

fn ended_by_server(failure: &crate::evidence::TransportFailure) -> bool {
    use crate::evidence::TransportFailure as F;
    match failure {
        F::Broken { .. } => true,
        F::Connect { .. } | F::Deadline { .. } | F::NotHttp { .. } | F::ForeignHost { .. } => false,
    }
}
