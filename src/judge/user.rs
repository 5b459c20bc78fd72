//! Who a service takes people for: nobody shares a user with anybody else.

use super::Access;
use super::Identity;
use super::LoginAttempt;
use super::access_of;
use super::describe;
use crate::evidence::Exchange;
use crate::outcome::Finding;
use crate::outcome::Verdict;
use crate::target::UserLookup;

/// What a stand-in received of two people's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// Requests with a token of the victim's, since the other person's login.
    pub victims: usize,
    /// Requests with a token of that other person's.
    pub own: usize,
}

/// OIDC Core 5.7: what `attempt` claims about somebody does not make them `victim`, whose honest login is the control.
pub fn not_taken_for(victim: &LoginAttempt, attempt: &LoginAttempt) -> Verdict {
    if let Err(reason) = comparable(victim, attempt) {
        return Verdict::Error { reason };
    }
    let expected = format!("{} is refused, or signed in as somebody else than {}", attempt.person, victim.person);
    match (&victim.access, &attempt.access) {
        (_, Access::Nobody { .. }) => Verdict::Pass,
        (Access::As(of_victim), Access::As(identity)) => {
            match same_user(of_victim, identity) || same_user(&victim.expected, identity) {
                true => fail(expected, format!("signed in as {}", identity.words())),
                false => Verdict::Pass,
            }
        }
        (_, Access::Unclear { reason }) => Verdict::Error { reason: reason.clone() },
        (Access::Somebody | Access::Nobody { .. } | Access::Unclear { .. }, Access::As(_)) | (_, Access::Somebody) => {
            Verdict::Error { reason: "the user lookup does not tell who is signed in".into() }
        }
    }
}

/// ASVS 16.5.3: two people without a usable key are two users, or none. `again` is what the first one's browser gets
/// once the second one has logged in.
pub fn never_one_user(one: &LoginAttempt, again: &Access, other: &LoginAttempt) -> Verdict {
    let went = [one, other].into_iter().find(|attempt| !attempt.redeemed_code);
    if let Some(attempt) = went {
        return Verdict::Error { reason: format!("{}'s login redeemed no code: {}", attempt.person, attempt.ended) };
    }
    let expected = format!("{} and {} are refused, or two users", one.person, other.person);
    match (again, &other.access) {
        (Access::Nobody { .. }, _) | (_, Access::Nobody { .. }) => Verdict::Pass,
        (Access::As(first), Access::As(second)) => {
            let shared = same_user(first, second) || (*first == *second);
            match shared {
                true => fail(expected, format!("both are signed in as {}", second.words())),
                false => Verdict::Pass,
            }
        }
        (Access::Unclear { reason }, _) | (_, Access::Unclear { reason }) => Verdict::Error { reason: reason.clone() },
        (Access::Somebody, _) | (_, Access::Somebody) => {
            Verdict::Error { reason: "the user lookup does not tell who is signed in".into() }
        }
    }
}

/// ASVS 7.2.4: after a login over another one's session the browser is wholly the new person's.
pub fn wholly(attempt: &LoginAttempt, access: &Access) -> Verdict {
    let expected = format!("the browser is {}'s: {}", attempt.person, attempt.expected.words());
    if !attempt.redeemed_code {
        let reason = format!("{}'s login over the session redeemed no code: {}", attempt.person, attempt.ended);
        return Verdict::Error { reason };
    }
    match access {
        Access::As(identity) if attempt.expected.agrees_with(identity) => Verdict::Pass,
        Access::As(identity) => fail(expected, format!("signed in as {}", identity.words())),
        Access::Nobody { seen } => fail(expected, format!("nobody is signed in; {seen}")),
        Access::Somebody => Verdict::Error { reason: "the user lookup does not tell who is signed in".into() },
        Access::Unclear { reason } => Verdict::Error { reason: reason.clone() },
    }
}

/// ASVS 8.2.2: the answers to a question about `other` tell nothing of them. `own` is the caller's own login, the control.
pub fn not_about(own: &LoginAttempt, other: &Identity, lookup: &UserLookup, answers: &[Exchange]) -> Verdict {
    if !matches!(own.access, Access::As(_)) {
        let reason = "control failed: the user lookup does not tell the caller who they are";
        return Verdict::Error { reason: reason.into() };
    }
    if answers.is_empty() {
        return Verdict::Error { reason: "the user lookup was not asked".into() };
    }
    for answer in answers {
        if let Err(failure) = &answer.response {
            return Verdict::Error { reason: failure.to_string() };
        }
        let body = answer.body_text();
        let told = [&other.subject, &other.email].into_iter().flatten().any(|text| body.contains(text.as_str()));
        let names = match access_of(Some((lookup, answer)), answer) {
            Access::As(identity) => same_user(&identity, other),
            Access::Somebody | Access::Nobody { .. } | Access::Unclear { .. } => false,
        };
        if told || names {
            return fail(
                "the caller's own data, or a refusal".into(),
                format!("{} tells about {}", describe(answer), other.words()),
            );
        }
    }
    Verdict::Pass
}

/// OIDC Core 5.7: a person with the victim's e-mail address causes no call with the victim's token.
pub fn no_token_of_anothers(victim: &LoginAttempt, attempt: &LoginAttempt, called: &str, carried: Carried) -> Verdict {
    if let Err(reason) = comparable(victim, attempt) {
        return Verdict::Error { reason };
    }
    match (carried, &attempt.access) {
        (Carried { victims: 1.., .. }, _) => fail(
            format!("{called} receives no token of {}'s", victim.person),
            format!("it received one in a call that {} caused", attempt.person),
        ),
        (Carried { own: 1.., .. }, _) | (_, Access::Nobody { .. }) => Verdict::Pass,
        (_, Access::Unclear { reason }) => Verdict::Error { reason: reason.clone() },
        (_, Access::As(_) | Access::Somebody) => Verdict::Error {
            reason: format!("{called} received no call of {}'s at all, so nothing was tested", attempt.person),
        },
    }
}

/// Both logins took place at the same service, and the victim's worked.
fn comparable(victim: &LoginAttempt, attempt: &LoginAttempt) -> Result<(), String> {
    if victim.service != attempt.service {
        return Err(format!("the logins were made at {} and {}", victim.service, attempt.service));
    }
    if !victim.is_signed_in() {
        return Err(format!("control failed: {}'s own login does not work: {}", victim.person, victim.ended));
    }
    if !attempt.redeemed_code {
        return Err(format!("{}'s login redeemed no code: {}", attempt.person, attempt.ended));
    }
    Ok(())
}

/// The subject decides where both are told; the e-mail address only where no subject is.
fn same_user(one: &Identity, other: &Identity) -> bool {
    match (&one.subject, &other.subject) {
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => one.email.is_some() && one.email == other.email,
    }
}

fn fail(expected: String, observed: String) -> Verdict {
    Verdict::Fail(Finding { expected, observed })
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    fn login(person: &str, access: Access) -> LoginAttempt {
        LoginAttempt { person: person.into(), expected: testing::identity(person), access, ..testing::attempt("app") }
    }

    fn of(person: &str) -> Access {
        Access::As(testing::identity(person))
    }

    #[test]
    fn somebody_with_the_victims_address_is_not_the_victim() {
        let alice = login("alice", of("alice"));
        let with_address = Identity { email: testing::identity("alice").email, ..testing::identity("mallory") };
        let by_address_alone = Identity { subject: None, ..with_address.clone() };
        let judge = |access| not_taken_for(&alice, &login("mallory", access));

        assert_eq!(judge(Access::As(with_address)), Verdict::Pass);
        assert_eq!(judge(testing::nobody()), Verdict::Pass);
        assert!(matches!(judge(of("alice")), Verdict::Fail(_)));
        assert!(matches!(judge(Access::As(by_address_alone)), Verdict::Fail(_)));
        assert!(matches!(judge(Access::Somebody), Verdict::Error { .. }));
    }

    #[test]
    fn a_login_that_redeemed_nothing_decides_nothing() {
        let alice = login("alice", of("alice"));
        let stuck = LoginAttempt { redeemed_code: false, ..login("mallory", testing::nobody()) };

        assert!(matches!(not_taken_for(&alice, &stuck), Verdict::Error { .. }));
        assert!(matches!(never_one_user(&alice, &of("alice"), &stuck), Verdict::Error { .. }));
    }

    #[test]
    fn two_people_are_never_one_user() {
        let empty = Access::As(Identity { subject: None, email: Some(String::new()) });
        let judge = |again: &Access, other| never_one_user(&login("alice", again.clone()), again, &login("bob", other));

        assert_eq!(judge(&of("alice"), of("bob")), Verdict::Pass);
        assert_eq!(judge(&of("alice"), testing::nobody()), Verdict::Pass);
        assert!(matches!(judge(&empty, empty.clone()), Verdict::Fail(_)));
        assert!(matches!(judge(&of("bob"), of("bob")), Verdict::Fail(_)));
        assert!(matches!(judge(&Access::Somebody, Access::Somebody), Verdict::Error { .. }));
    }

    #[test]
    fn after_a_second_login_the_browser_is_the_second_persons() {
        let bob = login("bob", of("bob"));

        assert_eq!(wholly(&bob, &of("bob")), Verdict::Pass);
        assert!(matches!(wholly(&bob, &of("alice")), Verdict::Fail(_)));
        assert!(matches!(wholly(&bob, &Access::Somebody), Verdict::Error { .. }));
    }

    #[test]
    fn an_answer_about_somebody_else_fails() {
        let lookup = UserLookup { path: "/me".into(), subject: Some("$.sub".into()), email: None };
        let alice = login("alice", of("alice"));
        let judge =
            |body: &str| not_about(&alice, &testing::identity("bob"), &lookup, &[testing::exchange(200, &[], body)]);

        assert_eq!(judge(r#"{"sub":"sub-alice"}"#), Verdict::Pass);
        assert!(matches!(judge(r#"{"sub":"sub-bob"}"#), Verdict::Fail(_)));
        assert!(matches!(judge(r#"{"mail":"bob@example.test"}"#), Verdict::Fail(_)));
        let unproven = login("alice", Access::Somebody);
        assert!(matches!(not_about(&unproven, &testing::identity("bob"), &lookup, &[]), Verdict::Error { .. }));
    }

    #[test]
    fn a_call_with_the_victims_token_fails_and_no_call_decides_nothing() {
        let (alice, mallory) = (login("alice", of("alice")), login("mallory", of("mallory")));
        let judge = |victims, own| no_token_of_anothers(&alice, &mallory, "metadata", Carried { victims, own });

        assert_eq!(judge(0, 1), Verdict::Pass);
        assert!(matches!(judge(1, 1), Verdict::Fail(_)));
        assert!(matches!(judge(0, 0), Verdict::Error { .. }));
    }
}
