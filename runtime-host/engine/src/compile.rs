//! The wasmtime engine: how components are compiled, where their memories come from, how a loop is stopped.

use crate::settings::Settings;
use anyhow::Result;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails};

/// Length of one epoch: how long a busy guest keeps a thread before others get their turn, and the grain of its CPU
/// time, in milliseconds.
pub(crate) const EPOCH_MS: u64 = 10;

/// Core modules (and so memories and tables) that one composed component may bring; wit-component makes three or four
/// of each component, a chain of middlewares is several.
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;
const MEMORIES_PER_COMPONENT: u32 = 16;
const TABLES_PER_COMPONENT: u32 = 32;
const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Stacks per instance, where instances are many.
const STACKS_PER_INSTANCE: u32 = 4;
/// Up to this number there are as many stacks as all calls of all instances could need at once.
const STACKS_FOR_ALL_MAX: u32 = 1_024;

/// The engine for `settings`, and the thread that counts its epochs for as long as an `Engine` lives.
pub(crate) fn engine(settings: &Settings) -> Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .wasm_component_model_async(true)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .epoch_interruption(true)
        .max_wasm_stack(settings.stack_bytes_max)
        .async_stack_size(settings.stack_bytes_max * 2)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(settings)));
    let engine = Engine::new(&config)?;
    count_epochs(&engine)?;
    Ok(engine)
}

fn pool(settings: &Settings) -> PoolingAllocationConfig {
    let instances = settings.instances_max;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances * 8)
        .total_memories(instances * 2)
        .total_tables(instances * 4)
        .total_stacks(stacks(settings))
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        .max_memory_size(settings.memory_bytes_max)
        .max_unused_warm_slots(instances / 4)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10);
    pool
}

/// Stacks that guests run on. An instance keeps one for its next call; one more is held by each instance that is being
/// made, also by an attempt that will find no place, and by each call that waits in a function that is not async. A call
/// that finds none left ends in a trap, so there are some for each instance. Each costs two of the kernel's memory maps
/// (65,530 by default) from the start: where instances are many, they share.
fn stacks(settings: &Settings) -> u32 {
    let together_max =
        settings.reuse_of.values().chain([&settings.reuse]).map(|reuse| reuse.together_max()).max();
    let for_all_calls = u32::try_from(together_max.unwrap_or(1)).unwrap_or(u32::MAX).saturating_add(1);
    let bound = settings.instances_max.saturating_mul(STACKS_PER_INSTANCE).max(STACKS_FOR_ALL_MAX);
    settings.instances_max.saturating_mul(for_all_calls).min(bound)
}

/// Advances the epoch every [`EPOCH_MS`] from a thread of its own, which ends with the last clone of `engine`.
fn count_epochs(engine: &Engine) -> Result<()> {
    let alive = engine.weak();
    std::thread::Builder::new().name("epochs".into()).spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(EPOCH_MS));
            match alive.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    })?;
    Ok(())
}

/// Lowers the priority of this thread. That no thread may have its own is no reason not to compile.
#[cfg(target_os = "linux")]
fn give_way() {
    /// As `nice` has it: from -20, the most urgent, to 19.
    const NICENESS: i32 = 10;
    // No process named: on Linux that is the calling thread alone.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Elsewhere a priority is the whole process's.
#[cfg(not(target_os = "linux"))]
fn give_way() {}

/// The threads that compile components, and only these. They have a low priority: a start, or a changed component
/// (`--watch`), leaves the cores to what already serves, here and in a host that is about to be replaced.
#[derive(Clone)]
pub(crate) struct CompileThreads(Arc<rayon::ThreadPool>);

impl CompileThreads {
    pub(crate) fn new(threads: usize) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|n| format!("compile-{n}"))
            .start_handler(|_| give_way())
            .build()?;
        Ok(CompileThreads(Arc::new(pool)))
    }

    /// Runs `work` on these threads and waits for it without holding up the async ones.
    pub(crate) async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R> {
        let (done, answer) = tokio::sync::oneshot::channel();
        self.0.spawn(move || {
            // The receiver is gone only when the start itself was given up.
            let _ = done.send(work());
        });
        Ok(answer.await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Reuse;

    #[test]
    fn there_are_more_stacks_than_instances_and_no_more_than_the_kernel_has_maps() {
        for (instances_max, reuse, expected) in [
            (1, Reuse::Isolated, 2),
            (100, Reuse::Serial { requests_max: 9 }, 200),
            (4, Reuse::default(), 68),
            (100, Reuse::default(), 1_024),
            (1_000, Reuse::default(), 4_000),
        ] {
            let settings = Settings { instances_max, reuse, ..Settings::default() };
            assert_eq!(stacks(&settings), expected, "{instances_max} {reuse:?}");
        }
        let mut settings = Settings { instances_max: 4, reuse: Reuse::Isolated, ..Settings::default() };
        settings
            .reuse_of
            .insert("crowded".to_owned(), Reuse::Concurrent { requests_max: 8, together_max: 8 });
        assert_eq!(stacks(&settings), 36);
    }
}
