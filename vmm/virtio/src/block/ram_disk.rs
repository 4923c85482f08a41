//! A disk in memory of the VMM: an empty region, or one that the image fills.

use vmm_device::Effects;
use vmm_memory::RamSlice;

use super::disk::{Disk, Operation, SECTOR_BYTES, Submission, Token};
use crate::{
    Memory,
    memory::{copy_from_guest, copy_to_guest},
    queue::{Reader, Writer},
};

/// The memory has not a single sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are no disk: a sector has 512")]
pub struct TooSmall(pub u64);

/// A disk in memory. It does every request at once, and forgets its data when the machine ends.
#[derive(Debug)]
pub struct RamDisk<'d> {
    data: RamSlice<'d>,
    guest: &'d Memory,
    read_only: bool,
}

impl<'d> RamDisk<'d> {
    /// The disk whose sectors are `data`, for a guest whose RAM is `guest`. Bytes behind the
    /// last whole sector are not used.
    ///
    /// # Errors
    /// [`TooSmall`]: not even one sector.
    pub const fn new(
        data: RamSlice<'d>,
        guest: &'d Memory,
        read_only: bool,
    ) -> Result<Self, TooSmall> {
        if data.size() < SECTOR_BYTES {
            return Err(TooSmall(data.size()));
        }
        Ok(Self {
            data,
            guest,
            read_only,
        })
    }

    fn read(&self, sector: u64, mut into: Writer<'_, '_>) {
        let mut offset = sector.saturating_mul(SECTOR_BYTES);
        while let Some((gpa, length)) = into.next_piece(usize::MAX) {
            copy_to_guest(self.guest, gpa, length, &self.data, offset);
            offset = offset.saturating_add(length as u64);
        }
    }

    fn write(&self, sector: u64, mut from: Reader<'_, '_>) {
        let mut offset = sector.saturating_mul(SECTOR_BYTES);
        while let Some((gpa, length)) = from.next_piece(usize::MAX) {
            copy_from_guest(self.guest, gpa, length, &self.data, offset);
            offset = offset.saturating_add(length as u64);
        }
    }

    fn zero(&self, sector: u64, sectors: u32) {
        let bytes = u64::from(sectors).saturating_mul(SECTOR_BYTES);
        let offset = sector.saturating_mul(SECTOR_BYTES);
        self.data.fill_zero(offset, bytes as usize);
    }
}

/// Requests lie on the disk, so their copies do; see [`Operation`].
impl Disk for RamDisk<'_> {
    fn sectors(&self) -> u64 {
        self.data.size() / SECTOR_BYTES
    }

    fn is_read_only(&self) -> bool {
        self.read_only
    }

    fn submit(
        &mut self,
        _token: Token,
        operation: Operation<'_, '_>,
        _effects: &mut Effects,
    ) -> Submission {
        match operation {
            Operation::Read { sector, into } => self.read(sector, into),
            Operation::Write { sector, from } => self.write(sector, from),
            Operation::Flush => {}
            Operation::WriteZeroes { sector, sectors } | Operation::Discard { sector, sectors } => {
                self.zero(sector, sectors);
            }
        }
        Submission::Done(Ok(()))
    }
}
