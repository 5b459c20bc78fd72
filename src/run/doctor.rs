//! Before anything else: can "signed in" be told from "not signed in" at each service?
//!
//! A service that lets everybody in is no reason to stop, and neither is one that takes a broken login: those are
//! findings. What stops a run is that no honest caller gets in, or that an anonymous one cannot be told from him.

use std::sync::Arc;

use mock_idp::Endpoint;

use crate::evidence::{Recorder, Redactor};
use crate::judge::{Access, LoginAttempt};
use crate::outcome::{CaseName, Diagnosis, EndReason};
use crate::target::{IdpMode, Service};
use crate::world::{Context, ScenarioRecord, Stage, World, departure};

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
    world.enter_shared(context, record);
    let mut found = vec![];
    if let Ok(stage) = world.stage() {
        found.extend(match service.is_relying_party() && context.target.idp.mode == IdpMode::Mock {
            true => logins(stage, service).await,
            false => answers(stage, service).await,
        });
    }
    world.leave().await;
    found
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
    let (problem, remedy) = match (attempt.reached_idp, refused_code) {
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
        (true, Some(token)) if token.response_status != 200 => (
            format!("the token endpoint refuses {name}: {}", token.response_body),
            "make the client's secret and redirect URI in the target file those of the service".into(),
        ),
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
        Ok(response) if (200..300).contains(&response.status) => vec![blocking(
            service,
            format!("{path} of {} opens without credentials", service.name),
            format!("if it is meant to be open, name another path under `protected:` of `{}`", service.name),
        )],
        Ok(_) => vec![],
    }
}

fn blocking(service: &Service, problem: String, remedy: String) -> Diagnosis {
    Diagnosis { service: Some(service.name.clone()), problem, remedy, blocking: true }
}
