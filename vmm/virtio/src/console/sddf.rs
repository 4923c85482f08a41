//! A terminal behind sDDF's serial queues.

use vmm_device::{Channel, Effects};
use vmm_sddf::{
    Misbehaved,
    serial::{SerialConsumer, SerialProducer},
};

use super::Terminal;

/// The client's end of two serial queues. A peer that breaks a rule is not listened to any
/// more; what is sent to it is lost, so that the guest goes on.
#[derive(Debug)]
pub struct SddfTerminal<'r> {
    output: SerialProducer<'r>,
    output_channel: Channel,
    input: SerialConsumer<'r>,
    input_channel: Channel,
    failed: Option<Misbehaved>,
}

impl<'r> SddfTerminal<'r> {
    /// A terminal that sends to `output` and receives from `input`, each with its channel.
    pub const fn new(
        (output, output_channel): (SerialProducer<'r>, Channel),
        (input, input_channel): (SerialConsumer<'r>, Channel),
    ) -> Self {
        Self {
            output,
            output_channel,
            input,
            input_channel,
            failed: None,
        }
    }

    /// What the peer did wrong.
    pub const fn failed(&self) -> Option<Misbehaved> {
        self.failed
    }
}

impl Terminal for SddfTerminal<'_> {
    fn write(&mut self, bytes: &[u8], effects: &mut Effects) -> usize {
        if self.failed.is_some() {
            return bytes.len();
        }
        match self.output.send(bytes) {
            Ok(0) => 0,
            Ok(sent) => {
                effects.notify(self.output_channel);
                sent
            }
            Err(error) => {
                self.failed = Some(error);
                bytes.len()
            }
        }
    }

    fn read(&mut self, bytes: &mut [u8], effects: &mut Effects) -> usize {
        if self.failed.is_some() {
            return 0;
        }
        match self.input.receive(bytes) {
            Ok(received) => {
                if received != 0 && self.input.should_notify() {
                    effects.notify(self.input_channel);
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
