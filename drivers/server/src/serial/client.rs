//! One client of a UART: its queues, and the line that it is writing.

use heapless::Vec;
use vmm_config::DriverClient;
use vmm_sddf::{
    Misbehaved,
    serial::{SerialConsumer, SerialProducer},
};

use crate::{ClientError, Dropped, Regions};

/// Bytes of the longest line that goes out in one piece.
pub(super) const LINE_BYTES: usize = 128;

#[derive(Debug)]
pub(super) struct Client<'r> {
    name: &'static str,
    channel: u8,
    output: SerialConsumer<'r>,
    input: SerialProducer<'r>,
    /// Taken out of the queue and not sent yet.
    line: Vec<u8, LINE_BYTES>,
    /// Bytes were taken, or given, since the client was last notified.
    took: bool,
    gave: bool,
    failed: bool,
    /// `failed` was told.
    told: bool,
}

impl<'r> Client<'r> {
    pub(super) fn new(client: &DriverClient, regions: &'r Regions) -> Result<Self, ClientError> {
        let [output, output_data, input, input_data] = regions.of_client(client)?;
        Ok(Self {
            name: client.name,
            channel: client.channel,
            output: SerialConsumer::new(output, output_data)?,
            input: SerialProducer::new(input, input_data)?,
            line: Vec::new(),
            took: false,
            gave: false,
            failed: false,
            told: false,
        })
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    pub(super) const fn channel(&self) -> u8 {
        self.channel
    }

    pub(super) fn take_dropped(&mut self) -> Option<Dropped> {
        let new = self.failed && !self.told;
        self.told = self.failed;
        new.then_some(Dropped(self.name))
    }

    /// Takes what the client writes, as far as there is room, and tells how much of it can be
    /// sent: with `at_once` all of it, else whole lines, or what is as long as a line may be.
    pub(super) fn collect(&mut self, at_once: bool) -> usize {
        let mut bytes = [0; LINE_BYTES];
        let room = LINE_BYTES.saturating_sub(self.line.len());
        let part = bytes.get_mut(..room).unwrap_or_default();
        if room != 0 && !self.failed {
            match self.output.receive(part) {
                Ok(count) => {
                    self.took |= count != 0;
                    let new = part.get(..count).unwrap_or_default();
                    // There is room for so many.
                    let _ = self.line.extend_from_slice(new);
                }
                Err(error) => self.drop_out(error),
            }
        }
        if at_once || self.line.is_full() {
            return self.line.len();
        }
        let end = self.line.iter().rposition(|&byte| byte == b'\n');
        end.map_or(0, |end| end.saturating_add(1))
    }

    /// The first `count` bytes that were collected.
    pub(super) fn collected(&self, count: usize) -> &[u8] {
        self.line.get(..count).unwrap_or_default()
    }

    /// The first `count` bytes that were collected are sent.
    pub(super) fn forget(&mut self, count: usize) {
        let count = count.min(self.line.len());
        self.line.rotate_left(count);
        self.line.truncate(self.line.len().saturating_sub(count));
    }

    /// Gives it a byte of input; without room the byte is lost.
    pub(super) fn receive(&mut self, byte: u8) {
        if self.failed {
            return;
        }
        match self.input.send(&[byte]) {
            Ok(sent) => self.gave |= sent != 0,
            Err(error) => self.drop_out(error),
        }
    }

    /// Is it to be notified: of input, or of room that it waits for?
    pub(super) fn should_notify(&mut self) -> bool {
        let took = core::mem::take(&mut self.took);
        let gave = core::mem::take(&mut self.gave);
        gave || took && self.output.should_notify()
    }

    /// It broke a rule: nothing of it is looked at any more.
    fn drop_out(&mut self, _why: Misbehaved) {
        self.failed = true;
        self.line.clear();
    }
}
