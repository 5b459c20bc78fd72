//! Who is signed in after a login, honest or not.

use super::{Access, Identity};
use crate::browser::End;
use crate::outcome::{Finding, Verdict};

/// A login as it went, from its start to the questions asked afterwards.
#[derive(Debug, Clone)]
pub struct LoginAttempt {
    pub person: String,
    pub service: String,
    /// The identity that an honest login would sign in.
    pub expected: Identity,
    /// What the same browser got before it.
    pub before: Access,
    /// The browser came to the authorization endpoint.
    pub reached_idp: bool,
    /// The browser came back to the callback.
    pub reached_callback: bool,
    /// The service redeemed a code at the token endpoint in the course of it.
    pub redeemed_code: bool,
    /// What the changed token or answer was, and whether the provider has really given it out.
    pub departure: Option<(String, bool)>,
    /// How the browser's way ended: `GET /auth → 500`.
    pub ended: String,
    pub end_status: Option<u16>,
    pub end: End,
    pub access: Access,
}

impl LoginAttempt {
    /// Somebody is signed in after it.
    pub fn is_signed_in(&self) -> bool {
        matches!(self.access, Access::As(_) | Access::Somebody)
    }

    /// What was to be tested has reached the service.
    ///
    /// # Errors
    /// Why it has not, for `Verdict::Error`.
    pub(super) fn was_tested(&self) -> Result<(), String> {
        match &self.departure {
            Some((departure, false)) => Err(format!(
                "the provider never got to send it ({departure}); the login ended with {}, so nothing was tested",
                self.ended
            )),
            None if !self.reached_callback => Err(format!(
                "the browser never came to the callback; the login ended with {}, so nothing was tested",
                self.ended
            )),
            None | Some((_, true)) => Ok(()),
        }
    }
}

/// Proof that an honest login works here, so that a refusal means something.
#[derive(Debug, Clone)]
pub struct Control {
    service: String,
}

impl Control {
    /// It was made at that service.
    ///
    /// # Errors
    /// It was made elsewhere, for `Verdict::Error`.
    pub(super) fn is_for(&self, service: &str) -> Result<(), String> {
        match self.service == service {
            true => Ok(()),
            false => Err(format!("the control was made at {}, not at {service}", self.service)),
        }
    }
}

/// An honest login as a control for what follows.
///
/// # Errors
/// The reason why it is none, for `Verdict::Error`.
pub fn control(attempt: &LoginAttempt) -> Result<Control, String> {
    let service = &attempt.service;
    if !matches!(attempt.before, Access::Nobody { .. }) {
        return Err(format!(
            "control failed: {service}'s protected path opens without a login, so no refusal can be seen there"
        ));
    }
    match signed_in_as(attempt) {
        Verdict::Pass => Ok(Control { service: service.clone() }),
        Verdict::Fail(finding) | Verdict::Warn(finding) => {
            Err(format!("control failed: an honest login at {service} does not work: {}", finding.observed))
        }
        Verdict::Error { reason } | Verdict::Skip { reason } => {
            Err(format!("control failed: an honest login at {service} could not be judged: {reason}"))
        }
    }
}

/// The login signed in the person whose login it was.
pub fn signed_in_as(attempt: &LoginAttempt) -> Verdict {
    let expected = format!("{} is signed in as {}", attempt.person, attempt.expected.words());
    let fail = |observed: String| Verdict::Fail(Finding { expected: expected.clone(), observed });
    if let Access::Unclear { reason } = &attempt.access {
        return Verdict::Error { reason: reason.clone() };
    }
    if !attempt.reached_idp {
        return fail(format!("the browser was never sent to the authorization endpoint; {}", attempt.ended));
    }
    match &attempt.access {
        Access::As(identity) if attempt.expected.agrees_with(identity) => Verdict::Pass,
        Access::As(identity) => fail(format!("signed in as {}", identity.words())),
        Access::Somebody => Verdict::Pass,
        Access::Nobody { seen } => {
            fail(format!("nobody is signed in; the login ended with {}; then {seen}", attempt.ended))
        }
        Access::Unclear { reason } => Verdict::Error { reason: reason.clone() },
    }
}

/// The login with a departure signed nobody in, while the control did.
pub fn login_refused(control: &Control, attempt: &LoginAttempt) -> Verdict {
    if let Err(reason) = control.is_for(&attempt.service).and_then(|()| attempt.was_tested()) {
        return Verdict::Error { reason };
    }
    let what = attempt.departure.as_ref().map_or("it", |(departure, _)| departure.as_str());
    let fail = |observed: String| {
        Verdict::Fail(Finding {
            expected: format!("the login is refused, since {what}: nobody is signed in"),
            observed,
        })
    };
    match (&attempt.before, &attempt.access) {
        (_, Access::Nobody { .. }) => Verdict::Pass,
        // Where somebody was signed in before, they still are; only the new person may not be.
        (Access::As(before), Access::As(identity)) if before == identity && !attempt.expected.agrees_with(identity) => {
            Verdict::Pass
        }
        (Access::Somebody, Access::Somebody) if !attempt.redeemed_code => Verdict::Pass,
        (Access::Somebody, Access::Somebody) => Verdict::Error {
            reason: "somebody was signed in before, and no user lookup tells whether it is still the same person"
                .into(),
        },
        (_, Access::As(identity)) => fail(format!("signed in as {}", identity.words())),
        (_, Access::Somebody) => fail("the protected path opened".into()),
        (_, Access::Unclear { reason }) => Verdict::Error { reason: reason.clone() },
    }
}

/// The refused login ended in an answer: no crash, no endless way, no broken connection.
pub fn refusal_controlled(control: &Control, attempt: &LoginAttempt) -> Verdict {
    if let Err(reason) = control.is_for(&attempt.service).and_then(|()| attempt.was_tested()) {
        return Verdict::Error { reason };
    }
    let fail = |observed: String| {
        Verdict::Fail(Finding { expected: "the refusal ends in a page, without a server error".into(), observed })
    };
    match (&attempt.end, attempt.end_status) {
        (End::Page | End::Stopped(_), Some(status)) if status < 500 => Verdict::Pass,
        (End::Loop | End::TooMany, _) => fail(format!("the browser is sent round without an end: {}", attempt.ended)),
        (End::LeftTarget(to), _) => fail(format!("the browser is sent to {}", to.origin().ascii_serialization())),
        (End::Page | End::Stopped(_) | End::Failed, Some(_)) => fail(attempt.ended.clone()),
        (End::Page | End::Stopped(_) | End::Failed, None) => Verdict::Error { reason: attempt.ended.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn changed() -> LoginAttempt {
        LoginAttempt { departure: Some(("aud is another client".into(), true)), ..testing::attempt("app") }
    }

    #[test]
    fn a_path_that_is_open_to_everybody_is_no_control() {
        let open = LoginAttempt { before: Access::Somebody, ..testing::attempt("app") };
        let refused = LoginAttempt { access: testing::nobody(), ..testing::attempt("app") };

        assert!(control(&testing::attempt("app")).is_ok());
        assert!(control(&open).is_err());
        assert!(control(&refused).is_err());
    }

    #[test]
    fn a_login_signs_in_its_own_person() {
        let other = LoginAttempt { access: Access::As(testing::identity("bob")), ..testing::attempt("app") };

        assert_eq!(signed_in_as(&testing::attempt("app")), Verdict::Pass);
        assert!(matches!(signed_in_as(&other), Verdict::Fail(_)));
    }

    #[test]
    fn a_refused_login_passes_and_an_accepted_one_fails() {
        let control = testing::proof("app");
        let refused = LoginAttempt { access: testing::nobody(), ..changed() };

        assert_eq!(login_refused(&control, &refused), Verdict::Pass);
        assert!(matches!(login_refused(&control, &changed()), Verdict::Fail(_)));
    }

    #[test]
    fn a_departure_that_was_never_sent_decides_nothing() {
        let unsent = LoginAttempt {
            departure: Some(("aud is another client".into(), false)),
            access: testing::nobody(),
            ..changed()
        };
        let stuck = LoginAttempt { departure: None, reached_callback: false, ..unsent.clone() };

        assert!(matches!(login_refused(&testing::proof("app"), &unsent), Verdict::Error { .. }));
        assert!(matches!(login_refused(&testing::proof("app"), &stuck), Verdict::Error { .. }));
    }

    #[test]
    fn a_session_that_was_there_before_may_stay() {
        let control = testing::proof("app");
        let bob = Access::As(testing::identity("bob"));
        let stays = LoginAttempt { before: bob.clone(), access: bob, ..changed() };
        let replaced = LoginAttempt { access: Access::As(testing::identity("alice")), ..stays.clone() };

        assert_eq!(login_refused(&control, &stays), Verdict::Pass);
        assert!(matches!(login_refused(&control, &replaced), Verdict::Fail(_)));
    }

    #[test]
    fn a_refusal_is_an_answer_and_no_crash() {
        let control = testing::proof("app");
        let ended = |end, end_status| LoginAttempt { end, end_status, access: testing::nobody(), ..changed() };

        assert_eq!(refusal_controlled(&control, &ended(End::Page, Some(400))), Verdict::Pass);
        assert!(matches!(refusal_controlled(&control, &ended(End::Page, Some(500))), Verdict::Fail(_)));
        assert!(matches!(refusal_controlled(&control, &ended(End::TooMany, Some(302))), Verdict::Fail(_)));
        assert!(matches!(refusal_controlled(&control, &ended(End::Failed, None)), Verdict::Error { .. }));
    }
}
