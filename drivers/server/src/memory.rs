//! The memory that the tables of a driver name: regions shared with its clients.
#![expect(
    unsafe_code,
    reason = "the tables name memory of this protection domain by its addresses"
)]

use core::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    sync::atomic::{AtomicU8, Ordering},
};

use vmm_arch::{Gpa, GpaRange};
use vmm_config::{DriverClient, Window};
use vmm_memory::{GuestMemory, RamSlice, RamWindow};

use crate::{ClientError, MAX_CLIENTS};

/// Regions of all clients at most, and one for the device.
const MAX_REGIONS: usize = 6 * MAX_CLIENTS + 1;

/// Memory of this protection domain, by its addresses there.
#[derive(Debug)]
pub struct Regions {
    memory: GuestMemory<MAX_REGIONS>,
}

impl Regions {
    /// The regions of `clients`, and memory for the buffers of the device, if it has any.
    ///
    /// # Errors
    /// [`ClientError::Region`]: a region is no memory, or overlaps another, or there are too many.
    ///
    /// # Safety
    /// Every region is ordinary memory, mapped readable and (where the server's end of its queue
    /// writes) writable, and holds no object of this program.
    pub unsafe fn new(
        clients: &[DriverClient],
        buffers: Option<Window>,
    ) -> Result<Self, ClientError> {
        let mut memory = GuestMemory::new();
        let clients = clients.iter().flat_map(|client| client.windows);
        for window in clients.chain(buffers.as_ref()) {
            let Window { vmm_address, size } = *window;
            // SAFETY: the caller vouches for the region.
            let window = unsafe { RamWindow::new(vmm_address, size, Gpa(vmm_address)) };
            let added = window.ok().map(|window| memory.add(window));
            added
                .and_then(Result::ok)
                .ok_or(ClientError::Region(vmm_address))?;
        }
        Ok(Self { memory })
    }

    /// The memory at an address of this protection domain.
    ///
    /// # Errors
    /// [`ClientError::Region`]: it is in none of the regions.
    pub fn slice(&self, address: u64, size: u64) -> Result<RamSlice<'_>, ClientError> {
        GpaRange::new(Gpa(address), size)
            .ok()
            .and_then(|range| self.memory.slice(range))
            .ok_or(ClientError::Region(address))
    }

    /// The first `N` regions of a client.
    ///
    /// # Errors
    /// [`ClientError::FewRegions`]: it has fewer.
    pub fn of_client<const N: usize>(
        &self,
        client: &DriverClient,
    ) -> Result<[RamSlice<'_>; N], ClientError> {
        let few = ClientError::FewRegions {
            needed: N,
            given: client.windows.len(),
        };
        let first = client.windows.first().ok_or(few)?;
        let mut regions = [self.slice(first.vmm_address, first.size)?; N];
        for (index, region) in regions.iter_mut().enumerate() {
            let window = client.windows.get(index).ok_or(few)?;
            *region = self.slice(window.vmm_address, window.size)?;
        }
        Ok(regions)
    }
}

/// The regions of tables that a test has made of its own memory.
#[cfg(test)]
pub(crate) fn of_test(driver: &vmm_config::Driver) -> Regions {
    // SAFETY: the test's windows are leaked memory without any reference.
    unsafe { Regions::new(driver.clients, None) }.unwrap()
}

/// A place for what is made once and lives as long as the program.
#[derive(Debug)]
pub struct Place<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

const EMPTY: u8 = 0;
const TAKEN: u8 = 1;
const FILLED: u8 = 2;

// SAFETY: the value is written by the one call that finds the place empty, and only read once it
// is said to be filled.
unsafe impl<T: Send + Sync> Sync for Place<T> {}

impl<T> Place<T> {
    /// A place with nothing in it.
    pub const fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Puts `value` there; `None` when there is something already.
    pub fn put(&'static self, value: T) -> Option<&'static T> {
        let order = Ordering::Relaxed;
        let taken = self.state.compare_exchange(EMPTY, TAKEN, order, order);
        taken.ok()?;
        // SAFETY: only one call finds the place empty, and no reference to the value exists before
        // it is filled.
        unsafe { (*self.value.get()).write(value) };
        self.state.store(FILLED, Ordering::Release);
        self.get()
    }

    /// What is there.
    pub fn get(&'static self) -> Option<&'static T> {
        if self.state.load(Ordering::Acquire) != FILLED {
            return None;
        }
        // SAFETY: a filled place is not written any more.
        let value = unsafe { &*self.value.get() };
        // SAFETY: it has a value.
        Some(unsafe { value.assume_init_ref() })
    }
}

impl<T> Default for Place<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
