//! Logins, honest and with one departure.

use cucumber::given;
use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::world::StepResult;
use crate::world::World;
use crate::world::departure;

/// Logs in honestly with a fresh browser and sees that it works: the control of every refusal.
#[given(regex = r"^(\w+) can log in to (\S+)$")]
async fn can_log_in(world: &mut World, person: String, service: String) -> StepResult {
    world.stage()?.prove_login(&person, &service).await
}

/// Logs in honestly with a fresh browser, sees that it works, and stays signed in.
#[given(regex = r"^(\w+) is signed in to (\S+)$")]
async fn is_signed_in_already(world: &mut World, person: String, service: String) -> StepResult {
    let stage = world.stage()?;
    stage.prove_login(&person, &service).await
}

/// Logs in with a fresh browser.
#[when(regex = r"^(\w+) logs in to (\S+)$")]
async fn logs_in(world: &mut World, person: String, service: String) -> StepResult {
    let stage = world.stage()?;
    stage.fresh_browser(&person)?;
    stage.log_in(&person, &service, None).await.map(drop)
}

/// Logs in with a fresh browser while the id_token departs from a valid one as a recipe says.
#[when(regex = r"^(\w+) logs in to (\S+) with an id_token where (.+)$")]
async fn logs_in_with_id_token(world: &mut World, person: String, service: String, words: String) -> StepResult {
    let stage = world.stage()?;
    let stimulus = stage.undecided(departure::id_token(&words))?;
    stage.fresh_browser(&person)?;
    stage.log_in(&person, &service, Some(stimulus)).await.map(drop)
}

/// The last login signed that person in, as the user lookup tells.
#[then(regex = r"^(\w+) is signed in to (\S+)$")]
async fn is_signed_in(world: &mut World, person: String, service: String) -> StepResult {
    let verdict = judge::signed_in_as(world.stage()?.attempt_of(&person, &service)?);
    world.judge(verdict)
}

/// The last login signed nobody in, while the control did.
#[then("the login is refused")]
async fn login_is_refused(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::login_refused(stage.control_of_attempt()?, stage.last_attempt()?);
    world.judge(verdict)
}
