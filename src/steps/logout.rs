//! Logouts.

use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::world::StepResult;
use crate::world::World;

/// Logs out in the person's browser, which was signed in, as far as the next login would start.
#[when(regex = r"^(\w+) logs out of (\S+)$")]
async fn logs_out(world: &mut World, person: String, service: String) -> StepResult {
    world.stage()?.log_out(&person, &service, None).await
}

/// The same, with a return target in every parameter.
#[when(regex = r#"^(\w+) logs out of (\S+) with the return target "(.*)"$"#)]
async fn logs_out_towards(world: &mut World, person: String, service: String, target: String) -> StepResult {
    world.stage()?.log_out(&person, &service, Some(&target)).await
}

/// The logout sent the browser to the provider's end-session endpoint, with a hint of whose login ends.
#[then("the provider's end-session endpoint is told")]
async fn end_session_endpoint_is_told(world: &mut World) -> StepResult {
    let verdict = judge::provider_told(&world.stage()?.received_since_logout()?);
    world.judge(verdict)
}
