//! Several clients of sDDF's block queues share one disk, each a part of it.
//!
//! A request is done in transfers, each as large as a buffer of the device; transfers of all
//! clients are at work at once. A flush waits until all requests that its client made before are
//! done, and then flushes the device.

mod client;
mod partition;
mod request;

use heapless::Vec;
use vmm_config::Driver;
use vmm_memory::RamSlice;

use crate::{ClientError, Dropped, MAX_CLIENTS, Regions};
use client::Client;
pub use partition::Partition;

/// Bytes of a sector, the unit of the device.
pub const SECTOR_BYTES: u64 = 512;
/// Buffers of a device that are used at most.
pub const MAX_BUFFERS: usize = 32;

/// What a device is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Copy sectors to the buffer.
    Read {
        /// The first.
        sector: u64,
        /// Whole sectors, no more than the buffer has.
        bytes: u64,
    },
    /// Copy sectors from the buffer.
    Write {
        /// The first.
        sector: u64,
        /// Whole sectors, no more than the buffer has.
        bytes: u64,
    },
    /// What was written before shall survive a loss of power.
    Flush,
}

/// An operation has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the disk failed")]
pub struct Failed;

/// A disk that does operations in the background, each with a buffer of its own.
pub trait Disk {
    /// Its size.
    fn sectors(&self) -> u64;

    /// Does it refuse to be written?
    fn is_read_only(&self) -> bool;

    /// How many buffers there are.
    fn buffers(&self) -> usize;

    /// The memory of buffer `index`, a multiple of 4 KiB.
    fn buffer(&self, index: usize) -> Option<RamSlice<'_>>;

    /// Starts an operation with buffer `index`, which no other operation uses. `false`: there is
    /// no room for it now.
    fn start(&mut self, index: usize, operation: Operation) -> bool;

    /// Lets the device know of what was started since.
    fn publish(&mut self);

    /// The buffer of the next operation that has ended, and how it has.
    fn poll(&mut self) -> Option<(usize, Result<(), Failed>)>;
}

/// What a buffer of the device is used for.
#[derive(Clone, Copy, Debug)]
struct Transfer {
    /// Whose request.
    client: usize,
    /// Its place among the client's.
    request: usize,
    /// For a read: where the data go in the client's region, and how many bytes.
    target: Option<(u64, usize)>,
}

/// The server of a disk.
#[derive(Debug)]
pub struct Server<'r, D> {
    disk: D,
    clients: Vec<Client<'r>, MAX_CLIENTS>,
    transfers: [Option<Transfer>; MAX_BUFFERS],
    /// Who is served first next time.
    first: usize,
}

impl<'r, D: Disk> Server<'r, D> {
    /// Serves the clients of `driver`, and tells them that the disk is ready; they are to be
    /// notified once.
    ///
    /// # Errors
    /// [`ClientError`]: the tables are not those of such clients.
    pub fn new(disk: D, driver: &Driver, regions: &'r Regions) -> Result<Self, ClientError> {
        let sectors = disk.sectors();
        let mut clients = Vec::new();
        for (index, client) in driver.clients.iter().enumerate() {
            let partition = Partition::of(driver.clients, index, sectors)?;
            let client = Client::new(client, regions, partition, disk.is_read_only())?;
            clients.push(client).map_err(|_| ClientError::TooMany)?;
        }
        Ok(Self {
            disk,
            clients,
            transfers: [None; MAX_BUFFERS],
            first: 0,
        })
    }

    /// The disk.
    pub const fn disk_mut(&mut self) -> &mut D {
        &mut self.disk
    }

    /// Serves every client once, and calls `notify` with the channels of those that have
    /// answers. `true`: something was done, so that there may be more to do.
    pub fn serve(&mut self, mut notify: impl FnMut(u8)) -> bool {
        let mut worked = self.collect();
        let count = self.clients.len();
        for step in 0..count {
            let turn = self.first.saturating_add(step);
            let index = turn.checked_rem(count).unwrap_or(0);
            worked |= self.serve_client(index, &mut notify);
        }
        self.first = self.first.wrapping_add(1);
        self.disk.publish();
        worked
    }

    /// A client that has broken a rule since this was last asked.
    pub fn take_dropped(&mut self) -> Option<Dropped> {
        self.clients.iter_mut().find_map(Client::take_dropped)
    }

    fn serve_client(&mut self, index: usize, notify: &mut impl FnMut(u8)) -> bool {
        let Some(client) = self.clients.get_mut(index) else {
            return false;
        };
        let mut worked = client.take_requests();
        worked |= self.start_transfers(index);
        if let Some(client) = self.clients.get_mut(index)
            && client.answer()
        {
            notify(client.channel());
            worked = true;
        }
        worked
    }

    /// Ends the transfers that the device has done.
    fn collect(&mut self) -> bool {
        let mut worked = false;
        for _ in 0..MAX_BUFFERS {
            let Some((index, result)) = self.disk.poll() else {
                break;
            };
            worked = true;
            let transfer = self.transfers.get_mut(index).and_then(Option::take);
            let buffer = self.disk.buffer(index);
            if let (Some(transfer), Some(buffer)) = (transfer, buffer)
                && let Some(client) = self.clients.get_mut(transfer.client)
            {
                client.end_transfer(transfer.request, transfer.target, &buffer, result);
            }
        }
        worked
    }

    /// Starts transfers of a client, so that it has its share of the buffers at work in a turn.
    fn start_transfers(&mut self, client: usize) -> bool {
        let share = self.disk.buffers().checked_div(self.clients.len());
        let mut worked = false;
        for _ in 0..share.unwrap_or(1).max(1) {
            if self.start_transfer(client).is_none() {
                break;
            }
            worked = true;
        }
        worked
    }

    /// Starts one transfer; `None` when there is no buffer, or nothing to do.
    fn start_transfer(&mut self, index: usize) -> Option<()> {
        let count = self.disk.buffers();
        let mut places = self.transfers.iter().take(count);
        let place = places.position(Option::is_none)?;
        let client = self.clients.get_mut(index)?;
        let buffer = self.disk.buffer(place)?;
        let next = client.next_transfer(&buffer)?;
        if !self.disk.start(place, next.operation) {
            return None;
        }
        client.started(&next);
        *self.transfers.get_mut(place)? = Some(Transfer {
            client: index,
            request: next.request,
            target: next.target(),
        });
        Some(())
    }
}

#[cfg(test)]
mod tests;
