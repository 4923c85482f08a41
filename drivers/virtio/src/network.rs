//! The network device (Virtio 1.2, 5.1), without any offload.

use core::sync::atomic::{Ordering, fence};

use driver_server::network::Wire;
use virtio_drivers::{queue::VirtQueue, transport::Transport};
use vmm_memory::RamSlice;

use crate::{
    DeviceError, DmaHal, OwnArea,
    buffers::{Buffers, Part},
};

const RECEIVE: u16 = 0;
const TRANSMIT: u16 = 1;
/// One descriptor for each buffer.
const QUEUE_SIZE: usize = 64;

/// Bytes of the longest frame.
const FRAME_BYTES: u64 = 2048;
/// Where the frame begins in its buffer; the header ends there.
const FRAME_OFFSET: u64 = 16;
/// Bytes from one buffer to the next.
const STRIDE: u64 = FRAME_OFFSET + FRAME_BYTES;

bitflags::bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Features: u64 {
        /// VIRTIO_F_VERSION_1
        const VERSION_1 = 1 << 32;
    }
}

/// A network device behind a transport.
#[derive(Debug)]
pub struct VirtioWire<'m, P: OwnArea, T: Transport> {
    transport: T,
    receive: VirtQueue<DmaHal<P>, QUEUE_SIZE>,
    transmit: VirtQueue<DmaHal<P>, QUEUE_SIZE>,
    buffers: Buffers<'m>,
    /// Buffers of each direction: first those for reception.
    count: usize,
    /// Bytes of the header before each frame.
    header: u64,
    /// Buffers for reception by their tokens.
    receiving: [Option<usize>; QUEUE_SIZE],
    /// For transmission: the token and length of each buffer that is on its way.
    sending: [Option<(u16, u64)>; QUEUE_SIZE],
    /// The frame that is looked at: its buffer and bytes.
    arrived: Option<(usize, u64)>,
    /// The device has not been told of buffers for reception, or of frames.
    received: bool,
    sent: bool,
    /// The device is to interrupt when it has sent something.
    waiting: bool,
}

impl<'m, P: OwnArea, T: Transport> VirtioWire<'m, P, T> {
    /// Sets the device up, ready to receive.
    ///
    /// # Errors
    /// [`DeviceError`]: it refuses, or has too little memory.
    pub fn new(mut transport: T, buffers: Buffers<'m>) -> Result<Self, DeviceError> {
        let given = buffers.memory().size();
        let count = given / (2 * STRIDE);
        if count == 0 {
            let needed = 2 * STRIDE;
            return Err(DeviceError::Memory { needed, given });
        }
        let features = transport.begin_init(Features::all());
        let receive = VirtQueue::new(&mut transport, RECEIVE, false, false)?;
        let mut transmit = VirtQueue::new(&mut transport, TRANSMIT, false, false)?;
        // What was sent is taken back when there is more to send.
        transmit.set_dev_notify(false);
        transport.finish_init();
        let modern = features.contains(Features::VERSION_1);
        let mut wire = Self {
            transport,
            receive,
            transmit,
            buffers,
            count: usize::try_from(count).map_or(QUEUE_SIZE, |count| count.min(QUEUE_SIZE)),
            // Without the field `num_buffers` before Virtio 1.0.
            header: if modern { 12 } else { 10 },
            receiving: [None; QUEUE_SIZE],
            sending: [None; QUEUE_SIZE],
            arrived: None,
            received: true,
            sent: false,
            waiting: false,
        };
        for index in 0..wire.count {
            wire.offer(index);
        }
        wire.publish();
        Ok(wire)
    }

    /// The device has interrupted: it may do so again.
    pub fn acknowledge(&mut self) {
        self.transport.ack_interrupt();
    }

    /// Header and frame of a buffer.
    const fn part(&self, index: usize, frame_bytes: u64) -> Part {
        let start = index as u64 * STRIDE + FRAME_OFFSET - self.header;
        (start, (self.header + frame_bytes) as usize)
    }

    /// The frame in a buffer.
    fn frame(&self, index: usize, bytes: u64) -> Option<RamSlice<'m>> {
        let offset = index as u64 * STRIDE + FRAME_OFFSET;
        self.buffers.memory().part(offset, bytes)
    }

    /// Gives a buffer for reception to the device.
    fn offer(&mut self, index: usize) {
        let part = self.part(index, FRAME_BYTES);
        let token = self.buffers.add(&mut self.receive, [], [part]);
        let token = token.ok().map(usize::from);
        if let Some(place) = token.and_then(|token| self.receiving.get_mut(token)) {
            *place = Some(index);
            self.received = true;
        }
    }

    /// Takes back the next buffer that the device has filled.
    fn take(&mut self) -> Option<(usize, u64)> {
        let token = self.receive.peek_used()?;
        let index = self.receiving.get_mut(usize::from(token))?.take()?;
        let part = self.part(index, FRAME_BYTES);
        let written = self.buffers.pop(&mut self.receive, token, [], [part]);
        let bytes = u64::from(written.ok()?).saturating_sub(self.header);
        Some((index, bytes.min(FRAME_BYTES)))
    }

    /// Takes back what was sent.
    fn reclaim(&mut self) {
        for _ in 0..QUEUE_SIZE {
            let Some(token) = self.transmit.peek_used() else {
                break;
            };
            let mut places = self.sending.iter();
            let place = places.position(|sent| sent.is_some_and(|(own, _)| own == token));
            let Some(place) = place else {
                break;
            };
            let sent = self.sending.get_mut(place).and_then(Option::take);
            let part = self.part(self.count + place, sent.map_or(0, |(_, bytes)| bytes));
            if self
                .buffers
                .pop(&mut self.transmit, token, [part], [])
                .is_err()
            {
                break;
            }
        }
    }

    /// A buffer for transmission that is not on its way. Without one the device interrupts when
    /// it has sent something.
    fn free_buffer(&mut self) -> Option<usize> {
        self.reclaim();
        let mut place = self.find_free();
        if place.is_none() && !self.waiting {
            self.publish();
            self.wait_for_room(true);
            // The device looks at the wish after it has used a buffer, so look at those again.
            fence(Ordering::SeqCst);
            self.reclaim();
            place = self.find_free();
        }
        if place.is_some() && self.waiting {
            self.wait_for_room(false);
        }
        place
    }

    fn find_free(&self) -> Option<usize> {
        let mut places = self.sending.iter().take(self.count);
        places.position(Option::is_none)
    }

    fn wait_for_room(&mut self, wanted: bool) {
        self.transmit.set_dev_notify(wanted);
        self.waiting = wanted;
    }

    fn try_send(&mut self, place: usize, frame: &RamSlice<'_>) -> Option<()> {
        let bytes = frame.size();
        let index = self.count + place;
        let part = self.part(index, bytes);
        let memory = self.buffers.memory();
        memory.fill_zero(part.0, usize::try_from(self.header).ok()?)?;
        let length = usize::try_from(bytes).ok()?;
        self.frame(index, bytes)?.copy_from(0, frame, 0, length)?;
        let token = self.buffers.add(&mut self.transmit, [part], []).ok()?;
        *self.sending.get_mut(place)? = Some((token, bytes));
        self.sent = true;
        Some(())
    }
}

impl<P: OwnArea, T: Transport> Wire for VirtioWire<'_, P, T> {
    fn send(&mut self, frame: &RamSlice<'_>) -> bool {
        if frame.size() > FRAME_BYTES {
            // Lost, as on any wire.
            return true;
        }
        let Some(place) = self.free_buffer() else {
            return false;
        };
        self.try_send(place, frame).is_some()
    }

    fn next_frame(&mut self) -> Option<RamSlice<'_>> {
        if self.arrived.is_none() {
            self.arrived = self.take();
        }
        let (index, bytes) = self.arrived?;
        self.frame(index, bytes)
    }

    fn drop_frame(&mut self) {
        if let Some((index, _)) = self.arrived.take() {
            self.offer(index);
        }
    }

    fn publish(&mut self) {
        if core::mem::take(&mut self.received) && self.receive.should_notify() {
            self.transport.notify(RECEIVE);
        }
        if core::mem::take(&mut self.sent) && self.transmit.should_notify() {
            self.transport.notify(TRANSMIT);
        }
    }
}
