//! Guest RAM for tests.
#![expect(
    unsafe_code,
    reason = "tests hand out a buffer that nothing else touches as guest RAM"
)]

use vmm_arch::Gpa;
use vmm_memory::RamWindow;

use crate::Memory;

/// Where the RAM of [`ram`] begins.
pub(crate) const BASE: u64 = 0x4000_0000;

/// `size` bytes of zeroed RAM at [`BASE`]. The bytes live as long as the test process.
pub(crate) fn ram(size: usize) -> &'static Memory {
    let words = vec![0_u64; size.div_ceil(8)].into_boxed_slice();
    let address = Box::into_raw(words).cast::<u8>().expose_provenance() as u64;
    // SAFETY: the allocation is leaked above, is as large as asked for, and its only reference
    // is gone.
    let window = unsafe { RamWindow::new(address, size as u64, Gpa(BASE)) }.unwrap();
    let mut memory = Memory::new();
    memory.add(window).unwrap();
    Box::leak(Box::new(memory))
}
