//! Calls on the user's behalf: triggered in a browser, read back from the stand-in for the called service.

use cucumber::given;
use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::world::StepResult;
use crate::world::World;

/// The person's browser requests what makes the service call the downstream.
#[when(regex = r"^(\w+) triggers the call from (\S+) to (\S+)$")]
async fn triggers(world: &mut World, person: String, service: String, downstream: String) -> StepResult {
    world.stage()?.trigger_call(&person, &service, &downstream).await
}

/// First as it is, so that the call is known to arrive; then with `X-Forwarded-User` and its relatives.
#[when(regex = r"^(\w+) triggers the call from (\S+) to (\S+) with forged identity headers$")]
async fn triggers_forged(world: &mut World, person: String, service: String, downstream: String) -> StepResult {
    world.stage()?.trigger_forged_call(&person, &service, &downstream, false).await
}

/// The same with `X_Forwarded_User` and its relatives.
#[when(regex = r"^(\w+) triggers the call from (\S+) to (\S+) with forged identity headers spelled with underscores$")]
async fn triggers_underscored(world: &mut World, person: String, service: String, downstream: String) -> StepResult {
    world.stage()?.trigger_forged_call(&person, &service, &downstream, true).await
}

/// First with alice's browser, so that the call is known to arrive; then without cookie and token.
#[when(regex = r"^the call from (\S+) to (\S+) is triggered without credentials$")]
async fn is_triggered_for_nobody(world: &mut World, service: String, downstream: String) -> StepResult {
    world.stage()?.trigger_call_for_nobody(&service, &downstream).await
}

/// The stand-in refuses the person's calls with this status.
#[given(regex = r"^(\S+) answers (\w+)'s calls with status (\d+)$")]
async fn answers_status(world: &mut World, downstream: String, person: String, status: u16) -> StepResult {
    world.stage()?.order_downstream_status(&person, &downstream, status)
}

/// The stand-in redirects the person's calls to an origin that nobody has a reason to talk to.
#[given(regex = r"^(\S+) answers (\w+)'s calls with a redirect (\d+) to another origin$")]
async fn answers_redirect(world: &mut World, downstream: String, person: String, status: u16) -> StepResult {
    world.stage()?.order_redirect_elsewhere(&person, &downstream, status)
}

/// The stand-in redirects the person's calls to the login page, as for an anonymous caller.
#[given(regex = r"^(\S+) answers (\w+)'s calls with a redirect to the provider's login page$")]
async fn answers_login_redirect(world: &mut World, downstream: String, person: String) -> StepResult {
    world.stage()?.order_redirect_to_login(&person, &downstream)
}

/// Every call that the person triggered carries an access token of hers, in one Authorization header.
#[then(regex = r"^(\S+) receives (\w+)'s access token$")]
async fn receives_token(world: &mut World, downstream: String, person: String) -> StepResult {
    let stage = world.stage()?;
    let spelling = stage.service(&downstream)?.bearer;
    let own = stage.access_tokens_of(&person)?;
    let calls = stage.calls_to(&downstream, Some(&person))?;
    let verdicts = calls.iter().map(|call| judge::carries_own_token(call, &own, spelling));
    let verdict = judge::first_objection(verdicts);
    world.judge(verdict)
}

/// Nothing but the access token goes on: neither in a header nor in the URL nor in the body.
#[then(regex = r"^(\S+) receives no refresh token, id_token, client secret or session cookie$")]
async fn receives_no_secret(world: &mut World, downstream: String) -> StepResult {
    let calls = world.stage()?.calls_with_secrets(&downstream)?;
    let verdict = judge::first_objection(calls.iter().map(|(call, kept)| judge::keeps_secrets(call, kept)));
    world.judge(verdict)
}

/// No value that the client made up arrives, under whatever name.
#[then(regex = r"^(\S+) receives none of the forged values$")]
async fn receives_nothing_forged(world: &mut World, downstream: String) -> StepResult {
    let stage = world.stage()?;
    let (controls, calls) = (stage.control_calls()?, stage.calls_to(&downstream, None)?);
    let pairs = controls.iter().zip(calls);
    let verdicts = pairs.map(|(control, call)| judge::drops_forged(control, call, stage.forged_headers()));
    let verdict = judge::first_objection(verdicts);
    world.judge(verdict)
}

/// The redirect was sent, and no token of this scenario's arrived where it points.
#[then("the other origin receives no token")]
async fn other_origin_receives_nothing(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let (planned, elsewhere) = (stage.planned_status(), stage.carried_away());
    let calls = stage.triggered_calls()?;
    let verdict = judge::first_objection(calls.iter().map(|call| judge::not_carried_away(call, planned, &elsewhere)));
    world.judge(verdict)
}

/// The call arrives for alice, and nothing at all arrived for nobody.
#[then(regex = r"^\S+ receives nothing$")]
async fn receives_nothing(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let (controls, answers, since) = (stage.control_calls()?, stage.answers_to_nobody(), stage.received_for_nobody());
    let verdicts = controls.iter().map(|control| judge::nothing_called(control, answers, since));
    let verdict = judge::first_objection(verdicts);
    world.judge(verdict)
}

/// The downstream gave no data, so the person's answer is no 2xx.
#[then("the caller gets no success")]
async fn caller_gets_no_success(world: &mut World) -> StepResult {
    let stage = world.stage()?;
    let planned = stage.planned_status();
    let verdict = judge::first_objection(stage.triggered_calls()?.iter().map(|call| judge::no_success(call, planned)));
    world.judge(verdict)
}

/// A refused call is repeated once at most.
#[then(regex = r"^(\S+) is called at most twice$")]
async fn is_called_at_most_twice(world: &mut World, downstream: String) -> StepResult {
    let calls = world.stage()?.calls_to(&downstream, None)?;
    let verdict = judge::first_objection(calls.iter().map(|call| judge::called_at_most(call, 2)));
    world.judge(verdict)
}

/// The redirect to the login page was sent, and whoever followed it left the person's token at home.
#[then(regex = r"^the provider receives no access token of (\w+)'s at its login page$")]
async fn login_page_receives_no_token(world: &mut World, person: String) -> StepResult {
    let stage = world.stage()?;
    let own = stage.access_tokens_of(&person)?;
    let (planned, received) = (stage.planned_status(), stage.login_page_received());
    let calls = stage.triggered_calls()?;
    let verdicts = calls.iter().map(|call| judge::not_taken_to_login(call, planned, &received, &own));
    let verdict = judge::first_objection(verdicts);
    world.judge(verdict)
}
