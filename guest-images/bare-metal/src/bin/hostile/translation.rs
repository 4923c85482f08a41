//! The guest's own MMU on, with devices mapped as if they were memory.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bare_metal::check::{Check, Outcome};
use bare_metal::exception::catch;
use bare_metal::gic::{self, GICC, GICD, register};
use bare_metal::{instruction, load, load_pair, read_system, store, write_system};

use crate::still_works;

pub(crate) const CHECKS: &[Check] = &[
    ("hostile-device-as-memory", device_as_memory),
    ("hostile-tables-in-distributor", tables_in_distributor),
];

/// Level 1 of a 39-bit address space: one entry for each GiB.
#[repr(align(4096))]
struct Table([AtomicU64; 512]);

static TABLE: Table = Table([const { AtomicU64::new(0) }; 512]);

const BLOCK: u64 = 0b01;
const ACCESSED: u64 = 1 << 10;
const INNER_SHAREABLE: u64 = 3 << 8;
/// A virtual window on the first GiB, elsewhere than where it is.
const WINDOW: u64 = 4 << 30;

/// TCR_EL1: an upper half of the same size and granule.
const TCR_UPPER: u64 = 25 << 16 | 1 << 24 | 1 << 26 | 3 << 28 | 2 << 30;
/// Where it begins.
const UPPER: u64 = 0xffff_ff80_0000_0000;
/// TCR_EL1.EPD1: no upper half.
const NO_UPPER: u64 = 1 << 23;

const SCTLR_M: u64 = 1;
const SCTLR_C: u64 = 1 << 2;

fn mmu_on() {
    let block = |address: u64| address | ACCESSED | INNER_SHAREABLE | BLOCK;
    // Index 0 of MAIR is Normal memory, and everything uses it.
    TABLE.0[0].store(block(0), Relaxed);
    TABLE.0[1].store(block(1 << 30), Relaxed);
    TABLE.0[4].store(block(0), Relaxed);
    write_system!("mair_el1", 0xff);
    // 39 bits, 4 KiB granule, cacheable walks, no second half, 40-bit output.
    write_system!(
        "tcr_el1",
        25 | 1 << 8 | 1 << 10 | 3 << 12 | NO_UPPER | 2 << 32
    );
    write_system!("ttbr0_el1", TABLE.0.as_ptr() as u64);
    instruction!("dsb sy\ntlbi vmalle1\nic iallu\ndsb sy\nisb");
    write_system!("sctlr_el1", read_system!("sctlr_el1") | SCTLR_M | SCTLR_C);
}

fn mmu_off() {
    write_system!(
        "sctlr_el1",
        read_system!("sctlr_el1") & !(SCTLR_M | SCTLR_C)
    );
    instruction!("tlbi vmalle1\ndsb sy\nisb");
}

fn device_as_memory() -> Outcome {
    mmu_on();
    for base in [GICD, WINDOW + GICD] {
        for offset in [1, 2, 3, 0x401, 0x7fe, 0xffd, 0xfff, 0x1001, 0xfffd, 0xffff] {
            let at = base + offset;
            let ((), _) = catch(|| _ = load!("ldr {value}, [{address}]", at));
            let ((), _) = catch(|| _ = load!("ldrh {value:w}, [{address}]", at));
            let ((), _) = catch(|| _ = load_pair!("ldp {first}, {second}, [{address}], #16", at));
            let ((), _) = catch(|| store!("str {value}, [{address}]", at, 0));
            let ((), _) = catch(|| store!("stp {value}, {value}, [{address}]", at, 0));
            let ((), _) = catch(|| store!("dc zva, {address} // {value}", at, 0));
        }
    }
    for target in [GICD, WINDOW + GICD, WINDOW + GICC, WINDOW + 0x0b00_0000] {
        let ((), _) =
            catch(|| _ = load!("mov {value}, x30\nblr {address}\nmov x30, {value}", target));
    }
    mmu_off();
    still_works()
}

/// The upper half's tables are the distributor's registers: one entry is a table, that same page,
/// at each level.
fn tables_in_distributor() -> Outcome {
    let entry = 33;
    mmu_on();
    gic::write(register::ISENABLER + 8, GICD as u32 | ACCESSED as u32 | 3);
    gic::write(register::ICENABLER + 12, u32::MAX);
    write_system!("ttbr1_el1", GICD);
    write_system!("tcr_el1", read_system!("tcr_el1") & !NO_UPPER | TCR_UPPER);
    instruction!("tlbi vmalle1\ndsb sy\nisb");
    for index in (0..512).chain([entry]) {
        let at = UPPER | index << 30 | entry << 21 | entry << 12 | 4;
        let ((), _) = catch(|| _ = load!("ldr {value:w}, [{address}]", at));
        let ((), _) = catch(|| _ = load_pair!("ldp {first}, {second}, [{address}], #16", at));
        let ((), _) = catch(|| store!("str {value:w}, [{address}]", at, 0));
        let ((), _) = catch(|| store!("stp {value:w}, {value:w}, [{address}]", at, 0));
        let ((), _) = catch(|| _ = load!("mov {value}, x30\nblr {address}\nmov x30, {value}", at));
    }
    mmu_off();
    still_works()
}
