//! Introspection: what the provider answers about a token, and the request that makes the service ask.

use cucumber::when;

use crate::world::StepResult;
use crate::world::World;

/// From now on the provider answers this JSON about the scenario's tokens.
#[when(regex = r"^the provider's introspection answers (.+)$")]
async fn introspection_answers(world: &mut World, json: String) -> StepResult {
    world.stage()?.order_introspection_body(&json)
}

/// From now on the provider fails when it is asked about the scenario's tokens.
#[when(regex = r"^the provider's introspection fails with (.+)$")]
async fn introspection_fails(world: &mut World, fault: String) -> StepResult {
    world.stage()?.order_introspection_fault(&fault)
}

/// The control's request once more, unchanged.
#[when("the same request is made again")]
async fn is_made_again(world: &mut World) -> StepResult {
    world.stage()?.repeat_after_order().await
}
