//! Defects that more than their own check must notice, and why.

/// Defect, other check, its verdict, reason. A check `E-*` stands for all of that area.
const EXPLAINED: [(&str, &str, &str, &str); 12] = [
    ("scope-without-openid", "D-06", "fail", "who does without an id_token does so for an incomplete answer, too"),
    ("scope-without-openid", "E-*", "error", "without openid there is no id_token that could depart from a valid one"),
    ("state-reusable", "C-01", "fail", "the state of an ended login is one of its rows"),
    (
        "id-token-signature-unchecked",
        "E-07",
        "fail",
        "a key that the id_token brings along made a signature that nobody checks",
    ),
    ("id-token-signature-unchecked", "E-32", "fail", "it looks at the refusal of the same id_token"),
    ("expiry-unchecked", "E-32", "fail", "it looks at the refusal of the same id_token"),
    ("nonce-unchecked", "E-32", "fail", "it looks at the refusal of the same id_token"),
    ("token-shown-to-browser", "D-14", "fail", "it looks at the answers to an honest login as well"),
    (
        "logout-only-deletes-cookie",
        "G-13",
        "fail",
        "a session that outlives the logout outlives the next login as well",
    ),
    ("logout-keeps-session-in-browser", "G-14", "error", "where the first browser stays signed in, nothing was ended"),
    ("bearer-missing-accepted", "I-02", "fail", "what is served has no refusal that could be looked at"),
    ("service-token-forwarded", "J-04", "fail", "it asks for the same token, for two people"),
];

/// Why `check` ends with `verdict` as well: `fail`, or `error` where the defect leaves it nothing to judge.
pub(super) fn explanation(defect: &str, check: &str, verdict: &str) -> Option<&'static str> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(area) => check.starts_with(area),
        None => check == pattern,
    };
    let mut explained = EXPLAINED.iter();
    let found = explained.find(|(planted, other, as_what, _)| *planted == defect && fits(other) && *as_what == verdict);
    found.map(|(.., why)| *why)
}

#[cfg(test)]
mod tests {
    use reference::Defect;

    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_explanation_is_about_a_defect_and_another_check_that_exist() {
        let catalogue = Catalogue::built_in();
        for (defect, check, ..) in EXPLAINED {
            let defect: Defect = defect.parse().unwrap();
            let area = check.trim_end_matches('*');

            assert!(catalogue.checks().iter().any(|known| known.id.starts_with(area)), "{check}");
            assert_ne!(defect.check(), check);
        }
    }

    #[test]
    fn an_area_explains_its_own_checks_only() {
        assert!(explanation("scope-without-openid", "E-12", "error").is_some());
        assert!(explanation("scope-without-openid", "B-02", "error").is_none());
        assert!(explanation("state-reusable", "C-02", "fail").is_none());
    }

    #[test]
    fn what_cannot_be_judged_explains_no_finding() {
        assert!(explanation("scope-without-openid", "E-12", "fail").is_none());
        assert!(explanation("state-reusable", "C-01", "error").is_none());
        assert!(explanation("state-reusable", "C-01", "fail").is_some());
    }
}
