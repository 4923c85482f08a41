//! The kernel's answers to page and page table invocations, as a model for tests: seL4 16 on
//! AArch64 with three levels of tables below the root.

use super::{KernelError, PageCaps};
use crate::frame::{Attributes, Cptr, Rights};
use std::collections::{BTreeMap, BTreeSet};
use vmm_arch::Gpa;

/// Bits that one slot of each level covers.
const LEVELS: [u8; 3] = [39, 30, 21];

/// A page as the guest sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) cptr: Cptr,
    pub(crate) size_bits: u8,
    pub(crate) rights: Rights,
    pub(crate) attributes: Attributes,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct KernelModel {
    /// What the guest sees: pages by address.
    pub(crate) pages: BTreeMap<u64, Page>,
    /// Page tables that can still be made.
    pub(crate) tables_left: usize,
    /// Calls so far.
    pub(crate) calls: usize,
    /// The call with this number is answered with the error.
    pub(crate) inject: Option<(usize, KernelError)>,
    /// Unmap is refused.
    pub(crate) unmap_error: Option<KernelError>,
    sizes: BTreeMap<u64, u8>,
    mapped_at: BTreeMap<u64, u64>,
    tables: BTreeSet<(u8, u64)>,
}

impl KernelModel {
    /// With a frame capability of each size in each slot given.
    pub(crate) fn new(frames: impl IntoIterator<Item = (u64, u8)>) -> Self {
        Self {
            sizes: frames.into_iter().collect(),
            tables_left: 64,
            ..Self::default()
        }
    }

    fn count_call(&mut self) -> Result<(), KernelError> {
        let number = self.calls;
        self.calls += 1;
        match self.inject {
            Some((at, error)) if at == number => Err(error),
            _ => Ok(()),
        }
    }

    /// Bits of the slot where a walk for `gpa` ends.
    fn slot(&self, gpa: u64) -> u8 {
        let missing = |level: &&u8| !self.tables.contains(&(**level, gpa >> **level));
        LEVELS.iter().find(missing).copied().unwrap_or(12)
    }
}

impl PageCaps for KernelModel {
    fn map(
        &mut self,
        cptr: Cptr,
        gpa: Gpa,
        rights: Rights,
        attributes: Attributes,
    ) -> Result<(), KernelError> {
        self.count_call()?;
        let size_bits = *self
            .sizes
            .get(&cptr.0)
            .ok_or(KernelError::InvalidCapability)?;
        if !gpa.is_aligned(1 << size_bits) {
            return Err(KernelError::AlignmentError);
        }
        if self.mapped_at.get(&cptr.0).is_some_and(|at| *at != gpa.0) {
            return Err(KernelError::InvalidArgument);
        }
        if self.slot(gpa.0) != size_bits {
            return Err(KernelError::FailedLookup);
        }
        self.mapped_at.insert(cptr.0, gpa.0);
        self.pages.insert(
            gpa.0,
            Page {
                cptr,
                size_bits,
                rights,
                attributes,
            },
        );
        Ok(())
    }

    fn unmap(&mut self, cptr: Cptr) -> Result<(), KernelError> {
        self.count_call()?;
        if let Some(error) = self.unmap_error {
            return Err(error);
        }
        if !self.sizes.contains_key(&cptr.0) {
            return Err(KernelError::InvalidCapability);
        }
        if let Some(at) = self.mapped_at.remove(&cptr.0)
            && self.pages.get(&at).is_some_and(|page| page.cptr == cptr)
        {
            self.pages.remove(&at);
        }
        Ok(())
    }

    fn add_table(&mut self, gpa: Gpa) -> Result<(), KernelError> {
        self.count_call()?;
        let bits = self.slot(gpa.0);
        let page_there = self
            .pages
            .get(&(gpa.0 >> bits << bits))
            .is_some_and(|page| page.size_bits == bits);
        if bits == 12 || page_there {
            return Err(KernelError::DeleteFirst);
        }
        self.tables_left = self
            .tables_left
            .checked_sub(1)
            .ok_or(KernelError::NotEnoughMemory)?;
        self.tables.insert((bits, gpa.0 >> bits));
        Ok(())
    }
}
