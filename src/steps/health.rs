//! Health paths: open, while everything beside them is closed.

use cucumber::given;
use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::world::StepResult;
use crate::world::World;

/// The control of every open path: a protected one answers no 2xx without credentials.
#[given(regex = r"^a protected path of (\S+) is closed to an anonymous caller$")]
async fn is_closed(world: &mut World, service: String) -> StepResult {
    world.stage()?.prove_closed(&service).await
}

/// The control of every way in: the protected path opens with a login, or a token, and not without.
#[given(regex = r"^a protected path of (\S+) opens for (\w+) and is closed to an anonymous caller$")]
async fn is_open_and_closed(world: &mut World, service: String, person: String) -> StepResult {
    world.stage()?.prove_open_and_closed(&person, &service).await
}

/// One anonymous GET whose target goes out byte for byte.
#[when(regex = r#"^(\S+) is asked raw for "(.*)"$"#)]
async fn is_asked_raw(world: &mut World, service: String, target: String) -> StepResult {
    world.stage()?.ask_raw(&service, None, &target).await
}

/// The same; `{open}` in it is this health path.
#[when(regex = r#"^(\S+) with the open path (\S+) is asked raw for "(.*)"$"#)]
async fn is_asked_raw_beside(world: &mut World, service: String, path: String, target: String) -> StepResult {
    world.stage()?.ask_raw(&service, Some(&path), &target).await
}

/// One anonymous GET of the protected path with one more header line.
#[when(regex = r#"^(\S+) is asked for its protected path with the header "(.*)"$"#)]
async fn is_asked_with_header(world: &mut World, service: String, line: String) -> StepResult {
    world.stage()?.ask_with_header(&service, None, &line).await
}

/// The same; `{open}` in it is this health path.
#[when(regex = r#"^(\S+) with the open path (\S+) is asked for its protected path with the header "(.*)"$"#)]
async fn is_asked_with_header_beside(world: &mut World, service: String, path: String, line: String) -> StepResult {
    world.stage()?.ask_with_header(&service, Some(&path), &line).await
}

/// One probe: a plain GET, a HEAD request, a Kubernetes probe, HTTP/1.0 without Host.
#[when(regex = r"^(\S+) of (\S+) is probed as (.+)$")]
async fn is_probed_as(world: &mut World, path: String, service: String, kind: String) -> StepResult {
    world.stage()?.probe_health(&service, &path, &kind).await
}

/// One GET with credentials that are no good.
#[when(regex = r"^(\S+) of (\S+) is probed with (.+)$")]
async fn is_probed_with(world: &mut World, path: String, service: String, credentials: String) -> StepResult {
    world.stage()?.probe_health_with(&service, &path, &credentials).await
}

/// Several plain GETs, one after the other.
#[when(regex = r"^(\S+) of (\S+) is probed (\d+) times$")]
async fn is_probed_times(world: &mut World, path: String, service: String, times: usize) -> StepResult {
    world.stage()?.probe_health_times(&service, &path, times).await
}

/// Every probe got 2xx or 503 from the endpoint itself, no login and no refusal; HEAD may get 405.
#[then("it answers as a health endpoint")]
async fn answers_as_health(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::health_answered(stage.closed()?, stage.probes());
    world.judge(verdict)
}

/// No Set-Cookie, and `Cache-Control: no-store`.
#[then("it sets no cookie and forbids storing")]
async fn sets_nothing(world: &mut World) -> StepResult {
    let verdict = judge::sets_nothing(world.stage()?.probes());
    world.judge(verdict)
}

/// From now on the provider works, or answers 500 at every endpoint, for everybody.
#[when(regex = r"^the provider is (up|failing)$")]
async fn provider_is(world: &mut World, state: String) -> StepResult {
    world.stage()?.set_provider(&state)
}

/// Nothing has come in at the provider since its state was set.
#[then("the provider was not asked")]
async fn provider_was_not_asked(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::not_asked(stage.probes(), &stage.provider_received());
    world.judge(verdict)
}
