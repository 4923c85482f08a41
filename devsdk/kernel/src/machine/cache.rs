//! Cache maintenance by physical address.
#![expect(unsafe_code, reason = "cache maintenance instructions")]

use core::arch::asm;

use aarch64_cpu::asm::barrier::{SY, dsb, isb};

use super::translation::MEMORY;

const LINE: u64 = 64;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Write back to memory.
    Clean,
    /// Drop.
    Invalidate,
    /// Write back and drop.
    CleanInvalidate,
    /// Have instruction fetches see what was written.
    Unify,
}

/// Maintains the lines of a range. Devices have none.
pub fn maintain(operation: Operation, address: u64, length: u64) {
    let Some(end) = address.checked_add(length) else {
        return;
    };
    if address < MEMORY.start as u64 || end > MEMORY.end as u64 {
        return;
    }
    let mut line = address & !(LINE - 1);
    while line < end {
        // SAFETY: the line lies in mapped memory. Data is lost only by `Invalidate`, as the PD
        // that may write the page asked for; QEMU has no caches to lose it from.
        unsafe {
            match operation {
                Operation::Clean => asm!("dc cvac, {}", in(reg) line, options(nostack)),
                Operation::Invalidate => asm!("dc ivac, {}", in(reg) line, options(nostack)),
                Operation::CleanInvalidate => asm!("dc civac, {}", in(reg) line, options(nostack)),
                Operation::Unify => {
                    asm!("dc cvau, {0}", "dsb ish", "ic ivau, {0}", in(reg) line, options(nostack));
                }
            }
        }
        line += LINE;
    }
    dsb(SY);
    isb(SY);
}
