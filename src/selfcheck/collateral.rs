//! Defects that more than their own check must notice, and why.

/// Defect, other check, reason.
const EXPLAINED: [(&str, &str, &str); 0] = [];

/// Why `check` notices the defect as well.
pub(super) fn explanation(defect: &str, check: &str) -> Option<&'static str> {
    EXPLAINED.iter().find(|(planted, other, _)| *planted == defect && *other == check).map(|(.., why)| *why)
}
