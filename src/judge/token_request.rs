//! What the provider received in exchange for a code, and what became of what it gave out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mock_idp::ClientAuth;
use mock_idp::Endpoint;
use mock_idp::Received;

use super::Control;
use super::LoginAttempt;
use super::Registered;
use super::describe;
use crate::evidence::Exchange;
use crate::evidence::Party;
use crate::outcome::Finding;
use crate::outcome::Verdict;

/// A shorter text stands in pages by chance.
const LEAST_SECRET: usize = 12;

/// Something that no browser may see. Its text never gets into a verdict.
pub struct Hidden {
    /// `the client secret`
    pub what: String,
    pub text: String,
}

/// RFC 6749 section 4.1.3 and RFC 7636 section 4.5: the token request repeats what the authorization request said, once.
pub fn token_request_bound(code: Option<&str>, login: &[Received]) -> Verdict {
    let (authorization, request) = match the_two_requests(login) {
        Ok(requests) => requests,
        Err(verdict) => return verdict,
    };
    let mut faults = Vec::new();
    if request.method != "POST" {
        faults.push(format!("it is a {}", request.method));
    }
    if request.path_and_query.contains('?') {
        faults.push("it has a query".into());
    }
    if request.param("redirect_uri") != authorization.param("redirect_uri") {
        faults.push("its redirect_uri is not that of the authorization request".into());
    }
    if code.is_none() || request.param("code") != code {
        faults.push("its code is not the one that came to the callback".into());
    }
    if let Err(fault) = challenge_answered(authorization, request) {
        faults.push(fault);
    }
    verdict("one POST with the code, the same redirect_uri and the verifier of the challenge", faults)
}

/// RFC 6749 section 2.3: one authentication method in a request, and nothing of it in the address.
pub fn one_authentication(client: &Registered, login: &[Received]) -> Verdict {
    let requests: Vec<&Received> = login.iter().filter(|received| received.endpoint == Endpoint::Token).collect();
    if requests.is_empty() {
        return Verdict::Error { reason: "the provider received no token request".into() };
    }
    let mut faults = Vec::new();
    for request in requests {
        match (request.client_auth, client.confidential) {
            (ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost, true) | (ClientAuth::None, false) => {}
            (ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost, false) => {
                faults.push("a public client sent a secret".into());
            }
            (ClientAuth::None, true) => faults.push("no authentication".into()),
            (ClientAuth::Several, _) => faults.push("several methods in one request".into()),
            (ClientAuth::Query, _) => faults.push("the secret in the address".into()),
        }
    }
    if login.iter().any(|received| received.path_and_query.contains("client_secret=")) {
        faults.push("client_secret in an address".into());
    }
    verdict("one authentication method for each token request, in its header or its body", faults)
}

/// RFC 7636 sections 4.1 to 4.5: a challenge with S256, and the verifier that belongs to it.
pub fn pkce_used(login: &[Received]) -> Verdict {
    let (authorization, request) = match the_two_requests(login) {
        Ok(requests) => requests,
        Err(verdict) => return verdict,
    };
    let mut faults = Vec::new();
    if authorization.param("code_challenge").is_none() {
        faults.push("no code_challenge in the authorization request".into());
    } else if authorization.param("code_challenge_method") != Some("S256") {
        faults.push("the code_challenge_method is not S256".into());
    }
    let verifier = request.param("code_verifier").unwrap_or_default();
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        faults.push("no code_verifier of 43 to 128 unreserved characters in the token request".into());
    } else if let Err(fault) = challenge_answered(authorization, request) {
        faults.push(fault);
    }
    verdict("a code_challenge with S256, and its code_verifier in the token request", faults)
}

/// OIDC Core 3.1.3.5: what came with a refused id_token is never used, at the provider or at a called service.
///
/// `asked` is what the provider has received, `called` names the services that received one of the tokens.
pub fn refused_tokens_unused(
    control: &Control,
    refused: &LoginAttempt,
    tokens: &[String],
    asked: &[Received],
    called: &[String],
) -> Verdict {
    if let Err(reason) = control.is_for(&refused.service).and_then(|()| refused.was_tested()) {
        return Verdict::Error { reason };
    }
    if tokens.is_empty() {
        return Verdict::Error { reason: "the refused login was given no token, so none could be used".into() };
    }
    let carries = |received: &&Received| {
        let values = received.headers.iter().chain(&received.params).map(|(_, value)| value);
        let mut texts = values.chain([&received.path_and_query]);
        texts.any(|text| tokens.iter().any(|token| text.contains(token.as_str())))
    };
    // Giving a token back is no use of it.
    let given_back = |received: &&Received| matches!(received.endpoint, Endpoint::Revocation | Endpoint::EndSession);
    let at_provider = asked.iter().filter(|received| !given_back(received)).filter(carries);
    let mut uses: Vec<String> =
        at_provider.map(|received| format!("at the provider: {:?}", received.endpoint)).collect();
    uses.extend(called.iter().map(|name| format!("in a call to {name}")));
    verdict("no token of the refused login is used", uses)
}

/// ASVS 16.2.5 and 14.3.3: none of `hidden` is in an answer of a service, in clear or under an encoding that anybody undoes.
pub fn nothing_leaked(control: &Control, service: &str, hidden: &[Hidden], seen: &[Exchange]) -> Verdict {
    if let Err(reason) = control.is_for(service) {
        return Verdict::Error { reason };
    }
    let sought: Vec<&Hidden> = hidden.iter().filter(|hidden| hidden.text.len() >= LEAST_SECRET).collect();
    let answers: Vec<&Exchange> =
        seen.iter().filter(|exchange| exchange.to != Party::Idp && exchange.response.is_ok()).collect();
    if sought.is_empty() || answers.is_empty() {
        let reason = format!("{} secrets to look for in {} answers: nothing was tested", sought.len(), answers.len());
        return Verdict::Error { reason };
    }
    let mut found = Vec::new();
    for exchange in answers {
        let places = places(exchange);
        for hidden in &sought {
            let place = places.iter().find(|(_, text)| readable_in(text, &hidden.text));
            found.extend(place.map(|(place, _)| format!("{} in the {place} of {}", hidden.what, describe(exchange))));
        }
    }
    found.dedup();
    verdict("no secret and no token in any answer to the browser", found)
}

/// The header lines and the body of an answer, each with its name.
fn places(exchange: &Exchange) -> Vec<(String, String)> {
    let Ok(response) = &exchange.response else { return Vec::new() };
    let headers = response.headers.0.iter();
    let headers = headers.map(|(name, value)| (format!("header {name}"), String::from_utf8_lossy(value).into_owned()));
    headers.chain([("body".to_owned(), exchange.body_text())]).collect()
}

/// `secret` stands in `text` as it is, percent-encoded, or inside base64.
fn readable_in(text: &str, secret: &str) -> bool {
    if text.contains(secret) {
        return true;
    }
    let plain = percent_decoded(text);
    if plain.contains(secret) {
        return true;
    }
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let runs = plain.split(|c: char| !is_base64(c)).filter(|run| run.len() * 3 / 4 >= secret.len());
    runs.filter_map(decoded).any(|bytes| String::from_utf8_lossy(&bytes).contains(secret))
}

fn decoded(run: &str) -> Option<Vec<u8>> {
    let whole = &run[..run.len() - usize::from(run.len() % 4 == 1)];
    let padding = "=".repeat((4 - whole.len() % 4) % 4);
    URL_SAFE_NO_PAD.decode(whole).or_else(|_| STANDARD.decode(format!("{whole}{padding}"))).ok()
}

fn percent_decoded(text: &str) -> String {
    // The form decoder takes `+`, `&` and `=` for its own; a text of one value has none of them bare.
    let form: String =
        text.chars().map(|c| if "+&=".contains(c) { format!("%{:02X}", c as u32) } else { c.into() }).collect();
    url::form_urlencoded::parse(form.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

/// The authorization request and the one token request that redeemed its code; otherwise the verdict on that.
fn the_two_requests(login: &[Received]) -> Result<(&Received, &Received), Verdict> {
    let none = || Verdict::Error { reason: "the provider received no authorization request".into() };
    let mut received = login.iter();
    let authorization = received.rfind(|received| received.endpoint == Endpoint::Authorization).ok_or_else(none)?;
    let requests: Vec<&Received> = redemptions(login).collect();
    match requests.as_slice() {
        [request] => Ok((authorization, request)),
        other => Err(unlike_one(other.len())),
    }
}

fn redemptions(login: &[Received]) -> impl Iterator<Item = &Received> {
    let tokens = login.iter().filter(|received| received.endpoint == Endpoint::Token);
    tokens.filter(|received| received.param("grant_type") == Some("authorization_code"))
}

fn unlike_one(requests: usize) -> Verdict {
    match requests {
        0 => Verdict::Error { reason: "the provider received no token request".into() },
        many => verdict("one token request for one login", vec![format!("{many} requests")]),
    }
}

fn challenge_answered(authorization: &Received, request: &Received) -> Result<(), String> {
    let fits = |challenge: &str, verifier: &str| match authorization.param("code_challenge_method") {
        Some("S256") => {
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
            URL_SAFE_NO_PAD.encode(hash) == challenge
        }
        None | Some(_) => verifier == challenge,
    };
    match (authorization.param("code_challenge"), request.param("code_verifier")) {
        (None, None) => Ok(()),
        (Some(_), None) => Err("a code_challenge was sent, and no code_verifier".into()),
        (None, Some(_)) => Err("a code_verifier was sent, and no code_challenge".into()),
        (Some(challenge), Some(verifier)) if fits(challenge, verifier) => Ok(()),
        (Some(_), Some(_)) => Err("the code_verifier does not belong to the code_challenge".into()),
    }
}

fn verdict(expected: &str, faults: Vec<String>) -> Verdict {
    match faults.is_empty() {
        true => Verdict::Pass,
        false => Verdict::Fail(Finding { expected: expected.into(), observed: faults.join("; ") }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn authorization() -> Received {
        testing::received(
            Endpoint::Authorization,
            &[
                ("redirect_uri", "https://app.test/cb"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ],
        )
    }

    fn redemption(changes: &[(&str, &str)]) -> Received {
        let mut params = vec![
            ("grant_type", "authorization_code"),
            ("code", "the-code"),
            ("redirect_uri", "https://app.test/cb"),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in changes {
            params.retain(|(key, _)| key != name);
            params.push((name, value));
        }
        testing::received(Endpoint::Token, &params)
    }

    fn client(confidential: bool) -> Registered {
        Registered { client_id: "web".into(), redirect_uris: Vec::new(), confidential }
    }

    #[test]
    fn a_bound_token_request_passes_and_one_with_a_fault_fails() {
        let judge = |login: &[Received]| token_request_bound(Some("the-code"), login);

        assert_eq!(judge(&[authorization(), redemption(&[])]), Verdict::Pass);
        for change in [("code", "x"), ("redirect_uri", "https://app.test/"), ("code_verifier", "x")] {
            assert!(matches!(judge(&[authorization(), redemption(&[change])]), Verdict::Fail(_)), "{change:?}");
        }
        assert!(matches!(judge(&[authorization(), redemption(&[]), redemption(&[])]), Verdict::Fail(_)));
        assert!(matches!(judge(&[authorization()]), Verdict::Error { .. }));
    }

    #[test]
    fn pkce_needs_a_challenge_and_its_verifier() {
        let without = testing::received(Endpoint::Authorization, &[]);

        assert_eq!(pkce_used(&[authorization(), redemption(&[])]), Verdict::Pass);
        assert!(matches!(pkce_used(&[without, redemption(&[])]), Verdict::Fail(_)));
        assert!(matches!(pkce_used(&[authorization(), redemption(&[("code_verifier", "short")])]), Verdict::Fail(_)));
        assert!(matches!(pkce_used(&[]), Verdict::Error { .. }));
    }

    #[test]
    fn one_authentication_method_passes_and_others_fail() {
        let with = |client_auth| Received { client_auth, ..redemption(&[]) };

        assert_eq!(one_authentication(&client(true), &[with(ClientAuth::ClientSecretBasic)]), Verdict::Pass);
        assert_eq!(one_authentication(&client(false), &[with(ClientAuth::None)]), Verdict::Pass);
        for bad in [ClientAuth::None, ClientAuth::Several, ClientAuth::Query] {
            assert!(matches!(one_authentication(&client(true), &[with(bad)]), Verdict::Fail(_)), "{bad:?}");
        }
        assert!(matches!(one_authentication(&client(true), &[]), Verdict::Error { .. }));
    }

    #[test]
    fn a_token_of_a_refused_login_may_not_be_used() {
        let control = testing::proof("app");
        let refused = testing::attempt("app");
        let tokens = vec!["an-access-token".to_owned()];
        let used = testing::received(Endpoint::Introspection, &[("token", "an-access-token")]);
        let judge = |tokens: &[String], asked: &[Received], called: &[String]| {
            refused_tokens_unused(&control, &refused, tokens, asked, called)
        };

        assert_eq!(judge(&tokens, &[redemption(&[])], &[]), Verdict::Pass);
        assert!(matches!(judge(&tokens, &[used], &[]), Verdict::Fail(_)));
        assert!(matches!(judge(&tokens, &[], &["metadata".into()]), Verdict::Fail(_)));
        assert!(matches!(judge(&[], &[], &[]), Verdict::Error { .. }));
    }

    #[test]
    fn a_secret_is_found_in_clear_and_under_encodings() {
        let control = testing::proof("app");
        let secret = "s3cret+of/the-client";
        let hidden = [Hidden { what: "the client secret".into(), text: secret.into() }];
        let judge = |header: &str, body: &str| {
            nothing_leaked(&control, "app", &hidden, &[testing::exchange(500, &[("Set-Cookie", header)], body)])
        };
        let inside = URL_SAFE_NO_PAD.encode(format!(r#"{{"token": "{secret}"}}"#));

        assert_eq!(judge("a=b", "an error page"), Verdict::Pass);
        for (header, body) in
            [("a=b", secret), ("a=s3cret%2Bof%2Fthe-client", ""), (format!("session={inside}.x.y").as_str(), "")]
        {
            let verdict = judge(header, body);

            let Verdict::Fail(finding) = verdict else { panic!("{header} {body} passed") };
            assert!(!finding.observed.contains(secret));
        }
    }

    #[test]
    fn nothing_to_look_for_decides_nothing() {
        let control = testing::proof("app");
        let short = [Hidden { what: "the client secret".into(), text: "secret".into() }];

        let verdict = nothing_leaked(&control, "app", &short, &[testing::exchange(200, &[], "secret")]);

        assert!(matches!(verdict, Verdict::Error { .. }));
    }
}
