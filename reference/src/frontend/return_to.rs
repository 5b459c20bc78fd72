//! Where a login leads: back to a page of this site, and nowhere else.

use crate::defects::{Defect, Defects};

/// `wanted`, if it is a path of this site; else the home page.
///
/// Browsers read `//host`, `/\host` and `/<tab>/host` as another site's address (WHATWG URL section 4.4).
pub(super) fn checked(wanted: Option<&str>, defects: &Defects) -> String {
    let is_local = |path: &str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && !path.contains(|letter: char| letter.is_control() || !letter.is_ascii())
    };
    match wanted {
        Some(path) if is_local(path) => path.into(),
        Some(path) if path.starts_with('/') && defects.has(Defect::OpenRedirect) => path.into(),
        _ => "/".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::defects::Defects;

    #[test]
    fn only_a_path_of_this_site_is_followed() {
        for path in ["/", "/api/me", "/a?b=//c", "/%5cevil.test/"] {
            assert_eq!(checked(Some(path), &Defects::none()), path);
        }
    }

    #[test]
    fn anything_else_leads_home() {
        let others = [
            "",
            "a",
            "//evil.test/",
            "///evil.test/",
            "/\\evil.test/",
            "\\\\evil.test",
            "/\t/evil.test/",
            "/\n/evil.test",
            "https://evil.test/",
            "https:evil.test",
            "http://127.0.0.1:1@evil.test/",
            " //evil.test",
            "javascript:alert(1)",
        ];
        for other in others {
            assert_eq!(checked(Some(other), &Defects::none()), "/", "{other:?}");
        }
        assert_eq!(checked(None, &Defects::none()), "/");
    }
}
