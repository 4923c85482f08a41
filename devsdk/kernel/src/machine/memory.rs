//! Physical memory by address: the kernel maps it at the same addresses.
#![expect(
    unsafe_code,
    reason = "reads and writes memory that the image names by address"
)]

use devsdk_image::PhysicalRange;

/// Left at the end of the page pool by the first boot.
const USED: u64 = 0x6465_7673_646b_2121;

/// Reads the word at `address + 8 * index`.
#[must_use]
pub fn read_word(address: usize, index: usize) -> u64 {
    let pointer = (address as *const u64).wrapping_add(index);
    // SAFETY: `address` is the page of an IPC buffer, from the checked image, and `index` is below
    // 512; PDs may write the page, so the access is volatile.
    unsafe { pointer.read_volatile() }
}

/// Writes the word at `address + 8 * index`.
pub fn write_word(address: usize, index: usize, value: u64) {
    let pointer = (address as *mut u64).wrapping_add(index);
    // SAFETY: as in `read_word`; no Rust reference to the page exists.
    unsafe { pointer.write_volatile(value) }
}

/// Whether a kernel ran since the machine was switched on, so that memory is not zero. Notes that
/// one does now.
#[must_use]
pub fn is_dirty(pool: PhysicalRange) -> bool {
    let pointer = (pool.address + pool.length - 8) as *mut u64;
    // SAFETY: the last word of the page pool; the pool leaves its last page alone.
    let found = unsafe { pointer.read_volatile() };
    // SAFETY: as above.
    unsafe { pointer.write_volatile(USED) };
    found == USED
}

/// Zeroes a range that the image lists.
pub fn zero(address: u64, length: u64) {
    // SAFETY: the parser has checked that it is memory outside kernel and image; the image lists
    // it as nobody else's, and no thread runs yet.
    unsafe { core::ptr::write_bytes(address as *mut u8, 0, length as usize) }
}

/// Copies a part of the image to where the image says.
pub fn copy(source: &[u8], destination: u64) {
    // SAFETY: the parser has checked that the destination is memory outside kernel and image; the
    // image lists it as nobody else's, and no thread runs yet.
    unsafe {
        core::ptr::copy_nonoverlapping(source.as_ptr(), destination as *mut u8, source.len());
    }
}
