//! The contract between a block device and what keeps its data.
//!
//! A disk never waits. It does a request at once, or takes it and answers later, or has no room
//! and asks to be tried again when its channel is next signalled.

use vmm_device::Effects;
use vmm_memory::RamSlice;

use crate::queue::{Reader, Writer};

/// Bytes of a sector, the unit of the block device whatever the disk's own is.
pub const SECTOR_BYTES: u64 = 512;

/// Names a request that is at work: 16 bits of descriptor, 16 bits of epoch. The epoch changes
/// at every reset, so that an answer of before a reset is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(pub u32);

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiskError {
    /// The medium failed, or the request does not fit it.
    #[error("the disk cannot do it")]
    Failed,
    /// The disk does not have this operation.
    #[error("the disk does not know this operation")]
    Unsupported,
}

/// What a disk is to do. Sectors lie on the disk, and data have whole sectors.
#[derive(Debug)]
pub enum Operation<'c, 'm> {
    /// Copy sectors from `sector` on to the guest.
    Read {
        /// The first.
        sector: u64,
        /// All of its room is to be filled.
        into: Writer<'c, 'm>,
    },
    /// Copy sectors from `sector` on from the guest.
    Write {
        /// The first.
        sector: u64,
        /// All of it is to be written.
        from: Reader<'c, 'm>,
    },
    /// What was written before shall survive a loss of power.
    Flush,
    /// The sectors read as zero from now on.
    WriteZeroes {
        /// The first.
        sector: u64,
        /// How many.
        sectors: u32,
    },
    /// The data of these sectors is not needed any more.
    Discard {
        /// The first.
        sector: u64,
        /// How many.
        sectors: u32,
    },
}

/// What became of a request that was handed to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submission {
    /// It is done.
    Done(Result<(), DiskError>),
    /// The answer comes by [`Disk::poll`].
    Pending,
    /// There is no room; nothing was done.
    Busy,
}

/// The end of a request that was pending.
#[derive(Debug)]
pub struct Completion<'d> {
    /// The request.
    pub token: Token,
    /// How it ended.
    pub result: Result<(), DiskError>,
    /// What was read, for the device to copy to the guest.
    pub data: Option<RamSlice<'d>>,
}

/// What keeps the data of a block device.
pub trait Disk {
    /// Sectors, zero while the disk is not ready.
    fn sectors(&self) -> u64;

    /// Does it refuse to be written?
    fn is_read_only(&self) -> bool;

    /// Bytes of data that one request may have.
    fn max_request_bytes(&self) -> u32 {
        u32::MAX
    }

    /// Takes a request.
    fn submit(
        &mut self,
        token: Token,
        operation: Operation<'_, '_>,
        effects: &mut Effects,
    ) -> Submission;

    /// The next request that was pending and has ended. Its data stay until the next call.
    fn poll(&mut self, effects: &mut Effects) -> Option<Completion<'_>> {
        let _ = effects;
        None
    }
}
