//! The entropy device (Virtio 1.2, 5.4).

mod sddf;

pub use sddf::SddfSource;

use vmm_device::{Channel, Effects};

use crate::{
    Memory,
    model::Model,
    queue::{Broken, Chain, Queue},
};

/// Bytes that a request gets at most. A driver that asks for more is given fewer, which the
/// specification allows, so that its request costs a bounded time.
pub const MAX_REQUEST: usize = 1024;
/// Requests that one call answers at most.
const MAX_REQUESTS: usize = 64;
/// Bytes that are made at a time.
const BLOCK: usize = 64;

/// Where random bytes come from. It never waits.
pub trait Source {
    /// Fills the start of `bytes`; gives the number of bytes, fewer when there are no more now.
    /// The device asks again when its channel is next signalled.
    fn fill(&mut self, bytes: &mut [u8], effects: &mut Effects) -> usize;
}

/// An entropy device.
#[derive(Debug)]
pub struct Entropy<'m, S> {
    memory: &'m Memory,
    source: S,
    chain: Chain,
    /// `chain` waits until the source has something.
    held: bool,
}

impl<'m, S: Source> Entropy<'m, S> {
    /// A device that gives out what `source` makes.
    pub const fn new(memory: &'m Memory, source: S) -> Self {
        Self {
            memory,
            source,
            chain: Chain::new(),
            held: false,
        }
    }

    /// The source.
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// Answers requests until there are none, or no random bytes, or enough were answered for
    /// one call.
    fn serve(&mut self, requests: &mut Queue<'m>, effects: &mut Effects) -> Result<(), Broken> {
        requests.suppress_notifications();
        for _ in 0..MAX_REQUESTS {
            if !self.held && !requests.pop(&mut self.chain)? {
                if requests.request_notifications() {
                    continue;
                }
                return Ok(());
            }
            let written = self.fill(effects);
            self.held = written.is_none();
            let Some(written) = written else {
                return Ok(());
            };
            requests.push(self.chain.head(), written);
        }
        effects.defer();
        Ok(())
    }

    /// Fills the chain at hand; gives the number of bytes, `None` when there are none for it.
    fn fill(&mut self, effects: &mut Effects) -> Option<u32> {
        let mut writer = self.chain.writer(self.memory);
        let has_room = writer.remaining() != 0;
        let mut block = [0; BLOCK];
        for _ in 0..MAX_REQUEST / BLOCK {
            let length = BLOCK.min(writer.remaining() as usize);
            let Some(part) = block.get_mut(..length).filter(|part| !part.is_empty()) else {
                break;
            };
            let filled = self.source.fill(part, effects).min(length);
            writer.write(part.get(..filled).unwrap_or_default());
            if filled < length {
                break;
            }
        }
        let written = writer.written();
        (written != 0 || !has_room).then_some(written)
    }
}

impl<'m, S: Source> Model<'m, 1> for Entropy<'m, S> {
    const ID: u32 = 4;
    const SIZES: [u16; 1] = [64];

    fn features(&self) -> u64 {
        0
    }

    fn read_config(&self, _offset: u64, _bytes: &mut [u8]) {}

    fn reset(&mut self) {
        self.held = false;
    }

    fn reset_queue(&mut self, _index: u16) {
        self.held = false;
    }

    fn notified(
        &mut self,
        _index: u16,
        [requests]: &mut [Queue<'m>; 1],
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        self.serve(requests, effects)
    }

    fn signalled(
        &mut self,
        _channel: Channel,
        [requests]: &mut [Queue<'m>; 1],
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        self.serve(requests, effects)
    }
}
