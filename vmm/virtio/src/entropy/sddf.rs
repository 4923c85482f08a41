//! Random bytes of another protection domain, by a serial queue of sDDF.

use vmm_device::{Channel, Effects};
use vmm_sddf::{Misbehaved, serial::SerialConsumer};

use super::Source;

/// The consumer's end of the queue. Of a producer that breaks a rule nothing is taken any more.
#[derive(Debug)]
pub struct SddfSource<'r> {
    bytes: SerialConsumer<'r>,
    channel: Channel,
    failed: Option<Misbehaved>,
}

impl<'r> SddfSource<'r> {
    /// A source that takes what comes by `bytes`.
    pub const fn new(bytes: SerialConsumer<'r>, channel: Channel) -> Self {
        Self {
            bytes,
            channel,
            failed: None,
        }
    }

    /// What the producer did wrong.
    pub const fn failed(&self) -> Option<Misbehaved> {
        self.failed
    }
}

impl Source for SddfSource<'_> {
    fn fill(&mut self, bytes: &mut [u8], effects: &mut Effects) -> usize {
        if self.failed.is_some() {
            return 0;
        }
        match self.bytes.receive(bytes) {
            Ok(received) => {
                if received != 0 && self.bytes.should_notify() {
                    effects.notify(self.channel);
                }
                received
            }
            Err(error) => {
                self.failed = Some(error);
                0
            }
        }
    }
}
