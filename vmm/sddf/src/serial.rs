//! Serial queues (include/sddf/serial/queue.h): bytes in a data region, indices in another.
//!
//! A connection has two, one in each direction. The producer always notifies; the consumer
//! notifies a producer that has found the queue full and asked for it.

use vmm_memory::RamSlice;

use crate::{
    flag::Flag,
    ring::{Consumer, IndexWidth, Layout, Misbehaved, Producer, RingError},
};

/// Where the parts of a queue lie.
pub const LAYOUT: Layout = Layout {
    head: 4,
    tail: 0,
    width: IndexWidth::Word,
    // The bytes lie elsewhere: here is nothing but indices and the flag.
    entries: QUEUE_BYTES,
    entry_bytes: 0,
};
const PRODUCER_SIGNALLED: u64 = 8;
/// Bytes of the indices and the flag of a queue.
pub const QUEUE_BYTES: u64 = 12;

/// The data region as a ring of bytes.
#[derive(Clone, Copy, Debug)]
struct Bytes<'r> {
    data: RamSlice<'r>,
    capacity: u32,
}

impl<'r> Bytes<'r> {
    /// The capacity is the size of the region.
    fn new(data: RamSlice<'r>) -> Result<Self, RingError> {
        let capacity = u32::try_from(data.size()).unwrap_or(u32::MAX);
        if u64::from(capacity) != data.size() {
            return Err(RingError::Capacity(capacity));
        }
        Ok(Self { data, capacity })
    }

    /// Where an index lies, and how many of `count` bytes follow before the end of the region.
    fn run(&self, index: u32, count: u32) -> (u64, usize) {
        let at = index & self.capacity.saturating_sub(1);
        let before_end = self.capacity.saturating_sub(at);
        (at.into(), count.min(before_end) as usize)
    }
}

/// The end that sends bytes.
#[derive(Debug)]
pub struct SerialProducer<'r> {
    queue: Producer<'r, 0>,
    bytes: Bytes<'r>,
    flag: Flag<'r>,
}

impl<'r> SerialProducer<'r> {
    /// The producer of the queue in `queue`, with its bytes in `data`.
    ///
    /// # Errors
    /// [`RingError`]: the regions hold no such queue.
    pub fn new(queue: RamSlice<'r>, data: RamSlice<'r>) -> Result<Self, RingError> {
        let bytes = Bytes::new(data)?;
        Ok(Self {
            queue: Producer::new(queue, LAYOUT, bytes.capacity)?,
            bytes,
            flag: Flag::new(queue, PRODUCER_SIGNALLED),
        })
    }

    /// Sends as many bytes as there is room for; gives their number. Notify the consumer if any
    /// were sent. When not all were, the consumer will notify this end once there is room.
    ///
    /// # Errors
    /// [`Misbehaved`]: the consumer is not to be trusted.
    pub fn send(&mut self, bytes: &[u8]) -> Result<usize, Misbehaved> {
        let sent = self.copy_in(bytes)?;
        if sent == bytes.len() {
            return Ok(sent);
        }
        self.flag.request();
        // There may have been room before the consumer could see the wish.
        let more = self.copy_in(bytes.get(sent..).unwrap_or_default())?;
        let sent = sent.saturating_add(more);
        if sent == bytes.len() {
            self.flag.cancel();
        }
        Ok(sent)
    }

    fn copy_in(&mut self, bytes: &[u8]) -> Result<usize, Misbehaved> {
        let room = self.queue.room()?;
        let count = room.min(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let (first, length) = self.bytes.run(self.queue.tail(), count);
        let all = bytes.get(..count as usize).unwrap_or_default();
        if let Some((head, rest)) = all.split_at_checked(length) {
            self.bytes.data.write(first, head);
            self.bytes.data.write(0, rest);
        }
        if count != 0 {
            self.queue.advance(count);
        }
        Ok(count as usize)
    }
}

/// The end that receives bytes.
#[derive(Debug)]
pub struct SerialConsumer<'r> {
    queue: Consumer<'r, 0>,
    bytes: Bytes<'r>,
    flag: Flag<'r>,
}

impl<'r> SerialConsumer<'r> {
    /// The consumer of the queue in `queue`, with its bytes in `data`.
    ///
    /// # Errors
    /// [`RingError`]: the regions hold no such queue.
    pub fn new(queue: RamSlice<'r>, data: RamSlice<'r>) -> Result<Self, RingError> {
        let bytes = Bytes::new(data)?;
        Ok(Self {
            queue: Consumer::new(queue, LAYOUT, bytes.capacity)?,
            bytes,
            flag: Flag::new(queue, PRODUCER_SIGNALLED),
        })
    }

    /// Receives as many bytes as there are and fit; gives their number.
    ///
    /// # Errors
    /// [`Misbehaved`]: the producer is not to be trusted.
    pub fn receive(&mut self, bytes: &mut [u8]) -> Result<usize, Misbehaved> {
        let waiting = self.queue.length()?;
        let count = waiting.min(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        let (first, length) = self.bytes.run(self.queue.head(), count);
        let all = bytes.get_mut(..count as usize).unwrap_or_default();
        if let Some((head, rest)) = all.split_at_mut_checked(length) {
            self.bytes.data.read(first, head);
            self.bytes.data.read(0, rest);
        }
        if count != 0 {
            self.queue.advance(count);
        }
        Ok(count as usize)
    }

    /// Does the producer wait to be notified of the room that was made?
    pub fn should_notify(&self) -> bool {
        self.flag.take()
    }
}

#[cfg(test)]
mod tests;
