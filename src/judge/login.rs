//! Who is signed in after a login, honest or not.

use super::{Access, Identity};
use crate::outcome::{Finding, Verdict};

/// A login as it went, from its start to the questions asked afterwards.
#[derive(Debug, Clone)]
pub struct LoginAttempt {
    pub person: String,
    pub service: String,
    /// The identity that an honest login would sign in.
    pub expected: Identity,
    /// Before it, in the same browser, the protected path was closed.
    pub closed_before: bool,
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
    pub access: Access,
}

/// Proof that an honest login works here, so that a refusal means something.
#[derive(Debug, Clone)]
pub struct Control {
    service: String,
}

/// An honest login as a control for what follows.
///
/// # Errors
/// The reason why it is none, for `Verdict::Error`.
pub fn control(attempt: &LoginAttempt) -> Result<Control, String> {
    let service = &attempt.service;
    if !attempt.closed_before {
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
        Access::As(identity) if matches(identity, &attempt.expected) => Verdict::Pass,
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
    if control.service != attempt.service {
        return Verdict::Error {
            reason: format!("the control was made at {}, not at {}", control.service, attempt.service),
        };
    }
    if let Some((departure, false)) = &attempt.departure {
        return Verdict::Error {
            reason: format!(
                "the provider never got to send it ({departure}); the login ended with {}, so nothing was tested",
                attempt.ended
            ),
        };
    }
    let what = attempt.departure.as_ref().map_or("it", |(departure, _)| departure.as_str());
    let fail = |observed: String| {
        Verdict::Fail(Finding {
            expected: format!("the login is refused, since {what}: nobody is signed in"),
            observed,
        })
    };
    match &attempt.access {
        Access::Nobody { .. } => Verdict::Pass,
        Access::As(identity) => fail(format!("signed in as {}", identity.words())),
        Access::Somebody => fail("the protected path opened".into()),
        Access::Unclear { reason } => Verdict::Error { reason: reason.clone() },
    }
}

/// What the lookup tells agrees with what was expected, in every part that it tells.
fn matches(told: &Identity, expected: &Identity) -> bool {
    let agrees = |told: &Option<String>, expected: &Option<String>| match (told, expected) {
        (Some(told), Some(expected)) => told == expected,
        (None, _) | (_, None) => true,
    };
    agrees(&told.subject, &expected.subject) && agrees(&told.email, &expected.email)
}
