//! A queue with one producer and one consumer, whose indices count on for ever.
//!
//! Only the producer writes `tail`, only the consumer `head`; the slot of an index is its
//! remainder by the capacity. The own index is kept here and never read back.

use core::sync::atomic::{Ordering, fence};

use vmm_memory::RamSlice;

/// The peer's index cannot be: the queue would hold more entries than it has. Nothing of the
/// queue can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer moved its index to {index}, {length} entries away, in a queue of {capacity}")]
pub struct Misbehaved {
    /// What it wrote.
    pub index: u32,
    /// How many entries the queue would hold.
    pub length: u32,
    /// How many it can hold.
    pub capacity: u32,
}

/// Why there can be no queue in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// The capacity is zero, no power of two, or its indices do not fit.
    #[error("a queue cannot have {0} entries")]
    Capacity(u32),
    /// The region is too small.
    #[error("the queue needs {needed:#x} bytes, and its region has {size:#x}")]
    TooSmall {
        /// Bytes that the queue has.
        needed: u64,
        /// Bytes that the region has.
        size: u64,
    },
}

/// Width of the indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexWidth {
    /// u16
    Half,
    /// u32
    Word,
}

impl IndexWidth {
    const fn mask(self) -> u32 {
        match self {
            Self::Half => 0xffff,
            Self::Word => u32::MAX,
        }
    }
}

/// Where the parts of a queue lie in its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Offset of the consumer's index.
    pub head: u64,
    /// Offset of the producer's index.
    pub tail: u64,
    /// Width of both.
    pub width: IndexWidth,
    /// Offset of the first entry.
    pub entries: u64,
    /// Bytes of an entry.
    pub entry_bytes: u64,
}

impl Layout {
    /// Most entries: with a capacity of all indices, a full queue would look empty.
    pub const fn largest_capacity(&self) -> u32 {
        self.width.mask() >> 1
    }

    /// Bytes of a queue of `capacity` entries.
    pub const fn bytes(&self, capacity: u32) -> u64 {
        (capacity as u64)
            .saturating_mul(self.entry_bytes)
            .saturating_add(self.entries)
    }
}

/// What both ends know.
#[derive(Clone, Copy, Debug)]
struct Ring<'r> {
    region: RamSlice<'r>,
    layout: Layout,
    capacity: u32,
}

impl<'r> Ring<'r> {
    fn new(region: RamSlice<'r>, layout: Layout, capacity: u32) -> Result<Self, RingError> {
        if !capacity.is_power_of_two() || capacity > layout.largest_capacity() {
            return Err(RingError::Capacity(capacity));
        }
        let needed = layout.bytes(capacity);
        let size = region.size();
        if needed > size {
            return Err(RingError::TooSmall { needed, size });
        }
        Ok(Self {
            region,
            layout,
            capacity,
        })
    }

    fn index(&self, offset: u64) -> u32 {
        let index = match self.layout.width {
            IndexWidth::Half => self.region.read_u16(offset).map(u32::from),
            IndexWidth::Word => self.region.read_u32(offset),
        };
        index.unwrap_or(0)
    }

    fn set_index(&self, offset: u64, value: u32) {
        let written = match self.layout.width {
            IndexWidth::Half => self.region.write_u16(offset, value as u16),
            IndexWidth::Word => self.region.write_u32(offset, value),
        };
        debug_assert!(written.is_some(), "indices lie in every region");
    }

    /// Entries from `head` up to `tail`, as the peer's index, one of the two, has it.
    fn length(&self, head: u32, tail: u32, peers: u32) -> Result<u32, Misbehaved> {
        let length = tail.wrapping_sub(head) & self.layout.width.mask();
        if length > self.capacity {
            return Err(Misbehaved {
                index: peers,
                length,
                capacity: self.capacity,
            });
        }
        Ok(length)
    }

    const fn next(&self, index: u32, by: u32) -> u32 {
        index.wrapping_add(by) & self.layout.width.mask()
    }

    fn slot(&self, index: u32) -> u64 {
        let slot = u64::from(index & self.capacity.saturating_sub(1));
        slot.saturating_mul(self.layout.entry_bytes)
            .saturating_add(self.layout.entries)
    }
}

/// The end that puts entries in.
#[derive(Debug)]
pub struct Producer<'r, const BYTES: usize> {
    ring: Ring<'r>,
    tail: u32,
}

impl<'r, const BYTES: usize> Producer<'r, BYTES> {
    /// The producer of the queue in `region`, which holds `capacity` entries.
    ///
    /// # Errors
    /// [`RingError`]: the region holds no such queue.
    pub fn new(region: RamSlice<'r>, layout: Layout, capacity: u32) -> Result<Self, RingError> {
        Ok(Self {
            ring: Ring::new(region, layout, capacity)?,
            tail: 0,
        })
    }

    /// How many entries there is room for.
    ///
    /// # Errors
    /// [`Misbehaved`]: the consumer is not to be trusted.
    pub fn room(&self) -> Result<u32, Misbehaved> {
        let head = self.ring.index(self.ring.layout.head);
        // What the consumer has taken may be written over from here on.
        fence(Ordering::Acquire);
        let length = self.ring.length(head, self.tail, head)?;
        Ok(self.ring.capacity.saturating_sub(length))
    }

    /// Puts an entry in, for the consumer to see; `false` when there is no room.
    ///
    /// # Errors
    /// [`Misbehaved`]: the consumer is not to be trusted.
    pub fn push(&mut self, entry: &[u8; BYTES]) -> Result<bool, Misbehaved> {
        let room = self.room()? != 0;
        if room {
            let written = self.ring.region.write(self.ring.slot(self.tail), entry);
            debug_assert!(written.is_some(), "all entries lie in the region");
            self.advance(1);
        }
        Ok(room)
    }

    /// Shows `count` entries more to the consumer.
    pub(crate) fn advance(&mut self, count: u32) {
        self.tail = self.ring.next(self.tail, count);
        fence(Ordering::Release);
        self.ring.set_index(self.ring.layout.tail, self.tail);
    }

    /// Goes on where the queue stands: somebody else has filled it before.
    pub(crate) fn adopt_tail(&mut self) {
        self.tail = self.ring.index(self.ring.layout.tail);
    }

    /// The producer's index, not reduced.
    pub(crate) const fn tail(&self) -> u32 {
        self.tail
    }
}

/// The end that takes entries out.
#[derive(Debug)]
pub struct Consumer<'r, const BYTES: usize> {
    ring: Ring<'r>,
    head: u32,
}

impl<'r, const BYTES: usize> Consumer<'r, BYTES> {
    /// The consumer of the queue in `region`, which holds `capacity` entries.
    ///
    /// # Errors
    /// [`RingError`]: the region holds no such queue.
    pub fn new(region: RamSlice<'r>, layout: Layout, capacity: u32) -> Result<Self, RingError> {
        Ok(Self {
            ring: Ring::new(region, layout, capacity)?,
            head: 0,
        })
    }

    /// How many entries wait.
    ///
    /// # Errors
    /// [`Misbehaved`]: the producer is not to be trusted.
    pub fn length(&self) -> Result<u32, Misbehaved> {
        let tail = self.ring.index(self.ring.layout.tail);
        // Entries are read after the index that tells of them.
        fence(Ordering::Acquire);
        self.ring.length(self.head, tail, tail)
    }

    /// The next entry, which stays in the queue.
    ///
    /// # Errors
    /// [`Misbehaved`]: the producer is not to be trusted.
    pub fn peek(&self) -> Result<Option<[u8; BYTES]>, Misbehaved> {
        if self.length()? == 0 {
            return Ok(None);
        }
        let entry = self.ring.region.read_array(self.ring.slot(self.head));
        debug_assert!(entry.is_some(), "all entries lie in the region");
        Ok(entry)
    }

    /// Takes the next entry out.
    ///
    /// # Errors
    /// [`Misbehaved`]: the producer is not to be trusted.
    pub fn pop(&mut self) -> Result<Option<[u8; BYTES]>, Misbehaved> {
        let entry = self.peek()?;
        if entry.is_some() {
            self.advance(1);
        }
        Ok(entry)
    }

    /// Gives `count` entries back to the producer.
    pub(crate) fn advance(&mut self, count: u32) {
        self.head = self.ring.next(self.head, count);
        fence(Ordering::Release);
        self.ring.set_index(self.ring.layout.head, self.head);
    }

    /// The consumer's index, not reduced.
    pub(crate) const fn head(&self) -> u32 {
        self.head
    }
}

#[cfg(test)]
mod tests;
