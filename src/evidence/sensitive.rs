//! Finds by its place in a text what must not be shown. Works on the text itself, so that a broken or cut body is
//! redacted like a whole one.

use std::ops::Range;

use super::mask::Span;
use super::members::{find_inputs, find_json_members, find_members};

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
        at = if is_token { segments[segments.len() - 1].end } else { segments[0].end };
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
    spans.push(Span { value: text[hidden.clone()].to_string(), range: hidden, learn: true });
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
    spans.push(Span { range: start..pair.end, value: percent_decoded(raw), learn });
}

fn percent_decoded(raw: &str) -> String {
    if !raw.contains(['%', '+']) {
        return raw.to_string();
    }
    let member = format!("v={}", raw.replace('&', "%26"));
    url::form_urlencoded::parse(member.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> Vec<String> {
        find_in_text(text, true).into_iter().map(|span| text[span.range].to_string()).collect()
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
        let texts = ["country_code=49", "error_code=7", "zipcode=12345", r#"{"code": "invalid_request"}"#, "code"];
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
        let time = |unit: &str, length: usize| {
            let text = unit.repeat(length / unit.len());
            let once = || {
                let started = std::time::Instant::now();
                find_in_text(&text, true);
                started.elapsed()
            };
            (0..3).map(|_| once()).min().expect("three were made")
        };
        for unit in ["code=", "eyJ", "ey.", "ewo.a", "\"password\":\"", "<input name=", "code%3D", "password\\\"", "<"]
        {
            let ratio = time(unit, 160_000).as_secs_f64() / time(unit, 10_000).as_secs_f64();

            // Sixteen where the time grows with the length, 256 where it grows with its square.
            assert!(ratio < 100.0, "{unit}: {ratio}");
        }
    }

    #[test]
    fn cookies_lose_values_and_keep_names() {
        let value = "a=1; session=abcdef";
        let spans = find_in_header("Cookie", value, false);

        let texts: Vec<&str> = spans.into_iter().map(|span| &value[span.range]).collect();
        assert_eq!(texts, ["1", "abcdef"]);
    }
}
