//! Flags of the instances.

use clap::Args;
use host_engine::Reuse;

/// Flags of the instances.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Instances")]
pub(crate) struct Instances {
    /// From a request's head to its answer's head; longer is 504.
    #[arg(long, default_value_t = host_engine::Settings::default().request_ms_max, value_name = "MS")]
    pub(crate) request_ms_max: u64,
    /// CPU time that a request may burn without giving way; more is 504.
    #[arg(long, default_value_t = host_engine::Settings::default().cpu_ms_max, value_name = "MS")]
    pub(crate) cpu_ms_max: u64,
    /// Memory of one instance [default: 128 MiB, or a quarter of what guests may have].
    #[arg(long, value_name = "BYTES")]
    pub(crate) memory_bytes_max: Option<usize>,
    /// Memory of all instances of one component [default: half of what guests may have].
    #[arg(long, value_name = "BYTES")]
    pub(crate) component_memory_bytes_max: Option<usize>,
    /// Memory of all instances [default: half of the control group's or the machine's].
    #[arg(long, value_name = "BYTES")]
    pub(crate) host_memory_bytes_max: Option<usize>,
    /// Instances alive at once.
    #[arg(
        long,
        default_value_t = host_engine::Settings::default().instances_max,
        value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub(crate) instances_max: u32,
    /// Wait for an instance while all are busy; longer is 503.
    #[arg(long, default_value_t = host_engine::Settings::default().instance_wait_ms_max, value_name = "MS")]
    pub(crate) instance_wait_ms_max: u64,
    /// Rest of an instance without work.
    #[arg(long, default_value_t = host_engine::Settings::default().idle_ms_max, value_name = "MS")]
    pub(crate) instance_idle_ms_max: u64,
    /// Work of an instance after its last answer's head, such as a streamed body.
    #[arg(long, default_value_t = host_engine::Settings::default().post_return_ms_max, value_name = "MS")]
    pub(crate) post_return_ms_max: u64,
    /// Reuse of instances: isolated, serial[:REQUESTS], concurrent[:TOGETHER[:REQUESTS]].
    #[arg(long, default_value = "concurrent:16:128", value_name = "POLICY")]
    pub(crate) reuse: Reuse,
    /// Reuse for one component, COMPONENT=POLICY; may be repeated.
    #[arg(long, value_name = "COMPONENT=POLICY", value_parser = reuse_of)]
    pub(crate) reuse_of: Vec<(String, Reuse)>,
}

fn reuse_of(text: &str) -> Result<(String, Reuse), String> {
    let (component, policy) = text.split_once('=').ok_or("write COMPONENT=POLICY")?;
    Ok((component.to_owned(), policy.parse()?))
}
