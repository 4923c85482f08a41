//! The virtual CPU interface as the VMM sees it: which priorities are active (GICv2 4.4, table 4-2,
//! GICV_APR).
//!
//! The registers are those of the vCPU that has run last. That is the one whose exit is being
//! handled, unless its VMM ran out of budget since; then the kernel has saved that vCPU's list
//! registers and refuses to overwrite what is active, so that a wrong answer does no harm but to
//! leave an interrupt as it is.
#![expect(
    unsafe_code,
    reason = "the registers of the interrupt controller are memory of their own kind"
)]

use vmm_machine::kernel::Activity;

use crate::GUEST;

const CTLR: u64 = 0x00;
const BPR: u64 = 0x08;
const APR: u64 = 0xd0;

/// GICV_CTLR.EOImode.
const SPLIT_ENDS: u32 = 1 << 9;

/// What the vCPU that ran last may have taken and not ended.
pub(crate) fn activity() -> Activity {
    let Some(base) = GUEST.gic.cpu_interface else {
        return Activity::Unknown;
    };
    if read(base + CTLR) & SPLIT_ENDS != 0 {
        return Activity::Hidden;
    }
    Activity::Priorities(widen(read(base + APR), read(base + BPR)))
}

/// A bit of GICV_APR stands for all priorities that the binary point lets count as one (GICv2
/// table 3-4): with the point at 2 for one, and for twice as many with each step.
fn widen(active: u32, point: u32) -> u32 {
    let steps = (point & 7).saturating_sub(2);
    (0..steps).fold(active, |all, step| all | all << (1 << step))
}

/// A register; reading one of these three changes nothing.
fn read(address: u64) -> u32 {
    // SAFETY: sysgen proved that the system XML maps the board's GICV here, uncached, and nothing
    // else; the registers lie in its first page, on multiples of four.
    unsafe { (address as *const u32).read_volatile() }
}
