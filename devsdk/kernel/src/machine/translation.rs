//! Address translation: the kernel's own (EL2) and stage 2 of each address space.
#![expect(
    unsafe_code,
    reason = "switches translation on and translates a guest's address"
)]

use core::mem::ManuallyDrop;
use core::ops::Range;

use aarch64_cpu::asm::barrier::{SY, dsb, isb};
use aarch64_cpu::registers::{
    MAIR_EL2, PAR_EL1, Readable, SCTLR_EL2, TCR_EL2, TTBR0_EL2, VTCR_EL2, VTTBR_EL2, Writeable,
};
use aarch64_paging::descriptor::{El23Attributes, PhysicalAddress, Stage2Attributes};
use aarch64_paging::paging::{Constraints, El2, MemoryRegion, RootTable, Stage2};
use devsdk_image::{BOARD_RAM_START, Mapping, MappingAttributes, RAM_END};

use super::page_pool::{PagePool, TableAllocator};

/// A table at level 1 covers 512 GiB; an address space has two, one after the other.
const HALF: u64 = 1 << 39;
const ROOT_LEVEL: usize = 1;
/// What the kernel maps as memory; devices of QEMU virt lie below.
pub(super) const MEMORY: Range<usize> = BOARD_RAM_START as usize..RAM_END as usize;
/// Index 0: device nGnRnE; index 1: normal write-back.
const MAIR: u64 = 0xff << 8;
/// T0SZ 25 (39 bits), walks write-back inner-shareable, 40-bit output, RES1 bits.
const TCR: u64 = 25 | 1 << 8 | 1 << 10 | 3 << 12 | 2 << 16 | 1 << 23 | 1 << 31;
/// RES1 bits, MMU, data and instruction caches on.
const SCTLR: u64 = 0x30c5_0830 | 1 | 1 << 2 | 1 << 12;
/// T0SZ 24 (40 bits), start at level 1, walks write-back inner-shareable, 40-bit output, RES1.
const VTCR: u64 = 24 | 1 << 6 | 1 << 8 | 1 << 10 | 3 << 12 | 2 << 16 | 1 << 31;
const PAR_ADDRESS: u64 = 0x0000_ffff_ffff_f000;
const PAGE_OFFSET: u64 = 0xfff;

/// Maps the machine at the same addresses for the kernel and switches translation on.
pub fn enable_kernel(pool: &mut PagePool) {
    let allocator = TableAllocator { pool, root: None };
    let mut table = ManuallyDrop::new(RootTable::new(allocator, ROOT_LEVEL, El2));
    let common = El23Attributes::VALID | El23Attributes::ACCESSED | El23Attributes::USER_RES1;
    let device = common | El23Attributes::ATTRIBUTE_INDEX_0 | El23Attributes::XN;
    let memory = common | El23Attributes::ATTRIBUTE_INDEX_1 | El23Attributes::INNER_SHAREABLE;
    for (start, end, flags) in [
        (0, MEMORY.start, device),
        (MEMORY.start, MEMORY.end, memory),
    ] {
        let region = MemoryRegion::new(start, end);
        let mapped = table.map_range(&region, PhysicalAddress(start), flags, Constraints::empty());
        assert!(mapped.is_ok(), "the kernel's own mappings do not overlap");
    }
    MAIR_EL2.set(MAIR);
    TCR_EL2.set(TCR);
    TTBR0_EL2.set(table.to_physical().0 as u64);
    VTCR_EL2.set(VTCR);
    invalidate_all();
    SCTLR_EL2.set(SCTLR);
    isb(SY);
}

fn invalidate_all() {
    dsb(SY);
    // SAFETY: drops cached translations; the tables are complete.
    unsafe { core::arch::asm!("tlbi alle2", "tlbi alle1", options(nostack)) }
    dsb(SY);
    isb(SY);
}

/// Builds an address space. Returns the physical address of its root.
///
/// # Panics
/// When the image's mappings overlap or the page pool is too small.
#[must_use]
pub fn build(pool: &mut PagePool, vspace: u32, mappings: &[Mapping]) -> u64 {
    let root = pool.take_pair();
    for half in 0..2 {
        let allocator = TableAllocator {
            pool: &mut *pool,
            root: Some(root + half * 0x1000),
        };
        let mut table = ManuallyDrop::new(RootTable::new(allocator, ROOT_LEVEL, Stage2));
        let base = half as u64 * HALF;
        for mapping in mappings.iter().filter(|mapping| mapping.vspace == vspace) {
            let start = mapping.virtual_address.max(base);
            let end = (mapping.virtual_address + mapping.length).min(base + HALF);
            if start < end {
                let region = MemoryRegion::new((start - base) as usize, (end - base) as usize);
                let physical = mapping.physical_address + (start - mapping.virtual_address);
                map(
                    &mut table,
                    &region,
                    physical,
                    MappingAttributes(mapping.attributes),
                );
            }
        }
    }
    root as u64
}

fn map(
    table: &mut RootTable<Stage2, TableAllocator<'_>>,
    region: &MemoryRegion,
    physical: u64,
    attributes: MappingAttributes,
) {
    let read = attributes.has(MappingAttributes::READ);
    let rights = match (read, attributes.has(MappingAttributes::WRITE)) {
        (true, true) => Stage2Attributes::S2AP_ACCESS_RW,
        (true, false) => Stage2Attributes::S2AP_ACCESS_RO,
        // seL4 has no mapping without read.
        (false, _) => Stage2Attributes::S2AP_ACCESS_NONE,
    };
    let memory = if attributes.has(MappingAttributes::CACHED) {
        Stage2Attributes::MEMATTR_NORMAL_INNER_WB | Stage2Attributes::MEMATTR_NORMAL_OUTER_WB
    } else {
        Stage2Attributes::MEMATTR_DEVICE_nGnRnE
    };
    let execute = if attributes.has(MappingAttributes::EXECUTE) {
        Stage2Attributes::empty()
    } else {
        Stage2Attributes::XN
    };
    let flags = Stage2Attributes::VALID | Stage2Attributes::ACCESS_FLAG | rights | memory | execute;
    // Pages as the region has them: the level in a fault's status tells.
    let constraints = if attributes.has(MappingAttributes::LARGE) {
        Constraints::NO_CONTIGUOUS_HINT
    } else {
        Constraints::NO_CONTIGUOUS_HINT | Constraints::NO_BLOCK_MAPPINGS
    };
    let mapped = table.map_range(
        region,
        PhysicalAddress(physical as usize),
        flags,
        constraints,
    );
    assert!(
        mapped.is_ok(),
        "the image was checked for its address spaces' size"
    );
}

/// Makes an address space the current one; its index is its VMID, from 1 on.
pub fn set_root(root: u64, vspace: usize) {
    VTTBR_EL2.set(root | (vspace as u64 + 1) << 48);
    isb(SY);
}

/// The guest-physical address that the running vCPU's stage 1 gives for an address.
#[must_use]
pub fn guest_physical(address: u64) -> u64 {
    let guests = PAR_EL1.get();
    // SAFETY: only writes PAR_EL1, which gets the guest's value back.
    unsafe { core::arch::asm!("at s1e1r, {}", in(reg) address, options(nomem, nostack)) }
    isb(SY);
    let translated = PAR_EL1.get();
    PAR_EL1.set(guests);
    translated & PAR_ADDRESS | address & PAGE_OFFSET
}
