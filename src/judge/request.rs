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
        Ok(response) if response.is_success() => Ok(Opened {
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
        Ok(response) if response.is_success() => Verdict::Fail(Finding {
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
        Ok(response) if response.is_success() => Verdict::Pass,
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

/// `refused`, where the provider was told to do otherwise: it counts only if the service has asked it, `fired` times.
pub fn refused_after_order(control: &Opened, what: &str, fired: u32, attack: &Exchange) -> Verdict {
    match fired {
        0 => Verdict::Error {
            reason: format!(
                "the service never asked the provider, so nothing was tested ({what}); {}",
                describe(attack)
            ),
        },
        1.. => refused(control, what, attack),
    }
}

/// A request without credentials is refused whatever its method. An empty answer to OPTIONS runs no handler.
pub fn guarded(control: &Opened, attack: &Exchange) -> Verdict {
    let empty_options = attack.request.method == "OPTIONS"
        && attack.response.as_ref().is_ok_and(|response| response.is_success() && response.body.is_empty());
    match empty_options {
        true => Verdict::Pass,
        false => refused(control, "it has no credentials", attack),
    }
}

/// An anonymous caller's answer shows nothing protected: an error, a redirect, or the very answer that everybody gets at
/// an open or unknown path (`open`); never the content of the control.
pub fn nothing_protected(control: &Opened, open: &[Vec<u8>], attack: &Exchange) -> Verdict {
    match &attack.response {
        Ok(response) if holds_content(control, &response.body) => Verdict::Fail(Finding {
            expected: "an answer without protected content".into(),
            observed: format!("{}, and its body holds the protected content", describe(attack)),
        }),
        Ok(response) if response.is_success() => match open.contains(&response.body) {
            true => Verdict::Pass,
            false if response.body.is_empty() && attack.request.method == "OPTIONS" => Verdict::Pass,
            false => Verdict::Fail(Finding {
                expected: "an error or a redirect to the login: nothing is open but the health paths".into(),
                observed: describe(attack),
            }),
        },
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

fn ended_by_server(failure: &crate::evidence::TransportFailure) -> bool {
    use crate::evidence::TransportFailure as F;
    match failure {
        F::Broken { .. } => true,
        F::Connect { .. } | F::Deadline { .. } | F::NotHttp { .. } | F::ForeignHost { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::OffsetDateTime;

    use super::*;
    use crate::evidence::Headers;
    use crate::evidence::Party;
    use crate::evidence::Request;
    use crate::evidence::Response;
    use crate::evidence::TransportFailure;

    const PAGE: &str = r#"{"name":"alice of the scenario"}"#;

    fn exchange(method: &str, response: Result<Response, TransportFailure>) -> Exchange {
        Exchange {
            from: Party::Client,
            to: Party::Service("api".into()),
            at: OffsetDateTime::UNIX_EPOCH,
            took: Duration::ZERO,
            request: Request {
                method: method.into(),
                url: "http://api.test/me".parse().unwrap(),
                target: "/me".into(),
                headers: Headers::default(),
                body: Vec::new(),
            },
            response,
        }
    }

    fn answer(method: &str, status: u16, body: &str) -> Exchange {
        challenged(method, status, body, &[])
    }

    fn challenged(method: &str, status: u16, body: &str, challenges: &[&str]) -> Exchange {
        let lines = challenges.iter().map(|value| ("WWW-Authenticate".to_owned(), value.as_bytes().to_vec()));
        let headers = Headers(lines.collect());
        exchange(method, Ok(Response { status, headers, body: body.into(), body_cut: false }))
    }

    fn silence(failure: TransportFailure) -> Exchange {
        exchange("GET", Err(failure))
    }

    fn control() -> Opened {
        opened(&answer("GET", 200, PAGE), vec!["sub-alice".into()]).unwrap()
    }

    fn is_fail(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Fail(_))
    }

    fn is_error(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Error { .. })
    }

    #[test]
    fn only_a_success_is_a_control() {
        assert!(opened(&answer("GET", 302, ""), vec![]).is_err());
        assert!(opened(&silence(TransportFailure::Broken { reason: "x".into() }), vec![]).is_err());
    }

    #[test]
    fn a_refusal_passes_and_a_success_fails() {
        for status in [302, 400, 401, 403, 500, 503] {
            assert_eq!(refused(&control(), "x", &answer("GET", status, "no")), Verdict::Pass, "{status}");
        }
        assert!(is_fail(&refused(&control(), "x", &answer("GET", 200, "anything"))));
        assert!(is_fail(&refused(&control(), "x", &answer("GET", 403, "sub-alice"))));
        assert!(is_fail(&refused(&control(), "x", &answer("GET", 403, PAGE))));
    }

    #[test]
    fn without_an_answer_a_refusal_is_undecided() {
        let late = TransportFailure::Deadline { after: Duration::from_secs(1) };

        assert!(is_error(&refused(&control(), "x", &silence(late.clone()))));
        assert!(is_error(&nothing_protected(&control(), &[], &silence(late.clone()))));
        assert!(is_error(&accepted("x", &silence(late.clone()))));
        assert!(is_error(&no_server_error(&silence(late))));
    }

    #[test]
    fn an_order_that_was_never_carried_out_proves_nothing() {
        let refusal = answer("GET", 401, "");

        assert!(is_error(&refused_after_order(&control(), "x", 0, &refusal)));
        assert_eq!(refused_after_order(&control(), "x", 1, &refusal), Verdict::Pass);
        assert!(is_fail(&refused_after_order(&control(), "x", 1, &answer("GET", 200, ""))));
    }

    #[test]
    fn every_method_but_an_empty_options_is_held_to_refuse() {
        assert_eq!(guarded(&control(), &answer("OPTIONS", 204, "")), Verdict::Pass);
        assert_eq!(guarded(&control(), &answer("TRACE", 405, "")), Verdict::Pass);
        assert!(is_fail(&guarded(&control(), &answer("HEAD", 200, ""))));
        assert!(is_fail(&guarded(&control(), &answer("OPTIONS", 200, "data"))));
    }

    #[test]
    fn the_answer_of_an_open_path_is_nothing_protected() {
        let open = [b"up".to_vec()];

        assert_eq!(nothing_protected(&control(), &open, &answer("GET", 200, "up")), Verdict::Pass);
        assert_eq!(nothing_protected(&control(), &open, &answer("GET", 404, "nothing here")), Verdict::Pass);
        assert!(is_fail(&nothing_protected(&control(), &open, &answer("GET", 200, "an API's description"))));
    }

    #[test]
    fn protected_content_fails_at_whatever_path_and_status() {
        let open = [PAGE.as_bytes().to_vec()];

        assert!(is_fail(&nothing_protected(&control(), &open, &answer("GET", 200, PAGE))));
        assert!(is_fail(&nothing_protected(&control(), &[], &answer("GET", 404, "hello sub-alice"))));
    }

    #[test]
    fn a_challenge_names_its_error_only_where_credentials_were_sent() {
        let bare = challenged("GET", 401, "", &["Basic realm=\"x\"", "bearer realm=\"x\""]);
        let invalid = challenged("GET", 401, "", &["Bearer realm=\"x\", error=\"invalid_token\""]);

        assert_eq!(bearer_challenge(&bare, None), Verdict::Pass);
        assert_eq!(bearer_challenge(&invalid, Some("invalid_token")), Verdict::Pass);
        assert!(is_fail(&bearer_challenge(&invalid, None)));
        assert!(is_fail(&bearer_challenge(&bare, Some("invalid_token"))));
        assert!(is_fail(&bearer_challenge(&answer("GET", 302, ""), None)));
    }

    #[test]
    fn only_a_success_is_accepted_and_only_5xx_is_a_crash() {
        assert_eq!(accepted("x", &answer("GET", 204, "")), Verdict::Pass);
        assert!(is_fail(&accepted("x", &answer("GET", 302, ""))));
        assert_eq!(no_server_error(&answer("GET", 401, "")), Verdict::Pass);
        assert!(is_fail(&no_server_error(&answer("GET", 500, ""))));
    }
}
