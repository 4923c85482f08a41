//! Physical memory: what there is, what is taken, and room for more.

use std::ops::Range;

use devsdk_image::{RAM_END, RAM_START};

use crate::{Error, Result};

/// Addresses that belong to no memory of the kernel's: the board's devices, and its memory below
/// [`RAM_START`], which a region can only have by address. The gaps are the interrupt controller.
pub const DEVICES: [Range<u64>; 5] = [
    0..0x800_0000,
    0x800_1000..0x801_0000,
    0x801_1000..0x803_0000,
    0x803_1000..RAM_START,
    RAM_END..1 << 40,
];

/// The parts of the kernel's memory that nothing has taken, in rising order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeMemory {
    ranges: Vec<Range<u64>>,
}

impl Default for FreeMemory {
    /// All of it.
    fn default() -> Self {
        Self {
            ranges: std::iter::once(RAM_START..RAM_END).collect(),
        }
    }
}

impl FreeMemory {
    /// What is free.
    #[must_use]
    pub fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    /// Whether all of `range` is free.
    #[must_use]
    pub fn contains(&self, range: &Range<u64>) -> bool {
        self.ranges
            .iter()
            .any(|free| free.start <= range.start && range.end <= free.end)
    }

    /// Takes `range`, as far as it is free.
    pub fn take(&mut self, range: &Range<u64>) {
        let split = self.ranges.iter().flat_map(|free| {
            let below = free.start..free.end.min(range.start);
            let above = free.start.max(range.end)..free.end;
            [below, above]
        });
        self.ranges = split.filter(|part| !part.is_empty()).collect();
    }

    /// Takes the lowest free `length` bytes at a multiple of `alignment`, a power of two.
    pub fn allocate(&mut self, length: u64, alignment: u64) -> Option<u64> {
        let mut starts = self.ranges.iter().filter_map(|free| {
            let start = free.start.checked_next_multiple_of(alignment)?;
            (start.checked_add(length)? <= free.end).then_some(start)
        });
        let start = starts.next()?;
        self.take(&(start..start + length));
        Some(start)
    }

    /// As [`FreeMemory::allocate`], for the thing called `what`.
    ///
    /// # Errors
    /// When there is no room.
    pub fn allocate_for(&mut self, what: &str, length: u64, alignment: u64) -> Result<u64> {
        self.allocate(length, alignment).ok_or_else(|| {
            let ranges: Vec<_> = self
                .ranges
                .iter()
                .map(|free| format!("[{:#x}..{:#x})", free.start, free.end))
                .collect();
            Error::Build(format!(
                "cannot allocate {length:#x} bytes of contiguous physical memory for {what}; free: \
                 {}",
                ranges.join(", ")
            ))
        })
    }
}

/// Whether a range lies in one piece of what is no memory of the kernel's.
#[must_use]
pub fn is_device(range: &Range<u64>) -> bool {
    DEVICES
        .iter()
        .any(|device| device.start <= range.start && range.end <= device.end)
}

#[cfg(test)]
mod tests;
