//! The cap-based backend: page map and unmap invocations on frame capabilities (seL4 manual,
//! chapter "Address spaces and virtual memory").

use super::Backend;
use crate::frame::{Attributes, Cptr, Frame, Rights};
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

/// The kernel calls of this backend. The VSpace is the implementer's: it is the guest's.
pub trait PageCaps {
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

    /// Makes one page table (retype) and maps it at the topmost level that lacks one above
    /// `gpa`. It may stay for ever: alone it maps nothing, and the next frame there uses it.
    ///
    /// # Errors
    /// The kernel's answer: `NotEnoughMemory` when there is none to make a table of,
    /// `DeleteFirst` when no table is missing.
    fn add_table(&mut self, gpa: Gpa) -> Result<(), KernelError>;
}

/// What the kernel refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapError {
    /// The iterator has no frame for this address.
    #[error("the frame for {0} is the null capability")]
    NullCapability(Gpa),
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

/// Stage 2 has at most three levels of tables below the VSpace root.
const MOST_TABLES: u8 = 3;

/// Maps frames through their capabilities.
///
/// The capabilities it is given are not mapped anywhere.
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

impl<C: PageCaps> Backend for CapBackend<C> {
    type Error = CapError;

    fn check(&self, frame: &Frame) -> Result<(), CapError> {
        if frame.cptr == Cptr::NULL {
            return Err(CapError::NullCapability(frame.vaddr));
        }
        Ok(())
    }

    fn map(&mut self, frame: &Frame) -> Result<(), CapError> {
        self.check(frame)?;
        let (cptr, gpa) = (frame.cptr, frame.vaddr);
        for tables in 0..=MOST_TABLES {
            let answer = self.caps.map(cptr, gpa, frame.rights, frame.attributes);
            match answer {
                Ok(()) => return Ok(()),
                Err(KernelError::FailedLookup) if tables < MOST_TABLES => {
                    let added = self.caps.add_table(gpa);
                    added.map_err(|cause| CapError::Table { gpa, cause })?;
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

#[cfg(test)]
pub(crate) mod model;
#[cfg(test)]
mod tests;
