//! The buffers of a device: memory that the program copies to and from, and the device uses.
#![expect(
    unsafe_code,
    reason = "the queues take buffers as slices, of memory that the device writes"
)]

use driver_server::{ClientError, Regions};
use virtio_drivers::{Result, queue::VirtQueue};
use vmm_memory::RamSlice;

use crate::dma::{Area, DmaHal, OwnArea, bytes};

/// The part of an area that holds buffers.
#[derive(Clone, Copy, Debug)]
pub struct Buffers<'m> {
    memory: RamSlice<'m>,
    address: u64,
}

/// A stretch of the buffers: offset and bytes, not zero.
pub(crate) type Part = (u64, usize);

impl<'m> Buffers<'m> {
    /// The buffers of `area`, which are also among the regions.
    ///
    /// # Errors
    /// [`ClientError::Region`]: they are not.
    pub fn new(area: &Area, regions: &'m Regions) -> core::result::Result<Self, ClientError> {
        let window = area.buffers();
        Ok(Self {
            memory: regions.slice(window.vmm_address, window.size)?,
            address: window.vmm_address,
        })
    }

    /// The memory.
    pub(crate) const fn memory(&self) -> &RamSlice<'m> {
        &self.memory
    }

    /// Hands parts to the device, first those that it reads and then those that it writes; gives
    /// the token of the chain.
    pub(crate) fn add<P: OwnArea, const SIZE: usize, const IN: usize, const OUT: usize>(
        &self,
        queue: &mut VirtQueue<DmaHal<P>, SIZE>,
        reads: [Part; IN],
        writes: [Part; OUT],
    ) -> Result<u16> {
        let reads = reads.map(|part| &*self.slice(part));
        let mut writes = writes.map(|part| self.slice(part));
        // SAFETY: the buffers live for ever, and the caller of this function, a driver of this
        // crate, keeps away from them until it has popped the chain.
        unsafe { queue.add(&reads, &mut writes) }
    }

    /// Takes a chain back that the device has used, of the same parts as it was made of; gives
    /// the number of bytes written.
    pub(crate) fn pop<P: OwnArea, const SIZE: usize, const IN: usize, const OUT: usize>(
        &self,
        queue: &mut VirtQueue<DmaHal<P>, SIZE>,
        token: u16,
        reads: [Part; IN],
        writes: [Part; OUT],
    ) -> Result<u32> {
        let reads = reads.map(|part| &*self.slice(part));
        let mut writes = writes.map(|part| self.slice(part));
        // SAFETY: the caller, a driver of this crate, keeps the parts of each token.
        unsafe { queue.pop_used(token, &reads, &mut writes) }
    }

    fn slice(&self, (offset, length): Part) -> &'m mut [u8] {
        assert!(
            self.memory.part(offset, length as u64).is_some(),
            "all parts lie in the buffers"
        );
        // SAFETY: the part lies in the buffers of an area. The queue takes the address of the
        // slice and reads nothing, and the slice is gone before the memory is used again.
        unsafe { bytes(self.address + offset, length) }
    }
}
