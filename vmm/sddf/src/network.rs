//! Network queues (include/sddf/network/queue.h).
//!
//! A connection has two queues in each direction: `free` holds buffers that may be filled,
//! `active` those that are. A buffer is [`BUFFER_BYTES`] of a data region.

mod mac;

pub use mac::Mac;

use vmm_memory::RamSlice;

use crate::{
    flag::Flag,
    ring::{Consumer, IndexWidth, Layout, Misbehaved, Producer, RingError},
};

/// Bytes of a buffer, and most bytes of a frame.
pub const BUFFER_BYTES: u64 = 2048;

const ENTRY_BYTES: usize = 16;
const CONSUMER_SIGNALLED: u64 = 4;

/// Where the parts of a queue lie.
pub const LAYOUT: Layout = Layout {
    head: 2,
    tail: 0,
    width: IndexWidth::Half,
    entries: 8,
    entry_bytes: ENTRY_BYTES as u64,
};

/// A buffer in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Where it lies in the data region.
    pub offset: u64,
    /// Bytes of the frame in it; zero in a queue of free ones.
    pub length: u16,
}

impl Buffer {
    fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let word = u128::from(self.offset) | u128::from(self.length) << 64;
        word.to_le_bytes()
    }

    fn from_bytes(bytes: [u8; ENTRY_BYTES]) -> Self {
        let word = u128::from_le_bytes(bytes);
        Self {
            offset: word as u64,
            length: (word >> 64) as u16,
        }
    }

    /// Is it one of the buffers of a data region of `buffers` buffers, with a frame in it?
    pub const fn is_frame_of(&self, buffers: u32) -> bool {
        let fits = self.length as u64 <= BUFFER_BYTES && self.length != 0;
        fits && self.is_buffer_of(buffers)
    }

    /// Is it one of the buffers of a data region of `buffers` buffers?
    pub const fn is_buffer_of(&self, buffers: u32) -> bool {
        self.offset.is_multiple_of(BUFFER_BYTES) && self.offset / BUFFER_BYTES < buffers as u64
    }
}

/// The end that puts buffers in.
#[derive(Debug)]
pub struct BufferProducer<'r> {
    queue: Producer<'r, ENTRY_BYTES>,
    flag: Flag<'r>,
    /// Where the queue stands is to be looked up first.
    follows: bool,
}

impl<'r> BufferProducer<'r> {
    /// The producer of the queue in `region`.
    ///
    /// # Errors
    /// [`RingError`]: the region holds no such queue.
    pub fn new(region: RamSlice<'r>, capacity: u32) -> Result<Self, RingError> {
        Ok(Self {
            queue: Producer::new(region, LAYOUT, capacity)?,
            flag: Flag::new(region, CONSUMER_SIGNALLED),
            follows: false,
        })
    }

    /// As [`new`](Self::new), for a queue that the other end fills at first: the client those
    /// for transmission, the server those for reception. This end puts in only what it has got
    /// from the other, which is done by then.
    ///
    /// # Errors
    /// [`RingError`]: the region holds no such queue.
    pub fn following(region: RamSlice<'r>, capacity: u32) -> Result<Self, RingError> {
        Ok(Self {
            follows: true,
            ..Self::new(region, capacity)?
        })
    }

    /// Puts a buffer in; `false` when there is no room.
    ///
    /// # Errors
    /// [`Misbehaved`]: the consumer is not to be trusted.
    pub fn push(&mut self, buffer: Buffer) -> Result<bool, Misbehaved> {
        if core::mem::take(&mut self.follows) {
            self.queue.adopt_tail();
        }
        self.queue.push(&buffer.to_bytes())
    }

    /// Puts all buffers of an empty data region in, as the owner of the free ones does first.
    ///
    /// # Errors
    /// [`Misbehaved`]: the consumer is not to be trusted.
    pub fn fill(&mut self, buffers: u32) -> Result<(), Misbehaved> {
        for number in 0..buffers {
            let offset = u64::from(number).saturating_mul(BUFFER_BYTES);
            if !self.push(Buffer { offset, length: 0 })? {
                break;
            }
        }
        Ok(())
    }

    /// Does the consumer wait to be notified of what was put in?
    pub fn should_notify(&self) -> bool {
        self.flag.take()
    }
}

/// The end that takes buffers out.
#[derive(Debug)]
pub struct BufferConsumer<'r> {
    queue: Consumer<'r, ENTRY_BYTES>,
    flag: Flag<'r>,
}

impl<'r> BufferConsumer<'r> {
    /// The consumer of the queue in `region`.
    ///
    /// # Errors
    /// [`RingError`]: the region holds no such queue.
    pub fn new(region: RamSlice<'r>, capacity: u32) -> Result<Self, RingError> {
        Ok(Self {
            queue: Consumer::new(region, LAYOUT, capacity)?,
            flag: Flag::new(region, CONSUMER_SIGNALLED),
        })
    }

    /// The next buffer, which stays in the queue.
    ///
    /// # Errors
    /// [`Misbehaved`]: the producer is not to be trusted.
    pub fn peek(&self) -> Result<Option<Buffer>, Misbehaved> {
        Ok(self.queue.peek()?.map(Buffer::from_bytes))
    }

    /// Takes a buffer out.
    ///
    /// # Errors
    /// [`Misbehaved`]: the producer is not to be trusted.
    pub fn pop(&mut self) -> Result<Option<Buffer>, Misbehaved> {
        Ok(self.queue.pop()?.map(Buffer::from_bytes))
    }

    /// Asks the producer to notify. `true`: buffers came meanwhile, for which it may not; take
    /// them.
    ///
    /// # Errors
    /// [`Misbehaved`]: the producer is not to be trusted.
    pub fn request_notification(&self) -> Result<bool, Misbehaved> {
        self.flag.request();
        let waiting = self.queue.length()? != 0;
        if waiting {
            self.flag.cancel();
        }
        Ok(waiting)
    }
}

#[cfg(test)]
mod tests;
