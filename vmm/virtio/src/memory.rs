//! Copies between the guest's buffers and memory of the VMM.

use vmm_arch::{Gpa, GpaRange};
use vmm_memory::RamSlice;

use crate::Memory;

/// Copies `length` bytes of `data`, from `at` on, to `gpa`; bytes that are not there stay out.
/// The buffer may lie in two windows of RAM.
pub(crate) fn copy_to_guest(
    memory: &Memory,
    gpa: Gpa,
    length: usize,
    data: &RamSlice<'_>,
    at: u64,
) {
    for_chunks(memory, gpa, length, |piece, offset| {
        piece.copy_from(0, data, at.saturating_add(offset), piece.size() as usize);
    });
}

/// Copies `length` bytes at `gpa` to `data`, from `at` on, as far as there is room.
pub(crate) fn copy_from_guest(
    memory: &Memory,
    gpa: Gpa,
    length: usize,
    data: &RamSlice<'_>,
    at: u64,
) {
    for_chunks(memory, gpa, length, |piece, offset| {
        data.copy_from(at.saturating_add(offset), piece, 0, piece.size() as usize);
    });
}

/// Calls `copy` for each piece that lies in one window, with its distance from `gpa`.
fn for_chunks(memory: &Memory, gpa: Gpa, length: usize, copy: impl Fn(&RamSlice<'_>, u64)) {
    let Ok(range) = GpaRange::new(gpa, length as u64) else {
        return;
    };
    // Buffers were found to be RAM when their chain was taken.
    let _ = memory.touch(range, |chunk| {
        if let Some(piece) = memory.slice(chunk.range()) {
            copy(&piece, chunk.at());
        }
    });
}
