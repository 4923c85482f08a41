//! What makes a virtio device this device and no other; transport and queues are the same for all.

use vmm_device::{Channel, Effects};

use crate::queue::{Broken, Queue};

/// A kind of virtio device, of `QUEUES` virtqueues.
pub trait Model<'m, const QUEUES: usize> {
    /// Virtio device ID (Virtio 1.2, 5 "Device Types").
    const ID: u32;
    /// The largest size of each queue.
    const SIZES: [u16; QUEUES];

    /// The features of this kind of device that are offered. Those of queues and transport are
    /// the transport's.
    fn features(&self) -> u64;

    /// Copies configuration space from `offset` on into `bytes`, which are zero; what lies
    /// beyond its end stays zero.
    fn read_config(&self, offset: u64, bytes: &mut [u8]);

    /// A store to configuration space.
    fn write_config(&mut self, offset: u64, bytes: &[u8], effects: &mut Effects) {
        let _ = (offset, bytes, effects);
    }

    /// The driver is ready (DRIVER_OK), with these features.
    fn activate(&mut self, features: u64) {
        let _ = features;
    }

    /// Back to the state at power-on. Requests at work are forgotten: their answers, if they
    /// still come, belong to no chain.
    fn reset(&mut self);

    /// Queue `index` was reset by itself: its requests at work are forgotten.
    fn reset_queue(&mut self, index: u16) {
        let _ = index;
    }

    /// The driver has notified queue `index`, or some queue with chains was left alone before.
    ///
    /// # Errors
    /// [`Broken`]: the driver broke a rule. The transport asks it for a reset.
    fn notified(
        &mut self,
        index: u16,
        queues: &mut [Queue<'m>; QUEUES],
        effects: &mut Effects,
    ) -> Result<(), Broken>;

    /// A channel of the device was signalled: its backend has something to tell.
    ///
    /// # Errors
    /// [`Broken`], as in [`notified`](Self::notified).
    fn signalled(
        &mut self,
        channel: Channel,
        queues: &mut [Queue<'m>; QUEUES],
        effects: &mut Effects,
    ) -> Result<(), Broken> {
        let _ = (channel, queues, effects);
        Ok(())
    }

    /// Has the configuration space changed since this was last asked?
    fn take_config_change(&mut self) -> bool {
        false
    }
}

/// Copies configuration space from `offset` on into `bytes`; nothing lies behind its end.
pub(crate) fn copy_config(config: &[u8], offset: u64, bytes: &mut [u8]) {
    let from = usize::try_from(offset).ok().and_then(|at| config.get(at..));
    for (to, from) in bytes.iter_mut().zip(from.unwrap_or_default()) {
        *to = *from;
    }
}
