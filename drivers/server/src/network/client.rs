//! One client of a network: its queues in both directions.

use vmm_config::DriverClient;
use vmm_memory::RamSlice;
use vmm_sddf::{
    Misbehaved,
    network::{BUFFER_BYTES, Buffer, BufferConsumer, BufferProducer, Mac},
};

use crate::{
    ClientError, Dropped, Regions,
    client::{capacity, parameter},
};

/// Buffers of a client that are none, and are passed over for one frame at most.
const MAX_SKIPPED: usize = 32;

#[derive(Debug)]
pub(super) struct Client<'r> {
    name: &'static str,
    channel: u8,
    mac: Mac,
    /// From the client: buffers with frames, and where they go back.
    sent: BufferConsumer<'r>,
    sent_free: BufferProducer<'r>,
    sent_data: RamSlice<'r>,
    /// To the client: buffers with frames, and where they come from.
    received: BufferProducer<'r>,
    received_free: BufferConsumer<'r>,
    received_data: RamSlice<'r>,
    /// Buffers were put into a queue since the client was last notified.
    gave_back: bool,
    delivered: bool,
    failed: bool,
    /// `failed` was told.
    told: bool,
}

/// Buffers in a data region.
fn buffers(data: &RamSlice<'_>) -> u32 {
    u32::try_from(data.size() / BUFFER_BYTES).unwrap_or(u32::MAX)
}

impl<'r> Client<'r> {
    pub(super) fn new(client: &DriverClient, regions: &'r Regions) -> Result<Self, ClientError> {
        let [sent_free, sent, sent_data, free, received, received_data] =
            regions.of_client(client)?;
        let mac = parameter(client, "mac")
            .and_then(Mac::from_number)
            .ok_or(ClientError::Parameter("mac"))?;
        let capacity = capacity(client)?;
        // The buffers for reception are the server's to begin with, and those for transmission
        // the client's.
        let filled =
            BufferProducer::new(free, capacity)?.fill(buffers(&received_data).min(capacity));
        Ok(Self {
            name: client.name,
            channel: client.channel,
            mac,
            sent: BufferConsumer::new(sent, capacity)?,
            sent_free: BufferProducer::following(sent_free, capacity)?,
            sent_data,
            received: BufferProducer::new(received, capacity)?,
            received_free: BufferConsumer::new(free, capacity)?,
            received_data,
            gave_back: false,
            delivered: false,
            failed: filled.is_err(),
            told: false,
        })
    }

    pub(super) const fn mac(&self) -> Mac {
        self.mac
    }

    pub(super) const fn channel(&self) -> u8 {
        self.channel
    }

    pub(super) fn take_dropped(&mut self) -> Option<Dropped> {
        let new = self.failed && !self.told;
        self.told = self.failed;
        new.then_some(Dropped(self.name))
    }

    /// The next frame that the client sends.
    pub(super) fn next_frame(&mut self) -> Option<RamSlice<'r>> {
        if self.failed {
            return None;
        }
        let frame = self.try_next_frame();
        self.note(frame).flatten()
    }

    fn try_next_frame(&mut self) -> Result<Option<RamSlice<'r>>, Misbehaved> {
        for _ in 0..MAX_SKIPPED {
            let Some(buffer) = self.sent.peek()? else {
                if self.sent.request_notification()? {
                    continue;
                }
                return Ok(None);
            };
            if buffer.is_frame_of(buffers(&self.sent_data)) {
                return Ok(self.sent_data.part(buffer.offset, buffer.length.into()));
            }
            self.try_drop_frame()?;
        }
        Ok(None)
    }

    /// The next frame is done with: its buffer is free again.
    pub(super) fn drop_frame(&mut self) {
        let dropped = self.try_drop_frame();
        self.note(dropped);
    }

    fn try_drop_frame(&mut self) -> Result<(), Misbehaved> {
        if let Some(buffer) = self.sent.pop()? {
            let free = Buffer {
                length: 0,
                ..buffer
            };
            // Without room there are more buffers than the client has: it has lost one.
            self.gave_back |= self.sent_free.push(free)?;
        }
        Ok(())
    }

    /// Hands a frame to the client, if it has a buffer for it.
    pub(super) fn receive(&mut self, frame: &RamSlice<'_>) {
        if !self.failed {
            let received = self.try_receive(frame);
            self.note(received);
        }
    }

    fn try_receive(&mut self, frame: &RamSlice<'_>) -> Result<(), Misbehaved> {
        let Ok(length) = u16::try_from(frame.size()) else {
            return Ok(());
        };
        let count = buffers(&self.received_data);
        for _ in 0..MAX_SKIPPED {
            let Some(buffer) = self.received_free.pop()? else {
                break;
            };
            let filled = Buffer { length, ..buffer };
            if !filled.is_frame_of(count) {
                continue;
            }
            let data = &self.received_data;
            data.copy_from(buffer.offset, frame, 0, usize::from(length));
            self.delivered |= self.received.push(filled)?;
            break;
        }
        Ok(())
    }

    /// Does the client wait to be notified of what has become of its queues?
    pub(super) fn should_notify(&mut self) -> bool {
        let delivered = core::mem::take(&mut self.delivered);
        let gave_back = core::mem::take(&mut self.gave_back);
        let first = delivered && self.received.should_notify();
        let second = gave_back && self.sent_free.should_notify();
        first || second
    }

    fn note<T>(&mut self, result: Result<T, Misbehaved>) -> Option<T> {
        result.inspect_err(|_| self.failed = true).ok()
    }
}
