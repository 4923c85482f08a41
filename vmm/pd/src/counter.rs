//! The physical counter (Arm ARM D12.1), which the kernel lets EL0 read on every Microkit board.
#![expect(unsafe_code, reason = "the counter is read by an instruction only")]

use core::arch::asm;

/// CNTPCT_EL0.
pub(crate) fn now() -> u64 {
    let count: u64;
    // SAFETY: reads a counter.
    unsafe { asm!("isb", "mrs {}, cntpct_el0", out(reg) count, options(nomem, nostack)) };
    count
}
