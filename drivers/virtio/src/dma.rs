//! Memory that the device reads and writes by itself, and its physical addresses.
//!
//! The start of the area is for queues, the rest for buffers. Nothing is ever given back.
#![expect(
    unsafe_code,
    reason = "the device reaches this memory by physical addresses, past all Rust objects"
)]

use core::{
    marker::PhantomData,
    ptr::{self, NonNull},
    sync::atomic::{AtomicU64, Ordering},
};

use virtio_drivers::{BufferDirection, Hal, PAGE_SIZE, PhysAddr};
use vmm_config::{DmaWindow, Window};

use crate::DeviceError;

/// Bytes at the start of the area that hold queues.
const QUEUE_BYTES: u64 = 0x8000;

/// The memory of one device.
#[derive(Debug)]
pub struct Area {
    window: DmaWindow,
    /// Bytes of the queues' part that are in use.
    used: AtomicU64,
}

impl Area {
    /// The area that the tables name.
    ///
    /// # Errors
    /// [`DeviceError::Memory`]: it does not begin at a page, or has no room for buffers.
    ///
    /// # Safety
    /// All of it is ordinary memory, mapped readable and writable, which the device sees at the
    /// physical address of the window; it is used by nobody else and holds no object of this
    /// program.
    pub unsafe fn new(window: DmaWindow) -> Result<Self, DeviceError> {
        let page = PAGE_SIZE as u64;
        let aligned =
            window.vmm_address.is_multiple_of(page) && window.physical.is_multiple_of(page);
        let ends = window.vmm_address.checked_add(window.size);
        if !aligned || ends.is_none() || window.vmm_address == 0 || window.size <= QUEUE_BYTES {
            return Err(DeviceError::Memory {
                needed: QUEUE_BYTES + page,
                given: window.size,
            });
        }
        Ok(Self {
            window,
            used: AtomicU64::new(0),
        })
    }

    /// The part for buffers.
    pub const fn buffers(&self) -> Window {
        Window {
            vmm_address: self.window.vmm_address + QUEUE_BYTES,
            size: self.window.size - QUEUE_BYTES,
        }
    }

    /// Zeroed pages of the queues' part, with their physical address.
    fn take_pages(&self, pages: usize) -> Option<(PhysAddr, NonNull<u8>)> {
        let bytes = pages.checked_mul(PAGE_SIZE)?;
        let offset = self.used.fetch_add(bytes as u64, Ordering::Relaxed);
        if offset.checked_add(bytes as u64)? > QUEUE_BYTES {
            return None;
        }
        let address = usize::try_from(self.window.vmm_address + offset).ok()?;
        let start = NonNull::new(ptr::with_exposed_provenance_mut::<u8>(address))?;
        // SAFETY: `new`'s caller vouches for the area, and this part of it was not given out yet.
        unsafe { start.write_bytes(0, bytes) };
        Some((self.window.physical + offset, start))
    }

    /// Where the device sees `length` bytes at an address of this program.
    fn physical(&self, address: usize, length: usize) -> Option<PhysAddr> {
        let offset = (address as u64).checked_sub(self.window.vmm_address)?;
        let end = offset.checked_add(length as u64)?;
        (end <= self.window.size).then(|| self.window.physical + offset)
    }
}

/// Tells which area a device has: the queues ask for it without any value at hand.
pub trait OwnArea: 'static {
    /// The area, always the same; `None` when there is none.
    fn area() -> Option<&'static Area>;
}

/// What the crate's queues need of the memory.
#[derive(Debug)]
pub struct DmaHal<P>(PhantomData<P>);

// SAFETY: pages come from an area that `Area::new`'s caller vouches for, each is given out once,
// and they are zeroed; buffers are translated and not moved.
unsafe impl<P: OwnArea> Hal for DmaHal<P> {
    fn dma_alloc(pages: usize, _direction: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        // The address zero says that there are none.
        let pages = P::area().and_then(|area| area.take_pages(pages));
        pages.unwrap_or((0, NonNull::dangling()))
    }

    unsafe fn dma_dealloc(_paddr: PhysAddr, _vaddr: NonNull<u8>, _pages: usize) -> i32 {
        0
    }

    unsafe fn mmio_phys_to_virt(_paddr: PhysAddr, _size: usize) -> NonNull<u8> {
        unreachable!("only devices on PCI have registers that they name themselves")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _direction: BufferDirection) -> PhysAddr {
        let address = buffer.cast::<u8>().addr().get();
        let physical = P::area().and_then(|area| area.physical(address, buffer.len()));
        physical.expect("all buffers lie in the area")
    }

    unsafe fn unshare(_paddr: PhysAddr, _buffer: NonNull<[u8]>, _direction: BufferDirection) {}
}

/// `length` bytes of an area's buffers, for a queue to translate their address.
///
/// # Safety
/// The bytes lie in the buffers of an area, and while the reference exists nobody reads or writes
/// them but through it.
pub(crate) unsafe fn bytes<'a>(address: u64, length: usize) -> &'a mut [u8] {
    let start = ptr::with_exposed_provenance_mut(address as usize);
    // SAFETY: the caller vouches for the bytes.
    unsafe { core::slice::from_raw_parts_mut(start, length) }
}
