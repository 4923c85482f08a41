//! Data cache maintenance for memory that a guest reads with its MMU off (Arm ARM D7.5.9).
#![expect(unsafe_code, reason = "cache maintenance is done by instructions only")]

use core::arch::asm;

/// Cleans `bytes` at `address` of our own address space to the point of coherency.
#[inline(never)]
pub(crate) fn clean(address: u64, bytes: u64) {
    let line = line_bytes();
    let before = address & (line - 1);
    let mut at = address - before;
    for _ in 0..bytes.saturating_add(before).div_ceil(line) {
        // SAFETY: a clean changes no data; the range is mapped, as it has just been written.
        unsafe { asm!("dc cvac, {}", in(reg) at, options(nostack)) };
        at = at.wrapping_add(line);
    }
    // SAFETY: orders the maintenance above before what follows.
    unsafe { asm!("dsb sy", options(nostack)) };
}

/// Bytes of the smallest data cache line (CTR_EL0.DminLine).
fn line_bytes() -> u64 {
    let ctr: u64;
    // SAFETY: reads an identification register that EL0 may read.
    unsafe { asm!("mrs {}, ctr_el0", out(reg) ctr, options(nomem, nostack)) };
    4 << ((ctr >> 16) & 0xf)
}
