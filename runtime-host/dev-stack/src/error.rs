//! What can go wrong, in sentences for the person at the terminal.

use std::path::Path;

/// How much of a server's log is quoted.
const LOG_LINES_MAX: usize = 8;

/// Why a stack, or a part of it, is not there. Its text says what to do where there is something to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StackError(String);

impl StackError {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// With the last lines of the server's log, which name the cause.
    pub(crate) fn with_log(what: &str, ending: &str, log: &Path) -> Self {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(LOG_LINES_MAX)..].join("\n  ");
        Self(format!("{what}: {ending}. The end of its log, {}:\n  {last}", log.display()))
    }
}
