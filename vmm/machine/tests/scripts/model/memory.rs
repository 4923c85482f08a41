//! Memory that windows may point to: guest RAM and the image region.
#![expect(unsafe_code, reason = "windows are made of allocations of the test")]

use std::alloc::{Layout, alloc_zeroed, dealloc};

use vmm_machine::{
    Gpa,
    memory::{RamWindow, SourceWindow},
};

/// Zeroed memory that no Rust object lies in; windows to it must not outlive it.
#[derive(Debug)]
pub(crate) struct Memory {
    start: *mut u8,
    layout: Layout,
}

impl Memory {
    pub(crate) fn new(size: u64) -> Self {
        let layout = Layout::from_size_align(size.try_into().unwrap(), 0x1000).unwrap();
        assert!(size > 0);
        // SAFETY: the size is not zero.
        let start = unsafe { alloc_zeroed(layout) };
        assert!(!start.is_null());
        Self { start, layout }
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let memory = Self::new(bytes.len().max(1) as u64);
        // SAFETY: the allocation has room for all of them and is new.
        unsafe {
            memory
                .start
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
        };
        memory
    }

    pub(crate) fn vmm_address(&self) -> u64 {
        self.start.expose_provenance() as u64
    }

    pub(crate) fn ram(&self, gpa: u64) -> RamWindow {
        // SAFETY: the bytes belong to this object, which has no reference to them.
        unsafe { RamWindow::new(self.vmm_address(), self.layout.size() as u64, Gpa(gpa)) }.unwrap()
    }

    /// The middle half alone, so that a write beside it can be seen.
    pub(crate) fn middle(&self, gpa: u64) -> RamWindow {
        let quarter = self.layout.size() as u64 / 4;
        // SAFETY: as in `ram`.
        unsafe { RamWindow::new(self.vmm_address() + quarter, 2 * quarter, Gpa(gpa)) }.unwrap()
    }

    pub(crate) fn source(&self) -> SourceWindow {
        // SAFETY: as in `ram`.
        unsafe { SourceWindow::new(self.vmm_address(), self.layout.size() as u64) }.unwrap()
    }

    /// A copy of all bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.layout.size()];
        // SAFETY: both have this many bytes.
        unsafe {
            bytes
                .as_mut_ptr()
                .copy_from_nonoverlapping(self.start, bytes.len())
        };
        bytes
    }

    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= self.layout.size());
        // SAFETY: the bytes lie inside, as was just checked.
        let to = unsafe { self.start.add(offset) };
        // SAFETY: as above.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    pub(crate) fn word(&self, offset: usize) -> u32 {
        assert!(offset.is_multiple_of(4) && offset + 4 <= self.layout.size());
        // SAFETY: the word lies inside, as was just checked.
        let word = unsafe { self.start.add(offset) }.cast::<u32>();
        // SAFETY: as above, and the allocation is aligned to a page.
        u32::from_le(unsafe { word.read() })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { dealloc(self.start, self.layout) };
    }
}

/// A value that lives until the end of its owner, which is longer than any use of it.
#[derive(Debug)]
pub(crate) struct Static<T>(*mut T);

impl<T: 'static> Static<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Box::into_raw(Box::new(value)))
    }

    /// To be dropped before the owner of this object.
    pub(crate) fn get(&self) -> &'static T {
        // SAFETY: from a box, and freed only when this object is dropped.
        unsafe { &*self.0 }
    }
}

impl<T> Drop for Static<T> {
    fn drop(&mut self) {
        // SAFETY: made of a box in `new`, and nobody uses it any more.
        drop(unsafe { Box::from_raw(self.0) });
    }
}
