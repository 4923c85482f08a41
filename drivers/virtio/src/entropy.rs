//! The entropy device (Virtio 1.2, 5.4).

use driver_server::entropy::Generator;
use virtio_drivers::{queue::VirtQueue, transport::Transport};

use crate::{
    DeviceError, DmaHal, OwnArea,
    buffers::{Buffers, Part},
};

const QUEUE: u16 = 0;
const QUEUE_SIZE: usize = 8;
/// The one buffer.
const BUFFER: Part = (0, 256);

bitflags::bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Features: u64 {
        /// VIRTIO_F_VERSION_1
        const VERSION_1 = 1 << 32;
    }
}

/// An entropy device behind a transport.
#[derive(Debug)]
pub struct VirtioGenerator<'m, P: OwnArea, T: Transport> {
    transport: T,
    queue: VirtQueue<DmaHal<P>, QUEUE_SIZE>,
    buffers: Buffers<'m>,
    /// The device has the buffer.
    asked: bool,
}

impl<'m, P: OwnArea, T: Transport> VirtioGenerator<'m, P, T> {
    /// Sets the device up.
    ///
    /// # Errors
    /// [`DeviceError`]: it refuses, or has too little memory.
    pub fn new(mut transport: T, buffers: Buffers<'m>) -> Result<Self, DeviceError> {
        let (needed, given) = (BUFFER.1 as u64, buffers.memory().size());
        if given < needed {
            return Err(DeviceError::Memory { needed, given });
        }
        transport.begin_init(Features::all());
        let queue = VirtQueue::new(&mut transport, QUEUE, false, false)?;
        transport.finish_init();
        Ok(Self {
            transport,
            queue,
            buffers,
            asked: false,
        })
    }

    /// The device has interrupted: it may do so again.
    pub fn acknowledge(&mut self) {
        self.transport.ack_interrupt();
    }

    /// Gives the buffer to the device.
    fn ask(&mut self) {
        self.asked = self.buffers.add(&mut self.queue, [], [BUFFER]).is_ok();
        if self.asked && self.queue.should_notify() {
            self.transport.notify(QUEUE);
        }
    }

    /// Takes the buffer back; gives the number of bytes in it, none before the device is done.
    fn take_back(&mut self) -> Option<usize> {
        let token = self.queue.peek_used()?;
        let written = self.buffers.pop(&mut self.queue, token, [], [BUFFER]);
        self.asked = false;
        Some((written.ok()? as usize).min(BUFFER.1))
    }
}

impl<P: OwnArea, T: Transport> Generator for VirtioGenerator<'_, P, T> {
    fn take(&mut self, bytes: &mut [u8]) -> usize {
        if !self.asked {
            self.ask();
        }
        let Some(made) = self.take_back() else {
            return 0;
        };
        let taken = made.min(bytes.len());
        let memory = self.buffers.memory();
        let part = bytes.get_mut(..taken).unwrap_or_default();
        let read = memory.read(BUFFER.0, part);
        memory.fill_zero(BUFFER.0, BUFFER.1);
        read.map_or(0, |()| taken)
    }
}
