//! A disk in memory of the VMM: an empty region, or one that the image fills.

use vmm_device::Effects;
use vmm_memory::RamSlice;

use super::disk::{Disk, DiskError, Operation, SECTOR_BYTES, Submission, Token};
use crate::Memory;

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

    /// Calls `copy` for each piece of guest RAM: the piece, and where it lies on the disk.
    fn for_pieces(
        &self,
        sector: u64,
        mut next: impl FnMut() -> Option<(vmm_arch::Gpa, usize)>,
        copy: impl Fn(&Self, u64, RamSlice<'_>, usize) -> Option<()>,
    ) -> Result<(), DiskError> {
        let mut offset = sector.checked_mul(SECTOR_BYTES).ok_or(DiskError::Failed)?;
        while let Some((gpa, length)) = next() {
            // A piece may lie in two windows of RAM.
            let mut result = Some(());
            let range =
                vmm_arch::GpaRange::new(gpa, length as u64).map_err(|_| DiskError::Failed)?;
            let touched = self.guest.touch(range, |chunk| {
                let at = offset.saturating_add(chunk.at());
                let piece = self.guest.slice(chunk.range());
                let done = piece.and_then(|piece| copy(self, at, piece, chunk.size()));
                result = result.and(done);
            });
            touched.map_err(|_| DiskError::Failed)?;
            result.ok_or(DiskError::Failed)?;
            offset = offset.saturating_add(length as u64);
        }
        Ok(())
    }

    fn zero(&self, sector: u64, sectors: u32) -> Result<(), DiskError> {
        let offset = sector.checked_mul(SECTOR_BYTES).ok_or(DiskError::Failed)?;
        let bytes = u64::from(sectors).saturating_mul(SECTOR_BYTES);
        self.data
            .fill_zero(offset, bytes as usize)
            .ok_or(DiskError::Failed)
    }
}

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
        Submission::Done(match operation {
            Operation::Read { sector, mut into } => self.for_pieces(
                sector,
                || into.next_piece(usize::MAX),
                |disk, at, piece, length| piece.copy_from(0, &disk.data, at, length),
            ),
            Operation::Write { sector, mut from } => self.for_pieces(
                sector,
                || from.next_piece(usize::MAX),
                |disk, at, piece, length| disk.data.copy_from(at, &piece, 0, length),
            ),
            Operation::Flush => Ok(()),
            Operation::WriteZeroes { sector, sectors } | Operation::Discard { sector, sectors } => {
                self.zero(sector, sectors)
            }
        })
    }
}
