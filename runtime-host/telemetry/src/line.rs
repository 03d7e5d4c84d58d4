//! Pieces of a log line: escaped, so that no value can forge a line or steer a terminal, and bounded.

use std::fmt::{self, Write};

/// How a value's characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// Inside a JSON string.
    Json,
    /// In a line for people.
    Plain,
}

/// Bytes kept for the mark that says how much was cut.
const MARK_BYTES: usize = 32;

/// Writes into a line, at most `room` bytes; counts what did not fit.
pub(crate) struct Bounded<'a> {
    line: &'a mut String,
    escape: Escape,
    room: usize,
    cut_bytes: usize,
}

impl<'a> Bounded<'a> {
    pub(crate) fn new(line: &'a mut String, escape: Escape, room: usize) -> Self {
        Self { line, escape, room: room.saturating_sub(MARK_BYTES), cut_bytes: 0 }
    }

    /// Adds the mark if something was cut.
    pub(crate) fn finish(self) {
        if self.cut_bytes > 0 {
            self.line.push('…');
            // Writing into a String cannot fail.
            let _ = write!(self.line, "[+{} bytes]", self.cut_bytes);
        }
    }

    fn put(&mut self, piece: &str, source_bytes: usize) {
        if self.cut_bytes == 0 && piece.len() <= self.room {
            self.line.push_str(piece);
            self.room -= piece.len();
        } else {
            self.cut_bytes += source_bytes;
        }
    }

    fn put_char(&mut self, char: char) {
        let source_bytes = char.len_utf8();
        let mut buffer = [0; 4];
        match (self.escape, char) {
            (Escape::Json, '"') => self.put("\\\"", 1),
            (Escape::Json, '\\') => self.put("\\\\", 1),
            (_, '\n') => self.put("\\n", 1),
            (_, '\r') => self.put("\\r", 1),
            (_, '\t') => self.put("\\t", 1),
            (_, char) if steers(char) => {
                let mut code = String::new();
                for unit in char.encode_utf16(&mut [0; 2]) {
                    let _ = write!(code, "\\u{unit:04x}");
                }
                self.put(&code, source_bytes);
            }
            (Escape::Json | Escape::Plain, char) => {
                let piece = char.encode_utf8(&mut buffer);
                self.put(piece, source_bytes);
            }
        }
    }
}

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Most values need no escape at all.
        if self.cut_bytes == 0
            && text.len() <= self.room
            && text.bytes().all(|byte| is_harmless(byte, self.escape))
        {
            self.line.push_str(text);
            self.room -= text.len();
            return Ok(());
        }
        text.chars().for_each(|char| self.put_char(char));
        Ok(())
    }
}

fn is_harmless(byte: u8, escape: Escape) -> bool {
    match byte {
        b'"' | b'\\' => escape == Escape::Plain,
        b' '..=b'~' => true,
        _ => false,
    }
}

/// Characters that end a line, move a cursor or turn the direction of writing.
fn steers(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, escape: Escape, room: usize) -> String {
        let mut line = String::new();
        let mut bounded = Bounded::new(&mut line, escape, room);
        bounded.write_str(text).unwrap();
        bounded.finish();
        line
    }

    #[test]
    fn no_character_ends_the_line_or_steers_a_terminal() {
        for escape in [Escape::Json, Escape::Plain] {
            let line = written("a\nb\r\u{1b}[31mc\u{9b}\u{2028}\u{202e}\u{7f}", escape, 1_000);
            assert_eq!(line, "a\\nb\\r\\u001b[31mc\\u009b\\u2028\\u202e\\u007f");
        }
    }

    #[test]
    fn a_json_string_reads_back_as_what_was_written() {
        let text = "\u{0} \" \\ / 한글 🙂 \u{feff} end";
        let json = format!("\"{}\"", written(text, Escape::Json, 1_000));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn a_long_value_is_cut_at_a_character_and_says_how_much_is_missing() {
        let line = written(&"가".repeat(100), Escape::Json, 100);
        assert!(line.len() <= 100, "{} bytes", line.len());
        let kept = line.chars().filter(|char| *char == '가').count();
        assert!(line.ends_with(&format!("…[+{} bytes]", 300 - 3 * kept)), "{line}");
    }
}
