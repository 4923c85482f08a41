//! The guest's stage-2 translation tables: which slot of which level holds what.

use super::super::KernelError;
use crate::frame::{Attributes, Rights};
use std::collections::BTreeMap;
use vmm_arch::address::RangeError;
use vmm_arch::{Gpa, GpaRange};

/// log2 of the bytes that a slot of the last level covers.
const LAST: u8 = 12;

/// The levels of a VSpace (Arm ARM D8.2: stage 2 with a 4 KiB granule and concatenated roots).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// log2 of the bytes that one slot covers, for each level that can hold a table, from the
    /// VSpace root down.
    pub table_slots: &'static [u8],
    /// log2 of the address space.
    pub address_bits: u8,
}

impl Geometry {
    /// Kernels for 40 bits of physical addresses: two levels of tables below the root.
    pub const BITS_40: Self = Self {
        table_slots: &[30, 21],
        address_bits: 40,
    };
    /// Kernels for 44 bits: three levels.
    pub const BITS_44: Self = Self {
        table_slots: &[39, 30, 21],
        address_bits: 44,
    };
}

/// A page as the guest sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Physical address of the frame.
    pub address: u64,
    /// log2 of its bytes.
    pub size_bits: u8,
    /// What the guest may do.
    pub rights: Rights,
    /// Kind of memory.
    pub attributes: Attributes,
}

/// The tables and pages of one VSpace.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    geometry: Geometry,
    /// Tables by the slot that holds them: bits that the slot covers, and its number.
    tables: BTreeMap<(u8, u64), u64>,
    pages: BTreeMap<u64, Page>,
}

/// The addresses of a slot of 2^`bits` bytes that begins at `base`.
pub(super) fn span(base: u64, bits: u8) -> Result<GpaRange, RangeError> {
    GpaRange::new(Gpa(base), 1u64.wrapping_shl(bits.into()))
}

/// Number of the slot of 2^`bits` bytes that holds `gpa`.
const fn slot_number(gpa: u64, bits: u8) -> u64 {
    gpa.wrapping_shr(bits as u32)
}

/// First address of the slot of 2^`bits` bytes that holds `gpa`.
const fn slot_base(gpa: u64, bits: u8) -> u64 {
    slot_number(gpa, bits).wrapping_shl(bits as u32)
}

impl Tree {
    pub(super) const fn new(geometry: Geometry) -> Self {
        Self {
            geometry,
            tables: BTreeMap::new(),
            pages: BTreeMap::new(),
        }
    }

    pub(super) const fn pages(&self) -> &BTreeMap<u64, Page> {
        &self.pages
    }

    /// Does the whole range lie in the address space?
    pub(super) fn has_address(&self, range: Result<GpaRange, RangeError>) -> bool {
        range.is_ok_and(|range| slot_number(range.last().0, self.geometry.address_bits) == 0)
    }

    /// Bits of the slot where a walk for `gpa` ends: the first without a table.
    fn walk(&self, gpa: u64) -> u8 {
        let levels = self.geometry.table_slots.iter().copied();
        let mut without =
            levels.filter(|bits| !self.tables.contains_key(&(*bits, slot_number(gpa, *bits))));
        without.next().unwrap_or(LAST)
    }

    pub(super) fn translate(&self, gpa: u64) -> Option<(Page, u64)> {
        let bits = self.walk(gpa);
        let base = slot_base(gpa, bits);
        let page = *self.pages.get(&base)?;
        let address = page.address.wrapping_add(gpa.wrapping_sub(base));
        (page.size_bits == bits).then_some((page, address))
    }

    /// Puts a page into its slot, over another one without a word.
    pub(super) fn put_page(&mut self, gpa: u64, page: Page) -> Result<(), KernelError> {
        if self.walk(gpa) != page.size_bits {
            return Err(KernelError::FailedLookup);
        }
        self.pages.insert(gpa, page);
        Ok(())
    }

    /// Takes a page back if its slot holds this memory.
    pub(super) fn remove_page(&mut self, gpa: u64, size_bits: u8, address: u64) {
        let there = self.pages.get(&gpa);
        let same = there.is_some_and(|page| page.address == address && page.size_bits == size_bits);
        if same && self.walk(gpa) == size_bits {
            self.pages.remove(&gpa);
        }
    }

    /// Puts a table into the slot where the walk ends; returns the bits of the slot.
    pub(super) fn put_table(&mut self, gpa: u64, object: u64) -> Result<u8, KernelError> {
        let bits = self.walk(gpa);
        if bits == LAST || self.pages.contains_key(&slot_base(gpa, bits)) {
            return Err(KernelError::DeleteFirst);
        }
        self.tables.insert((bits, slot_number(gpa, bits)), object);
        Ok(bits)
    }

    /// Takes a table out of its slot, with all that lies below it.
    pub(super) fn remove_table(&mut self, bits: u8, gpa: u64, object: u64) {
        let slot = (bits, slot_number(gpa, bits));
        if self.tables.get(&slot) != Some(&object) {
            return;
        }
        self.tables.remove(&slot);
        let below = |base: u64| slot_number(base, bits) == slot.1;
        self.tables.retain(|(lower, number), _| {
            *lower >= bits || !below(number.wrapping_shl((*lower).into()))
        });
        self.pages.retain(|base, _| !below(*base));
    }
}
