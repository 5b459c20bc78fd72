//! How a hidden value looks: `‹43 chars #a1b2c3›`. Equal values get equal tags within one run, and only there.

use std::ops::Range;
use std::sync::OnceLock;

use aws_lc_rs::hmac;

/// A stretch of text that must not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub range: Range<usize>,
    /// The value in its decoded form, so that one value spelled in two encodings gets one tag.
    pub value: String,
    /// Hide the value wherever else it turns up in the scenario.
    pub learn: bool,
}

/// Replaces every span of `text`. Overlapping spans become one.
pub(super) fn mask_spans(text: &str, mut spans: Vec<Span>) -> String {
    spans.retain(|span| !span.range.is_empty());
    spans.sort_by_key(|span| (span.range.start, std::cmp::Reverse(span.range.end)));
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.range.start < last.range.end => last.range.end = last.range.end.max(span.range.end),
            _ => merged.push(span),
        }
    }
    let mut shown = String::with_capacity(text.len());
    let mut from = 0;
    for span in merged {
        shown.push_str(&text[from..span.range.start]);
        shown.push_str(&mask(&span.value));
        from = span.range.end;
    }
    shown.push_str(&text[from..]);
    shown
}

fn mask(value: &str) -> String {
    // Keyed with a value that dies with the process: a plain hash would let anybody with the report test guesses.
    static KEY: OnceLock<hmac::Key> = OnceLock::new();
    let key = KEY.get_or_init(|| hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>()));
    let tag = hmac::sign(key, value.as_bytes());
    let tag = tag.as_ref();
    format!("‹{} chars #{:02x}{:02x}{:02x}›", value.chars().count(), tag[0], tag[1], tag[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(range: Range<usize>, value: &str) -> Span {
        Span { range, value: value.into(), learn: false }
    }

    #[test]
    fn equal_values_get_equal_tags_and_others_do_not() {
        let shown = mask_spans("abc abc abd", vec![span(0..3, "abc"), span(4..7, "abc"), span(8..11, "abd")]);

        let masks: Vec<&str> = shown.split_inclusive('›').map(str::trim).collect();
        assert_eq!(masks[0], masks[1]);
        assert_ne!(masks[0], masks[2]);
        assert!(masks[0].starts_with("‹3 chars #"), "{shown}");
    }

    #[test]
    fn overlapping_spans_hide_all_that_any_of_them_covers() {
        let shown = mask_spans("0123456789", vec![span(2..5, "234"), span(4..8, "4567")]);

        assert!(shown.starts_with("01‹") && shown.ends_with("›89"), "{shown}");
    }
}
