//! Which part of the disk a client has.

use vmm_config::DriverClient;
use vmm_sddf::block::BLOCK_BYTES;

use super::SECTOR_BYTES;
use crate::{ClientError, client::parameter};

/// Sectors of a block, the unit of the queues.
pub(super) const SECTORS_PER_BLOCK: u64 = BLOCK_BYTES / SECTOR_BYTES;

/// A part of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its first sector.
    pub first_sector: u64,
    /// Its size in blocks of 4 KiB.
    pub blocks: u64,
}

impl Partition {
    /// The part of client `index` of a disk of `sectors` sectors: what its parameters
    /// `first-sector` and `sectors` say, else an equal part.
    ///
    /// # Errors
    /// [`ClientError::Parameter`]: the part does not lie on the disk, or only some of the clients
    /// say where theirs lies.
    pub fn of(clients: &[DriverClient], index: usize, sectors: u64) -> Result<Self, ClientError> {
        let wrong = ClientError::Parameter("first-sector");
        let chooses = |client: &DriverClient| parameter(client, "first-sector").is_some();
        let client = clients.get(index).ok_or(wrong)?;
        if clients.iter().any(chooses) {
            return Self::chosen(client, sectors).ok_or(wrong);
        }
        let count = u64::try_from(clients.len()).unwrap_or(u64::MAX);
        let share = sectors.checked_div(count).unwrap_or(0);
        let blocks = share.checked_div(SECTORS_PER_BLOCK).unwrap_or(0);
        let before = u64::try_from(index).unwrap_or(u64::MAX);
        Ok(Self {
            first_sector: before
                .saturating_mul(blocks)
                .saturating_mul(SECTORS_PER_BLOCK),
            blocks,
        })
    }

    fn chosen(client: &DriverClient, sectors: u64) -> Option<Self> {
        let first_sector = parameter(client, "first-sector")?;
        let rest = sectors.checked_sub(first_sector)?;
        let size = parameter(client, "sectors").unwrap_or(rest);
        (size <= rest).then_some(Self {
            first_sector,
            blocks: size.checked_div(SECTORS_PER_BLOCK)?,
        })
    }

    /// The sector of a block, if `count` blocks from it on lie in the partition.
    pub(super) fn sector(&self, block: u64, count: u64) -> Option<u64> {
        let end = block.checked_add(count)?;
        if end > self.blocks {
            return None;
        }
        block
            .checked_mul(SECTORS_PER_BLOCK)?
            .checked_add(self.first_sector)
    }
}

#[cfg(test)]
mod tests;
