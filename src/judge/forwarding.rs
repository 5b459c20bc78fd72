//! Calls that a service makes to another one on the user's behalf, as the stand-in for the called service received them.

use mock_idp::Received;

use super::describe;
use crate::evidence::Exchange;
use crate::lab::SpiedRequest;
use crate::outcome::Finding;
use crate::outcome::Verdict;
use crate::token::Compact;
use crate::token::Spelling;
use crate::token::undress;

/// A call that a person's request triggered.
#[derive(Clone)]
pub struct Call {
    pub person: String,
    pub caller: String,
    pub downstream: String,
    /// What came in while it was under way and carries something of this scenario's.
    pub arrived: Vec<SpiedRequest>,
    /// What came in while it was under way and carries no person's token at all; whose it is cannot be told.
    pub nobodys: Vec<SpiedRequest>,
    /// Nobody else of the target calls this downstream.
    pub sole_caller: bool,
    /// What the person got.
    pub answer: Exchange,
}

/// Something that no downstream may see: what it is, and its text.
#[derive(Clone)]
pub struct Kept {
    pub what: String,
    pub text: String,
}

/// RFC 6750 section 2.1: every call carries one of the person's own access tokens, in one Authorization header.
pub fn carries_own_token(call: &Call, own: &[String], spelling: Spelling) -> Verdict {
    let expected = format!("{} receives {}'s access token in one Authorization header", call.downstream, call.person);
    let fail = |observed: String| Verdict::Fail(Finding { expected: expected.clone(), observed });
    if own.is_empty() {
        return Verdict::Error { reason: format!("the provider has issued no access token to {}", call.person) };
    }
    if call.arrived.is_empty() && call.sole_caller && !call.nobodys.is_empty() {
        return fail(format!("{} calls without a token of any person's", call.nobodys.len()));
    }
    if let Err(reason) = arrived(call) {
        return Verdict::Error { reason };
    }
    for request in &call.arrived {
        let lines: Vec<&str> = request.headers.all("authorization").collect();
        let [line] = lines.as_slice() else {
            return fail(format!("{} with {} Authorization headers", place(request), lines.len()));
        };
        if !names_token(line, own, spelling) {
            return fail(format!("{} with {}", place(request), bearer_of(line)));
        }
    }
    Verdict::Pass
}

/// None of the calls carries any of `kept`, in whatever place.
pub fn keeps_secrets(call: &Call, kept: &[Kept]) -> Verdict {
    if let Err(reason) = arrived(call) {
        return Verdict::Error { reason };
    }
    let kept: Vec<&Kept> = kept.iter().filter(|secret| !secret.text.is_empty()).collect();
    if kept.is_empty() {
        return Verdict::Error { reason: format!("{} is known to hold no secret to look for", call.caller) };
    }
    let mut leaks: Vec<String> = Vec::new();
    for request in &call.arrived {
        for secret in &kept {
            leaks.extend(holder(request, &secret.text).map(|holder| format!("{} in {holder}", secret.what)));
        }
    }
    leaks.sort();
    leaks.dedup();
    match leaks.is_empty() {
        true => Verdict::Pass,
        false => Verdict::Fail(Finding {
            expected: format!("{} receives the access token and no other secret", call.downstream),
            observed: leaks.join("; "),
        }),
    }
}

/// With the client's forged headers the call carries none of their values; without them (`control`) it arrives.
pub fn drops_forged(control: &Call, call: &Call, forged: &[(String, String)]) -> Verdict {
    if forged.is_empty() {
        return Verdict::Error { reason: "no step before this one has forged any header".into() };
    }
    if let Err(reason) = arrived(control) {
        return Verdict::Error { reason: format!("control failed: {reason}") };
    }
    let refused = call.answer.status().is_some_and(|status| (400..500).contains(&status));
    if call.arrived.is_empty() && refused {
        return Verdict::Pass;
    }
    let kept: Vec<Kept> = forged
        .iter()
        .map(|(name, value)| Kept { what: format!("the client's `{name}`"), text: value.clone() })
        .collect();
    match keeps_secrets(call, &kept) {
        Verdict::Fail(finding) => Verdict::Fail(Finding {
            expected: format!("{} receives no identity header of the client's", call.downstream),
            observed: finding.observed,
        }),
        other => other,
    }
}

/// The downstream answered with a redirect to another origin, and nothing of the scenario's arrived there.
pub fn not_carried_away(call: &Call, planned: Option<u16>, elsewhere: &[SpiedRequest]) -> Verdict {
    if let Err(reason) = answered_as_planned(call, planned) {
        return Verdict::Error { reason };
    }
    match elsewhere {
        [] => Verdict::Pass,
        [first, ..] => Verdict::Fail(Finding {
            expected: format!("{} carries no token to the origin that {} names", call.caller, call.downstream),
            observed: format!("{} at the other origin, with {}", place(first), authorization_of(first)),
        }),
    }
}

/// With a person's credentials the call arrives; without, the caller was asked (`answers`) and called nobody.
pub fn nothing_called(control: &Call, answers: &[Exchange], since: &[SpiedRequest]) -> Verdict {
    if let Err(reason) = arrived(control) {
        return Verdict::Error { reason: format!("control failed: {reason}") };
    }
    match since {
        [] if answers.is_empty() => {
            Verdict::Error { reason: format!("{} was not asked without credentials", control.caller) }
        }
        [] if answers.iter().any(|answer| answer.response.is_err()) => {
            Verdict::Error { reason: answers.iter().map(describe).collect::<Vec<_>>().join("; ") }
        }
        [] => Verdict::Pass,
        [first, ..] => Verdict::Fail(Finding {
            expected: format!("{} calls {} for nobody", control.caller, control.downstream),
            observed: format!("{} with {}", place(first), authorization_of(first)),
        }),
    }
}

/// The downstream refused, and so the caller gets no success.
pub fn no_success(call: &Call, planned: Option<u16>) -> Verdict {
    if let Err(reason) = answered_as_planned(call, planned) {
        return Verdict::Error { reason };
    }
    match &call.answer.response {
        Ok(response) if response.is_success() => Verdict::Fail(Finding {
            expected: format!("no 2xx, since {} gave no data", call.downstream),
            observed: describe(&call.answer),
        }),
        Ok(_) => Verdict::Pass,
        Err(failure) => Verdict::Error { reason: failure.to_string() },
    }
}

/// A refused call is repeated once at most.
pub fn called_at_most(call: &Call, times: usize) -> Verdict {
    if let Err(reason) = arrived(call) {
        return Verdict::Error { reason };
    }
    match call.arrived.len() {
        count if count <= times => Verdict::Pass,
        count => Verdict::Fail(Finding {
            expected: format!("at most {times} calls of {}", call.downstream),
            observed: format!("{count} calls"),
        }),
    }
}

/// The downstream redirected to the provider's login page, and no access token of the person's came along there.
pub fn not_taken_to_login(call: &Call, planned: Option<u16>, received: &[Received], own: &[String]) -> Verdict {
    if let Err(reason) = answered_as_planned(call, planned) {
        return Verdict::Error { reason };
    }
    if own.is_empty() {
        return Verdict::Error { reason: format!("the provider has issued no access token to {}", call.person) };
    }
    let carries = |received: &&Received| {
        let headers = received.headers.iter().map(|(_, value)| value.as_str());
        let params = received.params.iter().map(|(_, value)| value.as_str());
        let mut texts = headers.chain(params).chain([received.path_and_query.as_str()]);
        texts.any(|text| own.iter().any(|token| text.contains(token.as_str())))
    };
    match received.iter().find(carries) {
        None => Verdict::Pass,
        Some(received) => Verdict::Fail(Finding {
            expected: "the provider's login page receives no access token".into(),
            observed: format!("{} {:?} with {}'s access token", received.method, received.endpoint, call.person),
        }),
    }
}

/// The verdict of several on the same question: a finding, else a reason why it is open, else a pass. Of none, an error.
pub fn first_objection(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut undecided = None;
    let mut passed = false;
    for verdict in verdicts {
        match verdict {
            Verdict::Pass => passed = true,
            Verdict::Fail(_) | Verdict::Warn(_) => return verdict,
            Verdict::Error { .. } | Verdict::Skip { .. } => undecided = undecided.or(Some(verdict)),
        }
    }
    match (undecided, passed) {
        (Some(verdict), _) => verdict,
        (None, true) => Verdict::Pass,
        (None, false) => Verdict::Error { reason: "there was nothing to judge".into() },
    }
}

/// Whether some person's token stands in the request's Authorization header: one with a subject that is no client.
pub fn names_somebody(request: &SpiedRequest) -> bool {
    request.headers.all("authorization").any(|line| {
        let credential = line.split_once(' ').map_or(line, |(_, credential)| credential.trim());
        let token = Compact::read(&undress(credential));
        token.claim("sub").is_some_and(|subject| Some(subject) != token.claim("client_id"))
    })
}

/// The call reached the downstream: the control of everything said about it.
fn arrived(call: &Call) -> Result<(), String> {
    match call.arrived.is_empty() {
        false => Ok(()),
        true => Err(format!(
            "no call of {}'s from {} arrived at {}; the request that triggers it: {}",
            call.person,
            call.caller,
            call.downstream,
            describe(&call.answer)
        )),
    }
}

fn answered_as_planned(call: &Call, planned: Option<u16>) -> Result<(), String> {
    arrived(call)?;
    let Some(planned) = planned else {
        return Err("no step before this one has told the downstream what to answer".into());
    };
    match call.arrived.iter().any(|request| request.status == planned) {
        true => Ok(()),
        false => Err(format!("{} never answered {planned} to {}", call.downstream, call.caller)),
    }
}

fn names_token(line: &str, own: &[String], spelling: Spelling) -> bool {
    let Some((scheme, credential)) = line.split_once(' ') else { return false };
    let token = match spelling {
        Spelling::FlaskoidcJson => undress(credential.trim()),
        Spelling::Jwt | Spelling::Opaque => credential.to_owned(),
    };
    scheme.eq_ignore_ascii_case("bearer") && own.contains(&token)
}

/// Where `text` stands in the request.
fn holder(request: &SpiedRequest, text: &str) -> Option<String> {
    let header = request
        .headers
        .0
        .iter()
        .find(|(name, value)| name.contains(text) || String::from_utf8_lossy(value).contains(text));
    let in_url = || request.url.as_str().contains(text).then(|| "the URL".to_owned());
    let in_body = || String::from_utf8_lossy(&request.body).contains(text).then(|| "the body".to_owned());
    header.map(|(name, _)| format!("the header `{name}`")).or_else(in_url).or_else(in_body)
}

/// `GET /search`, without the query: it may hold anything.
fn place(request: &SpiedRequest) -> String {
    format!("{} {}", request.method, request.url.path())
}

fn authorization_of(request: &SpiedRequest) -> String {
    request.headers.find("authorization").map_or_else(|| "no Authorization header".into(), bearer_of)
}

/// The credential in words that give nothing away.
fn bearer_of(line: &str) -> String {
    let Some((scheme, credential)) = line.split_once(' ') else { return "an Authorization header of one word".into() };
    let token = Compact::read(&undress(credential.trim()));
    let shape = if credential.trim_start().starts_with('{') { " in a JSON object" } else { "" };
    match token.claim("sub").and_then(|subject| subject.as_str()) {
        Some(subject) => format!("a {scheme} token of `{subject}`{shape}"),
        None => format!("a {scheme} credential that names nobody{shape}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use mock_idp::ClientAuth;
    use mock_idp::Endpoint;
    use time::OffsetDateTime;

    use super::*;
    use crate::evidence::Headers;
    use crate::evidence::Party;
    use crate::evidence::Request;
    use crate::evidence::Response;
    use crate::evidence::TransportFailure;
    use crate::token::dress;

    fn token(claims: &str) -> String {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", part(r#"{"alg":"RS256"}"#), part(claims))
    }

    fn alices() -> String {
        token(r#"{"sub":"sub-alice","client_id":"web"}"#)
    }

    fn bobs() -> String {
        token(r#"{"sub":"sub-bob","client_id":"web"}"#)
    }

    fn request(headers: &[(&str, &str)]) -> SpiedRequest {
        let lines = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        SpiedRequest {
            at: OffsetDateTime::UNIX_EPOCH,
            method: "GET".into(),
            url: "http://metadata.test/user?x=1".parse().unwrap(),
            headers: Headers(lines.collect()),
            body: Vec::new(),
            status: 200,
        }
    }

    fn bearing(credential: &str) -> SpiedRequest {
        request(&[("authorization", &format!("Bearer {credential}"))])
    }

    fn refused(status: u16) -> SpiedRequest {
        SpiedRequest { status, ..bearing(&alices()) }
    }

    fn call(arrived: Vec<SpiedRequest>) -> Call {
        Call {
            person: "alice".into(),
            caller: "frontend".into(),
            downstream: "metadata".into(),
            arrived,
            nobodys: vec![],
            sole_caller: true,
            answer: answer(502),
        }
    }

    fn answer(status: u16) -> Exchange {
        Exchange {
            from: Party::Browser("alice".into()),
            to: Party::Service("frontend".into()),
            at: OffsetDateTime::UNIX_EPOCH,
            took: Duration::ZERO,
            request: Request {
                method: "GET".into(),
                url: "http://frontend.test/user".parse().unwrap(),
                target: "/user".into(),
                headers: Headers::default(),
                body: Vec::new(),
            },
            response: Ok(Response { status, headers: Headers::default(), body: Vec::new(), body_cut: false }),
        }
    }

    fn login_page(headers: &[(&str, &str)]) -> Received {
        Received {
            seq: 1,
            at: OffsetDateTime::UNIX_EPOCH,
            issuer: "http://idp.test".into(),
            endpoint: Endpoint::Authorization,
            scenario: None,
            method: "GET".into(),
            path_and_query: "/authorize".into(),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            params: vec![],
            client_id: None,
            client_auth: ClientAuth::None,
            response_status: 200,
            response_body: String::new(),
            issued: vec![],
            behaviour: None,
        }
    }

    fn is_fail(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Fail(_))
    }

    fn is_error(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Error { .. })
    }

    #[test]
    fn a_finding_outweighs_an_open_question_and_nothing_is_no_pass() {
        let open = || Verdict::Error { reason: "x".into() };
        let finding = || Verdict::Fail(Finding { expected: "x".into(), observed: "y".into() });

        assert_eq!(first_objection([Verdict::Pass, Verdict::Pass]), Verdict::Pass);
        assert!(is_error(&first_objection([open(), Verdict::Pass])));
        assert!(is_fail(&first_objection([open(), finding(), Verdict::Pass])));
        assert!(is_error(&first_objection([])));
    }

    #[test]
    fn only_the_persons_own_token_is_the_right_one() {
        let judge = |arrived| carries_own_token(&call(arrived), &[alices()], Spelling::Jwt);

        assert_eq!(judge(vec![bearing(&alices())]), Verdict::Pass);
        assert!(is_fail(&judge(vec![bearing(&alices()), bearing(&bobs())])));
        assert!(is_fail(&judge(vec![request(&[("x-user", "sub-alice")])])));
        assert!(is_error(&judge(vec![])));
    }

    #[test]
    fn two_authorization_headers_are_one_too_many() {
        let line = format!("Bearer {}", alices());
        let twice = request(&[("authorization", &line), ("authorization", &line)]);

        assert!(is_fail(&carries_own_token(&call(vec![twice]), &[alices()], Spelling::Jwt)));
    }

    #[test]
    fn a_json_object_is_right_only_where_the_downstream_reads_one() {
        let dressed = dress(&alices(), Spelling::FlaskoidcJson, OffsetDateTime::UNIX_EPOCH);
        let judge = |spelling| carries_own_token(&call(vec![bearing(&dressed)]), &[alices()], spelling);

        assert_eq!(judge(Spelling::FlaskoidcJson), Verdict::Pass);
        assert!(is_fail(&judge(Spelling::Jwt)));
    }

    #[test]
    fn a_call_without_a_persons_token_is_laid_to_the_only_caller() {
        let mut seen = call(vec![]);
        seen.nobodys = vec![bearing(&token(r#"{"sub":"web","client_id":"web"}"#))];
        assert!(is_fail(&carries_own_token(&seen, &[alices()], Spelling::Jwt)));

        seen.sole_caller = false;
        assert!(is_error(&carries_own_token(&seen, &[alices()], Spelling::Jwt)));
    }

    #[test]
    fn a_clients_own_token_names_nobody() {
        assert!(names_somebody(&bearing(&alices())));
        assert!(!names_somebody(&bearing(&token(r#"{"sub":"web","client_id":"web"}"#))));
        assert!(!names_somebody(&bearing("None")));
        assert!(!names_somebody(&request(&[])));
    }

    #[test]
    fn a_secret_is_found_in_every_place() {
        let kept = [Kept { what: "a refresh token".into(), text: "rt-1".into() }];
        let in_header = request(&[("authorization", r#"Bearer {"refresh_token": "rt-1"}"#)]);
        let in_url = SpiedRequest { url: "http://metadata.test/?t=rt-1".parse().unwrap(), ..request(&[]) };
        let in_body = SpiedRequest { body: b"{\"t\":\"rt-1\"}".to_vec(), ..request(&[]) };

        for leak in [in_header, in_url, in_body] {
            assert!(is_fail(&keeps_secrets(&call(vec![leak]), &kept)));
        }
        assert_eq!(keeps_secrets(&call(vec![bearing(&alices())]), &kept), Verdict::Pass);
        assert!(is_error(&keeps_secrets(&call(vec![]), &kept)));
    }

    #[test]
    fn a_forged_value_fails_under_whatever_name_it_arrives() {
        let forged = [("X-Forwarded-User".to_owned(), "forged-1".to_owned())];
        let control = call(vec![bearing(&alices())]);
        let judge = |request| drops_forged(&control, &call(vec![request]), &forged);

        assert!(is_fail(&judge(request(&[("x-user", "forged-1")]))));
        assert_eq!(judge(bearing(&alices())), Verdict::Pass);
        assert!(is_error(&drops_forged(&control, &control, &[])));
        assert!(is_error(&drops_forged(&call(vec![]), &control, &forged)));
    }

    #[test]
    fn forged_headers_may_be_refused_but_not_swallow_the_call() {
        let forged = [("X-Forwarded-User".to_owned(), "forged-1".to_owned())];
        let control = call(vec![bearing(&alices())]);
        let mut attack = call(vec![]);
        assert!(is_error(&drops_forged(&control, &attack, &forged)));

        attack.answer = answer(400);
        assert_eq!(drops_forged(&control, &attack, &forged), Verdict::Pass);
    }

    #[test]
    fn a_redirect_that_was_never_sent_proves_nothing() {
        let followed = [bearing(&alices())];

        assert!(is_error(&not_carried_away(&call(vec![refused(200)]), Some(302), &[])));
        assert_eq!(not_carried_away(&call(vec![refused(302)]), Some(302), &[]), Verdict::Pass);
        assert!(is_fail(&not_carried_away(&call(vec![refused(302)]), Some(302), &followed)));
    }

    #[test]
    fn a_call_for_nobody_fails_only_where_the_call_is_known_to_arrive() {
        let control = call(vec![bearing(&alices())]);

        assert_eq!(nothing_called(&control, &[answer(401)], &[]), Verdict::Pass);
        assert!(is_fail(&nothing_called(&control, &[answer(401)], &[request(&[])])));
        assert!(is_error(&nothing_called(&call(vec![]), &[answer(401)], &[])));
    }

    #[test]
    fn a_caller_who_was_not_asked_or_did_not_answer_proves_nothing() {
        let control = call(vec![bearing(&alices())]);
        let failure = TransportFailure::Broken { reason: "it ended".into() };
        let silent = Exchange { response: Err(failure), ..answer(401) };

        assert!(is_error(&nothing_called(&control, &[], &[])));
        assert!(is_error(&nothing_called(&control, &[silent], &[])));
    }

    #[test]
    fn a_search_for_no_secret_proves_nothing() {
        let nothing = Kept { what: "a cookie".into(), text: String::new() };

        assert!(is_error(&keeps_secrets(&call(vec![bearing(&alices())]), &[])));
        assert!(is_error(&keeps_secrets(&call(vec![bearing(&alices())]), &[nothing])));
    }

    #[test]
    fn a_refusal_may_not_become_a_success() {
        let mut seen = call(vec![refused(403)]);
        assert_eq!(no_success(&seen, Some(403)), Verdict::Pass);
        assert!(is_error(&no_success(&seen, Some(500))));

        seen.answer = answer(200);
        assert!(is_fail(&no_success(&seen, Some(403))));
    }

    #[test]
    fn one_repetition_is_allowed() {
        let times = |count: usize| called_at_most(&call(vec![refused(401); count]), 2);

        assert!(is_error(&times(0)));
        assert_eq!((times(1), times(2)), (Verdict::Pass, Verdict::Pass));
        assert!(is_fail(&times(3)));
    }

    #[test]
    fn a_login_page_may_be_asked_for_without_the_token() {
        let line = format!("Bearer {}", alices());
        let with = login_page(&[("authorization", &line)]);
        let judge =
            |received: &[Received]| not_taken_to_login(&call(vec![refused(302)]), Some(302), received, &[alices()]);

        assert_eq!(judge(&[login_page(&[])]), Verdict::Pass);
        assert!(is_fail(&judge(&[with])));
        assert!(is_error(&not_taken_to_login(&call(vec![]), Some(302), &[], &[alices()])));
    }
}
