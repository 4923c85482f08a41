//! A read-only copy of the distributor's registers in a page that the guest reads without an exit.

/// The page behind the copy.
///
/// The distributor tells it every word whose value, as vCPU 0 reads it, may have changed. Words
/// that were never told read as zero. Banked registers differ between vCPUs, so the page may be
/// mapped only to a guest with one vCPU.
pub trait Shadow {
    /// False when there is no page: nothing is computed for it then.
    const PRESENT: bool;

    /// The word at `offset`, a multiple of four below 0x1000, now reads as `value`.
    fn write(&mut self, offset: u64, value: u32);
}

/// No page: every read of the distributor exits.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoShadow;

impl Shadow for NoShadow {
    const PRESENT: bool = false;

    fn write(&mut self, _offset: u64, _value: u32) {}
}
