//! The kernel's timer: EL2 physical timer, INTID 26.
#![expect(unsafe_code, reason = "writes a register that aarch64-cpu lacks")]

use aarch64_cpu::registers::{CNTHP_CTL_EL2, CNTPCT_EL0, Readable, Writeable};

/// Ticks since the machine was switched on.
#[must_use]
pub fn now() -> u64 {
    aarch64_cpu::asm::barrier::isb(aarch64_cpu::asm::barrier::SY);
    CNTPCT_EL0.get()
}

/// Has the timer interrupt at a time.
pub fn set_deadline(time: u64) {
    // SAFETY: the register belongs to the kernel; a write has no effect on memory.
    unsafe {
        core::arch::asm!("msr cnthp_cval_el2, {}", "isb", in(reg) time, options(nomem, nostack));
    }
}

/// Starts the timer without a deadline.
pub fn initialise() {
    set_deadline(u64::MAX);
    CNTHP_CTL_EL2.set(1);
}
