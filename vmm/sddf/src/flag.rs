//! A word by which one end asks the other for a notification: zero means "notify me".
//!
//! Who asks writes the wish and then looks at the queue again; who answers changes the queue and
//! then looks at the wish. Between the two steps stands a full fence on both sides, or each may
//! miss the other.

use core::sync::atomic::{Ordering, fence};

use vmm_memory::RamSlice;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Flag<'r> {
    region: RamSlice<'r>,
    offset: u64,
}

impl<'r> Flag<'r> {
    /// The word at `offset`, which is a multiple of four inside the region.
    pub(crate) const fn new(region: RamSlice<'r>, offset: u64) -> Self {
        Self { region, offset }
    }

    /// Asks for a notification; look at the queue once more after it.
    pub(crate) fn request(&self) {
        self.set(0);
        fence(Ordering::SeqCst);
    }

    /// Takes the wish back.
    pub(crate) fn cancel(&self) {
        self.set(1);
    }

    /// Does the other end want to be notified of the change that was just made? It does not
    /// then want it twice.
    pub(crate) fn take(&self) -> bool {
        fence(Ordering::SeqCst);
        let wanted = self.region.read_u32(self.offset) == Some(0);
        if wanted {
            self.set(1);
        }
        wanted
    }

    fn set(&self, value: u32) {
        let written = self.region.write_u32(self.offset, value);
        debug_assert!(written.is_some(), "flags lie in every region");
    }
}
