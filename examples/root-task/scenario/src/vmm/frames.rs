//! The iterator of frames that back a reservation: the map keeps it, so it owns what it yields.

use vmm_arch::Gpa;
use vmm_memory::{Attributes, Cptr, Frame, FrameSlice, Rights};

/// Frames that back one reservation, at most.
const MOST: usize = 4;

/// Frames in address order.
#[derive(Clone, Debug)]
pub struct Frames {
    frames: [Option<Frame>; MOST],
    next: usize,
}

impl Frames {
    /// Frames of any sizes from `base` on, each right behind the one before: (capability,
    /// log2 of the bytes).
    pub fn in_order(
        base: u64,
        rights: Rights,
        frames: impl IntoIterator<Item = (Cptr, u8)>,
    ) -> Self {
        let mut next = Some(Gpa(base));
        frames
            .into_iter()
            .map_while(|(cptr, size_bits)| {
                let vaddr = next?;
                let frame = Frame {
                    cptr,
                    rights,
                    vaddr,
                    size_bits,
                    attributes: Attributes::Normal,
                };
                next = vaddr.checked_add(frame.size()?);
                Some(frame)
            })
            .collect()
    }
}

impl FromIterator<Frame> for Frames {
    /// Frames past the most are left out: the map then reports that they end too early.
    fn from_iter<I: IntoIterator<Item = Frame>>(source: I) -> Self {
        let mut frames = [None; MOST];
        for (place, frame) in frames.iter_mut().zip(source) {
            *place = Some(frame);
        }
        Self { frames, next: 0 }
    }
}

impl From<FrameSlice<'_>> for Frames {
    fn from(slice: FrameSlice<'_>) -> Self {
        slice.collect()
    }
}

impl Iterator for Frames {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let frame = *self.frames.get(self.next)?;
        self.next = self.next.saturating_add(1);
        frame
    }
}
