//! Plain lines for a terminal: wrapped between words, coloured if asked for, harmless whatever the text holds.

/// Where the text of a field begins.
const INDENT: usize = 12;

/// Colours of words that carry a meaning; the words alone say as much.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ink {
    Plain,
    Bold,
    Good,
    Bad,
    Doubt,
    Faint,
}

/// A text that grows line by line.
pub(crate) struct Paper {
    text: String,
    colour: bool,
    width: usize,
}

impl Paper {
    pub fn new(colour: bool, width: usize) -> Self {
        Self { text: String::new(), colour, width: width.clamp(50, 140) }
    }

    pub fn into_text(self) -> String {
        self.text
    }

    pub fn blank(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Words of different inks on one line, wrapped.
    pub fn line(&mut self, words: &[(Ink, &str)]) {
        let coloured: Vec<String> = words.iter().map(|(ink, text)| self.ink(*ink, &harmless(text))).collect();
        let plain: usize = words.iter().map(|(_, text)| text.chars().count() + 2).sum();
        if plain <= self.width + 2 || words.len() > 1 {
            self.text.push_str(&coloured.join("  "));
            self.text.push('\n');
            return;
        }
        let text = words.first().map(|(_, text)| harmless(text)).unwrap_or_default();
        for line in wrapped(&text, self.width) {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// `  label     text`, the text wrapped below its beginning. Without a label it continues the field before.
    pub fn field(&mut self, label: &str, text: &str) {
        let text = harmless(text);
        let mut label = self.ink(Ink::Faint, &format!("{label:<width$}", width = INDENT - 2));
        for line in wrapped(&text, self.width - INDENT) {
            self.text.push_str(format!("  {label}{line}").trim_end());
            self.text.push('\n');
            label = " ".repeat(INDENT - 2);
        }
    }

    /// A word in ink and what follows it, wrapped.
    pub fn sentence(&mut self, ink: Ink, word: &str, rest: &str) {
        let text = harmless(&format!("{word} {rest}"));
        for (number, line) in wrapped(&text, self.width).into_iter().enumerate() {
            let line = match line.strip_prefix(word) {
                Some(rest) if number == 0 => format!("{}{rest}", self.ink(ink, word)),
                Some(_) | None => line,
            };
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    /// As it is: a command that is copied must not be broken by us.
    pub fn field_unwrapped(&mut self, label: &str, text: &str) {
        let label = self.ink(Ink::Faint, &format!("{label:<width$}", width = INDENT - 2));
        self.text.push_str(&format!("  {label}{}\n", harmless(text)));
    }

    fn ink(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            Ink::Bold => "1",
            Ink::Good => "1;32",
            Ink::Bad => "1;31",
            Ink::Doubt => "1;33",
            Ink::Faint => "2",
        };
        match self.colour {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}

/// What a target sends must neither move the cursor nor turn the text around: such characters are spelled out.
pub(crate) fn harmless(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => clean.push(' '),
            c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                clean.extend(c.escape_unicode());
            }
            c => clean.push(c),
        }
    }
    clean
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line, mut length) = (Vec::new(), String::new(), 0);
    for word in text.split(' ') {
        let long = word.chars().count();
        if length > 0 && length + 1 + long > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 || !line.is_empty() {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += long;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_long_words_stay_whole() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("a http://very.long.example.test/x b", 10), ["a", "http://very.long.example.test/x", "b"]);
        assert_eq!(wrapped("", 10), [""]);
    }

    #[test]
    fn a_hostile_text_cannot_steer_the_terminal() {
        let clean = harmless("a\u{1b}[2Jb\r\nc\u{202e}d\u{7}");

        assert_eq!(clean, "a\\u{1b}[2Jb  c\\u{202e}d\\u{7}");
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        let mut paper = Paper::new(false, 80);
        paper.line(&[(Ink::Bad, "FAILED"), (Ink::Plain, "x")]);
        paper.field("seen", "y");

        assert_eq!(paper.into_text(), "FAILED  x\n  seen      y\n");
    }
}
