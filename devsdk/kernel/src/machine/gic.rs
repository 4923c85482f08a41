//! The physical GICv2: distributor and CPU interface.
#![expect(unsafe_code, reason = "claims the GIC's registers")]

use arm_gic::gicv2::GicV2;
use arm_gic::gicv2::registers::{Gicc, Gicd};
use arm_gic::{IntId, InterruptGroup, Trigger};

use crate::abi::{KERNEL_TIMER_IRQ, MAINTENANCE_IRQ, VIRTUAL_TIMER_IRQ};

const DISTRIBUTOR: usize = 0x0800_0000;
const CPU_INTERFACE: usize = 0x0801_0000;
/// Without security extensions all interrupts are in group 0.
const GROUP: InterruptGroup = InterruptGroup::Group0;
const SPECIAL: u32 = 1020;

fn claim() -> GicV2<'static> {
    // SAFETY: the GIC is there on QEMU virt; the kernel runs on one processor and each use of the
    // registers ends before the next.
    unsafe { GicV2::new(DISTRIBUTOR as *mut Gicd, CPU_INTERFACE as *mut Gicc) }
}

fn int_id(intid: u32) -> IntId {
    match intid {
        0..16 => IntId::sgi(intid),
        16..32 => IntId::ppi(intid - 16),
        _ => IntId::spi(intid - 32),
    }
}

/// Masks all interrupts but the kernel's own.
pub fn initialise() {
    let mut gic = claim();
    gic.enable_all_interrupts(false);
    gic.setup();
    for intid in [KERNEL_TIMER_IRQ, MAINTENANCE_IRQ, VIRTUAL_TIMER_IRQ] {
        enable(intid, true);
    }
}

/// Unmasks or masks an interrupt. What the GIC does not have stays masked.
pub fn enable(intid: u32, enabled: bool) {
    let _ = claim().enable_interrupt(int_id(intid), enabled);
}

/// Sets how an interrupt is signalled.
pub fn set_edge_triggered(intid: u32, edge: bool) {
    let trigger = if edge { Trigger::Edge } else { Trigger::Level };
    claim().set_trigger(int_id(intid), trigger);
}

/// Takes the interrupt of highest priority.
#[must_use]
pub fn acknowledge() -> Option<u32> {
    let intid = claim().get_and_acknowledge_interrupt(GROUP)?;
    Some(u32::from(intid)).filter(|intid| *intid < SPECIAL)
}

/// Ends an interrupt that was taken.
pub fn end(intid: u32) {
    claim().end_interrupt(int_id(intid), GROUP);
}
