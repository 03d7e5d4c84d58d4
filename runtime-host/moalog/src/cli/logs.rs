//! Flags of the logs.

use clap::{Args, ValueEnum};

/// Flags of the logs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logs and traces")]
pub(crate) struct Logs {
    /// Lines for people or for machines.
    #[arg(long, env = "MOALOG_LOG_FORMAT", default_value = "auto", value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
    /// Which lines, in RUST_LOG's language [default: info].
    #[arg(long, env = "RUST_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// Longest log line.
    #[arg(long, default_value_t = 4096, value_name = "BYTES")]
    pub(crate) log_line_bytes_max: usize,
    /// Where traces go, by OTLP over HTTP; without it there are none.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    pub(crate) otlp_endpoint: Option<String>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Human on a terminal, JSON elsewhere.
    Auto,
    /// One line of JSON.
    Json,
    /// For eyes.
    Human,
}
