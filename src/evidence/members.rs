//! Finds the value of a named member in queries, forms, JSON and HTML, in time linear in the text.

use std::ops::Range;

/// `name=value` in queries, forms and texts; also percent-encoded once or twice inside another value.
pub(super) fn find_members(text: &str, name: &str, found: &mut impl FnMut(Range<usize>)) {
    // Values do not overlap; without this a body of `code=code=code=...` would take hours.
    let mut done = 0;
    for at in occurrences(text, name) {
        if at < done || !starts_a_word(text, at) {
            continue;
        }
        let rest = &text[at + name.len()..];
        let separators = [("=", ""), ("%3D", "%"), ("%3d", "%"), ("%253D", "%25"), ("%253d", "%25")];
        let Some((separator, nested)) = separators.into_iter().find(|(separator, _)| rest.starts_with(separator))
        else {
            continue;
        };
        let start = at + name.len() + separator.len();
        let value = &text[start..];
        let (start, mut end) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => (start + 1, value[1..].find(quote).map_or(value.len(), |end| end + 1)),
            _ => {
                let ends = |c: char| c.is_whitespace() || matches!(c, '&' | '"' | '\'' | '<' | '>' | '#' | '\\');
                (start, value.find(ends).unwrap_or(value.len()))
            }
        };
        if !nested.is_empty() {
            let stops = ["26", "23", "22"].map(|code| value[..end].find(&format!("{nested}{code}")));
            end = stops.into_iter().flatten().fold(end, usize::min);
        }
        let end = at + name.len() + separator.len() + end;
        found(start.min(end)..end);
        done = end;
    }
}

/// `"name": "value"`, also inside a JSON string and in the quotes of other languages.
pub(super) fn find_json_members(text: &str, name: &str, found: &mut impl FnMut(Range<usize>)) {
    let mut done = 0;
    for at in occurrences(text, name) {
        if at < done || !text[..at].ends_with(['"', '\'']) {
            continue;
        }
        let mut from = at + name.len();
        from += count(&text[from..], |c| c == '\\');
        if !text[from..].starts_with(['"', '\'']) {
            continue;
        }
        from += 1;
        from += count(&text[from..], char::is_whitespace);
        if !text[from..].starts_with(':') {
            continue;
        }
        from += 1;
        from += count(&text[from..], char::is_whitespace);
        let escapes = count(&text[from..], |c| c == '\\');
        let value = &text[from + escapes..];
        match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let start = from + escapes + 1;
                done = start + string_end(&value[1..], quote, escapes);
                found(start..done);
            }
            Some('{' | '[') | None => {}
            Some(_) => {
                let end = value.find(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']'));
                let end = end.unwrap_or(value.len());
                if !["null", "true", "false"].contains(&&value[..end]) {
                    found(from + escapes..from + escapes + end);
                }
            }
        }
    }
}

/// Where a string ends whose quotes are written with `escapes` backslashes before them.
fn string_end(text: &str, quote: char, escapes: usize) -> usize {
    let mut backslashes = 0;
    for (at, c) in text.char_indices() {
        match c {
            '\\' => backslashes += 1,
            c if c == quote && (backslashes == escapes || (escapes == 0 && backslashes % 2 == 0)) => {
                return at - if escapes == 0 { 0 } else { backslashes };
            }
            _ => backslashes = 0,
        }
    }
    text.len()
}

/// `<input name="code" value="...">`: how `response_mode=form_post` carries its answer.
pub(super) fn find_inputs(text: &str, name: &str, found: &mut impl FnMut(Range<usize>)) {
    let mut done = 0;
    for at in occurrences(text, "<input") {
        if at < done {
            continue;
        }
        let end = text[at..].find('>').map_or(text.len(), |end| at + end);
        done = end;
        let named = attribute(text, at..end, "name").is_some_and(|range| text[range].eq_ignore_ascii_case(name));
        if named && let Some(value) = attribute(text, at..end, "value") {
            found(value);
        }
    }
}

fn attribute(text: &str, tag: Range<usize>, name: &str) -> Option<Range<usize>> {
    let inside = &text[tag.clone()];
    let at = occurrences(inside, name).find(|at| {
        let before_is_space = inside[..*at].ends_with(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '/'));
        before_is_space && inside[at + name.len()..].trim_start().starts_with('=')
    })?;
    let equals = at + inside[at..].find('=')?;
    let start = equals + 1 + count(&inside[equals + 1..], char::is_whitespace);
    let value = &inside[start..];
    let (start, length) = match value.chars().next()? {
        quote @ ('"' | '\'') => (start + 1, value[1..].find(quote).unwrap_or(value.len() - 1)),
        _ => (start, value.find(char::is_whitespace).unwrap_or(value.len())),
    };
    Some(tag.start + start..tag.start + start + length)
}

fn occurrences<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let (bytes, name) = (text.as_bytes(), name.as_bytes());
    let first = [name[0].to_ascii_lowercase(), name[0].to_ascii_uppercase()];
    let starts = bytes.iter().enumerate().filter(move |(_, byte)| first.contains(byte)).map(|(at, _)| at);
    starts.filter(move |at| bytes.get(*at..*at + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)))
}

fn starts_a_word(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let after_escape = match before {
        [.., b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        [.., b'%', b'2', b'5', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        [.., b'\\', b'u', b'0', b'0', _, _] => true,
        _ => false,
    };
    after_escape || !before.last().is_some_and(in_word)
}

fn count(text: &str, matches: impl Fn(char) -> bool) -> usize {
    text.len() - text.trim_start_matches(matches).len()
}
