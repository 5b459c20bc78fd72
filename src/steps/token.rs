//! The token request and what becomes of its answer.

use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::world::StepResult;
use crate::world::World;
use crate::world::departure;

/// Logs in with a fresh browser while a member of the token response is missing, null or a number.
#[when(regex = r"^(\w+) logs in to (\S+) with a token response where (.+)$")]
async fn logs_in_with_token_response(world: &mut World, person: String, service: String, words: String) -> StepResult {
    let stage = world.stage()?;
    let stimulus = stage.undecided(departure::token_response(&words))?;
    stage.fresh_browser(&person)?;
    stage.log_in(&person, &service, Some(stimulus)).await.map(drop)
}

/// A challenge with S256 in the authorization request, and its verifier in the token request.
#[then("the login used PKCE with S256")]
async fn login_used_pkce(world: &mut World) -> StepResult {
    let verdict = judge::pkce_used(&world.stage()?.received_in_login()?);
    world.judge(verdict)
}

/// One token request, with the code, the redirect URI and the verifier of this login.
#[then("the token request is bound to the authorization request")]
async fn token_request_is_bound(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::token_request_bound(stage.code_of_login().as_deref(), &stage.received_in_login()?);
    world.judge(verdict)
}

/// Each token request has one authentication method, and nothing of it in the address.
#[then("the client authenticated by exactly one method")]
async fn client_authenticated_once(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let client = stage.registered(&stage.last_attempt()?.service.clone())?;
    let verdict = judge::one_authentication(&client, &stage.received_in_login()?);
    world.judge(verdict)
}

/// No answer of the scenario holds the client secret, a token or a verifier.
#[then("no secret came back to the browser")]
async fn no_secret_came_back(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let service = stage.last_attempt()?.service.clone();
    let hidden = stage.hidden_secrets(&service)?;
    let verdict = judge::nothing_leaked(stage.control_at(&service)?, &service, &hidden, &stage.seen);
    world.judge(verdict)
}

/// Gives the service every occasion to use a token of the refused login; none arrives anywhere.
#[then("the tokens of the refused login are never used")]
async fn refused_tokens_are_never_used(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let (tokens, asked, called) = stage.provoke_use().await?;
    let (control, attempt) = (stage.control_of_attempt()?, stage.last_attempt()?);
    let verdict = judge::refused_tokens_unused(control, attempt, &tokens, &asked, &called);
    world.judge(verdict)
}
