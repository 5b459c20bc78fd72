//! The authorization request: complete, fresh, and sent back to where the client is registered.

use std::collections::BTreeSet;

use url::Url;

use super::Control;
use crate::outcome::Finding;
use crate::outcome::Verdict;

/// Bits that a value must have at least. RFC 6749 section 10.10 says 128; a random UUID has 122 and is no finding.
const ENOUGH_BITS: f64 = 120.0;

/// A client as it is registered at the provider.
#[derive(Debug, Clone)]
pub struct Registered {
    pub client_id: String,
    pub redirect_uris: Vec<Url>,
    pub confidential: bool,
}

/// How a login start with a foreign `Host` ended.
#[derive(Debug, Clone)]
pub enum HostStart {
    /// The service sent the browser to the provider with this authorization request.
    Request(Url),
    /// The service refused the request.
    Refused { status: u16 },
    /// Neither; `GET /login → 500`.
    Other { ended: String },
}

/// OIDC Core 3.1.2.1 and RFC 6749 section 3.1: the required parameters are there, right, and each once.
pub fn request_complete(request: &Url, client: &Registered) -> Verdict {
    let pairs: Vec<(String, String)> = request.query_pairs().into_owned().collect();
    let values = |name: &str| pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
    let mut faults = Vec::new();
    let mut expect = |name: &str, right: &dyn Fn(&str) -> bool, words: &str| {
        let given: Vec<&str> = values(name);
        match given.as_slice() {
            [] => faults.push(format!("no {name}")),
            [value] if right(value) => {}
            [value] => faults.push(format!("{name} is `{value}`, not {words}")),
            [_, _, ..] => faults.push(format!("{name} comes {} times", given.len())),
        }
    };
    expect("response_type", &|value| value == "code", "`code`");
    expect("client_id", &|value| value == client.client_id, "the registered one");
    expect("redirect_uri", &|value| client.is_redirect_uri(value), "a registered one");
    expect("scope", &|value| value.split(' ').any(|scope| scope == "openid"), "one with `openid`");
    let names: BTreeSet<&String> = pairs.iter().map(|(name, _)| name).collect();
    if faults.is_empty() && names.len() < pairs.len() {
        faults.push("a parameter comes more than once".into());
    }
    match faults.is_empty() {
        true => Verdict::Pass,
        false => Verdict::Fail(Finding {
            expected: "response_type=code, client_id, redirect_uri and a scope with openid, each once".into(),
            observed: faults.join("; "),
        }),
    }
}

/// RFC 9700 section 2.1 and RFC 6749 section 10.10: the parameter is there, never the same, and nobody can guess it.
pub fn each_has_its_own(name: &str, requests: &[Url]) -> Verdict {
    if requests.len() < 2 {
        return Verdict::Error { reason: format!("{} login was started; two at least are compared", requests.len()) };
    }
    let fail = |observed: String| {
        Verdict::Fail(Finding { expected: format!("each login start has an unguessable {name} of its own"), observed })
    };
    let values: Vec<String> = requests.iter().filter_map(|request| parameter(request, name)).collect();
    if values.len() < requests.len() {
        return fail(format!(
            "{} of {} authorization requests have no {name}",
            requests.len() - values.len(),
            requests.len()
        ));
    }
    let different = values.iter().collect::<BTreeSet<_>>().len();
    if different < values.len() {
        return fail(format!("{} login starts had only {different} different values", values.len()));
    }
    let bits = most_bits(&values);
    if bits < ENOUGH_BITS {
        return fail(format!("over {} login starts at most {bits:.0} bits of {name} change", values.len()));
    }
    Verdict::Pass
}

/// ASVS 4.1.3: whatever the `Host` header says, the redirect URI is a registered one.
pub fn redirect_uri_registered(control: &Control, service: &str, start: &HostStart, client: &Registered) -> Verdict {
    if let Err(reason) = control.is_for(service) {
        return Verdict::Error { reason };
    }
    match start {
        HostStart::Refused { .. } => Verdict::Pass,
        HostStart::Other { ended } => {
            Verdict::Error { reason: format!("no authorization request came of it: {ended}") }
        }
        HostStart::Request(request) => match parameter(request, "redirect_uri") {
            Some(uri) if client.is_redirect_uri(&uri) => Verdict::Pass,
            told => Verdict::Fail(Finding {
                expected: "a registered redirect_uri, or a 4xx for the foreign host".into(),
                observed: told.map_or_else(|| "no redirect_uri".into(), |uri| format!("redirect_uri `{uri}`")),
            }),
        },
    }
}

impl Registered {
    fn is_redirect_uri(&self, text: &str) -> bool {
        self.redirect_uris.iter().any(|uri| uri.as_str() == text)
    }
}

/// The first parameter of that name in the query.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// An upper bound of what changes from value to value: places that are always the same count nothing.
fn most_bits(values: &[String]) -> f64 {
    let texts: Vec<Vec<char>> = values.iter().map(|value| value.chars().collect()).collect();
    let length = texts.iter().map(Vec::len).min().unwrap_or_default();
    let varies = |place: &usize| texts.iter().any(|text| text[*place] != texts[0][*place]);
    let places: Vec<usize> = (0..length).filter(varies).collect();
    let used: BTreeSet<char> = places.iter().flat_map(|place| texts.iter().map(|text| text[*place])).collect();
    let alphabet: f64 = match &used {
        used if used.iter().all(char::is_ascii_digit) => 10.0,
        used if used.iter().all(char::is_ascii_hexdigit) => 16.0,
        _ => 64.0,
    };
    places.iter().map(|_| alphabet.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    const GOOD: &str = "https://idp.test/authorize?response_type=code&client_id=web&scope=openid+email\
                        &redirect_uri=https%3A%2F%2Fapp.test%2Fcallback";

    fn client() -> Registered {
        Registered {
            client_id: "web".into(),
            redirect_uris: vec!["https://app.test/callback".parse().unwrap()],
            confidential: true,
        }
    }

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn states(values: &[&str]) -> Vec<Url> {
        values.iter().map(|value| url(&format!("https://idp.test/authorize?state={value}"))).collect()
    }

    #[test]
    fn a_complete_request_passes() {
        assert_eq!(request_complete(&url(GOOD), &client()), Verdict::Pass);
    }

    #[test]
    fn a_request_with_one_fault_fails() {
        for (from, to) in [
            ("response_type=code", "response_type=token"),
            ("client_id=web", "client_id=other"),
            ("client_id=web", "client_id=web&client_id=web"),
            ("client_id=web", "client_id=web&state=1&state=2"),
            ("openid", "profile"),
            ("app.test", "evil.test"),
            ("redirect_uri", "redirect"),
        ] {
            let verdict = request_complete(&url(&GOOD.replace(from, to)), &client());

            assert!(matches!(verdict, Verdict::Fail(_)), "{from} → {to}: {verdict:?}");
        }
    }

    #[test]
    fn random_values_pass() {
        let verdict = each_has_its_own(
            "state",
            &states(&[
                "6d5f2c8a-91b3-4f07-a2de-5c7810e4b936",
                "f0a94be1-2c6d-4b85-9371-e8d2a65f0c4b",
                "13c7d0f9-e84a-4e92-b6f5-07ba9d21c38e",
                "c86b1e34-750f-47d1-82ac-9b4f53e6d07a",
            ]),
        );

        assert_eq!(verdict, Verdict::Pass);
    }

    #[test]
    fn missing_repeated_and_guessable_values_fail() {
        let mut missing = states(&["a", "b"]);
        missing.push(url("https://idp.test/authorize"));
        let repeated = states(&["8Jx0vG3qLw5tYh2kPz7nRb", "8Jx0vG3qLw5tYh2kPz7nRb"]);
        let counted = states(&["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2"]);

        for requests in [missing, repeated, counted] {
            assert!(matches!(each_has_its_own("state", &requests), Verdict::Fail(_)));
        }
    }

    #[test]
    fn a_single_start_decides_nothing() {
        assert!(matches!(each_has_its_own("state", &states(&["x"])), Verdict::Error { .. }));
    }

    #[test]
    fn a_foreign_host_may_be_refused_or_ignored_but_not_used() {
        let control = testing::proof("app");
        let judge = |start| redirect_uri_registered(&control, "app", &start, &client());

        assert_eq!(judge(HostStart::Refused { status: 421 }), Verdict::Pass);
        assert_eq!(judge(HostStart::Request(url(GOOD))), Verdict::Pass);
        assert!(matches!(judge(HostStart::Request(url(&GOOD.replace("app.test", "evil.test")))), Verdict::Fail(_)));
        assert!(matches!(judge(HostStart::Other { ended: "GET / → 500".into() }), Verdict::Error { .. }));
    }
}
