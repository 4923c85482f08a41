//! The physical timer, which the board lets a domain use: interrupt 30, 62.5 MHz.
#![expect(unsafe_code, reason = "system registers")]

use core::arch::asm;

/// Ticks of the counter in a microsecond, times two.
const TICKS_IN_TWO_MICROSECONDS: u64 = 125;

/// The counter.
pub fn now() -> u64 {
    let value;
    // SAFETY: reads a register that the kernel exports.
    unsafe { asm!("isb", "mrs {}, cntpct_el0", out(reg) value, options(nostack)) };
    value
}

/// Microseconds in ticks.
pub const fn ticks(microseconds: u64) -> u64 {
    microseconds * TICKS_IN_TWO_MICROSECONDS / 2
}

/// Asserts the interrupt in so many microseconds.
pub fn start(microseconds: u64) {
    let deadline = now() + ticks(microseconds);
    // SAFETY: the timer changes no memory.
    unsafe {
        asm!(
            "msr cntp_cval_el0, {}", "msr cntp_ctl_el0, {}", "isb",
            in(reg) deadline, in(reg) 1_u64, options(nostack)
        );
    }
}

/// No longer asserts it.
pub fn stop() {
    // SAFETY: the timer changes no memory.
    unsafe { asm!("msr cntp_ctl_el0, xzr", "isb", options(nostack)) };
}

/// Waits without a system call.
pub fn spin(microseconds: u64) {
    let start = now();
    while now() - start < ticks(microseconds) {}
}
