//! Cache maintenance for memory that a guest uses with its MMU off (Arm ARM D7.5.9).
//!
//! EL0 may do all of it but invalidate data without writing it back: the kernel sets
//! SCTLR_EL1.UCI for protection domains. Instruction caches are emptied line by line, at our
//! address for the page. Where they are indexed by virtual address (VIPT), the guest's address
//! must have the same index, of at most 16 bits in the processors of our boards: so it has where
//! the region of guest RAM is made of large pages.
#![expect(unsafe_code, reason = "cache maintenance is done by instructions only")]

use core::arch::asm;

/// Bits of CTR_EL0 that tell the smallest lines: IminLine and DminLine.
const INSTRUCTION_LINE: u64 = 0;
const DATA_LINE: u64 = 16;

/// Cleans `bytes` at `address` of our own address space to the point of coherency, then
/// invalidates instructions there.
#[inline(never)]
pub(crate) fn publish_code(address: u64, bytes: u64) {
    for_each_line(address, bytes, DATA_LINE, |line| {
        // SAFETY: a clean changes no data; the range is mapped, as it has just been written.
        unsafe { asm!("dc cvac, {}", in(reg) line, options(nostack)) };
    });
    barrier();
    for_each_line(address, bytes, INSTRUCTION_LINE, |line| {
        // SAFETY: instructions are fetched again; the range is mapped.
        unsafe { asm!("ic ivau, {}", in(reg) line, options(nostack)) };
    });
    barrier();
}

/// Cleans and invalidates `bytes` at `address` of our own address space, so that the next load
/// sees what a guest has written past its caches.
#[inline(never)]
pub(crate) fn refresh(address: u64, bytes: u64) {
    for_each_line(address, bytes, DATA_LINE, |line| {
        // SAFETY: no data is lost, as it is written back; the range is mapped guest RAM.
        unsafe { asm!("dc civac, {}", in(reg) line, options(nostack)) };
    });
    barrier();
}

#[inline(always)]
fn for_each_line(address: u64, bytes: u64, kind: u64, maintain: impl Fn(u64)) {
    let line = line_bytes(kind);
    let before = address & (line - 1);
    let mut at = address - before;
    for _ in 0..bytes.saturating_add(before).div_ceil(line) {
        maintain(at);
        at = at.wrapping_add(line);
    }
}

fn barrier() {
    // SAFETY: orders the maintenance above before what follows.
    unsafe { asm!("dsb sy", options(nostack)) };
}

/// Bytes of the smallest line, by its field of CTR_EL0.
fn line_bytes(field: u64) -> u64 {
    let ctr: u64;
    // SAFETY: reads an identification register that EL0 may read.
    unsafe { asm!("mrs {}, ctr_el0", out(reg) ctr, options(nomem, nostack)) };
    4 << ((ctr >> field) & 0xf)
}
