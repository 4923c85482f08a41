//! Registers that a guest can write, and what they hold at reset.
//!
//! Left out are those that this program's own start sets or its stack is in: SCTLR_EL1,
//! CPACR_EL1, VBAR_EL1, SP_EL0, SP_EL1.

use bare_metal::check::{Outcome, expect};
use bare_metal::cpu;
use bare_metal::gic::{self, interface};
use bare_metal::{read_system, write_system};

/// One register.
struct Register {
    name: &'static str,
    read: fn() -> u64,
    /// Writes something else than its reset value.
    spoil: fn(),
    /// Bits that are looked at.
    mask: u64,
    reset: u64,
}

macro_rules! registers {
    ($($name:literal: $spoilt:expr, $mask:expr, $reset:expr;)*) => {
        [$(Register {
            name: $name,
            read: || read_system!($name),
            spoil: || write_system!($name, $spoilt),
            mask: $mask,
            reset: $reset,
        },)*]
    };
}

const ALL: u64 = u64::MAX;
/// Breakpoint and watchpoint control without the bit that enables it.
const CONTROL: u64 = 0x1e4;

static KEPT_BY_THE_KERNEL: [Register; 14] = registers! {
    "tpidr_el1": ALL, ALL, 0;
    "tpidr_el0": ALL, ALL, 0;
    "tpidrro_el0": ALL, ALL, 0;
    "contextidr_el1": 0xffff_ffff, ALL, 0;
    "ttbr0_el1": 0x4000_1000, ALL, 0;
    "ttbr1_el1": 0x4000_1000, ALL, 0;
    "tcr_el1": 25, ALL, 0;
    "mair_el1": 0x4404_ff00, ALL, 0;
    "esr_el1": 0x9600_0010, ALL, 0;
    "far_el1": ALL, ALL, 0;
    "elr_el1": ALL, ALL, 0;
    "spsr_el1": 0x3c5, ALL, 0;
    "par_el1": 0x4000_0000, ALL, 0;
    "cntkctl_el1": 3, ALL, 0;
};

static NOT_KEPT: [Register; 4] = registers! {
    "csselr_el1": 1, ALL, 0;
    "S3_3_C4_C4_0": 3 << 22, ALL, 0; // FPCR
    "S3_3_C4_C4_1": 0x1f, ALL, 0; // FPSR
    "cntv_cval_el0": ALL, ALL, 0;
};

/// What counts is written first, so that it has counted when the rest is.
static PERFORMANCE_MONITOR: [Register; 8] = registers! {
    "pmcr_el0": 1, 0x29, 0;
    "pmcntenset_el0": 0x8000_0003, ALL, 0;
    "pmevtyper0_el0": 0x11, ALL, 0;
    "pmccfiltr_el0": 1 << 30, ALL, 0;
    "pmuserenr_el0": 0xf, ALL, 0;
    "pmselr_el0": 3, ALL, 0;
    "pmintenset_el1": 0x8000_0001, ALL, 0;
    "pmovsset_el0": 0x8000_0001, ALL, 0;
};

static DEBUG: [Register; 12] = registers! {
    "mdscr_el1": 1 << 12, ALL, 0;
    "mdccint_el1": 1 << 30, ALL, 0;
    "dbgbvr0_el1": 0x4000_0000, ALL, 0;
    "dbgbcr0_el1": CONTROL, ALL, 0;
    "dbgbvr5_el1": 0x4000_0000, ALL, 0;
    "dbgbcr5_el1": CONTROL, ALL, 0;
    "dbgwvr0_el1": 0x4000_0000, ALL, 0;
    "dbgwcr0_el1": CONTROL, ALL, 0;
    "dbgwvr3_el1": 0x4000_0000, ALL, 0;
    "dbgwcr3_el1": CONTROL, ALL, 0;
    "dbgbvr3_el1": 0x4000_0000, ALL, 0;
    "dbgbcr3_el1": CONTROL, ALL, 0;
};

fn each() -> impl Iterator<Item = &'static Register> {
    let others = NOT_KEPT.iter().chain(&PERFORMANCE_MONITOR).chain(&DEBUG);
    KEPT_BY_THE_KERNEL.iter().chain(others)
}

/// Writes them all.
pub(crate) fn spoil() {
    write_system!("oslar_el1", 0);
    each().for_each(|register| (register.spoil)());
    cpu::spoil_simd();
    // Taken and never ended.
    gic::read_interface(interface::IAR);
    gic::write_interface(interface::BPR, 7);
    gic::write_interface(interface::ABPR, 7);
}

/// Are all as they are at reset?
pub(crate) fn are_reset() -> Outcome {
    each().try_for_each(|register| {
        expect(
            register.name,
            register.reset,
            (register.read)() & register.mask,
        )
    })?;
    expect("cycle counter", 0_u64, read_system!("pmccntr_el0"))?;
    expect("event counter 0", 0_u64, read_system!("pmevcntr0_el0"))?;
    expect("OS lock", 2_u64, read_system!("oslsr_el1") & 2)?;
    for (number, half) in cpu::simd().into_iter().enumerate() {
        expect(["V0", "V0 high", "V31", "V31 high"][number], 0_u64, half)?;
    }
    Ok(())
}

/// Is the GIC's CPU interface as it is at reset?
pub(crate) fn interface_is_reset() -> Outcome {
    const IDLE: u32 = 0xff;
    let is_least = |least, got: u32| u64::from(got <= least);
    expect("GICC_CTLR", 0_u32, gic::read_interface(interface::CTLR))?;
    expect("GICC_PMR", 0_u32, gic::read_interface(interface::PMR))?;
    expect("GICC_APR0", 0_u32, gic::read_interface(interface::APR0))?;
    expect("GICC_RPR", IDLE, gic::read_interface(interface::RPR))?;
    // The least value depends on how many bits a priority has.
    let binary_points = [interface::BPR, interface::ABPR].map(gic::read_interface);
    expect("GICC_BPR is least", 1_u64, is_least(3, binary_points[0]))?;
    expect("GICC_ABPR is least", 1_u64, is_least(4, binary_points[1]))
}
