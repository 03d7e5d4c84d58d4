//! The engine's bounds, once per host.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// How many requests one instance may serve, together and in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Every request gets an instance of its own.
    Isolated,
    /// One request after another, up to `requests_max` in all.
    Serial {
        /// Requests in an instance's life.
        requests_max: usize,
    },
    /// Up to `together_max` requests at once, `requests_max` in all; what Spin does by default.
    Concurrent {
        /// Requests in an instance's life.
        requests_max: usize,
        /// Requests at the same time.
        together_max: usize,
    },
}

impl Default for Reuse {
    fn default() -> Self {
        Reuse::Concurrent { requests_max: 128, together_max: 16 }
    }
}

impl Reuse {
    /// Requests in an instance's life.
    pub fn requests_max(self) -> usize {
        match self {
            Reuse::Isolated => 1,
            Reuse::Serial { requests_max } | Reuse::Concurrent { requests_max, .. } => requests_max,
        }
    }

    /// Requests at the same time.
    pub fn together_max(self) -> usize {
        match self {
            Reuse::Isolated | Reuse::Serial { .. } => 1,
            Reuse::Concurrent { together_max, .. } => together_max,
        }
    }
}

impl std::str::FromStr for Reuse {
    type Err = String;

    /// `isolated`, `serial`, `serial:100`, `concurrent`, `concurrent:16:128` (at once, then in all).
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is none of isolated, serial[:REQUESTS], concurrent[:TOGETHER[:REQUESTS]]");
        let mut parts = text.split(':');
        let kind = parts.next().unwrap_or_default();
        let numbers: Vec<usize> = parts
            .map(|part| part.parse().ok().filter(|n| *n > 0))
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        match (kind, numbers.as_slice()) {
            ("isolated", []) => Ok(Reuse::Isolated),
            ("serial", []) => Ok(Reuse::Serial { requests_max: 128 }),
            ("serial", [requests_max]) => Ok(Reuse::Serial { requests_max: *requests_max }),
            ("concurrent", []) => Ok(Reuse::default()),
            ("concurrent", [together_max]) => {
                Ok(Reuse::Concurrent { requests_max: 128, together_max: *together_max })
            }
            ("concurrent", [together_max, requests_max]) => {
                Ok(Reuse::Concurrent { requests_max: *requests_max, together_max: *together_max })
            }
            _ => Err(wrong()),
        }
    }
}

/// Everything that bounds what components may use.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where compiled components are kept; `None` compiles anew at each start.
    pub cache_dir: Option<PathBuf>,
    /// Linear memory of one instance, all its memories together, in bytes.
    pub memory_bytes_max: usize,
    /// Linear memory of all instances of one component, in bytes.
    pub component_memory_bytes_max: usize,
    /// Linear memory of all instances of the host, in bytes.
    pub host_memory_bytes_max: usize,
    /// CPU time that one request may burn without giving the instance another, in milliseconds.
    pub cpu_ms_max: u64,
    /// From a request's arrival to the head of its answer, in milliseconds.
    pub request_ms_max: u64,
    /// What an instance may go on doing after its last answer's head (streaming a body, say), in milliseconds.
    pub post_return_ms_max: u64,
    /// How long an instance without work is kept, in milliseconds.
    pub idle_ms_max: u64,
    /// Instances alive at once, all components together.
    pub instances_max: u32,
    /// Longest wait for one of them while all are busy, in milliseconds; after it the request is refused.
    pub instance_wait_ms_max: u64,
    /// The guest's stack, in bytes.
    pub stack_bytes_max: usize,
    /// Threads that compile, each giving way to whatever else runs: requests are served meanwhile.
    pub compile_threads: usize,
    /// Reuse of instances where `reuse_of` names no other.
    pub reuse: Reuse,
    /// Reuse by component id.
    pub reuse_of: BTreeMap<String, Reuse>,
}

const MIB: usize = 1 << 20;

impl Default for Settings {
    fn default() -> Self {
        let host_memory_bytes_max = memory_for_guests();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Settings {
            cache_dir: None,
            memory_bytes_max: (128 * MIB).min(host_memory_bytes_max / 4),
            component_memory_bytes_max: host_memory_bytes_max / 2,
            host_memory_bytes_max,
            cpu_ms_max: 5_000,
            request_ms_max: 30_000,
            post_return_ms_max: 600_000,
            idle_ms_max: 30_000,
            instances_max: 1_000,
            instance_wait_ms_max: 800,
            stack_bytes_max: MIB,
            compile_threads: cores,
            reuse: Reuse::default(),
            reuse_of: BTreeMap::new(),
        }
    }
}

/// Half of what the control group (or, without one, the machine) grants this process, in bytes.
fn memory_for_guests() -> usize {
    const WITHOUT_ANSWER: usize = 1024 * MIB;
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max")
        .or_else(|_| std::fs::read_to_string("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
        .ok()
        .and_then(|text| text.trim().parse::<usize>().ok());
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
    });
    match (group, machine) {
        (Some(group), Some(machine)) => group.min(machine) / 2,
        (Some(one), None) | (None, Some(one)) => one / 2,
        (None, None) => WITHOUT_ANSWER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reuse_is_read_from_its_text() {
        assert_eq!("isolated".parse(), Ok(Reuse::Isolated));
        assert_eq!("serial:7".parse(), Ok(Reuse::Serial { requests_max: 7 }));
        assert_eq!("concurrent:4:99".parse(), Ok(Reuse::Concurrent { requests_max: 99, together_max: 4 }));
    }

    #[test]
    fn a_reuse_of_zero_requests_is_refused() {
        assert!("serial:0".parse::<Reuse>().is_err());
        assert!("concurrent:1:2:3".parse::<Reuse>().is_err());
    }
}
