//! The entropy device (Virtio 1.2, 5.4).

use vmm_device::Effects;

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

/// Where random bytes come from.
pub trait Source {
    /// Fills `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// An entropy device.
#[derive(Debug)]
pub struct Entropy<'m, S> {
    memory: &'m Memory,
    source: S,
    chain: Chain,
}

impl<'m, S: Source> Entropy<'m, S> {
    /// A device that gives out what `source` makes.
    pub const fn new(memory: &'m Memory, source: S) -> Self {
        Self {
            memory,
            source,
            chain: Chain::new(),
        }
    }

    /// Fills the chain at hand; gives the number of bytes.
    fn fill(&mut self) -> u32 {
        let mut writer = self.chain.writer(self.memory);
        let mut block = [0; BLOCK];
        for _ in 0..MAX_REQUEST / BLOCK {
            let length = BLOCK.min(writer.remaining() as usize);
            let Some(part) = block.get_mut(..length).filter(|part| !part.is_empty()) else {
                break;
            };
            self.source.fill(part);
            writer.write(part);
        }
        writer.written()
    }
}

impl<'m, S: Source> Model<'m, 1> for Entropy<'m, S> {
    const ID: u32 = 4;
    const SIZES: [u16; 1] = [64];

    fn features(&self) -> u64 {
        0
    }

    fn read_config(&self, _offset: u64, _bytes: &mut [u8]) {}

    fn reset(&mut self) {}

    fn notified(
        &mut self,
        _index: u16,
        [requests]: &mut [Queue<'m>; 1],
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        requests.suppress_notifications();
        for _ in 0..MAX_REQUESTS {
            if requests.pop(&mut self.chain)? {
                let written = self.fill();
                requests.push(self.chain.head(), written);
            } else if !requests.request_notifications() {
                return Ok(());
            }
        }
        effects.defer();
        Ok(())
    }
}
