//! What ends an instance: loops, memory, traps; and what never ends by itself.

use std::hint::black_box;

use futures::future;
use tests_components_probe::{Answer, Malformed, whole};

const MIB_BYTES: usize = 1 << 20;

/// Burns CPU without a single call into the host.
pub(crate) fn endless_loop() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Allocates and touches `mib` MiB; answers only when the host let it.
pub(crate) fn eat_memory(mib: u64) -> Answer {
    let mut eaten = Vec::new();
    for _ in 0..mib {
        eaten.push(black_box(vec![1_u8; MIB_BYTES]));
    }
    whole(200, "text/plain", format!("{} MiB eaten", eaten.len()))
}

/// The WebAssembly instruction `unreachable`.
pub(crate) fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    std::process::abort();
}

/// A Rust panic: a line on standard error, then a trap.
pub(crate) fn panic_with_reason() -> ! {
    panic!("a panic that was asked for");
}

/// Recursion that no optimiser can flatten.
pub(crate) fn overflow_stack() -> Answer {
    whole(200, "text/plain", format!("came back from {} calls", deeper(0)))
}

fn deeper(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if black_box(depth) == u64::MAX { depth } else { deeper(depth + 1).max(frame[7]) }
}

/// Leaves through `wasi:cli/exit`.
pub(crate) fn exit() -> ! {
    std::process::exit(3);
}

/// Waits on the host's clock for the longest time that it can name.
pub(crate) async fn sleep_forever() -> Result<Answer, Malformed> {
    spin_sdk::wasip3::clocks::monotonic_clock::wait_for(u64::MAX).await;
    Ok(whole(200, "text/plain", "584 years later"))
}

/// Waits for nothing at all.
pub(crate) async fn never_answer() -> Result<Answer, Malformed> {
    future::pending().await
}

/// `lines` lines of `bytes` bytes each on standard output and standard error.
pub(crate) fn flood_log(bytes: u64, lines: u64) -> Answer {
    let line = "x".repeat(usize::try_from(bytes).unwrap_or(MIB_BYTES));
    for _ in 0..lines {
        println!("{line}");
        eprintln!("{line}");
    }
    whole(200, "text/plain", "written")
}

/// Answers, then goes on burning CPU in a task of its own.
pub(crate) fn loop_after_answer() -> Answer {
    spin_sdk::wasip3::spawn(async {
        spin_sdk::time::sleep(std::time::Duration::from_millis(50)).await;
        endless_loop();
    });
    whole(200, "text/plain", "answered")
}
