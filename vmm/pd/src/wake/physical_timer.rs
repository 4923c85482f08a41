//! The EL1 physical timer as the PD's own (Arm ARM D12.2; PPI 30).
//!
//! The kernel lets EL0 use it on boards whose SDK exports it; elsewhere an access ends the PD.
//! The guest can reach it too, so an interrupt from it is a hint and nothing more.
#![expect(unsafe_code, reason = "the timer is reached by instructions only")]

use core::arch::asm;

/// The timer, in the hands of who owns it.
pub(crate) struct PhysicalTimer(());

impl PhysicalTimer {
    /// The tables give the timer's interrupt to this VMM. sysgen does so only where the board
    /// exports the timer and there is no other guest.
    pub(super) fn owned() -> Self {
        Self(())
    }

    /// Fires when the counter reaches `deadline`.
    pub(super) fn set(&mut self, deadline: u64) {
        // SAFETY: touches the timer alone, which is ours.
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

    /// It does not fire.
    pub(super) fn stop(&mut self) {
        // SAFETY: as in `set`.
        unsafe { asm!("msr cntp_ctl_el0, xzr", "isb", options(nomem, nostack)) };
    }
}
