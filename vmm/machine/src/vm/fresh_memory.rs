//! Guest memory as the VMM reads it for the guest: instructions and translation tables.

use crate::{
    Gpa, GpaRange,
    memory::{Backend, GuestMemory, StaticBackend},
    translate::ReadGuest,
};

/// Reads go to memory, past whatever an earlier read has left in the data cache: the guest's MMU
/// may have been off when it wrote, and then its stores did not change the cache.
pub(super) struct FreshMemory<'m, const N: usize> {
    pub(super) memory: &'m GuestMemory<N>,
    pub(super) backend: &'m StaticBackend,
    /// Cleans and invalidates bytes at an address of the VMM.
    pub(super) refresh: fn(u64, u64),
}

impl<const N: usize> FreshMemory<'_, N> {
    fn refresh(&self, address: Gpa, bytes: u64) {
        let range = GpaRange::new(address, bytes).ok();
        let place = range.and_then(|range| self.backend.vmm_address(range).ok());
        if let Some(place) = place {
            (self.refresh)(place, bytes);
        }
    }
}

impl<const N: usize> ReadGuest for FreshMemory<'_, N> {
    fn read_u64(&self, address: Gpa) -> Option<u64> {
        self.refresh(address, 8);
        self.memory.read_u64(address).ok()
    }

    fn read_u32(&self, address: Gpa) -> Option<u32> {
        self.refresh(address, 4);
        self.memory.read_u32(address).ok()
    }
}
