//! The cap-based backend: page map and unmap invocations on frame capabilities (seL4 manual,
//! chapter "Address spaces and virtual memory").

use super::Backend;
use crate::frame::{Attributes, Cptr, Frame, PAGE, Rights};
use vmm_arch::{Gpa, GpaRange};

/// seL4's error numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the variants are the kernel's own names")]
pub enum KernelError {
    #[error("InvalidArgument")]
    InvalidArgument = 1,
    #[error("InvalidCapability")]
    InvalidCapability = 2,
    #[error("IllegalOperation")]
    IllegalOperation = 3,
    #[error("RangeError")]
    RangeError = 4,
    #[error("AlignmentError")]
    AlignmentError = 5,
    #[error("FailedLookup")]
    FailedLookup = 6,
    #[error("TruncatedMessage")]
    TruncatedMessage = 7,
    #[error("DeleteFirst")]
    DeleteFirst = 8,
    #[error("RevokeFirst")]
    RevokeFirst = 9,
    #[error("NotEnoughMemory")]
    NotEnoughMemory = 10,
}

impl KernelError {
    /// From the label of the kernel's answer: `None` for 0 (no error) and unknown numbers.
    pub const fn from_label(label: u64) -> Option<Self> {
        Some(match label {
            1 => Self::InvalidArgument,
            2 => Self::InvalidCapability,
            3 => Self::IllegalOperation,
            4 => Self::RangeError,
            5 => Self::AlignmentError,
            6 => Self::FailedLookup,
            7 => Self::TruncatedMessage,
            8 => Self::DeleteFirst,
            9 => Self::RevokeFirst,
            10 => Self::NotEnoughMemory,
            _ => return None,
        })
    }
}

/// What its owner knows of a frame capability. The kernel tells neither: it maps as much as the
/// capability has, whatever the caller takes it for, and masks rights without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameCap {
    /// log2 of its bytes.
    pub size_bits: u8,
    /// It can be mapped for stores.
    pub write: bool,
}

/// The kernel calls of this backend. The VSpace is the implementer's: it is the guest's, and has
/// an ASID.
pub trait PageCaps {
    /// The frame capability in a slot, from the implementer's own account; `None` when that slot
    /// holds none. The kernel is not asked: a pointer outside the CSpace would stop the caller.
    fn frame(&self, cptr: Cptr) -> Option<FrameCap>;

    /// Page map. A capability that is mapped at another place is refused by the kernel; one
    /// that is mapped at `gpa` already gets the new rights.
    ///
    /// # Errors
    /// The kernel's answer: `FailedLookup` when a page table is missing above `gpa`.
    fn map(
        &mut self,
        cptr: Cptr,
        gpa: Gpa,
        rights: Rights,
        attributes: Attributes,
    ) -> Result<(), KernelError>;

    /// Page unmap; the kernel accepts a capability that is not mapped.
    ///
    /// # Errors
    /// The kernel's answer.
    fn unmap(&mut self, cptr: Cptr) -> Result<(), KernelError>;

    /// Maps one page table at the topmost level that lacks one above `gpa`: a spare one, or one
    /// made anew (retype). It may stay for ever: alone it maps nothing, and the next frame there
    /// uses it. A table that the kernel refuses to map stays spare.
    ///
    /// # Errors
    /// The kernel's answer: `NotEnoughMemory` when there is none to make a table of,
    /// `DeleteFirst` when no table is missing, or a large page is in its place.
    fn add_table(&mut self, gpa: Gpa) -> Result<(), KernelError>;

    /// Unmaps the page tables that cover addresses of `range` only, and keeps them as spare ones.
    /// Nothing is mapped in `range`. Returns whether there were any.
    ///
    /// # Errors
    /// The kernel's answer.
    fn remove_tables(&mut self, range: GpaRange) -> Result<bool, KernelError>;
}

/// What the kernel refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapError {
    /// The iterator has no frame for this address.
    #[error("the frame for {0} is the null capability")]
    NullCapability(Gpa),
    /// The slot is empty, holds a capability of another type, or does not exist.
    #[error("the frame for {gpa} is {cptr:?}, which is not a frame capability of the VMM")]
    NotAFrame {
        /// What the frame names.
        cptr: Cptr,
        /// Where it was to go.
        gpa: Gpa,
    },
    /// The kernel would map all of the capability's bytes.
    #[error(
        "the frame for {gpa} claims 2^{claimed} bytes, but the capability {cptr:?} has \
         2^{actual}"
    )]
    Size {
        /// The frame.
        cptr: Cptr,
        /// Where it was to go.
        gpa: Gpa,
        /// log2 of the size it claims.
        claimed: u8,
        /// log2 of the size it has.
        actual: u8,
    },
    /// The kernel would map it for loads only, without a word.
    #[error("the frame for {gpa} is to be mapped for stores, but the capability {cptr:?} is not")]
    ReadOnly {
        /// The frame.
        cptr: Cptr,
        /// Where it was to go.
        gpa: Gpa,
    },
    /// Page map.
    #[error("the kernel did not map frame {cptr:?} at {gpa}: {cause}")]
    Map {
        /// The frame.
        cptr: Cptr,
        /// Where it was to go.
        gpa: Gpa,
        /// The kernel's answer.
        cause: KernelError,
    },
    /// Retype of a page table, or page table map.
    #[error("no page table could be put above {gpa}: {cause}")]
    Table {
        /// The frame's address.
        gpa: Gpa,
        /// The kernel's answer.
        cause: KernelError,
    },
    /// Page unmap.
    #[error("the kernel did not unmap frame {cptr:?} from {gpa}: {cause}")]
    Unmap {
        /// The frame.
        cptr: Cptr,
        /// Where it is.
        gpa: Gpa,
        /// The kernel's answer.
        cause: KernelError,
    },
    /// Frame capabilities say nothing of the VMM's own address space.
    #[error("the VMM has no mapping of its own of {0}: map copies of the frame capabilities")]
    NotInVmm(GpaRange),
}

/// More calls than any stage 2 needs for one frame: it has at most three levels of tables below
/// the root, and large pages make room once. How many levels there are, the kernel's answers tell.
const MOST_CALLS: u8 = 5;

/// Maps frames through their capabilities.
///
/// The capabilities it is given are not mapped anywhere: one capability maps at one place. For a
/// second place, as the VMM's own, make a copy of it. Nothing else maps into the guest's VSpace.
#[derive(Debug)]
pub struct CapBackend<C> {
    caps: C,
}

impl<C> CapBackend<C> {
    /// With the kernel calls of `caps`.
    pub const fn new(caps: C) -> Self {
        Self { caps }
    }

    /// The kernel calls.
    pub const fn caps(&self) -> &C {
        &self.caps
    }

    /// The kernel calls, to change.
    pub const fn caps_mut(&mut self) -> &mut C {
        &mut self.caps
    }
}

impl<C: PageCaps> CapBackend<C> {
    /// The walk for `frame` did not end at a slot of its size: removes the tables that earlier,
    /// smaller frames have left in its place, or adds the one that is missing above it.
    fn mend_tables(&mut self, frame: &Frame) -> Result<(), KernelError> {
        let large = frame.range().filter(|range| range.size() > PAGE);
        if let Some(range) = large
            && self.caps.remove_tables(range)?
        {
            return Ok(());
        }
        self.caps.add_table(frame.vaddr)
    }
}

impl<C: PageCaps> Backend for CapBackend<C> {
    type Error = CapError;

    fn check(&self, frame: &Frame) -> Result<(), CapError> {
        let (cptr, gpa) = (frame.cptr, frame.vaddr);
        if cptr == Cptr::NULL {
            return Err(CapError::NullCapability(gpa));
        }
        let Some(found) = self.caps.frame(cptr) else {
            return Err(CapError::NotAFrame { cptr, gpa });
        };
        if found.size_bits != frame.size_bits {
            return Err(CapError::Size {
                cptr,
                gpa,
                claimed: frame.size_bits,
                actual: found.size_bits,
            });
        }
        if frame.rights.write && !found.write {
            return Err(CapError::ReadOnly { cptr, gpa });
        }
        Ok(())
    }

    fn map(&mut self, frame: &Frame) -> Result<(), CapError> {
        self.check(frame)?;
        let (cptr, gpa) = (frame.cptr, frame.vaddr);
        for _ in 0..MOST_CALLS {
            let answer = self.caps.map(cptr, gpa, frame.rights, frame.attributes);
            match answer {
                Ok(()) => return Ok(()),
                Err(KernelError::FailedLookup) => {
                    let mended = self.mend_tables(frame);
                    mended.map_err(|cause| CapError::Table { gpa, cause })?;
                }
                Err(cause) => return Err(CapError::Map { cptr, gpa, cause }),
            }
        }
        let cause = KernelError::FailedLookup;
        Err(CapError::Map { cptr, gpa, cause })
    }

    fn unmap(&mut self, frame: &Frame) -> Result<(), CapError> {
        let (cptr, gpa) = (frame.cptr, frame.vaddr);
        let answer = self.caps.unmap(cptr);
        answer.map_err(|cause| CapError::Unmap { cptr, gpa, cause })
    }

    fn vmm_address(&self, range: GpaRange) -> Result<u64, CapError> {
        Err(CapError::NotInVmm(range))
    }
}

#[cfg(any(test, feature = "model"))]
pub mod model;
#[cfg(test)]
mod tests;
