//! Why a component gave no answer.

/// A request's end without an answer from the component. Each is the failing instance's own affair: the next request
/// gets another instance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No head of an answer within `request_ms_max`.
    #[error("no answer within the request's time")]
    TimedOut,
    /// More CPU time than `cpu_ms_max` without giving way.
    #[error("more CPU time than a request may use")]
    CpuSpent,
    /// The instance stopped: a panic, a stack overflow, or memory that it was refused. `guest` are the names of the
    /// guest's functions, innermost first; for the log, never for the client.
    #[error("the component stopped: {cause}")]
    Trapped {
        /// What wasmtime says.
        cause: String,
        /// The guest's functions at that point, innermost first.
        guest: Vec<String>,
        /// Whether the instance had been refused memory before.
        memory_refused: bool,
    },
    /// No instance could be had: too many are alive, or memory for guests is used up.
    #[error("no instance could be had: {0}")]
    NoInstance(String),
    /// The component answered with an error of the HTTP interface instead of a response.
    #[error("the component answered with an error: {0}")]
    Refused(String),
}

impl Failure {
    /// The guest's functions where it stopped, innermost first, for the log; empty for other ends than a trap.
    pub fn guest(&self) -> String {
        match self {
            Failure::Trapped { guest, .. } => guest.join(" < "),
            Failure::TimedOut | Failure::CpuSpent | Failure::NoInstance(_) | Failure::Refused(_) => {
                String::new()
            }
        }
    }

    /// A label of few values for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Failure::TimedOut => "timed_out",
            Failure::CpuSpent => "cpu_spent",
            Failure::Trapped { memory_refused: true, .. } => "memory_refused",
            Failure::Trapped { .. } => "trapped",
            Failure::NoInstance(_) => "no_instance",
            Failure::Refused(_) => "refused",
        }
    }
}

/// The trap with which the epoch callback stops a guest that used up its CPU time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("CPU time used up")]
pub(crate) struct CpuSpent;

/// What ended a worker, from the error that wasmtime gave.
pub(crate) fn of_worker(error: &wasmtime::Error, memory_refused: bool) -> Failure {
    if error.downcast_ref::<CpuSpent>().is_some() {
        return Failure::CpuSpent;
    }
    let guest: Vec<String> = error
        .downcast_ref::<wasmtime::WasmBacktrace>()
        .map(|trace| trace.frames().iter().take(GUEST_FRAMES_MAX).filter_map(guest_function).collect())
        .unwrap_or_default();
    let cause = match error.downcast_ref::<wasmtime::Trap>() {
        Some(trap) => trap.to_string(),
        None if error.to_string().contains("guest timed out") => return Failure::TimedOut,
        None => error.to_string(),
    };
    Failure::Trapped { cause, guest, memory_refused }
}

const GUEST_FRAMES_MAX: usize = 12;

fn guest_function(frame: &wasmtime::FrameInfo) -> Option<String> {
    frame.func_name().map(|name| format!("{:#}", rustc_demangle::demangle(name)))
}
