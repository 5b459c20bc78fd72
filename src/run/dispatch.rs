//! The one step that cucumber knows: it finds the real one, names it in the evidence, and holds it to the time.
//!
//! Cucumber's own events come too late to say which step an exchange belongs to, and its steps are plain functions that
//! nothing can be wrapped around.

use std::sync::LazyLock;

use cucumber::World as _;
use cucumber::codegen::Regex;
use cucumber::step::{Collection, Context};
use futures::FutureExt;
use futures::future::LocalBoxFuture;

use super::quiet::hushed;
use crate::outcome::Verdict;
use crate::world::World;

/// The steps that are registered in this program.
static STEPS: LazyLock<Collection<World>> = LazyLock::new(World::collection);

/// A collection whose only step takes everything.
pub(super) fn steps() -> Collection<World> {
    let any = || Regex::new("").expect("an empty pattern is a pattern");
    Collection::new().given(None, any(), step).when(None, any(), step).then(None, any(), step)
}

fn step(world: &mut World, context: Context) -> LocalBoxFuture<'_, ()> {
    hushed(perform(world, context)).boxed_local()
}

/// A panic is how cucumber learns that a step has failed; its text is the reason.
async fn perform(world: &mut World, context: Context) {
    let text = format!("{}{}", context.step.keyword, context.step.value);
    let (real, context) = match STEPS.find(&context.step) {
        Ok(Some((real, _, _, context))) => (real, context),
        Ok(None) => panic!("no step fits `{text}`"),
        Err(_) => panic!("several steps fit `{text}`"),
    };
    let record = match world.stage() {
        Ok(stage) => stage.record.clone(),
        Err(reason) => panic!("{reason}"),
    };
    record.recorder().step(Some(text.clone()));
    if tokio::time::timeout(record.time_left(), real(world, context)).await.is_err() {
        let seconds = record.time_allowed().as_secs();
        let reason = format!("the scenario took longer than its {seconds} seconds; it was in the step `{text}`");
        record.judge(Verdict::Error { reason: reason.clone() });
        panic!("{reason}");
    }
}
