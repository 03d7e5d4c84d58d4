//! The level that a component gives a line by itself.

use tracing::Level;

/// The value of the first `level` in a line of `name=value` pairs; what stands in quotes is somebody's words.
pub(crate) fn level_named_in(line: &str) -> Option<Level> {
    const NAME: &str = "level=";
    let mut quoted = false;
    let mut escaped = false;
    let mut begins = true;
    for (at, char) in line.char_indices() {
        if begins && !quoted && line[at..].starts_with(NAME) {
            let value = line[at + NAME.len()..].split(' ').next().unwrap_or_default();
            return match value {
                "error" => Some(Level::ERROR),
                "warn" => Some(Level::WARN),
                "info" => Some(Level::INFO),
                "debug" => Some(Level::DEBUG),
                _ => None,
            };
        }
        quoted ^= char == '"' && !escaped;
        escaped = char == '\\' && !escaped;
        begins = char == ' ';
    }
    None
}
