//! Whom a service takes people for.

use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::world::StepResult;
use crate::world::World;

/// Gives the person another e-mail address at the provider; the subject stays.
#[when(regex = r"^(\w+)'s e-mail address changes$")]
async fn email_changes(world: &mut World, person: String) -> StepResult {
    let stage = world.stage()?;
    let address = format!("new-{person}-{}@example.test", stage.id);
    stage.set_claim(&person, "email", Some(address.into()))
}

/// Logs in somebody who has another one's e-mail address, verified.
#[when(regex = r"^(\w+), who has (\w+)'s e-mail address, logs in to (\S+)$")]
async fn logs_in_with_email_of(world: &mut World, person: String, owner: String, service: String) -> StepResult {
    let stage = world.stage()?;
    stage.share_email(&person, &owner)?;
    stage.fresh_browser(&person)?;
    stage.log_in(&person, &service, None).await.map(drop)
}

/// The same, with `email_verified` true, false or absent.
#[when(regex = r"^(\w+), who has (\w+)'s e-mail address with email_verified (\w+), logs in to (\S+)$")]
async fn logs_in_unverified(
    world: &mut World,
    person: String,
    owner: String,
    verified: String,
    service: String,
) -> StepResult {
    let stage = world.stage()?;
    stage.share_email(&person, &owner)?;
    stage.set_verified(&person, &verified)?;
    stage.fresh_browser(&person)?;
    stage.log_in(&person, &service, None).await.map(drop)
}

/// Two people log in with: no e-mail address, an empty e-mail address, null as e-mail address.
#[when(regex = r"^(\w+) and (\w+) log in to (\S+) with (.+)$")]
async fn both_log_in(world: &mut World, one: String, other: String, service: String, fault: String) -> StepResult {
    world.stage()?.log_in_both([&one, &other], &service, &fault).await
}

/// Logs in over the session that is in somebody else's browser.
#[when(regex = r"^(\w+) logs in to (\S+) in (\w+)'s browser$")]
async fn logs_in_over(world: &mut World, person: String, service: String, host: String) -> StepResult {
    world.stage()?.log_in_over(&person, &host, &service).await
}

/// Asks the user lookup, signed in as oneself, for somebody else: by the parameter NAME, the header NAME.
#[when(regex = r"^(\w+) asks the user lookup of (\S+) for (\w+) by (the .+)$")]
async fn asks_for_another(
    world: &mut World,
    person: String,
    service: String,
    other: String,
    channel: String,
) -> StepResult {
    world.stage()?.ask_lookup_for(&person, &other, &service, &channel).await
}

/// Logs in somebody with a claim that holds another one's subject.
#[when(regex = r#"^(\w+) logs in to (\S+) with the claim "(\S+)" set to (\w+)'s subject$"#)]
async fn logs_in_with_claim(
    world: &mut World,
    person: String,
    service: String,
    claim: String,
    owner: String,
) -> StepResult {
    let stage = world.stage()?;
    stage.claim_subject_of(&person, &claim, &owner)?;
    stage.fresh_browser(&person)?;
    stage.log_in(&person, &service, None).await.map(drop)
}

/// The first person's last login made them somebody else than the second one, or nobody.
#[then(regex = r"^(\w+) is not taken for (\w+) at (\S+)$")]
async fn is_not_taken_for(world: &mut World, person: String, victim: String, service: String) -> StepResult {
    let stage = world.stage()?;
    let verdict = judge::not_taken_for(stage.login_of(&victim, &service)?, stage.login_of(&person, &service)?);
    world.judge(verdict)
}

/// Once both have logged in they are two users, or one of them was refused.
#[then(regex = r"^(\w+) and (\w+) are not the same user at (\S+)$")]
async fn are_not_the_same_user(world: &mut World, one: String, other: String, service: String) -> StepResult {
    let stage = world.stage()?;
    let again = stage.access_now(&one, &service).await?;
    let verdict = judge::never_one_user(stage.login_of(&one, &service)?, &again, stage.login_of(&other, &service)?);
    world.judge(verdict)
}

/// The browser in which the person logged in last is wholly theirs.
#[then(regex = r"^that browser is (alice|bob|mallory)'s at (\S+)$")]
async fn that_browser_is(world: &mut World, person: String, service: String) -> StepResult {
    let stage = world.stage()?;
    let access = stage.access_now(&person, &service).await?;
    let verdict = judge::wholly(stage.login_of(&person, &service)?, &access);
    world.judge(verdict)
}

/// What the user lookup answered tells nothing of that person.
#[then(regex = r"^the answer is not about (\w+)$")]
async fn answer_is_not_about(world: &mut World, other: String) -> StepResult {
    let stage = world.stage()?;
    let identity = stage.person(&other)?.identity();
    let (own, lookup, answers) = stage.lookup_answers()?;
    let verdict = judge::not_about(own, &identity, &lookup, &answers);
    world.judge(verdict)
}

/// The call that the second person caused carried no token of the first one's.
#[then(regex = r"^(\S+) receives no token of (\w+)'s from (\w+)$")]
async fn receives_no_token_of(world: &mut World, called: String, victim: String, other: String) -> StepResult {
    let stage = world.stage()?;
    let carried = stage.carried_to(&called, &victim, &other)?;
    let attempt = stage.attempt_by(&other)?;
    let verdict = judge::no_token_of_anothers(stage.login_of(&victim, &attempt.service)?, attempt, &called, carried);
    world.judge(verdict)
}
