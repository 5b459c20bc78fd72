//! What a callback does that it should not: redeem a code, redeem it twice, print what the provider said as markup.

use super::Control;
use super::LoginAttempt;
use super::describe;
use crate::evidence::Exchange;
use crate::outcome::Finding;
use crate::outcome::Verdict;

/// The same callback opened twice.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The login itself redeemed a code, as a login must.
    pub redeemed_first: bool,
    pub redeemed_again: bool,
    /// The second opening got an answer, whatever it was.
    pub answered: bool,
    /// How the second opening ended.
    pub ended: String,
}

/// RFC 6749 section 10.12: a callback that does not belong to a login of this browser redeems nothing.
pub fn no_code_redeemed(control: &Control, attempt: &LoginAttempt) -> Verdict {
    if let Err(reason) = control.is_for(&attempt.service).and_then(|()| attempt.was_tested()) {
        return Verdict::Error { reason };
    }
    match attempt.redeemed_code {
        false => Verdict::Pass,
        true => Verdict::Fail(Finding {
            expected: "the token endpoint is not asked".into(),
            observed: format!("a code was redeemed; the login ended with {}", attempt.ended),
        }),
    }
}

/// RFC 9700 section 4.7: a callback that has done its work redeems nothing more.
pub fn no_second_code(control: &Control, service: &str, replay: &Replay) -> Verdict {
    if let Err(reason) = control.is_for(service) {
        return Verdict::Error { reason };
    }
    if !replay.redeemed_first {
        return Verdict::Error { reason: "the first callback redeemed no code, so there is nothing to repeat".into() };
    }
    match replay.redeemed_again {
        false if !replay.answered => Verdict::Error { reason: format!("the repeated callback: {}", replay.ended) },
        false => Verdict::Pass,
        true => Verdict::Fail(Finding {
            expected: "the repeated callback sends no token request".into(),
            observed: format!("it sent one; it ended with {}", replay.ended),
        }),
    }
}

/// ASVS 1.2.1: `script`, which the provider's error text held, is in no page that a browser reads as HTML.
pub fn not_in_a_page(control: &Control, attempt: &LoginAttempt, script: &str, pages: &[Exchange]) -> Verdict {
    if let Err(reason) = control.is_for(&attempt.service).and_then(|()| attempt.was_tested()) {
        return Verdict::Error { reason };
    }
    if !attempt.reached_callback {
        return Verdict::Error { reason: format!("the error never came to the callback: {}", attempt.ended) };
    }
    let shown = pages.iter().find(|page| is_markup(page) && page.body_text().contains(script));
    match shown {
        None => Verdict::Pass,
        Some(page) => Verdict::Fail(Finding {
            expected: "the error text is escaped or left out".into(),
            observed: format!("{}: the page holds it as markup", describe(page)),
        }),
    }
}

/// HTML, or what a browser without `nosniff` may take for it.
fn is_markup(page: &Exchange) -> bool {
    let Ok(response) = &page.response else { return false };
    match response.headers.find("content-type") {
        Some(kind) => ["html", "xml", "svg"].iter().any(|markup| kind.to_ascii_lowercase().contains(markup)),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Access;
    use super::super::testing;
    use super::*;

    const SCRIPT: &str = "<script>authproof()</script>";

    fn refused() -> LoginAttempt {
        LoginAttempt { access: testing::nobody(), redeemed_code: false, ..testing::attempt("app") }
    }

    #[test]
    fn a_callback_that_redeems_nothing_passes_and_one_that_does_fails() {
        let control = testing::proof("app");
        let redeemed = LoginAttempt { redeemed_code: true, ..refused() };

        assert_eq!(no_code_redeemed(&control, &refused()), Verdict::Pass);
        assert!(matches!(no_code_redeemed(&control, &redeemed), Verdict::Fail(_)));
    }

    #[test]
    fn what_was_never_sent_decides_nothing() {
        let control = testing::proof("app");
        let unsent = LoginAttempt { departure: Some(("an error".into(), false)), ..refused() };

        assert!(matches!(no_code_redeemed(&control, &unsent), Verdict::Error { .. }));
        assert!(matches!(not_in_a_page(&control, &unsent, SCRIPT, &[]), Verdict::Error { .. }));
        assert!(matches!(no_code_redeemed(&testing::proof("other"), &refused()), Verdict::Error { .. }));
    }

    #[test]
    fn a_repeated_callback_redeems_nothing() {
        let control = testing::proof("app");
        let judge = |redeemed_first, redeemed_again, answered| {
            let ended = "GET /cb → 400".into();
            no_second_code(&control, "app", &Replay { redeemed_first, redeemed_again, answered, ended })
        };

        assert_eq!(judge(true, false, true), Verdict::Pass);
        assert!(matches!(judge(true, true, true), Verdict::Fail(_)));
        assert!(matches!(judge(false, false, true), Verdict::Error { .. }));
        assert!(matches!(judge(true, false, false), Verdict::Error { .. }));
    }

    #[test]
    fn only_markup_that_holds_the_script_fails() {
        let control = testing::proof("app");
        let attempt = LoginAttempt { access: Access::Nobody { seen: String::new() }, ..refused() };
        let page = |kind: &str, body: &str| vec![testing::exchange(400, &[("Content-Type", kind)], body)];
        let judge = |pages: &[Exchange]| not_in_a_page(&control, &attempt, SCRIPT, pages);

        assert_eq!(judge(&page("text/html", "&lt;script>authproof()&lt;/script>")), Verdict::Pass);
        assert_eq!(judge(&page("text/plain", SCRIPT)), Verdict::Pass);
        assert!(matches!(judge(&page("text/html; charset=utf-8", SCRIPT)), Verdict::Fail(_)));
    }
}
