//! How a sloppy router reads paths: what two defects of the guard need beside them. Correct services never come here.

/// `path` decoded once, with backslashes turned, matrix parameters dropped and dot segments resolved.
pub(crate) fn tidied(path: &str) -> String {
    let decoded = decoded(path).replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    format!("/{}", segments.join("/"))
}

/// `path` without the slashes at its end.
pub(crate) fn without_slashes_at_end(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => path,
        trimmed => trimmed,
    }
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match bytes.get(at..at + 3).and_then(escaped) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The byte that `%2e` stands for.
fn escaped(text: &[u8]) -> Option<u8> {
    let [b'%', digits @ ..] = text else { return None };
    // `from_str_radix` takes a sign, which is no digit here.
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_out_of_a_path_is_followed_in_every_spelling() {
        for path in ["/open/../shut", "/open/%2e%2e/shut", "/open/..%2fshut", "/open/..;/shut", "/open\\..\\shut"] {
            assert_eq!(tidied(path), "/shut");
        }
    }

    #[test]
    fn decoding_happens_once() {
        assert_eq!(tidied("/open/%252e%252e/shut"), "/open/%2e%2e/shut");
    }

    #[test]
    fn a_cut_off_escape_is_text() {
        assert_eq!(tidied("/open/%2"), "/open/%2");
    }

    #[test]
    fn the_root_keeps_its_slash() {
        assert_eq!(without_slashes_at_end("/"), "/");
    }
}
