//! Finds by its place in a text what must not be shown. Works on the text itself, so that a broken or cut body is
//! redacted like a whole one.

use std::ops::Range;

use super::mask::Span;

/// Names of form, query and JSON members whose value is a credential, whoever issued it.
const CREDENTIALS: [&str; 5] = ["code", "client_secret", "client_assertion", "password", "code_verifier"];
/// Names of members whose value is a token of the provider.
const TOKENS: [&str; 8] = [
    "access_token",
    "refresh_token",
    "id_token",
    "id_token_hint",
    "logout_token",
    "subject_token",
    "assertion",
    "token",
];

/// Every sensitive place of a text. `hide_tokens`: tokens too, because they outlive the run.
pub(super) fn find_in_text(text: &str, hide_tokens: bool) -> Vec<Span> {
    let mut spans = Vec::new();
    for name in CREDENTIALS {
        find_members(text, name, &mut |range| push_credential(text, range, &mut spans));
        // A JSON member `code` is nearly always an error code; an authorization code is known from its redirect.
        if name != "code" {
            find_json_members(text, name, &mut |range| push_credential(text, range, &mut spans));
        }
        find_inputs(text, name, &mut |range| push_credential(text, range, &mut spans));
    }
    if hide_tokens {
        for name in TOKENS {
            find_members(text, name, &mut |range| push_token(text, range, &mut spans));
            find_json_members(text, name, &mut |range| push_token(text, range, &mut spans));
            find_inputs(text, name, &mut |range| push_token(text, range, &mut spans));
        }
        for segments in find_jwts(text) {
            push_jwt(text, &segments, &mut spans);
        }
    }
    spans
}

/// The sensitive places of one header's value, those of a plain text included.
pub(super) fn find_in_header(name: &str, value: &str, hide_tokens: bool) -> Vec<Span> {
    let mut spans = find_in_text(value, hide_tokens);
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "cookie" => {
            let mut from = 0;
            for pair in value.split(';') {
                push_cookie(value, from..from + pair.len(), hide_tokens, &mut spans);
                from += pair.len() + 1;
            }
        }
        "set-cookie" => {
            let end = value.find(';').unwrap_or(value.len());
            push_cookie(value, 0..end, hide_tokens, &mut spans);
        }
        "authorization" | "proxy-authorization" => {
            let lead = value.len() - value.trim_start().len();
            let scheme_end = value[lead..].find([' ', '\t']).map_or(lead, |at| lead + at);
            let start = scheme_end + value[scheme_end..].len() - value[scheme_end..].trim_start().len();
            let scheme = value[lead..scheme_end].to_ascii_lowercase();
            if scheme == "bearer" || scheme == "dpop" {
                if hide_tokens {
                    push_token(value, start..value.len(), &mut spans);
                }
            } else {
                push_credential(value, start..value.len(), &mut spans);
            }
        }
        named if named.contains("token") && hide_tokens => push_token(value, 0..value.len(), &mut spans),
        _ => {}
    }
    spans
}

/// Every JWT-looking stretch, as the ranges of its segments. Looks at each byte a fixed number of times, whatever a
/// hostile body consists of.
fn find_jwts(text: &str) -> Vec<Vec<Range<usize>>> {
    let bytes = text.as_bytes();
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = bytes.get(at..at + 3) {
        // `{"`, `{ `, LF and CR after the brace: how a JOSE header begins.
        if !matches!(begin, b"eyJ" | b"eyA" | b"ewo" | b"ew0") {
            at += 1;
            continue;
        }
        let mut segments = Vec::new();
        let mut from = at;
        loop {
            let end = from + bytes[from..].iter().take_while(|byte| is_base64url(**byte)).count();
            segments.push(from..end);
            if segments.len() == 5 || bytes.get(end) != Some(&b'.') {
                break;
            }
            from = end + 1;
        }
        let is_token = segments.len() > 1 && segments[0].len() >= 8 && !segments[1].is_empty();
        at = if is_token {
            segments[segments.len() - 1].end
        } else {
            segments[0].end
        };
        if is_token {
            found.push(segments);
        }
    }
    found
}

/// Hides what makes a JWT usable: the signature, or everything behind the header of an encrypted one.
fn push_jwt(text: &str, segments: &[Range<usize>], spans: &mut Vec<Span>) {
    let end = segments[segments.len() - 1].end;
    let hidden = match segments.len() {
        0..=2 => return,
        5 => segments[1].start..end,
        _ => segments[2].start..end,
    };
    spans.push(Span {
        value: text[hidden.clone()].to_string(),
        range: hidden,
        learn: true,
    });
}

fn push_token(text: &str, range: Range<usize>, spans: &mut Vec<Span>) {
    // A JWT keeps its readable part; `find_in_text` has taken its signature already.
    if find_jwts(&text[range.clone()]).is_empty() {
        push_credential(text, range, spans);
    }
}

fn push_credential(text: &str, range: Range<usize>, spans: &mut Vec<Span>) {
    let raw = &text[range.clone()];
    let value = percent_decoded(raw);
    let learn = raw.len() >= 8;
    spans.push(Span { range, value, learn });
}

fn push_cookie(text: &str, pair: Range<usize>, hide_tokens: bool, spans: &mut Vec<Span>) {
    let Some(equals) = text[pair.clone()].find('=') else {
        // A cookie without a name is all value.
        let lead = text[pair.clone()].len() - text[pair.clone()].trim_start().len();
        return push_credential(text, pair.start + lead..pair.end, spans);
    };
    let start = pair.start + equals + 1;
    let raw = &text[start..pair.end];
    let looks_random = raw.len() >= 16
        && !raw.contains('@')
        && raw.bytes().any(|byte| byte.is_ascii_digit())
        && raw.bytes().any(|byte| byte.is_ascii_alphabetic());
    // A token that may be shown is hidden as a cookie, and only there.
    let learn = looks_random && (hide_tokens || find_jwts(raw).is_empty());
    spans.push(Span {
        range: start..pair.end,
        value: percent_decoded(raw),
        learn,
    });
}

/// `name=value` in queries, forms and texts; also percent-encoded once or twice inside another value.
fn find_members(text: &str, name: &str, found: &mut impl FnMut(Range<usize>)) {
    // Values do not overlap; without this a body of `code=code=code=...` would take hours.
    let mut done = 0;
    for at in occurrences(text, name) {
        if at < done || !starts_a_word(text, at) {
            continue;
        }
        let rest = &text[at + name.len()..];
        let separators = [
            ("=", ""),
            ("%3D", "%"),
            ("%3d", "%"),
            ("%253D", "%25"),
            ("%253d", "%25"),
        ];
        let Some((separator, nested)) = separators
            .into_iter()
            .find(|(separator, _)| rest.starts_with(separator))
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
fn find_json_members(text: &str, name: &str, found: &mut impl FnMut(Range<usize>)) {
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
fn find_inputs(text: &str, name: &str, found: &mut impl FnMut(Range<usize>)) {
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
    let starts = bytes
        .iter()
        .enumerate()
        .filter(move |(_, byte)| first.contains(byte))
        .map(|(at, _)| at);
    starts.filter(move |at| {
        bytes
            .get(*at..*at + name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name))
    })
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

fn percent_decoded(raw: &str) -> String {
    if !raw.contains(['%', '+']) {
        return raw.to_string();
    }
    let member = format!("v={}", raw.replace('&', "%26"));
    url::form_urlencoded::parse(member.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> Vec<String> {
        find_in_text(text, true)
            .into_iter()
            .map(|span| text[span.range].to_string())
            .collect()
    }

    #[test]
    fn credentials_are_found_in_every_notation() {
        let texts = [
            "/auth?code=CANARY&state=s",
            "/auth?state=s&code=CANARY",
            "https://app.test/auth#id_token=CANARY",
            "/login?next=%2Fauth%3Fcode%3DCANARY%26state%3Ds",
            "/login?next=%252Fauth%253Fcode%253DCANARY%2526state",
            "grant_type=authorization_code&code_verifier=CANARY",
            r#"{"access_token": "CANARY", "expires_in": 1}"#,
            r#"{"client_secret":"CANARY"}"#,
            r#"{'refresh_token': 'CANARY'}"#,
            r#"{"body": "{\"password\": \"CANARY\"}"}"#,
            r#"{"password": "CANARY"#,
            r#"<input type="hidden" name="code" value="CANARY"/>"#,
            r#"<INPUT value='CANARY' name='password'>"#,
            r#"<a href="/auth?x=1&amp;code=CANARY">go</a>"#,
        ];
        for text in texts {
            assert_eq!(hidden(text), ["CANARY"], "{text}");
        }
    }

    #[test]
    fn words_that_only_end_like_a_name_stay() {
        let texts = [
            "country_code=49",
            "error_code=7",
            "zipcode=12345",
            r#"{"code": "invalid_request"}"#,
            "code",
        ];
        for text in texts {
            assert_eq!(hidden(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_jwt_keeps_its_readable_part() {
        let text = "x eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl y";

        assert_eq!(hidden(text), ["c2lnbmF0dXJl"]);
    }

    #[test]
    fn an_encrypted_token_keeps_its_header_only() {
        let text = "eyJhbGciOiJkaXIiLCJlbmMiOiJ9.a.b.c.d";

        assert_eq!(hidden(text), ["a.b.c.d"]);
    }

    #[test]
    fn repetitive_bodies_are_searched_in_linear_time() {
        let started = std::time::Instant::now();
        for unit in [
            "code=",
            "eyJ",
            "ey.",
            "ewo.a",
            "\"password\":\"",
            "<input name=",
            "code%3D",
            "password\\\"",
            "<",
        ] {
            find_in_text(&unit.repeat(400_000 / unit.len()), true);
        }

        assert!(
            started.elapsed() < std::time::Duration::from_secs(20),
            "{:?}",
            started.elapsed()
        );
    }

    #[test]
    fn cookies_lose_values_and_keep_names() {
        let value = "a=1; session=abcdef";
        let spans = find_in_header("Cookie", value, false);

        let texts: Vec<&str> = spans.into_iter().map(|span| &value[span.range]).collect();
        assert_eq!(texts, ["1", "abcdef"]);
    }
}
