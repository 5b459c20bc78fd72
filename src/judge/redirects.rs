//! Where redirects lead: never to a site that is neither the service nor its provider.

use url::Origin;

use super::Access;
use super::describe;
use crate::browser::End;
use crate::evidence::Exchange;
use crate::outcome::Finding;
use crate::outcome::Verdict;

/// The way of a browser with a return target that an attacker has chosen.
pub struct Route {
    /// `the login`, `the logout`.
    pub what: String,
    pub exchanges: Vec<Exchange>,
    pub end: End,
    /// It went through to where a return target would be used, or the service refused it. Otherwise, why not.
    pub done: Result<(), String>,
}

/// RFC 9700 section 4.11.1: every redirect of the way stays at `home`.
pub fn stays_home(route: &Route, home: &[Origin]) -> Verdict {
    let fail = |observed: String| {
        Verdict::Fail(Finding {
            expected: format!("every redirect of {} stays at the service or the provider", route.what),
            observed,
        })
    };
    for exchange in &route.exchanges {
        if let Some(to) = followed(exchange)
            && !home.contains(&to.origin())
        {
            return fail(format!("{} leads to {}", describe(exchange), site(&to)));
        }
    }
    match (&route.end, &route.done) {
        (End::LeftTarget(to), _) => fail(format!("the page sends the browser on to {}", site(to))),
        (_, Err(reason)) => Verdict::Error { reason: reason.clone() },
        (End::Page | End::Loop | End::TooMany | End::Failed | End::Stopped(_), Ok(())) => Verdict::Pass,
    }
}

/// The login went through, or the service refused its start: then the return target has had its chance.
///
/// # Errors
/// Neither; nothing was tested.
pub fn login_done(first: Option<&Exchange>, ended: &str, access: &Access) -> Result<(), String> {
    let refused = first.and_then(Exchange::status).is_some_and(|status| (400..500).contains(&status));
    match access {
        Access::As(_) | Access::Somebody => Ok(()),
        Access::Nobody { .. } if refused => Ok(()),
        Access::Nobody { .. } => {
            Err(format!("the login with that return target did not go through ({ended}), so nothing was tested"))
        }
        Access::Unclear { reason } => Err(reason.clone()),
    }
}

/// Where a browser goes: it takes any number of leading slashes for two (WHATWG URL), which our parser does not.
fn followed(exchange: &Exchange) -> Option<url::Url> {
    let response = exchange.response.as_ref().ok().filter(|response| (300..400).contains(&response.status))?;
    let text = response.headers.find("location")?.replace(['\t', '\n', '\r'], "");
    let rest = text.trim().trim_start_matches(['/', '\\']);
    match text.trim().len() - rest.len() {
        0 | 1 => exchange.location(),
        _ => exchange.request.url.join(&format!("//{rest}")).ok(),
    }
}

fn site(url: &url::Url) -> String {
    match url.origin() {
        Origin::Tuple(..) => url.origin().ascii_serialization(),
        Origin::Opaque(_) => format!("a `{}:` URL", url.scheme()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn home() -> Vec<Origin> {
        ["https://app.test", "https://idp.test"].map(|url| url.parse::<url::Url>().unwrap().origin()).to_vec()
    }

    fn route(location: &str) -> Route {
        Route {
            what: "the login".into(),
            exchanges: vec![testing::exchange(302, &[("Location", location)], "")],
            end: End::Page,
            done: Ok(()),
        }
    }

    #[test]
    fn redirects_that_stay_pass() {
        for location in ["/", "/%09/evil.test/", "https://idp.test/authorize", "https://app.test//evil.test"] {
            assert_eq!(stays_home(&route(location), &home()), Verdict::Pass, "{location}");
        }
    }

    #[test]
    fn redirects_that_a_browser_follows_elsewhere_fail() {
        for location in [
            "https://evil.test/",
            "//evil.test/",
            "/\\evil.test/",
            "///evil.test/",
            "https://app.test@evil.test/",
            "https://app.test.evil.test/",
            "/\t/evil.test/",
            "javascript:alert(1)",
        ] {
            assert!(matches!(stays_home(&route(location), &home()), Verdict::Fail(_)), "{location}");
        }
    }

    #[test]
    fn a_page_that_sends_the_browser_away_fails() {
        let left = Route { end: End::LeftTarget("https://evil.test/".parse().unwrap()), ..route("/") };

        assert!(matches!(stays_home(&left, &home()), Verdict::Fail(_)));
    }

    #[test]
    fn a_way_that_broke_off_decides_nothing() {
        let broken = Route { done: Err("no answer".into()), ..route("/") };

        assert!(matches!(stays_home(&broken, &home()), Verdict::Error { .. }));
    }

    #[test]
    fn a_login_is_done_when_it_went_through_or_was_refused_at_its_start() {
        let refused = testing::exchange(400, &[], "");
        let crashed = testing::exchange(500, &[], "");

        assert_eq!(login_done(None, "", &Access::Somebody), Ok(()));
        assert_eq!(login_done(Some(&refused), "", &testing::nobody()), Ok(()));
        assert!(login_done(Some(&crashed), "", &testing::nobody()).is_err());
    }
}
