//! The kernel's answers to invocations on frames and page tables, as a model for host tests.
//!
//! Models seL4 16 on AArch64 with stage-2 tables: one guest VSpace, one CNode (seL4 manual,
//! chapter "Address spaces and virtual memory"; kernel source `src/arch/arm/64/kernel/vspace.c`).
//! Below are the invocations themselves; the [`PageCaps`] of a caller that makes its tables from
//! the same untyped memory are in `caps`.

mod caps;
#[cfg(test)]
mod tests;
mod tree;

pub use tree::{Geometry, Page};

use super::KernelError;
use crate::frame::{Attributes, Cptr, Rights};
use std::collections::BTreeMap;
use tree::{Tree, span};
use vmm_arch::{Gpa, GpaRange};

/// log2 of the bytes of a page table.
const TABLE_BITS: u8 = 12;

/// What a slot of the CNode holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Capability {
    Frame {
        address: u64,
        size_bits: u8,
        rights: Rights,
        mapped_at: Option<u64>,
    },
    Table {
        object: u64,
        /// Bits that one slot of its parent covers, and the address it was mapped for.
        mapped_at: Option<(u8, u64)>,
    },
    /// A capability of another type, as a TCB's.
    Other,
}

/// A kernel with one guest VSpace.
#[derive(Clone, Debug)]
pub struct KernelModel {
    /// Page tables that can still be made.
    pub tables_left: usize,
    /// Calls of [`PageCaps`](super::PageCaps) so far that change something.
    pub calls: usize,
    /// The call with this number is answered with the error.
    pub inject: Option<(usize, KernelError)>,
    /// Unmap is refused.
    pub unmap_error: Option<KernelError>,
    slots: BTreeMap<u64, Capability>,
    /// Slots of the CNode.
    cnode_size: u64,
    has_asid: bool,
    tree: Tree,
    /// First physical address that no object has.
    free_memory: u64,
    /// Page tables that are mapped nowhere.
    spare_tables: Vec<Cptr>,
    next_table_slot: u64,
}

impl KernelModel {
    /// Slots of the CNode; page tables take the upper half.
    pub const CNODE_SIZE: u64 = 1 << 12;
    /// Physical address of the first object.
    pub const MEMORY_BASE: u64 = 0x6000_0000;

    /// A VSpace of `geometry` without an ASID, and an empty CNode.
    pub fn without_asid(geometry: Geometry) -> Self {
        Self {
            tables_left: 64,
            calls: 0,
            inject: None,
            unmap_error: None,
            slots: BTreeMap::new(),
            cnode_size: Self::CNODE_SIZE,
            has_asid: false,
            tree: Tree::new(geometry),
            free_memory: Self::MEMORY_BASE,
            spare_tables: Vec::new(),
            next_table_slot: Self::CNODE_SIZE / 2,
        }
    }

    /// A VSpace of a kernel for 40 bits, with a frame capability of each size in each slot
    /// given.
    pub fn new(frames: impl IntoIterator<Item = (u64, u8)>) -> Self {
        let mut kernel = Self::without_asid(Geometry::BITS_40);
        // The pool has free ASIDs, and the slots are empty.
        let _ = kernel.assign_asid();
        for (slot, size_bits) in frames {
            let _ = kernel.make_frame(Cptr(slot), size_bits);
        }
        kernel
    }

    /// The pages that the guest sees, by address.
    pub const fn pages(&self) -> &BTreeMap<u64, Page> {
        self.tree.pages()
    }

    /// The page through which the guest sees `gpa`, and the physical address behind it.
    pub fn translate(&self, gpa: Gpa) -> Option<(Page, u64)> {
        self.tree.translate(gpa.0)
    }

    /// Physical address of the frame in a slot (page get address).
    ///
    /// # Errors
    /// As for every invocation on a frame.
    pub fn page_address(&self, cptr: Cptr) -> Result<u64, KernelError> {
        match self.lookup(cptr)? {
            Capability::Frame { address, .. } => Ok(address),
            _ => Err(KernelError::IllegalOperation),
        }
    }

    /// ASID pool assign.
    ///
    /// # Errors
    /// `InvalidCapability`: the VSpace has an ASID.
    pub const fn assign_asid(&mut self) -> Result<(), KernelError> {
        if self.has_asid {
            return Err(KernelError::InvalidCapability);
        }
        self.has_asid = true;
        Ok(())
    }

    /// Untyped retype to one frame, with all rights.
    ///
    /// # Errors
    /// `RangeError`: the slot lies outside the CNode; `DeleteFirst`: it is not empty.
    pub fn make_frame(&mut self, slot: Cptr, size_bits: u8) -> Result<(), KernelError> {
        self.check_empty(slot)?;
        let address = self.take_memory(size_bits);
        let frame = Capability::Frame {
            address,
            size_bits,
            rights: Rights::READ_WRITE,
            mapped_at: None,
        };
        self.slots.insert(slot.0, frame);
        Ok(())
    }

    /// Untyped retype to one page table.
    ///
    /// # Errors
    /// As [`make_frame`](Self::make_frame), and `NotEnoughMemory`.
    pub fn make_table(&mut self, slot: Cptr) -> Result<(), KernelError> {
        self.check_empty(slot)?;
        let left = self.tables_left.checked_sub(1);
        self.tables_left = left.ok_or(KernelError::NotEnoughMemory)?;
        let object = self.take_memory(TABLE_BITS);
        let mapped_at = None;
        let table = Capability::Table { object, mapped_at };
        self.slots.insert(slot.0, table);
        Ok(())
    }

    /// Untyped retype to an object that is neither a frame nor a page table.
    ///
    /// # Errors
    /// As [`make_frame`](Self::make_frame).
    pub fn make_other(&mut self, slot: Cptr) -> Result<(), KernelError> {
        self.check_empty(slot)?;
        self.slots.insert(slot.0, Capability::Other);
        Ok(())
    }

    /// CNode copy of a frame capability: it is mapped nowhere, with the rights that both have.
    ///
    /// # Errors
    /// `FailedLookup`: `to` lies outside the CNode, or there is nothing in `from`;
    /// `DeleteFirst`: `to` is not empty; `IllegalOperation`: an unmapped page table.
    pub fn copy(&mut self, from: Cptr, to: Cptr, mask: Rights) -> Result<(), KernelError> {
        if !self.is_slot(to) {
            return Err(KernelError::FailedLookup);
        }
        self.check_empty(to)?;
        let source = self.slots.get(&from.0).copied();
        let copied = match source.ok_or(KernelError::FailedLookup)? {
            Capability::Frame {
                address,
                size_bits,
                rights,
                ..
            } => Capability::Frame {
                address,
                size_bits,
                rights: masked(rights, mask),
                mapped_at: None,
            },
            Capability::Table {
                mapped_at: None, ..
            } => return Err(KernelError::IllegalOperation),
            other => other,
        };
        self.slots.insert(to.0, copied);
        Ok(())
    }

    /// CNode delete: a mapped frame is unmapped, and so is a page table that no other capability
    /// names. An empty slot is not an error.
    ///
    /// # Errors
    /// `FailedLookup`: the slot lies outside the CNode.
    pub fn delete(&mut self, slot: Cptr) -> Result<(), KernelError> {
        if !self.is_slot(slot) {
            return Err(KernelError::FailedLookup);
        }
        match self.slots.remove(&slot.0) {
            Some(Capability::Frame {
                address,
                size_bits,
                mapped_at: Some(gpa),
                ..
            }) => self.tree.remove_page(gpa, size_bits, address),
            Some(Capability::Table {
                object,
                mapped_at: Some((bits, gpa)),
            }) if !self.names_table(object) => self.tree.remove_table(bits, gpa, object),
            _ => {}
        }
        Ok(())
    }

    /// Page map.
    ///
    /// # Errors
    /// The kernel's answer.
    ///
    /// # Panics
    /// When `cptr` lies outside the CNode: the kernel stops the caller with a cap fault.
    pub fn page_map(
        &mut self,
        cptr: Cptr,
        gpa: Gpa,
        rights: Rights,
        attributes: Attributes,
    ) -> Result<(), KernelError> {
        let Capability::Frame {
            address,
            size_bits,
            rights: allowed,
            mapped_at,
        } = self.lookup(cptr)?
        else {
            return Err(KernelError::IllegalOperation);
        };
        if !self.has_asid {
            return Err(KernelError::InvalidCapability);
        }
        if !gpa.is_aligned(1u64.wrapping_shl(size_bits.into())) {
            return Err(KernelError::AlignmentError);
        }
        match mapped_at {
            Some(at) if at != gpa.0 => return Err(KernelError::InvalidArgument),
            Some(_) => {}
            None if self.tree.has_address(span(gpa.0, size_bits)) => {}
            None => return Err(KernelError::InvalidArgument),
        }
        let page = Page {
            address,
            size_bits,
            rights: Rights {
                execute: rights.execute,
                ..masked(allowed, rights)
            },
            attributes,
        };
        self.tree.put_page(gpa.0, page)?;
        let mapped_at = Some(gpa.0);
        let frame = Capability::Frame {
            address,
            size_bits,
            rights: allowed,
            mapped_at,
        };
        self.slots.insert(cptr.0, frame);
        Ok(())
    }

    /// Page unmap: clears the place where this capability was mapped, if it still holds the
    /// same memory, whichever capability put it there.
    ///
    /// # Errors
    /// The kernel's answer.
    ///
    /// # Panics
    /// As [`page_map`](Self::page_map).
    pub fn page_unmap(&mut self, cptr: Cptr) -> Result<(), KernelError> {
        let Capability::Frame {
            address,
            size_bits,
            rights,
            mapped_at,
        } = self.lookup(cptr)?
        else {
            return Err(KernelError::IllegalOperation);
        };
        if let Some(gpa) = mapped_at {
            self.tree.remove_page(gpa, size_bits, address);
        }
        let frame = Capability::Frame {
            address,
            size_bits,
            rights,
            mapped_at: None,
        };
        self.slots.insert(cptr.0, frame);
        Ok(())
    }

    /// Page table map, at the topmost level that lacks a table above `gpa`.
    ///
    /// # Errors
    /// The kernel's answer.
    ///
    /// # Panics
    /// As [`page_map`](Self::page_map).
    pub fn table_map(&mut self, cptr: Cptr, gpa: Gpa) -> Result<(), KernelError> {
        let Capability::Table { object, mapped_at } = self.lookup(cptr)? else {
            return Err(KernelError::IllegalOperation);
        };
        if mapped_at.is_some() || !self.has_asid {
            return Err(KernelError::InvalidCapability);
        }
        if !self.tree.has_address(GpaRange::new(gpa, 1)) {
            return Err(KernelError::InvalidArgument);
        }
        let bits = self.tree.put_table(gpa.0, object)?;
        let mapped_at = Some((bits, gpa.0));
        let table = Capability::Table { object, mapped_at };
        self.slots.insert(cptr.0, table);
        Ok(())
    }

    /// Page table unmap: all that was mapped below it is gone.
    ///
    /// # Errors
    /// The kernel's answer: `RevokeFirst` while another capability names the table.
    ///
    /// # Panics
    /// As [`page_map`](Self::page_map).
    pub fn table_unmap(&mut self, cptr: Cptr) -> Result<(), KernelError> {
        let Capability::Table { object, mapped_at } = self.lookup(cptr)? else {
            return Err(KernelError::IllegalOperation);
        };
        let names = |capability: &&Capability| matches!(capability, Capability::Table { object: found, .. } if *found == object);
        if self.slots.values().filter(names).count() > 1 {
            return Err(KernelError::RevokeFirst);
        }
        if let Some((bits, gpa)) = mapped_at {
            self.tree.remove_table(bits, gpa, object);
        }
        let mapped_at = None;
        let table = Capability::Table { object, mapped_at };
        self.slots.insert(cptr.0, table);
        Ok(())
    }

    /// What an invocation finds in its slot.
    fn lookup(&self, cptr: Cptr) -> Result<Capability, KernelError> {
        assert!(
            self.is_slot(cptr),
            "cap fault: {cptr:?} lies outside the CNode; the kernel stops the caller"
        );
        let found = self.slots.get(&cptr.0).copied();
        found.ok_or(KernelError::InvalidCapability)
    }

    const fn is_slot(&self, slot: Cptr) -> bool {
        slot.0 < self.cnode_size
    }

    fn check_empty(&self, slot: Cptr) -> Result<(), KernelError> {
        if !self.is_slot(slot) {
            return Err(KernelError::RangeError);
        }
        if self.slots.contains_key(&slot.0) {
            return Err(KernelError::DeleteFirst);
        }
        Ok(())
    }

    fn names_table(&self, table: u64) -> bool {
        self.slots.values().any(
            |capability| matches!(capability, Capability::Table { object, .. } if *object == table),
        )
    }

    /// Physical memory for an object, aligned to its size.
    fn take_memory(&mut self, size_bits: u8) -> u64 {
        let size = 1u64.wrapping_shl(size_bits.into());
        let address = self.free_memory.next_multiple_of(size);
        self.free_memory = address.saturating_add(size);
        address
    }
}

/// The rights that a capability keeps under a mask: the kernel never says that it masked some.
const fn masked(rights: Rights, mask: Rights) -> Rights {
    let read = rights.read && mask.read;
    Rights::new(read, read && rights.write && mask.write, false)
}
