//! Secrets out of the text that messages quote. Letters become stars one by one, so that every place stays where it is.

/// `text` with every value behind a key that ends in `secret` starred out, variables excepted.
pub(super) fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    // The indentation of a key whose value may go on below it.
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        if open.is_some_and(|key| line.trim().is_empty() || indent > key) {
            masked += &if names_a_source(line) { line.to_owned() } else { starred(line) };
            continue;
        }
        open = None;
        masked += &masked_line(line, indent, &mut open);
    }
    masked
}

fn masked_line(line: &str, indent: usize, open: &mut Option<usize>) -> String {
    let (mut masked, mut rest) = (String::new(), line);
    while let Some(value) = value_start(rest) {
        let (before, after) = rest.split_at(value);
        masked += before;
        let in_flow = masked.contains('{');
        let length = value_length(after, in_flow);
        if !in_flow {
            *open = Some(indent);
        }
        let (secret, after) = after.split_at(length);
        masked += &if names_a_source(secret) { secret.to_owned() } else { starred(secret) };
        rest = after;
    }
    masked + rest
}

/// Where the value of the first key that ends in `secret` begins.
fn value_start(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    lower.match_indices("secret").find_map(|(at, word)| {
        let behind = &text[at + word.len()..];
        let colon = behind.trim_start_matches(['"', '\'']).trim_start_matches([' ', '\t']);
        let value = colon.strip_prefix(':')?.trim_start_matches([' ', '\t']);
        Some(text.len() - value.len())
    })
}

/// How long a value is that begins here. In doubt, to the end of the line.
fn value_length(text: &str, in_flow: bool) -> usize {
    let line = text.trim_end_matches(['\n', '\r']).len();
    let to = |ends: &[char]| text[..line].find(ends).unwrap_or(line);
    match text.chars().next() {
        Some('{') => text[..line].find('}').map_or(line, |end| end + 1),
        // What follows it may be a remark about it.
        _ if !in_flow => line,
        // A value may hold an escaped quote, so only the last one of the line surely ends it.
        Some(quote @ ('"' | '\'')) => text[1..line].rfind(quote).map_or(line, |end| end + 2),
        _ if text.starts_with("${") => text[..line].find('}').map_or(line, |end| end + 1),
        _ => to(&[',', '}']),
    }
}

/// `{ file: ... }`, `command: ...`: where to find a secret is none.
fn names_a_source(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['{', '-']).trim_start();
    text.starts_with("file:") || text.starts_with("command:") || is_variable(text)
}

fn is_variable(text: &str) -> bool {
    let text = text.trim_matches(['"', '\'']);
    let name = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
    name.is_some_and(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    })
}

/// As many bytes, so that offsets hold; line breaks and spaces stay.
fn starred(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() { c.to_string() } else { "*".repeat(c.len_utf8()) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_secret_is_starred_out() {
        for text in [
            "secret: hunter2",
            "  - secret: hunter2, hunter2",
            "secret: \"hunter2 \\\" hunter2\"",
            "secret:   'hunter2'  # hunter2",
            "- { id: a, secret: hunter2, redirect_uris: [] }",
            "- { id: a, \"secret\": \"hunter2, hunter2\", x: y }",
            "- {secret : hunter2}",
            "client_secret: hunter2",
            "SECRET: hunter2",
            "secret: |\n  hunter2\n  hunter2\n",
            "secret:\n  hunter2\n\n  hunter2\nid: a",
            "secret: hun\n  hunter2",
            "secret: x${hunter2}",
            "secret: ${hunter2",
        ] {
            let masked = masked(text);

            assert!(!masked.contains("hunter2"), "{text}\n{masked}");
            assert_eq!(masked.len(), text.len());
        }
    }

    #[test]
    fn everything_else_stays() {
        for text in [
            "id: amundsen\nurl: http://a\n",
            "secret: ${AMUNDSEN_SECRET}\nid: a\n",
            "- { id: a, secret: ${A}, redirect_uris: [] }",
            "secret: { file: path }\n",
            "secret: { command: [vault, read] }\n",
            "secret:\n  file: path\nid: x\n",
            "# a secret is not written here\n",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn what_stands_behind_a_secret_is_kept() {
        assert_eq!(masked("- { secret: ab, id: x }\n"), "- { secret: **, id: x }\n");
        assert_eq!(masked("- secret: ab\n  id: x\n"), "- secret: **\n  id: x\n");
    }
}
