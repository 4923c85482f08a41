//! The block device (Virtio 1.2, 5.2).
//!
//! `request` takes a chain apart, [`disk`] is the contract with what keeps the data, and this
//! module joins them: each request is handed to the disk, and answered when the disk is done.

mod config;
pub mod disk;
mod pending;
mod ram_disk;
mod request;
mod sddf;

pub use ram_disk::{RamDisk, TooSmall};
pub use sddf::SddfDisk;

use vmm_device::{Channel, Effects};
use vmm_memory::RamSlice;

use crate::{
    Memory, memory,
    model::Model,
    queue::{Broken, Chain, Queue},
};
use config::Limits;
use disk::{Disk, Submission};
use pending::Pending;
use request::{Kind, Request};

/// Entries of the queue.
const QUEUE_SIZE: u16 = 256;
/// Data segments of a request: what the queue holds, less header and status.
const MAX_SEGMENTS: u32 = QUEUE_SIZE as u32 - 2;
/// Bytes of a segment.
const MAX_SEGMENT_BYTES: u32 = 64 * 1024;
/// Sectors that one request zeroes at most: 16 MiB.
const MAX_ZEROED_SECTORS: u32 = 0x8000;
/// Requests that one call answers at most; the rest waits for the next.
const MAX_REQUESTS: usize = 64;

/// Name of the disk for the guest (VIRTIO_BLK_T_GET_ID): at most 20 bytes, the rest zero.
pub type Serial = [u8; 20];

/// A block device in front of a disk.
#[derive(Debug)]
pub struct Block<'m, D> {
    memory: &'m Memory,
    disk: D,
    serial: Serial,
    /// The request that is handed to the disk.
    chain: Chain,
    /// The request that the disk has done.
    chain_done: Chain,
    /// `chain` waits until the disk has room.
    held: bool,
    pending: Pending,
    /// Sectors that the driver was told of.
    told: u64,
    grown: bool,
}

impl<'m, D: Disk> Block<'m, D> {
    /// A device that offers `disk` under the name `serial`.
    pub fn new(memory: &'m Memory, disk: D, serial: Serial) -> Self {
        Self {
            told: disk.sectors(),
            memory,
            disk,
            serial,
            chain: Chain::new(),
            chain_done: Chain::new(),
            held: false,
            pending: Pending::NONE,
            grown: false,
        }
    }

    /// The disk.
    pub const fn disk(&self) -> &D {
        &self.disk
    }

    /// Takes requests until there are none, or the disk has no room, or enough were taken for
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
            self.held = !self.submit(requests, effects);
            if self.held {
                return Ok(());
            }
        }
        effects.defer();
        Ok(())
    }

    /// Handles the chain at hand; `false` when the disk has no room for it now.
    fn submit(&mut self, requests: &mut Queue<'m>, effects: &mut Effects) -> bool {
        let head = self.chain.head();
        let Some(request) = Request::parse(&self.chain, self.memory) else {
            // Not even a status can be told.
            requests.push(head, 0);
            return true;
        };
        let Request {
            kind,
            sector,
            from,
            mut into,
            answer,
        } = request;
        let operation = match kind {
            Kind::Identify => {
                into.write(&self.serial);
                answer.give(self.memory, requests, head, Ok(()));
                return true;
            }
            kind => request::operation(kind, sector, from, into, &self.disk),
        };
        let result = match operation {
            Ok(operation) => self
                .disk
                .submit(self.pending.token(head), operation, effects),
            Err(error) => Submission::Done(Err(error)),
        };
        match result {
            Submission::Done(result) => answer.give(self.memory, requests, head, result),
            Submission::Pending => self.pending.insert(head, answer),
            Submission::Busy => return false,
        }
        true
    }

    /// Answers what the disk has done since.
    fn collect(&mut self, requests: &mut Queue<'m>, effects: &mut Effects) -> Result<(), Broken> {
        // No more can be at work than the queue has entries.
        for _ in 0..QUEUE_SIZE {
            let Some(completion) = self.disk.poll(effects) else {
                break;
            };
            let Some((head, answer)) = self.pending.remove(completion.token) else {
                continue;
            };
            if let (Ok(()), Some(data)) = (completion.result, completion.data) {
                requests.reread(head, &mut self.chain_done)?;
                fill(&self.chain_done, self.memory, &data);
            }
            answer.give(self.memory, requests, head, completion.result);
        }
        Ok(())
    }
}

/// Copies what was read to the guest.
fn fill(chain: &Chain, memory: &Memory, data: &RamSlice<'_>) {
    let mut into = chain.writer(memory);
    let mut done = 0;
    while let Some((gpa, length)) = into.next_piece(data.size().saturating_sub(done) as usize) {
        memory::copy_to_guest(memory, gpa, length, data, done);
        done = done.saturating_add(length as u64);
    }
}

impl<'m, D: Disk> Model<'m, 1> for Block<'m, D> {
    const ID: u32 = 2;
    const SIZES: [u16; 1] = [QUEUE_SIZE];

    fn features(&self) -> u64 {
        config::features(self.disk.is_read_only())
    }

    fn read_config(&self, offset: u64, bytes: &mut [u8]) {
        config::read(self.told, Limits::of(&self.disk), offset, bytes);
    }

    fn reset(&mut self) {
        self.held = false;
        self.pending.forget();
    }

    fn reset_queue(&mut self, _index: u16) {
        self.reset();
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
        self.collect(requests, effects)?;
        let sectors = self.disk.sectors();
        self.grown |= core::mem::replace(&mut self.told, sectors) != sectors;
        if self.held {
            return self.serve(requests, effects);
        }
        Ok(())
    }

    fn take_config_change(&mut self) -> bool {
        core::mem::take(&mut self.grown)
    }
}
