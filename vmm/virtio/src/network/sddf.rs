//! A port behind sDDF's network queues.

use vmm_device::{Channel, Effects};
use vmm_memory::RamSlice;
use vmm_sddf::{
    Misbehaved,
    network::{BUFFER_BYTES, Buffer, BufferConsumer, BufferProducer},
};

use super::Port;
use crate::{Memory, memory::copy_from_guest, queue::Reader};

/// Frames of a peer that are no frames and are passed over in one call at most.
const MAX_SKIPPED: usize = 64;

/// The queues of one direction, as the client has them.
#[derive(Debug)]
pub struct SddfQueues<'r> {
    /// Buffers to fill (transmit: taken from here; receive: given back to here).
    pub free: RamSlice<'r>,
    /// Buffers with frames.
    pub active: RamSlice<'r>,
    /// The buffers.
    pub data: RamSlice<'r>,
    /// Entries of both queues.
    pub capacity: u32,
    /// The channel to the virtualiser of this direction.
    pub channel: Channel,
}

/// The client's end of the network queues. A peer that breaks a rule is not listened to any
/// more: the link goes down.
#[derive(Debug)]
pub struct SddfPort<'r> {
    guest: &'r Memory,
    send_free: BufferConsumer<'r>,
    send_active: BufferProducer<'r>,
    send_data: RamSlice<'r>,
    send_channel: Channel,
    receive_free: BufferProducer<'r>,
    receive_active: BufferConsumer<'r>,
    receive_data: RamSlice<'r>,
    receive_channel: Channel,
    failed: Option<Misbehaved>,
}

impl<'r> SddfPort<'r> {
    /// A port for a guest with the RAM `guest`. The client owns the buffers for transmission,
    /// and all of them are free at first. Those for reception are the server's to begin with.
    ///
    /// # Errors
    /// [`vmm_sddf::ring::RingError`]: a region holds no such queue.
    pub fn new(
        guest: &'r Memory,
        send: &SddfQueues<'r>,
        receive: &SddfQueues<'r>,
    ) -> Result<Self, vmm_sddf::ring::RingError> {
        let buffers = u32::try_from(send.data.size() / BUFFER_BYTES).unwrap_or(u32::MAX);
        let mut free = BufferProducer::new(send.free, send.capacity)?;
        let failed = free.fill(buffers.min(send.capacity)).err();
        Ok(Self {
            guest,
            send_free: BufferConsumer::new(send.free, send.capacity)?,
            send_active: BufferProducer::new(send.active, send.capacity)?,
            send_data: send.data,
            send_channel: send.channel,
            receive_free: BufferProducer::following(receive.free, receive.capacity)?,
            receive_active: BufferConsumer::new(receive.active, receive.capacity)?,
            receive_data: receive.data,
            receive_channel: receive.channel,
            failed,
        })
    }

    /// What the peer did wrong.
    pub const fn failed(&self) -> Option<Misbehaved> {
        self.failed
    }

    /// `false` when there is no buffer.
    fn try_send(
        &mut self,
        frame: &mut Reader<'_, '_>,
        effects: &mut Effects,
    ) -> Result<bool, Misbehaved> {
        let Some(buffer) = self.free_buffer()? else {
            return Ok(false);
        };
        let mut length = 0_u64;
        while let Some((gpa, bytes)) = frame.next_piece(BUFFER_BYTES as usize) {
            let at = buffer.offset.saturating_add(length);
            length = length.saturating_add(bytes as u64);
            copy_from_guest(self.guest, gpa, bytes, &self.send_data, at);
        }
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        self.send_active.push(Buffer { length, ..buffer })?;
        if self.send_active.should_notify() {
            effects.notify(self.send_channel);
        }
        Ok(true)
    }

    /// A buffer to fill; those that are none of ours are passed over.
    fn free_buffer(&mut self) -> Result<Option<Buffer>, Misbehaved> {
        let buffers = u32::try_from(self.send_data.size() / BUFFER_BYTES).unwrap_or(u32::MAX);
        for _ in 0..MAX_SKIPPED {
            match self.send_free.pop()? {
                Some(buffer) if buffer.is_buffer_of(buffers) => return Ok(Some(buffer)),
                Some(_) => {}
                None if self.send_free.request_notification()? => {}
                None => break,
            }
        }
        Ok(None)
    }

    /// The frame at the head of the queue.
    fn frame(&mut self, effects: &mut Effects) -> Result<Option<RamSlice<'r>>, Misbehaved> {
        let buffers = u32::try_from(self.receive_data.size() / BUFFER_BYTES).unwrap_or(u32::MAX);
        for _ in 0..MAX_SKIPPED {
            let Some(buffer) = self.receive_active.peek()? else {
                if self.receive_active.request_notification()? {
                    continue;
                }
                return Ok(None);
            };
            if buffer.is_frame_of(buffers) {
                return Ok(self.receive_data.part(buffer.offset, buffer.length.into()));
            }
            self.give_back(effects)?;
        }
        effects.defer();
        Ok(None)
    }

    /// Takes the buffer at the head of the queue out and gives it back.
    fn give_back(&mut self, effects: &mut Effects) -> Result<(), Misbehaved> {
        if let Some(buffer) = self.receive_active.pop()? {
            self.receive_free.push(Buffer {
                length: 0,
                ..buffer
            })?;
            if self.receive_free.should_notify() {
                effects.notify(self.receive_channel);
            }
        }
        Ok(())
    }

    fn note<T>(&mut self, result: Result<T, Misbehaved>) -> Option<T> {
        result.inspect_err(|&error| self.failed = Some(error)).ok()
    }
}

impl Port for SddfPort<'_> {
    fn is_up(&self) -> bool {
        self.failed.is_none()
    }

    fn send(&mut self, mut frame: Reader<'_, '_>, effects: &mut Effects) -> bool {
        if self.failed.is_some() || u64::from(frame.remaining()) > BUFFER_BYTES {
            // Lost, as on a wire that is cut.
            return true;
        }
        let result = self.try_send(&mut frame, effects);
        self.note(result).unwrap_or(true)
    }

    fn next_frame(&mut self, effects: &mut Effects) -> Option<RamSlice<'_>> {
        if self.failed.is_some() {
            return None;
        }
        let result = self.frame(effects);
        self.note(result)?
    }

    fn drop_frame(&mut self, effects: &mut Effects) {
        let result = self.give_back(effects);
        self.note(result);
    }
}
