//! Defects that more than their own check must notice, and why.

/// Defect, other check, reason. A check `E-*` stands for all of that area.
const EXPLAINED: [(&str, &str, &str); 12] = [
    ("scope-without-openid", "D-06", "who does without an id_token does so for an incomplete answer, too"),
    ("scope-without-openid", "E-*", "without openid there is no id_token that could depart from a valid one"),
    ("state-reusable", "C-01", "the state of an ended login is one of its rows"),
    (
        "id-token-signature-unchecked",
        "E-07",
        "a key that the id_token brings along made a signature that nobody checks",
    ),
    ("id-token-signature-unchecked", "E-32", "it looks at the refusal of the same id_token"),
    ("expiry-unchecked", "E-32", "it looks at the refusal of the same id_token"),
    ("nonce-unchecked", "E-32", "it looks at the refusal of the same id_token"),
    ("token-shown-to-browser", "D-14", "it looks at the answers to an honest login as well"),
    ("logout-only-deletes-cookie", "G-13", "a session that outlives the logout outlives the next login as well"),
    ("logout-keeps-session-in-browser", "G-14", "where the first browser stays signed in, nothing was ended"),
    ("bearer-missing-accepted", "I-02", "what is served has no refusal that could be looked at"),
    ("service-token-forwarded", "J-04", "it asks for the same token, for two people"),
];

/// Why `check` notices the defect as well.
pub(super) fn explanation(defect: &str, check: &str) -> Option<&'static str> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(area) => check.starts_with(area),
        None => check == pattern,
    };
    EXPLAINED.iter().find(|(planted, other, _)| *planted == defect && fits(other)).map(|(.., why)| *why)
}

#[cfg(test)]
mod tests {
    use reference::Defect;

    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_explanation_is_about_a_defect_and_another_check_that_exist() {
        let catalogue = Catalogue::built_in();
        for (defect, check, _) in EXPLAINED {
            let defect: Defect = defect.parse().unwrap();
            let area = check.trim_end_matches('*');

            assert!(catalogue.checks().iter().any(|known| known.id.starts_with(area)), "{check}");
            assert_ne!(defect.check(), check);
        }
    }

    #[test]
    fn an_area_explains_its_own_checks_only() {
        assert!(explanation("scope-without-openid", "E-12").is_some());
        assert!(explanation("scope-without-openid", "B-02").is_none());
        assert!(explanation("state-reusable", "C-02").is_none());
    }
}
