//! The frames of a reservation in address order, each one checked before it is used.

use super::frame::Frame;
use super::reservation::FrameError;
use vmm_arch::{Gpa, GpaRange};

/// Yields frames until the range is covered exactly, or the first error and nothing after it.
pub(super) struct Walk<F> {
    frames: F,
    range: GpaRange,
    next: Option<Gpa>,
}

impl<F: Iterator<Item = Frame>> Walk<F> {
    pub(super) fn new(range: GpaRange, frames: F) -> Self {
        Self {
            frames,
            range,
            next: Some(range.base()),
        }
    }

    fn checked(&mut self, expected: Gpa) -> Result<(Frame, GpaRange), FrameError> {
        let frame = self.frames.next().ok_or(FrameError::Exhausted(expected))?;
        let vaddr = frame.vaddr;
        if !self.range.contains(vaddr) {
            let range = self.range;
            return Err(FrameError::Outside { vaddr, range });
        }
        let size_bits = frame.size_bits;
        let size = frame.size().ok_or(FrameError::Size { vaddr, size_bits })?;
        if vaddr != expected {
            let found = vaddr;
            return Err(FrameError::Misplaced { expected, found });
        }
        if !vaddr.is_aligned(size) {
            return Err(FrameError::Unaligned { vaddr, size });
        }
        let rights = frame.rights;
        if !rights.is_mappable() {
            return Err(FrameError::Rights { vaddr, rights });
        }
        // An aligned page cannot run past 2^64, so it has a range.
        let covered = frame.range().ok_or(FrameError::Unaligned { vaddr, size })?;
        if !self.range.contains_range(&covered) {
            return Err(FrameError::TooLarge {
                frame: covered,
                range: self.range,
            });
        }
        Ok((frame, covered))
    }
}

impl<F: Iterator<Item = Frame>> Iterator for Walk<F> {
    type Item = Result<Frame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let expected = self.next.take()?;
        Some(self.checked(expected).map(|(frame, covered)| {
            if covered.last() < self.range.last() {
                self.next = covered.last().checked_add(1);
            }
            frame
        }))
    }
}
