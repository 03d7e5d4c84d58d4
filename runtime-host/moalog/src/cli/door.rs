//! Flags of the front door.

use clap::Args;
use std::net::SocketAddr;

/// Flags of the front door.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Front door")]
pub(crate) struct Door {
    /// The app's address.
    #[arg(long, env = "MOALOG_LISTEN", default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Address of /livez, /readyz and /metrics.
    #[arg(long, env = "MOALOG_ADMIN_LISTEN", default_value = "127.0.0.1:3001", value_name = "ADDRESS")]
    pub(crate) admin_listen: SocketAddr,
    /// Body of a request; more is 413.
    #[arg(long, default_value_t = host_http::Settings::default().body_bytes_max, value_name = "BYTES")]
    pub(crate) body_bytes_max: u64,
    /// Silence inside a request's body; longer is 408.
    #[arg(long, default_value_t = host_http::Settings::default().body_idle_ms_max, value_name = "MS")]
    pub(crate) body_idle_ms_max: u64,
    /// Silence inside an answer, of the component or of the client; longer cuts it off.
    #[arg(long, default_value_t = host_http::Settings::default().answer_idle_ms_max, value_name = "MS")]
    pub(crate) answer_idle_ms_max: u64,
    /// Headers of a request, names and values together; more is 431.
    #[arg(long, default_value_t = host_http::Settings::default().header_bytes_max, value_name = "BYTES")]
    pub(crate) header_bytes_max: usize,
    /// Number of a request's headers; more is 431.
    #[arg(long, default_value_t = host_http::Settings::default().headers_max, value_name = "COUNT")]
    pub(crate) headers_max: usize,
    /// Time for a request's head to arrive; longer is 408.
    #[arg(long, default_value_t = host_http::Settings::default().header_read_ms_max, value_name = "MS")]
    pub(crate) header_read_ms_max: u64,
    /// Rest of a connection between requests.
    #[arg(long, default_value_t = host_http::Settings::default().idle_ms_max, value_name = "MS")]
    pub(crate) idle_ms_max: u64,
    /// Requests inside components at once; a quarter as many beside them may wait for slow clients.
    #[arg(long, default_value_t = host_http::Settings::default().concurrent_requests_max, value_name = "COUNT")]
    pub(crate) concurrent_requests_max: usize,
    /// Requests that wait for a place inside; more is 503.
    #[arg(long, default_value_t = host_http::Settings::default().queued_requests_max, value_name = "COUNT")]
    pub(crate) queued_requests_max: usize,
    /// Wait for a place inside; longer is 503.
    #[arg(long, default_value_t = host_http::Settings::default().queue_ms_max, value_name = "MS")]
    pub(crate) queue_ms_max: u64,
    /// Open connections; one more is turned away.
    #[arg(long, default_value_t = host_http::Settings::default().connections_max, value_name = "COUNT")]
    pub(crate) connections_max: usize,
    /// Threads that serve connections; one per core by default.
    #[arg(long, default_value_t = host_http::Settings::default().event_loops, value_name = "COUNT", hide_default_value = true)]
    pub(crate) event_loops: usize,
    /// Time for requests under way when the host is told to stop.
    #[arg(long, default_value_t = host_http::Settings::default().drain_ms_max, value_name = "MS")]
    pub(crate) drain_ms_max: u64,
    /// Time between /readyz saying no and the port closing.
    #[arg(long, default_value_t = host_http::Settings::default().drain_notice_ms, value_name = "MS")]
    pub(crate) drain_notice_ms: u64,
}
