//! What turns a frame into a mapping in the guest's stage 2.

mod fixed;
mod kernel;

pub use fixed::{StaticBackend, StaticError};
pub use kernel::{CapBackend, CapError, FrameCap, KernelError, PageCaps};

#[cfg(any(test, feature = "model"))]
pub use kernel::model;

use super::frame::Frame;
use vmm_arch::GpaRange;

/// Maps and unmaps single frames; the memory map sees to it that a reservation is mapped as a
/// whole or not at all.
pub trait Backend {
    /// Why a frame is refused.
    type Error: core::error::Error + Copy + PartialEq;

    /// Would [`map`](Self::map) have a reason of its own to refuse? Changes nothing.
    ///
    /// # Errors
    /// The reason.
    fn check(&self, frame: &Frame) -> Result<(), Self::Error>;

    /// Maps a frame that [`check`](Self::check) let pass. Nothing is mapped at its addresses.
    ///
    /// # Errors
    /// The frame is not mapped.
    fn map(&mut self, frame: &Frame) -> Result<(), Self::Error>;

    /// Takes a mapping back. A frame that is not mapped is no error.
    ///
    /// # Errors
    /// The frame may still be mapped.
    fn unmap(&mut self, frame: &Frame) -> Result<(), Self::Error>;

    /// Where the VMM itself sees `range`, in one piece.
    ///
    /// # Errors
    /// Why it does not.
    fn vmm_address(&self, range: GpaRange) -> Result<u64, Self::Error>;
}
