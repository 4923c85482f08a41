//! Frames from the guest to the port.

use vmm_device::Effects;

use super::{MAX_FRAMES, Network, Port, header::Header};
use crate::queue::{Broken, Queue};

/// Bytes of the shortest thing that is a frame: two addresses and a type.
const MIN_FRAME: u32 = 14;

impl<'m, P: Port> Network<'m, P> {
    /// Moves frames until there are none, or the port has no room, or enough were moved for one
    /// call.
    pub(super) fn transmit(
        &mut self,
        queue: &mut Queue<'m>,
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        queue.suppress_notifications();
        for _ in 0..MAX_FRAMES {
            if !self.held && !queue.pop(&mut self.chain_out)? {
                if queue.request_notifications() {
                    continue;
                }
                return Ok(());
            }
            self.held = !self.send(effects);
            if self.held {
                return Ok(());
            }
            queue.push(self.chain_out.head(), 0);
        }
        effects.defer();
        Ok(())
    }

    /// Sends the frame at hand; `false` when the port has no room. What is no frame is dropped,
    /// as a wire would.
    fn send(&mut self, effects: &mut Effects) -> bool {
        let mut frame = self.chain_out.reader(self.memory);
        let header = frame.read_value::<Header>();
        let length = frame.remaining();
        let good = header.is_some_and(|header| header.is_plain())
            && (MIN_FRAME..=self.max_frame()).contains(&length);
        !good || self.port.send(frame, effects)
    }
}
