//! Sessions: the cookie that carries one, what is left of it after a logout, what caches may keep.

use mock_idp::Endpoint;
use mock_idp::Received;

use super::Access;
use super::Identity;
use super::LoginAttempt;
use super::describe;
use crate::browser::Cookie;
use crate::browser::SameSite;
use crate::evidence::Exchange;
use crate::outcome::Finding;
use crate::outcome::Verdict;
use crate::token::published_key;

/// OWASP ASVS 5.0 3.3.1 to 3.3.4, for the cookies without which nobody is signed in.
pub fn cookies_protected(bearing: &[Cookie], https: bool) -> Verdict {
    if bearing.is_empty() {
        let reason = "no cookie was found that carries the session: without any single one the person stays signed in";
        return Verdict::Error { reason: reason.into() };
    }
    let missing: Vec<String> = bearing.iter().filter_map(|cookie| faults_of(cookie, https)).collect();
    match missing.is_empty() {
        true => Verdict::Pass,
        false => Verdict::Fail(Finding {
            expected: "HttpOnly, SameSite=Lax or Strict, and Secure where the site is https".into(),
            observed: missing.join("; "),
        }),
    }
}

fn faults_of(cookie: &Cookie, https: bool) -> Option<String> {
    let mut faults = Vec::new();
    if !cookie.http_only {
        faults.push("no HttpOnly");
    }
    match cookie.same_site {
        Some(SameSite::Lax | SameSite::Strict) => {}
        Some(SameSite::None) => faults.push("SameSite=None"),
        None => faults.push("no SameSite"),
    }
    if https && !cookie.secure {
        faults.push("no Secure");
    }
    if !cookie.host_only {
        faults.push("a Domain that sibling hosts share");
    }
    (!faults.is_empty()).then(|| format!("cookie `{}`: {}", cookie.name, faults.join(", ")))
}

/// Proof that credentials were signed in, so that their end means something.
#[derive(Debug, Clone)]
pub struct Live {
    /// `the copied cookies`
    what: String,
    service: String,
    as_whom: Access,
}

impl Live {
    /// Where it was proven.
    pub fn service(&self) -> &str {
        &self.service
    }
}

/// The credentials `what` sign `owner` in at `service`: the control of their end.
///
/// # Errors
/// They do not; for `Verdict::Error`.
pub fn live(what: &str, service: &str, owner: &Identity, access: &Access) -> Result<Live, String> {
    let failed = |seen: &str| Err(format!("control failed: {what} sign nobody in to {service} to begin with: {seen}"));
    match access {
        Access::As(identity) if !owner.agrees_with(identity) => {
            Err(format!("control failed: {what} sign in {} at {service}", identity.words()))
        }
        Access::As(_) | Access::Somebody => {
            Ok(Live { what: what.into(), service: service.into(), as_whom: access.clone() })
        }
        Access::Nobody { seen } => failed(seen),
        Access::Unclear { reason } => failed(reason),
    }
}

/// The credentials that were live are dead.
pub fn signed_out(control: &Live, access: &Access) -> Verdict {
    let Live { what, service, .. } = control;
    nobody(format!("{what} sign nobody in to {service}"), access)
}

/// ASVS 7.2.4: cookies that were in the browser before its login are worth nothing after it. The login is the control.
pub fn fixed_session(login: &LoginAttempt, access: &Access) -> Verdict {
    if !login.is_signed_in() {
        return Verdict::Error { reason: format!("control failed: the login itself did not work: {}", login.ended) };
    }
    nobody(format!("the cookies from before the login sign nobody in to {}", login.service), access)
}

/// ASVS 7.1.2: a session that was live is still the same person's, while the other browser's logout worked.
pub fn still_live(control: &Live, logged_out: &Access, access: &Access) -> Verdict {
    match logged_out {
        Access::Nobody { .. } => {}
        Access::As(_) | Access::Somebody => {
            return Verdict::Error { reason: "control failed: the logout did not end its own session".into() };
        }
        Access::Unclear { reason } => return Verdict::Error { reason: reason.clone() },
    }
    let expected = format!("{} are still signed in to {}", control.what, control.service);
    match access {
        Access::Unclear { reason } => Verdict::Error { reason: reason.clone() },
        access if *access == control.as_whom => Verdict::Pass,
        Access::As(identity) => {
            Verdict::Fail(Finding { expected, observed: format!("signed in as {}", identity.words()) })
        }
        Access::Somebody => Verdict::Fail(Finding { expected, observed: "nobody is named any more".into() }),
        Access::Nobody { seen } => Verdict::Fail(Finding { expected, observed: seen.clone() }),
    }
}

/// ASVS 13.2.3: no cookie is signed with a key that stands in public.
pub fn key_unpublished(cookies: &[Cookie], keys: &[&str]) -> Verdict {
    if cookies.is_empty() {
        return Verdict::Error { reason: "there is no cookie to look at".into() };
    }
    let signed = cookies.iter().find_map(|cookie| Some((&cookie.name, published_key(&cookie.value, keys)?)));
    match signed {
        None => Verdict::Pass,
        Some((name, key)) => Verdict::Fail(Finding {
            expected: "no published key signs a cookie".into(),
            observed: format!("cookie `{name}` is signed with the published key `{key}`: anybody can write a session"),
        }),
    }
}

/// RP-Initiated Logout 1.0 section 2: the browser was sent to the end-session endpoint, and told which login ends.
pub fn provider_told(received: &[Received]) -> Verdict {
    let fail = |observed: &str| {
        Verdict::Fail(Finding {
            expected: "a request to the end-session endpoint with id_token_hint or client_id".into(),
            observed: observed.into(),
        })
    };
    let told: Vec<&Received> = received.iter().filter(|received| received.endpoint == Endpoint::EndSession).collect();
    let names = |told: &Received| told.param("id_token_hint").or(told.param("client_id")).is_some();
    match told.iter().any(|told| names(told)) {
        true => Verdict::Pass,
        false if told.is_empty() => fail("none came"),
        false => fail("one came without either"),
    }
}

fn nobody(expected: String, access: &Access) -> Verdict {
    let fail = |observed: String| Verdict::Fail(Finding { expected: expected.clone(), observed });
    match access {
        Access::Nobody { .. } => Verdict::Pass,
        Access::As(identity) => fail(format!("signed in as {}", identity.words())),
        Access::Somebody => fail("the protected path opened".into()),
        Access::Unclear { reason } => Verdict::Error { reason: reason.clone() },
    }
}

/// RFC 9111 sections 3 and 3.5: a shared cache may not keep a personal answer.
pub fn not_shareable(exchange: &Exchange) -> Verdict {
    let Ok(response) = &exchange.response else {
        return Verdict::Error { reason: describe(exchange) };
    };
    if !response.is_success() {
        return Verdict::Error { reason: format!("{}: no personal answer to look at", describe(exchange)) };
    }
    let control: String = response.headers.all("cache-control").collect::<Vec<_>>().join(",").to_ascii_lowercase();
    let directives: Vec<&str> = control.split(',').map(str::trim).collect();
    if directives.iter().any(|directive| *directive == "no-store" || directive.split('=').next() == Some("private")) {
        return Verdict::Pass;
    }
    let seen = if control.is_empty() { "no Cache-Control".into() } else { format!("Cache-Control: {control}") };
    Verdict::Fail(Finding {
        expected: "Cache-Control: no-store or private".into(),
        observed: format!("{} with {seen}", describe(exchange)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::browser::Jar;

    fn cookie(line: &str) -> Vec<Cookie> {
        let origin = "https://app.test/".parse().unwrap();
        let mut jar = Jar::default();
        jar.set(&origin, line).unwrap();
        jar.cookies(&origin).cloned().collect()
    }

    fn alice() -> Access {
        Access::As(testing::identity("alice"))
    }

    fn proof() -> Live {
        live("the copied cookies", "app", &testing::identity("alice"), &alice()).unwrap()
    }

    #[test]
    fn a_cookie_with_every_attribute_passes_and_one_without_fails() {
        let whole = cookie("session=1; Path=/; HttpOnly; Secure; SameSite=Lax");

        assert_eq!(cookies_protected(&whole, true), Verdict::Pass);
        for line in
            ["session=1; Secure; SameSite=Lax", "session=1; HttpOnly; Secure", "session=1; HttpOnly; SameSite=Lax"]
        {
            assert!(matches!(cookies_protected(&cookie(line), true), Verdict::Fail(_)), "{line}");
        }
        assert!(matches!(cookies_protected(&[], true), Verdict::Error { .. }));
    }

    #[test]
    fn only_credentials_that_were_live_can_be_dead() {
        let owner = testing::identity("alice");

        assert!(live("x", "app", &owner, &testing::nobody()).is_err());
        assert!(live("x", "app", &owner, &Access::As(testing::identity("bob"))).is_err());
        assert_eq!(signed_out(&proof(), &testing::nobody()), Verdict::Pass);
        assert!(matches!(signed_out(&proof(), &alice()), Verdict::Fail(_)));
        assert!(matches!(signed_out(&proof(), &Access::Unclear { reason: "x".into() }), Verdict::Error { .. }));
    }

    #[test]
    fn cookies_from_before_the_login_sign_nobody_in() {
        let login = testing::attempt("app");
        let failed = LoginAttempt { access: testing::nobody(), ..testing::attempt("app") };

        assert_eq!(fixed_session(&login, &testing::nobody()), Verdict::Pass);
        assert!(matches!(fixed_session(&login, &alice()), Verdict::Fail(_)));
        assert!(matches!(fixed_session(&failed, &testing::nobody()), Verdict::Error { .. }));
    }

    #[test]
    fn a_logout_elsewhere_leaves_the_session_as_it_was() {
        assert_eq!(still_live(&proof(), &testing::nobody(), &alice()), Verdict::Pass);
        assert!(matches!(still_live(&proof(), &testing::nobody(), &testing::nobody()), Verdict::Fail(_)));
        assert!(matches!(still_live(&proof(), &alice(), &alice()), Verdict::Error { .. }));
    }

    #[test]
    fn a_cookie_under_a_published_key_fails() {
        // Made by Flask 2.2.5 with that secret key from `session["user"] = "ann"`.
        let flask = cookie("session=eyJ1c2VyIjoiYW5uIn0.awWisg.5MIJpoemysXRr5T1cG9SqGR7a6I");

        assert!(matches!(key_unpublished(&flask, &["!-flask-oidc-secret-key"]), Verdict::Fail(_)));
        assert_eq!(key_unpublished(&flask, &["another"]), Verdict::Pass);
        assert!(matches!(key_unpublished(&[], &["another"]), Verdict::Error { .. }));
    }

    #[test]
    fn the_provider_must_be_told_which_login_ends() {
        let told = testing::received(Endpoint::EndSession, &[("client_id", "web")]);
        let untold = testing::received(Endpoint::EndSession, &[]);

        assert_eq!(provider_told(&[told]), Verdict::Pass);
        assert!(matches!(provider_told(&[untold]), Verdict::Fail(_)));
        assert!(matches!(provider_told(&[]), Verdict::Fail(_)));
    }

    #[test]
    fn a_personal_answer_is_private_or_not_stored() {
        let with = |value: &str| testing::exchange(200, &[("Cache-Control", value)], "mine");

        assert_eq!(not_shareable(&with("private, max-age=60")), Verdict::Pass);
        assert_eq!(not_shareable(&with("no-store")), Verdict::Pass);
        assert!(matches!(not_shareable(&with("public, max-age=60")), Verdict::Fail(_)));
        assert!(matches!(not_shareable(&testing::exchange(401, &[], "")), Verdict::Error { .. }));
    }
}
