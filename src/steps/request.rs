//! Single requests in a browser and without credentials.

use cucumber::given;
use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::world::StepResult;
use crate::world::World;

/// The control: the path opens in the person's browser.
#[given(regex = r"^(\S+) of (\S+) opens for (\w+)$")]
async fn opens_for(world: &mut World, path: String, service: String, person: String) -> StepResult {
    world.stage()?.prove_browser(&person, &service, &path).await
}

/// One GET without cookie and token.
#[when(regex = r"^(\S+) of (\S+) is requested without credentials$")]
async fn is_requested_anonymously(world: &mut World, path: String, service: String) -> StepResult {
    world.stage()?.ask_anonymously("GET", &service, &path).await
}

/// One GET in the person's browser.
#[when(regex = r"^(\w+) requests (\S+) of (\S+)$")]
async fn requests(world: &mut World, person: String, path: String, service: String) -> StepResult {
    world.stage()?.ask_in_browser(&person, &service, &path).await
}

/// The last answer shows nothing that the control showed, and is no page of its own either.
#[then("nothing protected is shown")]
async fn nothing_protected_is_shown(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::nothing_protected(stage.opened()?, stage.open_bodies(), stage.last_seen()?);
    world.judge(verdict)
}

/// The last answer says `no-store` or `private`.
#[then("the answer may not be stored by a shared cache")]
async fn answer_may_not_be_shared(world: &mut World) -> StepResult {
    let verdict = judge::not_shareable(world.stage()?.last_seen()?);
    world.judge(verdict)
}
