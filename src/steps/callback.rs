//! The callback: answers that do not belong to the browser's login, answers twice, errors, return targets.

use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::world::StepResult;
use crate::world::World;
use crate::world::departure::SCRIPT;

/// Brings a fresh code to the callback with: no state, another state, an empty state, the state of an ended login.
#[when(regex = r"^(\w+) brings a good code to the callback of (\S+) with (.+)$")]
async fn brings_a_code(world: &mut World, person: String, service: String, state: String) -> StepResult {
    world.stage()?.bring_code(&person, &service, &state).await
}

/// Logs in with a fresh browser and keeps the callback unopened.
#[when(regex = r"^(\w+) starts to log in at (\S+) and stops before the callback$")]
async fn stops_before_callback(world: &mut World, person: String, service: String) -> StepResult {
    world.stage()?.stop_before_callback(&person, &service).await
}

/// Opens, in a fresh browser, a callback that somebody else has kept.
#[when(regex = r"^(\w+)'s browser opens (\w+)'s callback$")]
async fn opens_callback_of(world: &mut World, person: String, owner: String) -> StepResult {
    world.stage()?.open_callback_of(&person, &owner).await
}

/// Opens the browser's own kept callback with somebody else's code in it.
#[when(regex = r"^(\w+)'s browser opens (?:her|his|its) callback with (\w+)'s code$")]
async fn opens_callback_with_code_of(world: &mut World, person: String, owner: String) -> StepResult {
    world.stage()?.open_callback_with_code_of(&person, &owner).await
}

/// Opens the callback of the last login once more in the same browser.
#[when(regex = r"^(\w+)'s browser opens the same callback again$")]
async fn opens_callback_again(world: &mut World, person: String) -> StepResult {
    world.stage()?.replay_callback(&person).await
}

/// Logs in with a fresh browser while the provider answers with that error in place of a code.
#[when(regex = r#"^the provider answers (\w+)'s login at (\S+) with the error "(\w+)"$"#)]
async fn answers_with_error(world: &mut World, person: String, service: String, error: String) -> StepResult {
    world.stage()?.log_in_with_error(&person, &service, &error, false).await
}

/// The same, with a harmless script in the error's description.
#[when(regex = r#"^the provider answers (\w+)'s login at (\S+) with the error "(\w+)" and a script as description$"#)]
async fn answers_with_script(world: &mut World, person: String, service: String, error: String) -> StepResult {
    world.stage()?.log_in_with_error(&person, &service, &error, true).await
}

/// Logs in with a fresh browser and a return target, by: every parameter, the path. `{origin}` is the service's.
#[when(regex = r#"^(\w+) logs in to (\S+) with the return target "(.*)" by (.+)$"#)]
async fn logs_in_towards(
    world: &mut World,
    person: String,
    service: String,
    target: String,
    channel: String,
) -> StepResult {
    world.stage()?.log_in_towards(&person, &service, &target, &channel).await
}

/// The last login sent no token request.
#[then("no code was redeemed")]
async fn no_code_was_redeemed(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::no_code_redeemed(stage.control_of_attempt()?, stage.last_attempt()?);
    world.judge(verdict)
}

/// The repeated callback sent no token request, while the first one did.
#[then("no second code was redeemed")]
async fn no_second_code_was_redeemed(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let (replay, login) = stage.replay()?;
    let verdict = judge::no_second_code(stage.control_of_attempt()?, &login.service, replay);
    world.judge(verdict)
}

/// The refused login ended in a page without a server error.
#[then("the refusal is a controlled answer")]
async fn refusal_is_controlled(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::refusal_controlled(stage.control_of_attempt()?, stage.last_attempt()?);
    world.judge(verdict)
}

/// No page holds the error's script as markup.
#[then("the script is not in the page")]
async fn script_is_not_in_the_page(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::not_in_a_page(stage.control_of_attempt()?, stage.last_attempt()?, SCRIPT, &stage.seen);
    world.judge(verdict)
}

/// No redirect of the last login or logout with a return target leads to another site.
#[then(regex = r"^every redirect stays at (?:\S+) or the provider$")]
async fn every_redirect_stays(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::stays_home(stage.route()?, &stage.home());
    world.judge(verdict)
}
