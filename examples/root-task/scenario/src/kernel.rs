//! The kernel calls that the VMM needs, and the account of frames and page tables above them.

use core::fmt;
use heapless::Vec;
use vmm_arch::{Gpa, GpaRange};
use vmm_memory::backend::{FrameCap, KernelError, PageCaps};
use vmm_memory::{Attributes, Cptr, RamWindow, Rights};

/// Frames that the account has room for.
const FRAMES: usize = 32;
/// Page tables that the account has room for.
const TABLES: usize = 32;

/// A kernel with one guest VSpace, untyped memory and empty slots.
pub trait Kernel {
    /// log2 of the bytes under one page table, for each level from the VSpace root down.
    const TABLE_SPANS: &'static [u8];

    /// ASID pool assign for the guest's VSpace, before which nothing can be mapped.
    ///
    /// # Errors
    /// The kernel's answer.
    fn assign_asid(&mut self) -> Result<(), KernelError>;

    /// CNode copy into an empty slot, with at most these rights.
    ///
    /// # Errors
    /// The kernel's answer.
    fn copy(&mut self, cptr: Cptr, rights: Rights) -> Result<Cptr, KernelError>;

    /// CNode delete.
    ///
    /// # Errors
    /// The kernel's answer.
    fn delete(&mut self, cptr: Cptr) -> Result<(), KernelError>;

    /// Untyped retype to a frame; its memory is zeroed.
    ///
    /// # Errors
    /// The kernel's answer.
    fn make_frame(&mut self, size_bits: u8) -> Result<Cptr, KernelError>;

    /// Untyped retype to a page table.
    ///
    /// # Errors
    /// The kernel's answer.
    fn make_table(&mut self) -> Result<Cptr, KernelError>;

    /// Page map into the guest.
    ///
    /// # Errors
    /// The kernel's answer.
    fn page_map(
        &mut self,
        frame: Cptr,
        gpa: Gpa,
        rights: Rights,
        attributes: Attributes,
    ) -> Result<(), KernelError>;

    /// Page unmap.
    ///
    /// # Errors
    /// The kernel's answer.
    fn page_unmap(&mut self, frame: Cptr) -> Result<(), KernelError>;

    /// Page table map into the guest.
    ///
    /// # Errors
    /// The kernel's answer.
    fn table_map(&mut self, table: Cptr, gpa: Gpa) -> Result<(), KernelError>;

    /// Page table unmap.
    ///
    /// # Errors
    /// The kernel's answer.
    fn table_unmap(&mut self, table: Cptr) -> Result<(), KernelError>;

    /// Maps a copy of a frame capability into the VMM's own address space, for the memory that
    /// the guest has at `gpa`.
    ///
    /// # Errors
    /// The kernel's answer.
    fn window(&mut self, frame: Cptr, size_bits: u8, gpa: Gpa) -> Result<RamWindow, KernelError>;

    /// Cleans and invalidates the data caches for all that [`window`](Self::window) shows: the
    /// guest runs with its caches off.
    ///
    /// # Errors
    /// The kernel's answer.
    fn flush_windows(&mut self) -> Result<(), KernelError>;

    /// Shows text to a person.
    fn print(&mut self, text: &str);
}

/// A page table of the guest.
#[derive(Clone, Copy, Debug)]
struct Table {
    cptr: Cptr,
    /// The addresses it covers; `None` while it is mapped nowhere.
    span: Option<GpaRange>,
}

/// The kernel's calls with an account of the capabilities.
#[derive(Debug)]
pub struct Caps<K> {
    kernel: K,
    frames: Vec<(Cptr, FrameCap), FRAMES>,
    tables: Vec<Table, TABLES>,
}

impl<K: Kernel> Caps<K> {
    /// With an empty account.
    pub const fn new(kernel: K) -> Self {
        Self {
            kernel,
            frames: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// The kernel.
    pub const fn kernel(&self) -> &K {
        &self.kernel
    }

    /// The kernel, to call.
    pub const fn kernel_mut(&mut self) -> &mut K {
        &mut self.kernel
    }

    /// Makes a frame.
    ///
    /// # Errors
    /// The kernel's answer; `NotEnoughMemory` also when the account is full.
    pub fn make_frame(&mut self, size_bits: u8) -> Result<Cptr, KernelError> {
        let cptr = self.kernel.make_frame(size_bits)?;
        let write = true;
        self.frames
            .push((cptr, FrameCap { size_bits, write }))
            .map_err(|_| KernelError::NotEnoughMemory)?;
        Ok(cptr)
    }

    /// Makes a copy of a frame capability that can be mapped for loads only.
    ///
    /// # Errors
    /// As [`make_frame`](Self::make_frame).
    pub fn copy_for_loads(&mut self, frame: Cptr) -> Result<Cptr, KernelError> {
        let found = self.frame(frame).ok_or(KernelError::InvalidCapability)?;
        let copy = self.kernel.copy(frame, Rights::READ)?;
        let write = false;
        self.frames
            .push((copy, FrameCap { write, ..found }))
            .map_err(|_| KernelError::NotEnoughMemory)?;
        Ok(copy)
    }

    /// The index of a page table that is mapped nowhere.
    fn spare_table(&mut self) -> Result<usize, KernelError> {
        if let Some(index) = self.tables.iter().position(|table| table.span.is_none()) {
            return Ok(index);
        }
        let cptr = self.kernel.make_table()?;
        self.tables
            .push(Table { cptr, span: None })
            .map_err(|_| KernelError::NotEnoughMemory)?;
        Ok(self.tables.len().saturating_sub(1))
    }

    /// The addresses under the table that the kernel maps next above `gpa`: those of the topmost
    /// level without one.
    fn next_span(&self, gpa: Gpa) -> Option<GpaRange> {
        let mut spans = K::TABLE_SPANS.iter().filter_map(|bits| {
            let size = 1u64.checked_shl(u32::from(*bits))?;
            let base = gpa.0.checked_div(size)?.checked_mul(size)?;
            GpaRange::new(Gpa(base), size).ok()
        });
        spans.find(|span| !self.tables.iter().any(|table| table.span == Some(*span)))
    }
}

impl<K: Kernel> PageCaps for Caps<K> {
    fn frame(&self, cptr: Cptr) -> Option<FrameCap> {
        let found = self.frames.iter().find(|(frame, _)| *frame == cptr);
        found.map(|(_, frame)| *frame)
    }

    fn map(
        &mut self,
        cptr: Cptr,
        gpa: Gpa,
        rights: Rights,
        attributes: Attributes,
    ) -> Result<(), KernelError> {
        self.kernel.page_map(cptr, gpa, rights, attributes)
    }

    fn unmap(&mut self, cptr: Cptr) -> Result<(), KernelError> {
        self.kernel.page_unmap(cptr)
    }

    fn add_table(&mut self, gpa: Gpa) -> Result<(), KernelError> {
        let span = self.next_span(gpa);
        let index = self.spare_table()?;
        if let Some(table) = self.tables.get_mut(index) {
            // Refused, the table stays spare.
            self.kernel.table_map(table.cptr, gpa)?;
            table.span = span;
        }
        Ok(())
    }

    fn remove_tables(&mut self, range: GpaRange) -> Result<bool, KernelError> {
        let mut removed = false;
        for table in &mut self.tables {
            if table.span.is_some_and(|span| range.contains_range(&span)) {
                self.kernel.table_unmap(table.cptr)?;
                table.span = None;
                removed = true;
            }
        }
        Ok(removed)
    }
}

impl<K: Kernel> fmt::Write for Caps<K> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.kernel.print(text);
        Ok(())
    }
}
