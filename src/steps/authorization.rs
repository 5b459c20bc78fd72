//! The authorization request: what a login start carries to the provider.

use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::world::StepResult;
use crate::world::World;

/// Starts a login in a fresh browser, up to the provider, which is not asked.
#[when(regex = r"^(\w+) starts to log in at (\S+)$")]
async fn starts_to_log_in(world: &mut World, person: String, service: String) -> StepResult {
    world.stage()?.start_login(&person, &service).await
}

/// Starts several logins, half of them in one browser.
#[when(regex = r"^(\d+) logins are started at (\S+)$")]
async fn logins_are_started(world: &mut World, count: usize, service: String) -> StepResult {
    world.stage()?.start_logins(count, &service).await
}

/// Starts a login with that text as the `Host` header; `{host}` stands for the service's own.
#[when(regex = r#"^a login is started at (\S+) with the Host header "(.*)"$"#)]
async fn started_with_host(world: &mut World, service: String, host: String) -> StepResult {
    world.stage()?.start_with_host(&service, &host).await
}

/// The last started login's request has every required parameter, right and once.
#[then("the authorization request is complete")]
async fn request_is_complete(world: &mut World) -> StepResult {
    let (request, client) = world.stage()?.last_start()?;
    let verdict = judge::request_complete(&request, &client);
    world.judge(verdict)
}

/// The parameter is in each started login's request, never twice the same, and cannot be guessed.
#[then(regex = r#"^each authorization request has its own unguessable "(\w+)"$"#)]
async fn each_request_has_its_own(world: &mut World, name: String) -> StepResult {
    let verdict = judge::each_has_its_own(&name, world.stage()?.started()?);
    world.judge(verdict)
}

/// Whatever the `Host` header said, the redirect URI is one that the client is registered with, or the start was refused.
#[then("the redirect URI is the registered one")]
async fn redirect_uri_is_registered(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let (service, start) = stage.host_start()?;
    let client = stage.registered(&service)?;
    let verdict = judge::redirect_uri_registered(stage.control_at(&service)?, &service, &start, &client);
    world.judge(verdict)
}
