//! The only pointers to guest memory.
//!
//! The guest may run on another core while the VMM copies, so a copy holds whatever bytes
//! were there at the time: it is made before anything is decided, and never looked at twice.
//! No Rust reference to guest memory exists, here or elsewhere.
#![expect(
    unsafe_code,
    reason = "guest memory lies outside the objects that Rust knows of"
)]

use core::ptr;
use vmm_arch::address::RangeError;
use vmm_arch::{Gpa, GpaRange};
use zerocopy::{FromBytes, IntoBytes};

/// What is copied at a time: the loop over it takes six instructions, and the four of the
/// compiler's own copy one word.
type Block = [u64; 4];
const BLOCK_BYTES: usize = size_of::<Block>();

/// Why a window cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// The guest-physical side is no range.
    #[error("the window to {gpa}: {error}")]
    Range {
        /// Where it was to begin.
        gpa: Gpa,
        /// Why it does not.
        error: RangeError,
    },
    /// The VMM's side is no range of addresses.
    #[error("{size:#x} bytes at {vmm_address:#x} do not lie in the VMM's address space")]
    Address {
        /// The VMM's address.
        vmm_address: u64,
        /// Bytes.
        size: u64,
    },
}

/// Memory of the VMM's address space that other parties may change at any time.
#[derive(Debug)]
struct Window {
    address: usize,
    size: usize,
}

impl Window {
    fn new(vmm_address: u64, size: u64) -> Option<Self> {
        let address = usize::try_from(vmm_address).ok()?;
        let size = usize::try_from(size).ok()?;
        let fits =
            address != 0 && isize::try_from(size).is_ok() && address.checked_add(size).is_some();
        fits.then_some(Self { address, size })
    }

    /// The byte at `offset`, when it and the `length - 1` after it lie in the window.
    fn at(&self, offset: u64, length: usize) -> Option<*mut u8> {
        let offset = usize::try_from(offset).ok()?;
        let end = offset.checked_add(length)?;
        let address = self.address.checked_add(offset)?;
        (end <= self.size).then(|| ptr::with_exposed_provenance_mut(address))
    }
}

/// Guest RAM as the VMM sees it: one stretch of the VMM's address space.
#[derive(Debug)]
pub struct RamWindow {
    window: Window,
    range: GpaRange,
}

impl RamWindow {
    /// The `size` bytes that the VMM sees at `vmm_address` and the guest at `gpa`.
    ///
    /// # Errors
    /// [`WindowError`] when one of the two is no range of addresses.
    ///
    /// # Safety
    /// As long as the window exists, every byte from `vmm_address` on can be loaded and stored
    /// by the VMM (ordinary memory, not a device), and belongs to no Rust object and no
    /// reference: Rust code reaches it through windows only.
    pub unsafe fn new(vmm_address: u64, size: u64, gpa: Gpa) -> Result<Self, WindowError> {
        let range = GpaRange::new(gpa, size).map_err(|error| WindowError::Range { gpa, error })?;
        let window =
            Window::new(vmm_address, size).ok_or(WindowError::Address { vmm_address, size })?;
        Ok(Self { window, range })
    }

    /// Where the guest sees it.
    pub const fn range(&self) -> GpaRange {
        self.range
    }

    /// Copies out, when all bytes lie in the window.
    pub(super) fn read(&self, offset: u64, bytes: &mut [u8]) -> Option<()> {
        let from = self.window.at(offset, bytes.len())?;
        // SAFETY: `at` has checked the length, `new`'s caller vouches for the window, and
        // `bytes` is a Rust object, so that the two do not overlap.
        unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len()) };
        Some(())
    }

    /// Copies in, when all bytes lie in the window.
    pub(super) fn write(&self, offset: u64, bytes: &[u8]) -> Option<()> {
        let to = self.window.at(offset, bytes.len())?;
        // SAFETY: as in `read`; no reference sees the bytes that change.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        Some(())
    }

    /// Copies in from a source window.
    pub(super) fn copy_in(
        &self,
        offset: u64,
        source: &SourceWindow,
        source_offset: u64,
        length: usize,
    ) -> Option<()> {
        self.copy_from(offset, &source.0, source_offset, length)
    }

    /// Copies in from other RAM.
    pub(super) fn copy_in_ram(
        &self,
        offset: u64,
        source: &Self,
        source_offset: u64,
        length: usize,
    ) -> Option<()> {
        self.copy_from(offset, &source.window, source_offset, length)
    }

    /// Meant for images and disks, which are large.
    #[inline(never)]
    fn copy_from(
        &self,
        offset: u64,
        source: &Window,
        source_offset: u64,
        length: usize,
    ) -> Option<()> {
        let to = self.window.at(offset, length)?;
        let from = source.at(source_offset, length)?;
        let (to_blocks, from_blocks) = (to.cast::<Block>(), from.cast::<Block>());
        let aligned = to_blocks.is_aligned() && from_blocks.is_aligned();
        let rest = if aligned {
            length % BLOCK_BYTES
        } else {
            length
        };
        let done = length.saturating_sub(rest);
        for block in 0..done / BLOCK_BYTES {
            let (from, to) = (
                from_blocks.wrapping_add(block),
                to_blocks.wrapping_add(block),
            );
            // SAFETY: `at` has checked both lengths, the callers of the two `new` vouch for the
            // windows, both are aligned, and `copy` allows them to overlap.
            unsafe { ptr::copy(from, to, 1) };
        }
        let (from, to) = (from.wrapping_add(done), to.wrapping_add(done));
        // SAFETY: as above, for what is left.
        unsafe { ptr::copy(from, to, rest) };
        Some(())
    }

    /// Zeroes bytes, when all of them lie in the window.
    pub(super) fn fill_zero(&self, offset: u64, length: usize) -> Option<()> {
        let to = self.window.at(offset, length)?;
        // SAFETY: `at` has checked the length, `new`'s caller vouches for the window.
        unsafe { ptr::write_bytes(to, 0, length) };
        Some(())
    }

    /// One load of the whole value; `None` when it is not aligned or not inside.
    pub(super) fn load<T: FromBytes>(&self, offset: u64) -> Option<T> {
        let from = self.window.at(offset, size_of::<T>())?.cast::<T>();
        if !from.is_aligned() {
            return None;
        }
        // SAFETY: `at` has checked the length and the line above the alignment, `new`'s caller
        // vouches for the window, and every bit pattern is a value of `T`.
        Some(unsafe { from.read_volatile() })
    }

    /// One store of the whole value; `None` when it is not aligned or not inside.
    pub(super) fn store<T: IntoBytes>(&self, offset: u64, value: T) -> Option<()> {
        let to = self.window.at(offset, size_of::<T>())?.cast::<T>();
        if !to.is_aligned() {
            return None;
        }
        // SAFETY: `at` has checked the length and the line above the alignment, `new`'s caller
        // vouches for the window.
        unsafe { to.write_volatile(value) };
        Some(())
    }
}

/// Memory that the VMM only reads: where the guest's images come from.
#[derive(Debug)]
pub struct SourceWindow(Window);

impl SourceWindow {
    /// The `size` bytes at `vmm_address`.
    ///
    /// # Errors
    /// [`WindowError`] when they are no range of addresses.
    ///
    /// # Safety
    /// As long as the window exists, every byte from `vmm_address` on can be loaded by the VMM
    /// and belongs to no Rust object that is written.
    pub unsafe fn new(vmm_address: u64, size: u64) -> Result<Self, WindowError> {
        Window::new(vmm_address, size)
            .map(Self)
            .ok_or(WindowError::Address { vmm_address, size })
    }

    /// Bytes in the window.
    pub const fn size(&self) -> u64 {
        self.0.size as u64
    }

    /// Copies out; `None`, and `bytes` unchanged, when not all of them lie in the window.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> Option<()> {
        let from = self.0.at(offset, bytes.len())?;
        // SAFETY: `at` has checked the length, `new`'s caller vouches for the window, and
        // `bytes` is another object.
        unsafe { ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len()) };
        Some(())
    }
}
