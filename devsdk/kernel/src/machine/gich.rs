//! The virtual GIC's control interface (GICv2, chapter 5: GICH registers).
#![expect(unsafe_code, reason = "claims the virtual GIC's control registers")]

use core::num::NonZero;
use core::ptr::NonNull;

use safe_mmio::fields::{ReadPure, ReadPureWrite};
use safe_mmio::{UniqueMmioPointer, field, field_shared};

use crate::list_register::ListRegister;

const BASE: usize = 0x0803_0000;
/// List registers of QEMU's GICv2; the type register says how many there are.
pub const MAX_LIST_REGISTERS: usize = 4;
/// GICH_HCR.En.
pub const HCR_ENABLE: u32 = 1;
/// GICH_MISR.EOI: a list register asked for maintenance at its end of interrupt.
pub const MISR_EOI: u32 = 1;

#[repr(C)]
struct Registers {
    hcr: ReadPureWrite<u32>,
    vtr: ReadPure<u32>,
    vmcr: ReadPureWrite<u32>,
    _before_misr: u32,
    misr: ReadPure<u32>,
    _before_eisr: [u32; 3],
    eisr0: ReadPure<u32>,
    _before_apr: [u32; 51],
    apr: ReadPureWrite<u32>,
    _before_lr: [u32; 3],
    lr: [ReadPureWrite<u32>; MAX_LIST_REGISTERS],
}

fn claim() -> UniqueMmioPointer<'static, Registers> {
    let registers = NonNull::without_provenance(NonZero::new(BASE).unwrap());
    // SAFETY: the interface is there on QEMU virt with virtualization=on; the kernel runs on one
    // processor and each use of the registers ends before the next.
    unsafe { UniqueMmioPointer::new(registers) }
}

/// Turns the interface off.
pub fn initialise() {
    set_hcr(0);
}

/// Number of list registers.
#[must_use]
pub fn count() -> usize {
    let registers = claim();
    let implemented = (field_shared!(registers, vtr).read() & 0x3f) as usize + 1;
    implemented.min(MAX_LIST_REGISTERS)
}

/// GICH_HCR.
#[must_use]
pub fn hcr() -> u32 {
    field_shared!(claim(), hcr).read()
}

/// Writes GICH_HCR.
pub fn set_hcr(value: u32) {
    let mut registers = claim();
    field!(registers, hcr).write(value);
}

/// GICH_VMCR.
#[must_use]
pub fn vmcr() -> u32 {
    field_shared!(claim(), vmcr).read()
}

/// Writes GICH_VMCR.
pub fn set_vmcr(value: u32) {
    let mut registers = claim();
    field!(registers, vmcr).write(value);
}

/// GICH_APR.
#[must_use]
pub fn apr() -> u32 {
    field_shared!(claim(), apr).read()
}

/// Writes GICH_APR.
pub fn set_apr(value: u32) {
    let mut registers = claim();
    field!(registers, apr).write(value);
}

/// GICH_MISR.
#[must_use]
pub fn misr() -> u32 {
    field_shared!(claim(), misr).read()
}

/// The lowest list register whose interrupt was ended and asked for maintenance.
#[must_use]
pub fn ended_list_register() -> Option<usize> {
    let ended = field_shared!(claim(), eisr0).read();
    (ended != 0).then(|| ended.trailing_zeros() as usize)
}

/// A list register; zero if it does not exist.
#[must_use]
pub fn list_register(index: usize) -> ListRegister {
    let mut registers = claim();
    let value = field!(registers, lr).get(index).map_or(0, |lr| lr.read());
    ListRegister::from_bits(value)
}

/// Writes a list register, if it exists.
pub fn set_list_register(index: usize, value: ListRegister) {
    let mut registers = claim();
    if let Some(mut lr) = field!(registers, lr).get(index) {
        lr.write(value.into_bits());
    }
}
