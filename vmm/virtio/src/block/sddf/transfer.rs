//! Requests that are at work at the server.

use vmm_sddf::block::BLOCK_BYTES;

use super::{super::disk::Token, Run, SECTORS_PER_BLOCK};
use crate::block::disk::SECTOR_BYTES;

/// Most that are at work at a time; sDDF's queues have 128 entries by default.
const MAX_TRANSFERS: usize = 64;

/// The blocks that a request touches, and what it wants of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocks {
    pub(super) first: u64,
    pub(super) count: u64,
    /// Bytes before the data in the first block.
    pub(super) offset: u64,
    /// Bytes of the data.
    pub(super) bytes: u64,
}

impl Blocks {
    pub(super) const NONE: Self = Self {
        first: 0,
        count: 0,
        offset: 0,
        bytes: 0,
    };

    pub(super) fn of(sector: u64, bytes: u32) -> Self {
        let offset = (sector % SECTORS_PER_BLOCK).saturating_mul(SECTOR_BYTES);
        let bytes = u64::from(bytes);
        let count = if bytes == 0 {
            0
        } else {
            offset.saturating_add(bytes).div_ceil(BLOCK_BYTES)
        };
        Self {
            first: sector / SECTORS_PER_BLOCK,
            count,
            offset,
            bytes,
        }
    }

    /// Is not all of the first and the last block wanted?
    pub(super) fn is_partial(&self) -> bool {
        self.bytes != self.count.saturating_mul(BLOCK_BYTES)
    }
}

/// What the server is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Read,
    /// It reads the blocks into which the data of a write, in `data`, will go.
    Merge {
        data: Run,
    },
    Write,
    Flush,
}

/// One request at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    pub(super) token: Token,
    pub(super) blocks: Blocks,
    pub(super) run: Run,
    pub(super) step: Step,
}

/// All requests at work, by the name that the server has for them: 16 bits of place, 16 bits
/// that change with every use of the place, so that an answer given twice is recognised.
#[derive(Debug)]
pub(super) struct Transfers {
    places: [Option<Transfer>; MAX_TRANSFERS],
    uses: [u16; MAX_TRANSFERS],
}

impl Transfers {
    pub(super) const NONE: Self = Self {
        places: [None; MAX_TRANSFERS],
        uses: [0; MAX_TRANSFERS],
    };

    pub(super) fn insert(&mut self, transfer: Transfer) -> Option<u32> {
        let place = self.places.iter().position(Option::is_none)?;
        *self.places.get_mut(place)? = Some(transfer);
        let uses = self.uses.get_mut(place)?;
        *uses = uses.wrapping_add(1);
        Some(u32::from(*uses) << 16 | u32::try_from(place).ok()?)
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<Transfer> {
        let place = usize::from(id as u16);
        if u32::from(*self.uses.get(place)?) != id >> 16 {
            return None;
        }
        self.places.get_mut(place)?.take()
    }

    pub(super) fn take_any(&mut self) -> Option<Transfer> {
        self.places.iter_mut().find_map(Option::take)
    }

    fn any(&self, is: impl Fn(&Transfer) -> bool) -> bool {
        self.places.iter().flatten().any(is)
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.any(|_| true)
    }

    /// Is a write at work?
    pub(super) fn writes(&self) -> bool {
        self.any(|one| matches!(one.step, Step::Write | Step::Merge { .. }))
    }

    /// Does a write read blocks first?
    pub(super) fn merges(&self) -> bool {
        self.any(|one| {
            matches!(one.step, Step::Merge { .. })
                || one.step == Step::Write && one.blocks.is_partial()
        })
    }
}
