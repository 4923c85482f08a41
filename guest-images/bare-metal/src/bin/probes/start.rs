//! How a guest is entered (Linux's arm64 boot protocol; PSCI's initial state).

use bare_metal::check::{Outcome, expect};
use bare_metal::{cpu, gic, read_system};

const DTB_MAGIC: u32 = 0xd00d_feed;
const SCTLR_M: u64 = 1;
const DAIF_ALL: u64 = 0xf << 6;

/// x0 is the device tree, EL1, MMU off, everything masked, no timer, no interrupt enabled.
pub(crate) fn start_state(dtb: u64) -> Outcome {
    expect("alignment of the device tree", 0_u64, dtb % 8)?;
    expect(
        "magic of the device tree",
        DTB_MAGIC,
        cpu::read32(dtb).swap_bytes(),
    )?;
    expect("exception level", 1_u64, read_system!("currentel") >> 2)?;
    expect("MMU", 0_u64, read_system!("sctlr_el1") & SCTLR_M)?;
    expect("DAIF", DAIF_ALL, read_system!("daif"))?;
    expect("timer", 0_u64, read_system!("cntv_ctl_el0") & 1)?;
    expect("GICD_CTLR", 0_u32, gic::read(gic::register::CTLR))?;
    expect(
        "GICC_CTLR",
        0_u32,
        gic::read_interface(gic::interface::CTLR),
    )?;
    for word in 1..gic::words() {
        expect(
            "enabled SPIs",
            0_u32,
            gic::read(gic::register::ISENABLER + 4 * word),
        )?;
        expect(
            "pending SPIs",
            0_u32,
            gic::read(gic::register::ISPENDR + 4 * word),
        )?;
        expect(
            "active SPIs",
            0_u32,
            gic::read(gic::register::ISACTIVER + 4 * word),
        )?;
    }
    Ok(())
}
