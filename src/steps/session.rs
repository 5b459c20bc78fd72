//! Sessions: their cookies, copies, changes, other browsers, caches.

use cucumber::given;
use cucumber::then;
use cucumber::when;

use crate::judge;
use crate::token::published_keys;
use crate::world::StepResult;
use crate::world::World;

/// Logs in with a second browser beside the first; both are signed in.
#[given(regex = r"^(\w+) is signed in to (\S+) in a second browser$")]
async fn is_signed_in_twice(world: &mut World, person: String, service: String) -> StepResult {
    world.stage()?.sign_in_second_browser(&person, &service).await
}

/// Logs in with cookies that were in the browser before, and that an attacker knows.
#[when(regex = r"^(\w+) logs in to (\S+) with cookies that an attacker knows$")]
async fn logs_in_with_known_cookies(world: &mut World, person: String, service: String) -> StepResult {
    world.stage()?.log_in_with_known_cookies(&person, &service).await
}

/// Changes each cookie that carries the session, one at a time: in its first or last character, in the middle, by half.
#[when(regex = r"^the session cookie of (\S+) is (changed .+|cut in half|emptied)$")]
async fn session_cookie_is_tampered(world: &mut World, service: String, words: String) -> StepResult {
    let stage = world.stage()?;
    let person = stage.last_attempt()?.person.clone();
    stage.tamper(&person, &service, &words).await
}

/// Copies the browser's cookies, with proof that they are signed in.
#[when(regex = r"^(\w+)'s cookies are copied$")]
async fn cookies_are_copied(world: &mut World, person: String) -> StepResult {
    world.stage()?.copy_cookies(&person).await
}

/// The cookies without which nobody is signed in have the attributes that keep them from others.
#[then(regex = r"^the session cookie of (\S+) is HttpOnly, has SameSite, and is Secure where the site is https$")]
async fn session_cookie_is_protected(world: &mut World, service: String) -> StepResult {
    let stage = world.stage()?;
    let person = stage.last_attempt()?.person.clone();
    let bearing = stage.bearing_cookies(&person, &service).await?;
    let https = stage.service(&service)?.url.scheme() == "https";
    world.judge(judge::cookies_protected(&bearing, https))
}

/// No cookie of the service is signed with a key that stands in public.
#[then(regex = r"^no published key signs the session cookie of (\S+)$")]
async fn no_published_key_signs(world: &mut World, service: String) -> StepResult {
    let stage = world.stage()?;
    let person = stage.last_attempt()?.person.clone();
    let cookies = stage.cookies_of(&person, &service)?;
    world.judge(judge::key_unpublished(&cookies, &published_keys()))
}

/// No answer to the browser holds a token, in clear or under an encoding that anybody undoes.
#[then(regex = r"^no token of (?:\w+)'s came to the browser from (\S+)$")]
async fn no_token_came_to_the_browser(world: &mut World, service: String) -> StepResult {
    let stage = world.stage()?;
    let hidden = stage.hidden_tokens();
    let verdict = judge::nothing_leaked(stage.control_at(&service)?, &service, &hidden, &stage.seen);
    world.judge(verdict)
}

/// Cookies that were signed in when they were copied are not any more.
#[then(regex = r"^the copied cookies are not signed in to (\S+)$")]
async fn copied_cookies_are_dead(world: &mut World, service: String) -> StepResult {
    let (proof, access) = world.stage()?.probe_copied(&service).await?;
    world.judge(judge::signed_out(&proof, &access))
}

/// Cookies that the attacker knew before the login open nothing after it.
#[then(regex = r"^the attacker's cookies are not signed in to (\S+)$")]
async fn attackers_cookies_are_worthless(world: &mut World, service: String) -> StepResult {
    let stage = world.stage()?;
    let access = stage.probe_planted(&service).await?;
    let verdict = judge::fixed_session(stage.last_attempt()?, &access);
    world.judge(verdict)
}

/// The browser of the last logout or tampering, which was signed in, is nobody's.
#[then(regex = r"^that browser is nobody's at (\S+)$")]
async fn that_browser_is_nobodys(world: &mut World, service: String) -> StepResult {
    let (proof, access) = world.stage()?.probe_those(&service).await?;
    world.judge(judge::signed_out(&proof, &access))
}

/// The second browser's session has outlived the logout of the first, which worked.
#[then(regex = r"^(\w+)'s second browser is still signed in to (\S+)$")]
async fn second_browser_is_signed_in(world: &mut World, person: String, service: String) -> StepResult {
    let (proof, first, second) = world.stage()?.probe_second(&person, &service).await?;
    world.judge(judge::still_live(&proof, &first, &second))
}
