//! A split virtqueue, seen from the device (Virtio 1.2, 2.7 "Split Virtqueues").
//!
//! The rings are found in guest RAM once, when the driver enables the queue. The driver may
//! change them at any time, so every value is read once and checked before it is used.

mod chain;
mod cursor;
mod descriptor;
mod in_flight;
mod rings;

pub use chain::{Chain, MAX_SEGMENTS, Segment};
pub use cursor::{Reader, Writer};
pub use rings::{EnableError, Layout};

use core::sync::atomic::{Ordering, fence};

use crate::Memory;
use in_flight::InFlight;
use rings::Rings;

/// Largest queue that can be offered.
pub const MAX_SIZE: u16 = 256;

/// The driver broke a rule of the specification, so nothing that the queue holds can be relied
/// on. The queue is stopped until it is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The index of the available ring is ahead by more than the queue has entries.
    #[error("the available index jumped by {0}")]
    AvailableIndex(u16),
    /// An entry of the available ring, or `next` of a descriptor, names no descriptor.
    #[error("there is no descriptor {0}")]
    NoDescriptor(u16),
    /// The descriptor was made available again before it was used.
    #[error("descriptor {0} is made available twice")]
    Twice(u16),
    /// A chain has more descriptors than the queue, so it may be a loop.
    #[error("a chain of more descriptors than the queue has")]
    TooLong,
    /// A chain has more than 2^32 - 1 bytes.
    #[error("a chain of 4 GiB or more")]
    TooLarge,
    /// A descriptor that the device reads follows one that it writes.
    #[error("a readable descriptor after a writable one")]
    ReadableAfterWritable,
    /// An indirect descriptor that is not allowed: not negotiated, nested, with NEXT or WRITE,
    /// or of a length that is not that of a table.
    #[error("an indirect descriptor that is not allowed")]
    Indirect,
    /// A buffer, or a table of indirect descriptors, is not in RAM.
    #[error("a descriptor outside of RAM")]
    NotRam,
}

/// What was negotiated that changes how queues work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueFeatures {
    /// VIRTIO_F_INDIRECT_DESC.
    pub indirect: bool,
    /// VIRTIO_F_EVENT_IDX.
    pub event_index: bool,
}

/// A virtqueue.
#[derive(Debug)]
pub struct Queue<'m> {
    memory: &'m Memory,
    max_size: u16,
    features: QueueFeatures,
    rings: Option<Rings<'m>>,
    broken: Option<Broken>,
    in_flight: InFlight,
    /// Index of the next entry of the available ring to take.
    next_available: u16,
    /// The driver's index of the available ring, as last read.
    available: u16,
    /// Index of the next entry of the used ring to fill.
    next_used: u16,
    /// `next_used` when an interrupt was last decided on.
    announced: u16,
}

impl<'m> Queue<'m> {
    /// A queue that is not enabled and offers `max_size` entries, at most [`MAX_SIZE`].
    pub const fn new(memory: &'m Memory, max_size: u16) -> Self {
        Self {
            memory,
            max_size: if max_size < MAX_SIZE {
                max_size
            } else {
                MAX_SIZE
            },
            features: QueueFeatures {
                indirect: false,
                event_index: false,
            },
            rings: None,
            broken: None,
            in_flight: InFlight::NONE,
            next_available: 0,
            available: 0,
            next_used: 0,
            announced: 0,
        }
    }

    /// The largest size that the driver may choose.
    pub const fn max_size(&self) -> u16 {
        self.max_size
    }

    /// Has the driver enabled the queue?
    pub const fn is_enabled(&self) -> bool {
        self.rings.is_some()
    }

    /// Why the queue has stopped.
    pub const fn broken(&self) -> Option<Broken> {
        self.broken
    }

    /// Starts with the rings at `layout`.
    ///
    /// # Errors
    /// [`EnableError`]: there can be no queue, and none is enabled.
    pub fn enable(&mut self, layout: Layout, features: QueueFeatures) -> Result<(), EnableError> {
        let rings = Rings::find(self.memory, layout, self.max_size)?;
        self.reset();
        self.features = features;
        self.rings = Some(rings);
        Ok(())
    }

    /// Back to a queue that is not enabled. Chains that are still at work are forgotten.
    pub const fn reset(&mut self) {
        *self = Self::new(self.memory, self.max_size);
    }

    /// Takes the next chain that the driver made available; `false` when there is none.
    ///
    /// # Errors
    /// [`Broken`], and the queue is stopped.
    pub fn pop(&mut self, chain: &mut Chain) -> Result<bool, Broken> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        self.take(chain)
            .inspect_err(|&broken| self.broken = Some(broken))
    }

    fn take(&mut self, chain: &mut Chain) -> Result<bool, Broken> {
        let Some(rings) = &self.rings else {
            return Ok(false);
        };
        if self.available == self.next_available {
            self.available = rings.available_index();
            // What the index stands for was written before it.
            fence(Ordering::Acquire);
            let waiting = self.available.wrapping_sub(self.next_available);
            if waiting > rings.size() {
                return Err(Broken::AvailableIndex(waiting));
            }
            if waiting == 0 {
                return Ok(false);
            }
        }
        let head = rings.available_entry(self.next_available);
        chain.fill(head, rings, self.memory, self.features.indirect)?;
        if !self.in_flight.insert(head) {
            return Err(Broken::Twice(head));
        }
        self.next_available = self.next_available.wrapping_add(1);
        Ok(true)
    }

    /// Returns a chain to the driver: `written` bytes of it were written. One that was not taken,
    /// or was taken before a reset, is ignored.
    pub fn push(&mut self, head: u16, written: u32) {
        self.stage(head, written);
        self.publish();
    }

    /// As [`push`](Self::push), but the driver sees it only with the next
    /// [`publish`](Self::publish), together with others.
    pub fn stage(&mut self, head: u16, written: u32) {
        let Some(rings) = &self.rings else { return };
        if self.in_flight.remove(head) {
            rings.set_used_entry(self.next_used, head, written);
            self.next_used = self.next_used.wrapping_add(1);
        }
    }

    /// Lets the driver see what was staged.
    pub fn publish(&mut self) {
        if let Some(rings) = &self.rings {
            // The driver sees the entries, and all that was written to the buffers, before the
            // index.
            fence(Ordering::Release);
            rings.set_used_index(self.next_used);
        }
    }

    /// Copies a chain that is at work out of the queue once more. The driver may have changed it
    /// meanwhile, so it is checked anew.
    ///
    /// # Errors
    /// [`Broken`], and the queue is stopped.
    pub fn reread(&mut self, head: u16, chain: &mut Chain) -> Result<(), Broken> {
        let Some(rings) = &self.rings else {
            return Err(Broken::NoDescriptor(head));
        };
        chain
            .fill(head, rings, self.memory, self.features.indirect)
            .inspect_err(|&broken| self.broken = Some(broken))
    }

    /// Puts back the chain that was taken last, as if it had not been taken; others that were
    /// taken before may follow in reverse order.
    pub fn put_back(&mut self, head: u16) {
        if self.in_flight.remove(head) {
            self.next_available = self.next_available.wrapping_sub(1);
        }
    }

    /// Does the driver want an interrupt for what was pushed since this was last asked?
    pub fn needs_interrupt(&mut self) -> bool {
        let (Some(rings), None) = (&self.rings, self.broken) else {
            return false;
        };
        let (old, new) = (self.announced, self.next_used);
        if old == new {
            return false;
        }
        // The driver writes its wish and then looks at the index; here it is the other way
        // round. Both orders must be kept, or both may miss each other (2.7.7.1).
        fence(Ordering::SeqCst);
        self.announced = new;
        if self.features.event_index {
            is_passed(rings.used_event(), old, new)
        } else {
            rings.wants_interrupts()
        }
    }

    /// Asks the driver not to notify, while the device looks at the queue anyway.
    pub fn suppress_notifications(&mut self) {
        if let Some(rings) = &self.rings
            && !self.features.event_index
        {
            rings.set_no_notify(true);
        }
        // With EVENT_IDX the index asked for stays behind, which means the same.
    }

    /// Asks the driver to notify again. `true`: chains became available meanwhile, for which no
    /// notification comes; take them.
    pub fn request_notifications(&mut self) -> bool {
        let (Some(rings), None) = (&self.rings, self.broken) else {
            return false;
        };
        if self.features.event_index {
            rings.set_available_event(self.next_available);
        } else {
            rings.set_no_notify(false);
        }
        // The wish must be seen before the index is read (2.7.10.1).
        fence(Ordering::SeqCst);
        rings.available_index() != self.next_available
    }
}

/// Lies `event` among the entries from `old` on, up to but without `new`? (2.7.7.2,
/// `vring_need_event`)
const fn is_passed(event: u16, old: u16, new: u16) -> bool {
    new.wrapping_sub(event).wrapping_sub(1) < new.wrapping_sub(old)
}

#[cfg(test)]
mod tests;
