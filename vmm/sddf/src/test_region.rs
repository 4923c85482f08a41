//! Shared memory for tests.
#![expect(
    unsafe_code,
    reason = "tests hand out a buffer that nothing else touches as shared memory"
)]

use vmm_arch::{Gpa, GpaRange};
use vmm_memory::{GuestMemory, RamSlice, RamWindow};

/// `size` zeroed bytes. They live as long as the test process.
pub(crate) fn region(size: u64) -> RamSlice<'static> {
    let words = vec![0_u64; (size as usize).div_ceil(8)].into_boxed_slice();
    let address = Box::into_raw(words).cast::<u8>().expose_provenance() as u64;
    // SAFETY: the allocation is leaked above, is as large as asked for, and its only reference
    // is gone.
    let window = unsafe { RamWindow::new(address, size, Gpa(0)) }.unwrap();
    let mut memory = GuestMemory::<1>::new();
    memory.add(window).unwrap();
    let memory: &'static GuestMemory<1> = Box::leak(Box::new(memory));
    memory.slice(GpaRange::new(Gpa(0), size).unwrap()).unwrap()
}
