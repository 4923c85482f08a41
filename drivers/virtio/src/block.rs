//! The block device (Virtio 1.2, 5.2).

use driver_server::block::{Disk, Failed, MAX_BUFFERS, Operation};
use virtio_drivers::{queue::VirtQueue, transport::Transport};
use vmm_memory::RamSlice;

use crate::{
    DeviceError, DmaHal, OwnArea,
    buffers::{Buffers, Part},
};

const QUEUE: u16 = 0;
/// Three descriptors for each buffer.
const QUEUE_SIZE: usize = 128;

/// Bytes of data of one operation.
const BUFFER_BYTES: u64 = 0x1_0000;
/// Headers and status bytes of all operations, before the data.
const HEADERS_BYTES: u64 = 0x1000;
/// Bytes of the header of one operation, and the status behind it.
const HEADER_STRIDE: u64 = 32;
const HEADER: usize = 16;

const READ: u32 = 0;
const WRITE: u32 = 1;
const FLUSH: u32 = 4;
/// The status before the device has written one.
const NO_STATUS: u8 = 0xff;

bitflags::bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Features: u64 {
        /// The disk is read-only.
        const RO = 1 << 5;
        /// The device knows flushes.
        const FLUSH = 1 << 9;
        /// VIRTIO_F_VERSION_1
        const VERSION_1 = 1 << 32;
    }
}

/// What a buffer is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Idle,
    /// The device has it, under this token.
    Started(u16, Operation),
    /// It ended without the device.
    Done,
}

/// A disk behind a transport.
#[derive(Debug)]
pub struct VirtioDisk<'m, P: OwnArea, T: Transport> {
    transport: T,
    queue: VirtQueue<DmaHal<P>, QUEUE_SIZE>,
    buffers: Buffers<'m>,
    count: usize,
    sectors: u64,
    features: Features,
    works: [Work; MAX_BUFFERS],
    /// Something was started that the device does not know of.
    unpublished: bool,
}

impl<'m, P: OwnArea, T: Transport> VirtioDisk<'m, P, T> {
    /// Sets the device up.
    ///
    /// # Errors
    /// [`DeviceError`]: it refuses, or has too little memory.
    pub fn new(mut transport: T, buffers: Buffers<'m>) -> Result<Self, DeviceError> {
        let given = buffers.memory().size();
        let count = given.saturating_sub(HEADERS_BYTES) / BUFFER_BYTES;
        if count == 0 {
            let needed = HEADERS_BYTES + BUFFER_BYTES;
            return Err(DeviceError::Memory { needed, given });
        }
        let features = transport.begin_init(Features::all());
        let queue = VirtQueue::new(&mut transport, QUEUE, false, false)?;
        transport.finish_init();
        let sectors = transport.read_consistent(|| {
            let low: u32 = transport.read_config_space(0)?;
            let high: u32 = transport.read_config_space(4)?;
            Ok(u64::from(high) << 32 | u64::from(low))
        })?;
        Ok(Self {
            transport,
            queue,
            buffers,
            count: usize::try_from(count).map_or(MAX_BUFFERS, |count| count.min(MAX_BUFFERS)),
            sectors,
            features,
            works: [Work::Idle; MAX_BUFFERS],
            unpublished: false,
        })
    }

    /// The device has interrupted: it may do so again.
    pub fn acknowledge(&mut self) {
        self.transport.ack_interrupt();
    }

    fn add(&mut self, index: usize, operation: Operation) -> Option<u16> {
        let (kind, sector) = match operation {
            Operation::Read { sector, .. } => (READ, sector),
            Operation::Write { sector, .. } => (WRITE, sector),
            Operation::Flush => (FLUSH, 0),
        };
        let (header, status) = parts(index);
        let memory = self.buffers.memory();
        memory.write_u32(header.0, kind)?;
        memory.write_u32(header.0 + 4, 0)?;
        memory.write_u64(header.0 + 8, sector)?;
        memory.write(status.0, &[NO_STATUS])?;
        let queue = &mut self.queue;
        let added = match operation {
            Operation::Read { bytes, .. } => {
                self.buffers
                    .add(queue, [header], [data(index, bytes)?, status])
            }
            Operation::Write { bytes, .. } => {
                self.buffers
                    .add(queue, [header, data(index, bytes)?], [status])
            }
            Operation::Flush => self.buffers.add(queue, [header], [status]),
        };
        added.ok()
    }

    /// Takes back what the device has used; gives the buffer.
    fn pop(&mut self, token: u16) -> Option<usize> {
        let mut works = self.works.iter();
        let index =
            works.position(|work| matches!(work, Work::Started(own, _) if *own == token))?;
        let (header, status) = parts(index);
        let queue = &mut self.queue;
        let popped = match self.works.get(index)? {
            Work::Started(_, Operation::Read { bytes, .. }) => {
                let written = [data(index, *bytes)?, status];
                self.buffers.pop(queue, token, [header], written)
            }
            Work::Started(_, Operation::Write { bytes, .. }) => {
                let read = [header, data(index, *bytes)?];
                self.buffers.pop(queue, token, read, [status])
            }
            _ => self.buffers.pop(queue, token, [header], [status]),
        };
        popped.ok()?;
        Some(index)
    }
}

/// Header and status of a buffer.
const fn parts(index: usize) -> (Part, Part) {
    let header = index as u64 * HEADER_STRIDE;
    ((header, HEADER), (header + HEADER as u64, 1))
}

/// The first `bytes` bytes of a buffer, which are some and no more than it has.
fn data(index: usize, bytes: u64) -> Option<Part> {
    let fits = bytes != 0 && bytes <= BUFFER_BYTES;
    let length = usize::try_from(bytes).ok().filter(|_| fits)?;
    Some((HEADERS_BYTES + index as u64 * BUFFER_BYTES, length))
}

impl<P: OwnArea, T: Transport> Disk for VirtioDisk<'_, P, T> {
    fn sectors(&self) -> u64 {
        self.sectors
    }

    fn is_read_only(&self) -> bool {
        self.features.contains(Features::RO)
    }

    fn buffers(&self) -> usize {
        self.count
    }

    fn buffer(&self, index: usize) -> Option<RamSlice<'_>> {
        let (offset, _) = data(index, BUFFER_BYTES)?;
        self.buffers.memory().part(offset, BUFFER_BYTES)
    }

    fn start(&mut self, index: usize, operation: Operation) -> bool {
        // Without the feature, what was written is safe once it is answered.
        let needless = operation == Operation::Flush && !self.features.contains(Features::FLUSH);
        let work = if needless {
            Some(Work::Done)
        } else {
            let token = self.add(index, operation);
            self.unpublished |= token.is_some();
            token.map(|token| Work::Started(token, operation))
        };
        if let (Some(work), Some(place)) = (work, self.works.get_mut(index)) {
            *place = work;
        }
        work.is_some()
    }

    fn publish(&mut self) {
        if core::mem::take(&mut self.unpublished) && self.queue.should_notify() {
            self.transport.notify(QUEUE);
        }
    }

    fn poll(&mut self) -> Option<(usize, Result<(), Failed>)> {
        if let Some(index) = self.works.iter().position(|work| *work == Work::Done) {
            *self.works.get_mut(index)? = Work::Idle;
            return Some((index, Ok(())));
        }
        let token = self.queue.peek_used()?;
        let index = self.pop(token)?;
        *self.works.get_mut(index)? = Work::Idle;
        let (_, status) = parts(index);
        let [status] = self.buffers.memory().read_array(status.0)?;
        Some((index, if status == 0 { Ok(()) } else { Err(Failed) }))
    }
}
