//! What a person at the terminal reads; logs go elsewhere (standard error).

use std::io::Write;

/// One line on standard output. A closed pipe is not our error.
pub(crate) fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// One line for a thing that is ready.
pub(crate) fn ready(line: impl std::fmt::Display) {
    say(format_args!("  ✓ {line}"));
}
