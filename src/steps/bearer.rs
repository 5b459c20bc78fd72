//! Access tokens at resource servers: a valid one first, then the same request with one difference.

use cucumber::given;
use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::world::StepResult;
use crate::world::World;

/// The control: the path opens for a valid access token of the person's.
#[given(regex = r"^(\S+) of (\S+) opens for (\w+)'s access token$")]
async fn opens_for_token(world: &mut World, path: String, service: String, person: String) -> StepResult {
    world.stage()?.prove_token(&person, &service, &path).await
}

/// The control's request with other credentials: nothing, a garbage token, several.
#[when(
    regex = r"^the same request carries (nothing|a garbage token|a .+ header|a garbage header and a good query token)$"
)]
async fn carries(world: &mut World, credentials: String) -> StepResult {
    world.stage()?.repeat_with(&credentials).await
}

/// The control's request with this Authorization header; `{token}` stands for the good credential.
#[when(regex = r#"^the same request has the Authorization header "(.*)"$"#)]
async fn has_header(world: &mut World, header: String) -> StepResult {
    world.stage()?.repeat_with_header(&header).await
}

/// The control's request with its token in the query and in no header.
#[when(regex = r#"^the same request carries the token only as the query parameter "([^"]+)"$"#)]
async fn carries_query_token(world: &mut World, parameter: String) -> StepResult {
    world.stage()?.repeat_with_query(&parameter).await
}

/// The control's request with an access token that departs in one thing.
#[when(regex = r"^the same request carries an access token where (.+)$")]
async fn carries_departing_token(world: &mut World, departure: String) -> StepResult {
    world.stage()?.repeat_with_departure(&departure).await
}

/// The control's request with an id_token in place of the access token.
#[when(regex = r"^the same request carries (\w+)'s id_token$")]
async fn carries_id_token(world: &mut World, person: String) -> StepResult {
    world.stage()?.repeat_with_id_token(&person).await
}

/// One request with this method, without cookie and token.
#[when(regex = r"^(\S+) of (\S+) is requested by (\S+) without credentials$")]
async fn is_requested_by_method(world: &mut World, path: String, service: String, method: String) -> StepResult {
    world.stage()?.ask_anonymously(&method, &service, &path).await
}

/// The last request got nothing, while its control was accepted.
#[then("the request is refused")]
async fn request_is_refused(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let (control, what, attack) = (stage.opened()?, stage.difference(), stage.last_seen()?);
    let verdict = match stage.order_fired() {
        Some(fired) => judge::refused_after_order(control, what, fired, attack),
        None => judge::refused(control, what, attack),
    };
    world.judge(verdict)
}

/// The last request was answered like its control.
#[then("the request is accepted")]
async fn request_is_accepted(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    stage.opened()?;
    let verdict = judge::accepted(stage.difference(), stage.last_seen()?);
    world.judge(verdict)
}

/// As for any method: refused, 405 included; an empty answer to OPTIONS is none of the handler's.
#[then("the request is refused or the method is not allowed")]
async fn request_is_guarded(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::guarded(stage.opened()?, stage.last_seen()?);
    world.judge(verdict)
}

/// RFC 6750 section 3: 401 with a Bearer challenge, and this error code or none.
#[then(regex = r"^the answer is a Bearer challenge with (no error|\w+)$")]
async fn answer_is_challenge(world: &mut World, error: String) -> StepResult {
    let error = (error != "no error").then_some(error.as_str());
    let verdict = judge::bearer_challenge(world.stage()?.last_seen()?, error);
    world.judge(verdict)
}

/// Whatever the answer, it is no crash.
#[then("the answer is no server error")]
async fn answer_is_no_server_error(world: &mut World) -> StepResult {
    let verdict = judge::no_server_error(world.stage()?.last_seen()?);
    world.judge(verdict)
}
