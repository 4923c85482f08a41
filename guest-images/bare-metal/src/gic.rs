//! The GICv2 as the guest uses it: registers, a handler that records, counts per INTID.
//!
//! Counts are loaded and stored, never exchanged: with the MMU off, memory has
//! no exclusive access on real hardware.

use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::cpu::{read32, write8, write32};

/// The distributor.
pub const GICD: u64 = 0x0800_0000;
/// The CPU interface.
pub const GICC: u64 = 0x0801_0000;

/// Distributor registers by their offset (GICv2 architecture, table 4-1).
#[expect(missing_docs, reason = "the manual's own names")]
pub mod register {
    pub const CTLR: u64 = 0x000;
    pub const TYPER: u64 = 0x004;
    pub const IIDR: u64 = 0x008;
    pub const IGROUPR: u64 = 0x080;
    pub const ISENABLER: u64 = 0x100;
    pub const ICENABLER: u64 = 0x180;
    pub const ISPENDR: u64 = 0x200;
    pub const ICPENDR: u64 = 0x280;
    pub const ISACTIVER: u64 = 0x300;
    pub const ICACTIVER: u64 = 0x380;
    pub const IPRIORITYR: u64 = 0x400;
    pub const ITARGETSR: u64 = 0x800;
    pub const ICFGR: u64 = 0xc00;
    pub const SGIR: u64 = 0xf00;
    pub const CPENDSGIR: u64 = 0xf10;
    pub const SPENDSGIR: u64 = 0xf20;
    pub const PIDR2: u64 = 0xfe8;
}

/// CPU interface registers by their offset.
#[expect(missing_docs, reason = "the manual's own names")]
pub mod interface {
    pub const CTLR: u64 = 0x00;
    pub const PMR: u64 = 0x04;
    pub const BPR: u64 = 0x08;
    pub const IAR: u64 = 0x0c;
    pub const EOIR: u64 = 0x10;
    pub const RPR: u64 = 0x14;
    pub const HPPIR: u64 = 0x18;
    pub const DIR: u64 = 0x1000;
    pub const ABPR: u64 = 0x1c;
    pub const APR0: u64 = 0xd0;
}

/// The interrupt number of the console's PL011.
pub const UART_INTID: u32 = 33;
const SPURIOUS: u32 = 1020;

/// How often each INTID was taken since `forget`.
static COUNTS: [AtomicU32; SPURIOUS as usize] = [const { AtomicU32::new(0) }; SPURIOUS as usize];
/// The first IAR values since `forget`, in order.
static ORDER: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];
static TAKEN: AtomicUsize = AtomicUsize::new(0);
static SPURIOUS_COUNT: AtomicU32 = AtomicU32::new(0);
/// CNTVCT_EL0 at the vector of the last interrupt.
static TIME: AtomicU64 = AtomicU64::new(0);
/// What quiets an interrupt, as a `fn(u32)`; 0 means nothing.
static ACTION: AtomicUsize = AtomicUsize::new(0);

/// Reads a distributor register.
pub fn read(offset: u64) -> u32 {
    read32(GICD + offset)
}

/// Writes a distributor register.
pub fn write(offset: u64, value: u32) {
    write32(GICD + offset, value);
}

/// Reads a CPU interface register.
pub fn read_interface(offset: u64) -> u32 {
    read32(GICC + offset)
}

/// Writes a CPU interface register.
pub fn write_interface(offset: u64, value: u32) {
    write32(GICC + offset, value);
}

/// The number of 32-bit words in the bitmap registers.
pub fn words() -> u64 {
    u64::from(read(register::TYPER) & 0x1f) + 1
}

/// Sets this CPU's part up, everything but SGIs disabled, nothing pending or active, all level-triggered, priority 0xa0 throughout.
pub fn init() {
    write(register::CTLR, 0);
    for word in 0..words() {
        write(register::IGROUPR + 4 * word, 0);
        write(register::ICENABLER + 4 * word, u32::MAX);
        write(register::ICPENDR + 4 * word, u32::MAX);
        write(register::ICACTIVER + 4 * word, u32::MAX);
        for part in 0..8 {
            write(register::IPRIORITYR + 32 * word + 4 * part, 0xa0a0_a0a0);
        }
        if word > 0 {
            write(register::ICFGR + 8 * word, 0);
            write(register::ICFGR + 8 * word + 4, 0);
            for part in 0..8 {
                write(register::ITARGETSR + 32 * word + 4 * part, 0x0101_0101);
            }
        }
    }
    // The bits for PPIs may be fixed; where they are not, they are level-triggered like the timer.
    write(register::ICFGR + 4, 0);
    for part in 0..4 {
        write(register::CPENDSGIR + 4 * part, u32::MAX);
    }
    write(register::CTLR, 1);
    init_interface();
    forget();
}

/// Sets this CPU's interface and its SGIs up.
pub fn init_interface() {
    // A GIC may let SGIs be disabled, and a GIC without that choice ignores this.
    write(register::ISENABLER, 0xffff);
    write_interface(interface::PMR, 0xff);
    write_interface(interface::CTLR, 1);
}

fn bit(base: u64, intid: u32) -> (u64, u32) {
    (base + 4 * u64::from(intid / 32), 1 << (intid % 32))
}

/// Writes the INTID's bit of the bitmap register at `base`.
pub fn write_bit(base: u64, intid: u32) {
    let (offset, mask) = bit(base, intid);
    write(offset, mask);
}

/// Reads the INTID's bit of the bitmap register at `base`.
pub fn read_bit(base: u64, intid: u32) -> bool {
    let (offset, mask) = bit(base, intid);
    read(offset) & mask != 0
}

/// Enables an interrupt.
pub fn enable(intid: u32) {
    write_bit(register::ISENABLER, intid);
}

/// Disables an interrupt.
pub fn disable(intid: u32) {
    write_bit(register::ICENABLER, intid);
}

/// Sets an interrupt's priority, by a byte store.
pub fn set_priority(intid: u32, priority: u8) {
    write8(GICD + register::IPRIORITYR + u64::from(intid), priority);
}

/// Configures an SPI as edge (or level) triggered.
pub fn set_edge(intid: u32, edge: bool) {
    let offset = register::ICFGR + 4 * u64::from(intid / 16);
    let mask = 2 << (2 * (intid % 16));
    let old = read(offset);
    write(offset, if edge { old | mask } else { old & !mask });
}

/// Names the function that quiets the device of an interrupt before its end.
pub fn set_action(action: fn(u32)) {
    ACTION.store(action as usize, Relaxed);
}

/// Forgets counts, order and action.
pub fn forget() {
    for count in &COUNTS {
        count.store(0, Relaxed);
    }
    TAKEN.store(0, Relaxed);
    SPURIOUS_COUNT.store(0, Relaxed);
    ACTION.store(0, Relaxed);
}

/// How often the INTID was taken.
pub fn count(intid: u32) -> u32 {
    COUNTS
        .get(intid as usize)
        .map_or(0, |count| count.load(Relaxed))
}

/// How many interrupts were taken.
pub fn taken() -> usize {
    TAKEN.load(Relaxed)
}

/// IAR of the n-th interrupt taken (0 is the first), for the first 16.
pub fn nth(n: usize) -> u32 {
    ORDER.get(n).map_or(0, |iar| iar.load(Relaxed))
}

/// How often IAR gave a spurious INTID.
pub fn spurious() -> u32 {
    SPURIOUS_COUNT.load(Relaxed)
}

/// CNTVCT_EL0 when the last interrupt's vector was entered.
pub fn time() -> u64 {
    TIME.load(Relaxed)
}

/// The interrupt handler: acknowledge, quiet the device, record, end.
pub fn interrupt(time: u64) {
    let iar = read_interface(interface::IAR);
    let intid = iar & 0x3ff;
    if intid >= SPURIOUS {
        SPURIOUS_COUNT.store(spurious() + 1, Relaxed);
        return;
    }
    TIME.store(time, Relaxed);
    act(intid);
    if let Some(count) = COUNTS.get(intid as usize) {
        count.store(count.load(Relaxed) + 1, Relaxed);
    }
    if let Some(place) = ORDER.get(taken()) {
        place.store(iar, Relaxed);
    }
    TAKEN.store(taken() + 1, Relaxed);
    write_interface(interface::EOIR, iar);
}

fn act(intid: u32) {
    let action = ACTION.load(Relaxed);
    if action != 0 {
        // SAFETY: only `set_action` stores here, and what it stores is a `fn(u32)`.
        let action = unsafe { core::mem::transmute::<usize, fn(u32)>(action) };
        action(intid);
    } else if intid == crate::timer::INTID {
        crate::timer::stop();
    }
}
