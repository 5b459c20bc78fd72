//! Before anything else: can "signed in" be told from "not signed in" at each service?
//!
//! A service that lets everybody in is no reason to stop, and neither is one that takes a broken login: those are
//! findings. What stops a run is that no honest caller gets in, or that an anonymous one cannot be told from him.

use std::sync::Arc;

use mock_idp::{Endpoint, ReceivedFilter};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::evidence::{Party, RecordedExchange, Recorder, Redactor};
use crate::judge::{Access, LoginAttempt};
use crate::outcome::{CaseName, Diagnosis, EndReason};
use crate::target::{IdpMode, Service};
use crate::world::{Context, ScenarioRecord, Stage, World, departure};

/// `Date` has whole seconds, and the answer has been under way.
const TOLERATED_SECONDS: i64 = 5;

/// Looks at every service of the target.
pub async fn diagnose(context: &Arc<Context>) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    for service in &context.target.services {
        found.extend(examine(context, service).await);
    }
    found
}

/// Nothing can be proven anywhere.
pub(super) fn is_hopeless(context: &Context, diagnoses: &[Diagnosis]) -> bool {
    let blocked = |service: &Service| {
        diagnoses.iter().any(|found| found.blocking && found.service.as_deref() == Some(service.name.as_str()))
    };
    context.target.services.iter().all(blocked)
}

/// After scenarios that had the deployment for themselves: what worked before still does.
pub(super) async fn still_works(context: &Arc<Context>, before: &[Diagnosis]) -> EndReason {
    let after = diagnose(context).await;
    let new = after.into_iter().find(|found| found.blocking && !before.contains(found));
    match new {
        Some(found) => EndReason::TargetLost { reason: found.problem },
        None => EndReason::Completed,
    }
}

async fn examine(context: &Arc<Context>, service: &Service) -> Vec<Diagnosis> {
    let secrets = context.target.clients.iter().filter_map(|client| client.secret.as_ref());
    let redactor = Redactor::new(secrets.map(|secret| secret.reveal().clone()), context.lab.idp_is_ours());
    let name = CaseName {
        check: None,
        service: Some(service.name.clone()),
        title: "doctor".into(),
        feature: "doctor".into(),
        line: 1,
    };
    let record = Arc::new(ScenarioRecord::new(name, Recorder::new(redactor)));
    let mut world = World::default();
    world.enter_shared(context, Arc::clone(&record));
    let mut found = vec![];
    let ours = context.target.idp.mode == IdpMode::Mock;
    if let Ok(stage) = world.stage() {
        if service.is_relying_party() && ours {
            found.extend(logins(stage, service).await);
        }
        if found.is_empty() && (service.is_resource_server() || !ours) {
            found.extend(answers(stage, service).await);
        }
        if found.is_empty() && service.is_resource_server() && ours {
            found.extend(opens_with_token(stage, service).await);
        }
    }
    world.leave().await;
    found.extend(clock(service, &record.exchanges()));
    found
}

/// A clock that goes wrong makes good tokens look expired, and expired ones good.
fn clock(service: &Service, exchanges: &[RecordedExchange]) -> Option<Diagnosis> {
    let name = &service.name;
    let (theirs, ours) = exchanges.iter().rev().find_map(|exchange| {
        let response = exchange.response.as_ref().ok().filter(|_| exchange.to == Party::Service(name.clone()))?;
        let (_, date) = response.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case("date"))?;
        let took = time::Duration::milliseconds(i64::try_from(exchange.took_ms).unwrap_or(0));
        Some((OffsetDateTime::parse(date, &Rfc2822).ok()?, exchange.at + took))
    })?;
    let off = (theirs - ours).whole_seconds();
    (off.abs() > TOLERATED_SECONDS).then(|| Diagnosis {
        service: Some(name.clone()),
        problem: format!("the clock of {name} is {} s {} ours", off.abs(), if off > 0 { "ahead of" } else { "behind" }),
        remedy: "set both clocks by NTP: checks of exp, nbf and iat say little while they differ".into(),
        blocking: false,
    })
}

/// One honest login and one broken one.
async fn logins(stage: &mut Stage, service: &Service) -> Vec<Diagnosis> {
    let honest = match log_in(stage, service, None).await {
        Ok(attempt) => attempt,
        Err(reason) => return vec![blocking(service, reason, "mend the target file".into())],
    };
    if let Access::Unclear { reason } = &honest.access {
        let remedy = format!("start the service, or correct `url:` of `{}` ({})", service.name, service.url);
        return vec![blocking(service, format!("{} gives no answer: {reason}", service.name), remedy)];
    }
    if !matches!(honest.before, Access::Nobody { .. }) {
        let path = service.protected.first().map_or("/", String::as_str);
        let problem = format!("{path} of {} opens without a login", service.name);
        let remedy = format!(
            "if it is meant to be open, name another path under `protected:` of `{}`; if not, its login is off",
            service.name
        );
        return vec![blocking(service, problem, remedy)];
    }
    if matches!(honest.access, Access::Nobody { .. }) {
        return vec![refused_honest_login(stage, service, &honest)];
    }
    let broken = departure::id_token("aud is another client");
    match broken {
        Ok(stimulus) => match log_in(stage, service, Some(stimulus)).await {
            Ok(attempt) if matches!(attempt.access, Access::Nobody { .. }) => vec![],
            Ok(_) => vec![Diagnosis {
                service: Some(service.name.clone()),
                problem: format!("{} signs in with an id_token for another client", service.name),
                remedy: "the run goes on and shows what else it takes".into(),
                blocking: false,
            }],
            Err(reason) => vec![blocking(service, reason, "mend the target file".into())],
        },
        Err(reason) => vec![blocking(service, reason, "mend the recipe".into())],
    }
}

async fn log_in(
    stage: &mut Stage,
    service: &Service,
    stimulus: Option<crate::world::Stimulus>,
) -> Result<LoginAttempt, String> {
    stage.fresh_browser("alice")?;
    stage.log_in("alice", &service.name, stimulus).await
}

/// Where the honest login got stuck, and the setting that is probably wrong.
fn refused_honest_login(stage: &Stage, service: &Service, attempt: &LoginAttempt) -> Diagnosis {
    let name = &service.name;
    let asked = stage.idp_received_since(0);
    let refused_code = asked.iter().rev().find(|received| received.endpoint == Endpoint::Token);
    let at_authorize = asked.iter().rev().find(|received| received.endpoint == Endpoint::Authorization);
    let read_by_somebody = |endpoint| {
        let filter = ReceivedFilter { endpoint: Some(endpoint), ..ReceivedFilter::default() };
        !stage.lab.received(&filter).is_empty()
    };
    let (problem, remedy) = match (attempt.reached_idp, refused_code) {
        (false, _) if !read_by_somebody(Endpoint::Discovery) => (
            format!(
                "an honest login at {name} never comes to the provider, and nobody has read its discovery document: {}",
                attempt.ended
            ),
            format!(
                "set the service's issuer to {} byte for byte, and see that it reaches that address from where it runs; \
                 one that reads the document at its start needs a restart while the provider is there",
                stage.target.idp.issuer.as_str()
            ),
        ),
        (false, _) => (
            format!("an honest login at {name} never comes to the provider: {}", attempt.ended),
            format!(
                "set the service's issuer to {}, and `login:` of `{name}` to the path that starts a login",
                stage.target.idp.issuer.as_str()
            ),
        ),
        (true, None) if at_authorize.is_some_and(|received| received.response_status >= 400) => (
            format!(
                "the provider refuses the authorization request of {name}: its client_id or redirect_uri is not known"
            ),
            format!(
                "make `clients:` in the target file name the service's client_id, and its redirect URI byte for byte: it sent {}",
                at_authorize.and_then(|received| received.param("redirect_uri")).unwrap_or("none")
            ),
        ),
        (true, None) => (
            format!("the browser comes back to {name}, but the code is never redeemed: {}", attempt.ended),
            format!(
                "check that {name} reaches the provider at {} itself, and its callback path",
                stage.target.idp.issuer.as_str()
            ),
        ),
        (true, Some(token)) if token.response_status != 200 => {
            let setting = match token.response_body.contains("invalid_client") {
                true => "the client's id and secret",
                false => "the client's redirect URIs",
            };
            (
                format!("the token endpoint refuses {name}: {}", token.response_body),
                format!("make {setting} in the target file those of the service"),
            )
        }
        (true, Some(_)) => (
            format!("{name} got its tokens and yet signs nobody in: {}", attempt.ended),
            format!(
                "compare the service's issuer with `idp.issuer` byte for byte ({}), its clock with ours, and `protected:` \
                 and `user:` with paths that open after a login",
                stage.target.idp.issuer.as_str()
            ),
        ),
    };
    blocking(service, problem, remedy)
}

/// A service that logs nobody in: it must answer, and not let everybody in.
async fn answers(stage: &Stage, service: &Service) -> Vec<Diagnosis> {
    let path = service.protected.first().map_or("/", String::as_str);
    let exchange = stage.client().get(&service.path_url(path), &[]).await;
    match &exchange.response {
        Err(failure) => {
            let remedy = format!("start the service, or correct `url:` of `{}` ({})", service.name, service.url);
            vec![blocking(service, format!("{} gives no answer: {failure}", service.name), remedy)]
        }
        Ok(response) if response.is_success() => vec![blocking(
            service,
            format!("{path} of {} opens without credentials", service.name),
            format!("if it is meant to be open, name another path under `protected:` of `{}`", service.name),
        )],
        Ok(_) => vec![],
    }
}

/// A resource server must take an honest access token; else every refusal there means nothing.
async fn opens_with_token(stage: &mut Stage, service: &Service) -> Option<Diagnosis> {
    let path = service.protected.first().map_or("/", String::as_str);
    let problem = stage.prove_token("alice", &service.name, path).await.err()?;
    let name = &service.name;
    let asked = |endpoint| {
        let filter = ReceivedFilter { endpoint: Some(endpoint), ..ReceivedFilter::default() };
        !stage.lab.received(&filter).is_empty()
    };
    let issuer = stage.target.idp.issuer.as_str();
    let remedy = match (asked(Endpoint::Introspection), asked(Endpoint::Jwks)) {
        (false, false) => format!(
            "nobody has asked the provider for keys or about tokens: set the issuer of `{name}` to {issuer}, see that it \
             reaches that address from where it runs, and restart it if it reads that only at its start"
        ),
        _ => format!(
            "compare the issuer of `{name}` with {issuer} byte for byte, `audience:`, `scope:` and `bearer:` with what it \
             expects, its clock with ours, and `protected:` with paths that a user may open"
        ),
    };
    Some(blocking(service, format!("{path} of {name} does not open with an honest token: {problem}"), remedy))
}

fn blocking(service: &Service, problem: String, remedy: String) -> Diagnosis {
    Diagnosis { service: Some(service.name.clone()), problem, remedy, blocking: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{RecordedBody, RecordedRequest, RecordedResponse};

    fn answered(date: &str, at: OffsetDateTime) -> RecordedExchange {
        RecordedExchange {
            number: 1,
            from: Party::Client,
            to: Party::Service("web".into()),
            step: None,
            at,
            took_ms: 0,
            request: RecordedRequest {
                method: "GET".into(),
                origin: "http://web.test".into(),
                target: "/".into(),
                headers: vec![],
                body: RecordedBody::default(),
            },
            response: Ok(RecordedResponse {
                status: 200,
                headers: vec![("date".into(), date.into())],
                body: RecordedBody::default(),
            }),
        }
    }

    #[test]
    fn only_a_clock_that_is_seconds_off_is_told() {
        let service = Service::resource_server("web", "http://web.test".parse().unwrap());
        let noon = OffsetDateTime::from_unix_timestamp(1_795_608_000).unwrap();
        let told = |date: &str, at| clock(&service, &[answered(date, at)]).map(|found| found.problem);

        assert_eq!(told("Wed, 25 Nov 2026 12:00:00 GMT", noon), None);
        assert_eq!(told("yesterday", noon), None);
        assert_eq!(
            told("Wed, 25 Nov 2026 12:00:30 GMT", noon),
            Some("the clock of web is 30 s ahead of ours".to_owned())
        );
        assert_eq!(
            told("Wed, 25 Nov 2026 11:50:00 GMT", noon),
            Some("the clock of web is 600 s behind ours".to_owned())
        );
    }
}
