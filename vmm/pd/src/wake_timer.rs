//! The EL1 physical timer as the PD's own alarm (Arm ARM D12.2; PPI 30).
//!
//! The kernel lets EL0 use it on boards whose SDK exports it; the guest can reach it too, so
//! an interrupt from it is a hint and nothing more.
#![expect(
    unsafe_code,
    reason = "counter and timer registers are reached by instructions only"
)]

use core::arch::asm;

/// CNTPCT_EL0.
pub(crate) fn now() -> u64 {
    let count: u64;
    // SAFETY: reads a counter; the kernel exports it to EL0 on every Microkit board.
    unsafe { asm!("isb", "mrs {}, cntpct_el0", out(reg) count, options(nomem, nostack)) };
    count
}

/// Fires when the counter reaches `deadline`.
pub(crate) fn set(deadline: u64) {
    // SAFETY: touches the alarm alone; called only when the system XML gives us its interrupt.
    unsafe {
        asm!(
            "msr cntp_cval_el0, {}",
            "msr cntp_ctl_el0, {}",
            "isb",
            in(reg) deadline,
            in(reg) 1_u64,
            options(nomem, nostack)
        );
    }
}

/// No alarm.
pub(crate) fn stop() {
    // SAFETY: as in `set`.
    unsafe { asm!("msr cntp_ctl_el0, xzr", "isb", options(nomem, nostack)) };
}
