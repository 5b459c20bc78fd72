//! Health paths: open to a probe, quiet, and independent of the provider.

use mock_idp::Received;

use super::describe;
use crate::evidence::Exchange;
use crate::outcome::Finding;
use crate::outcome::Verdict;

/// Proof that a protected path of the service is closed to anonymous callers, so that "open" means something.
#[derive(Debug, Clone)]
pub struct Closed(());

/// The protected path was closed: the control of every statement about an open one.
///
/// # Errors
/// The reason why it is no control, for `Verdict::Error`.
pub fn closed(anonymous: &Exchange) -> Result<Closed, String> {
    match &anonymous.response {
        Ok(response) if response.is_success() => {
            Err(format!("control failed: a protected path opens without credentials: {}", describe(anonymous)))
        }
        Ok(_) => Ok(Closed(())),
        Err(failure) => Err(format!("control failed: {failure}")),
    }
}

/// Each probe got an answer of the health endpoint's own: 2xx, or 503 where it says "not well". A redirect or a refusal
/// comes from the login in front of it. HEAD may be answered by 405.
pub fn health_answered(_control: &Closed, probes: &[Exchange]) -> Verdict {
    if probes.is_empty() {
        return Verdict::Error { reason: "no step before this one has probed anything".into() };
    }
    for probe in probes {
        let response = match &probe.response {
            Ok(response) => response,
            Err(failure) => return Verdict::Error { reason: failure.to_string() },
        };
        let own = response.is_success()
            || response.status == 503
            || (response.status == 405 && probe.request.method == "HEAD");
        if !own {
            return Verdict::Fail(Finding {
                expected: "2xx or 503 from the health endpoint itself".into(),
                observed: describe(probe),
            });
        }
    }
    Verdict::Pass
}

/// No answer to a probe starts a session or may be kept by a cache.
pub fn sets_nothing(probes: &[Exchange]) -> Verdict {
    let mut faults = Vec::new();
    for probe in probes {
        let response = match &probe.response {
            Ok(response) => response,
            Err(failure) => return Verdict::Error { reason: failure.to_string() },
        };
        let cookies = response.headers.all("set-cookie").filter_map(|line| line.split('=').next());
        faults.extend(cookies.map(|name| format!("it sets the cookie `{}`", name.trim())));
        let control: Vec<&str> = response.headers.all("cache-control").collect();
        let forbids =
            control.iter().flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case("no-store"));
        if !forbids {
            let seen = if control.is_empty() {
                "no Cache-Control".into()
            } else {
                format!("Cache-Control: {}", control.join(", "))
            };
            faults.push(seen);
        }
    }
    faults.dedup();
    match (probes.is_empty(), faults.is_empty()) {
        (true, _) => Verdict::Error { reason: "no step before this one has probed anything".into() },
        (false, true) => Verdict::Pass,
        (false, false) => Verdict::Fail(Finding {
            expected: "no Set-Cookie, and Cache-Control: no-store".into(),
            observed: faults.join("; "),
        }),
    }
}

/// The provider received nothing while the health path was probed.
pub fn not_asked(probes: &[Exchange], received: &[Received]) -> Verdict {
    if probes.is_empty() {
        return Verdict::Error { reason: "no step before this one has probed anything".into() };
    }
    match received {
        [] => Verdict::Pass,
        [first, ..] => Verdict::Fail(Finding {
            expected: "the provider receives nothing while the health path is probed".into(),
            observed: format!("{} requests, the first {} {:?}", received.len(), first.method, first.endpoint),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mock_idp::ClientAuth;
    use mock_idp::Endpoint;
    use time::OffsetDateTime;

    use super::*;
    use crate::evidence::Headers;
    use crate::evidence::Party;
    use crate::evidence::Request;
    use crate::evidence::Response;
    use crate::evidence::TransportFailure;

    fn exchange(method: &str, response: Result<Response, TransportFailure>) -> Exchange {
        Exchange {
            from: Party::Client,
            to: Party::Service("api".into()),
            at: OffsetDateTime::UNIX_EPOCH,
            took: Duration::ZERO,
            request: Request {
                method: method.into(),
                url: "http://api.test/health".parse().unwrap(),
                target: "/health".into(),
                headers: Headers::default(),
                body: Vec::new(),
            },
            response,
        }
    }

    fn answer(method: &str, status: u16, headers: &[(&str, &str)]) -> Exchange {
        let lines = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        let headers = Headers(lines.collect());
        exchange(method, Ok(Response { status, headers, body: Vec::new(), body_cut: false }))
    }

    fn silence() -> Exchange {
        exchange("GET", Err(TransportFailure::Deadline { after: Duration::from_secs(1) }))
    }

    fn asked() -> Received {
        Received {
            seq: 1,
            at: OffsetDateTime::UNIX_EPOCH,
            issuer: "http://idp.test".into(),
            endpoint: Endpoint::Jwks,
            scenario: None,
            method: "GET".into(),
            path_and_query: "/jwks".into(),
            headers: vec![],
            params: vec![],
            client_id: None,
            client_auth: ClientAuth::None,
            response_status: 200,
            response_body: String::new(),
            issued: vec![],
            behaviour: None,
        }
    }

    #[test]
    fn a_protected_path_that_opens_is_no_control() {
        assert!(closed(&answer("GET", 200, &[])).is_err());
        assert!(closed(&silence()).is_err());
        assert!(closed(&answer("GET", 302, &[])).is_ok());
    }

    #[test]
    fn the_login_in_front_of_a_health_path_is_told_from_its_own_answer() {
        let control = closed(&answer("GET", 401, &[])).unwrap();

        for own in [answer("GET", 200, &[]), answer("GET", 503, &[]), answer("HEAD", 405, &[])] {
            assert_eq!(health_answered(&control, &[own]), Verdict::Pass);
        }
        for foreign in [302, 401, 403, 404, 405, 500] {
            let verdict = health_answered(&control, &[answer("GET", 200, &[]), answer("GET", foreign, &[])]);
            assert!(matches!(verdict, Verdict::Fail(_)), "{foreign}");
        }
        assert!(matches!(health_answered(&control, &[silence()]), Verdict::Error { .. }));
        assert!(matches!(health_answered(&control, &[]), Verdict::Error { .. }));
    }

    #[test]
    fn a_cookie_or_a_missing_no_store_is_a_finding() {
        let quiet = answer("GET", 200, &[("cache-control", "private, No-Store")]);
        let cookie = answer("GET", 200, &[("cache-control", "no-store"), ("set-cookie", "session=1")]);

        assert_eq!(sets_nothing(&[quiet]), Verdict::Pass);
        assert!(matches!(sets_nothing(&[cookie]), Verdict::Fail(_)));
        assert!(matches!(sets_nothing(&[answer("GET", 200, &[])]), Verdict::Fail(_)));
        assert!(matches!(sets_nothing(&[silence()]), Verdict::Error { .. }));
    }

    #[test]
    fn one_request_to_the_provider_is_one_too_many() {
        let probes = [answer("GET", 200, &[])];

        assert_eq!(not_asked(&probes, &[]), Verdict::Pass);
        assert!(matches!(not_asked(&probes, &[asked()]), Verdict::Fail(_)));
        assert!(matches!(not_asked(&[], &[]), Verdict::Error { .. }));
    }
}
