//! Marks around what is measured, for a host that counts instructions itself (`make profile`).

use bare_metal::println;

/// Does the work between two marks, and says what it was and how often it was done.
pub(crate) fn profiled<T>(name: &str, times: u64, work: impl FnOnce() -> T) -> T {
    mark();
    let result = work();
    mark();
    println!("BENCH-INFO profile {name} {times}");
    result
}

/// Does nothing, and is known to `tests/perf/counter`.
fn mark() {
    // SAFETY: it writes the register that is always zero.
    unsafe { core::arch::asm!("movz xzr, #0xbe7c", options(nomem, nostack)) };
}
