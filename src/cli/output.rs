//! Standard output and the terminal: what was asked for goes to stdout, everything else to stderr.

use std::io::{self, IsTerminal, Write};

/// Writes to stdout. A reader that has gone away is no fault of ours: `authproof run | head` ends in peace.
///
/// # Errors
/// Anything but a reader that has gone away.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes a line to stderr; where there is nobody to read it, it is lost.
pub fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Colours are for terminals, unless somebody does not want them (no-color.org) or the terminal knows none.
pub fn colours(stream: &impl IsTerminal) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// How wide a report may be.
pub fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(100)
}
