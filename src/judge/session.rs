//! Sessions: the cookie that carries one, what is left of it after a logout, what caches may keep.

use super::Access;
use super::describe;
use crate::browser::Cookie;
use crate::browser::SameSite;
use crate::evidence::Exchange;
use crate::outcome::Finding;
use crate::outcome::Verdict;

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

/// The credentials `what` sign nobody in, while the control did.
pub fn signed_out(what: &str, access: &Access) -> Verdict {
    let fail = |observed: String| Verdict::Fail(Finding { expected: format!("{what} sign nobody in"), observed });
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
    if !(200..300).contains(&response.status) {
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
