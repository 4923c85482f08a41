//! Handles of reservations, and what can go wrong with them.

use super::frame::{GRAIN, PAGE, Rights};
use super::range_map::InsertError;
use vmm_arch::{Gpa, GpaRange};

/// A reservation of a [`MemoryMap`](super::MemoryMap).
///
/// It names exactly one reservation for ever: once that is freed, every further use of the
/// handle is refused, also after the same addresses are reserved anew. It means something
/// only to the map that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    pub(super) range: GpaRange,
    pub(super) generation: u64,
}

impl Reservation {
    /// The addresses that were reserved.
    pub const fn range(&self) -> GpaRange {
        self.range
    }
}

/// The handle's reservation was freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reservation of {0} was freed already: drop the handle when you free it")]
pub struct StaleReservation(pub GpaRange);

/// Why addresses cannot be reserved; nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReserveError {
    /// A reservation's base and size are multiples of eight bytes.
    #[error("{0} does not begin and end at a multiple of {GRAIN} bytes")]
    Unaligned(GpaRange),
    /// A pool's base and size are multiples of a page.
    #[error("the pool {0} does not begin and end at a multiple of {PAGE} bytes")]
    PoolUnaligned(GpaRange),
    /// An anonymous reservation holds at least one byte.
    #[error("an anonymous reservation of zero bytes")]
    SizeZero,
    /// Rounded up to pages, the size exceeds the address space.
    #[error("an anonymous reservation of {0:#x} bytes is larger than the address space")]
    SizeTooLarge(u64),
    /// Alignments are powers of two.
    #[error("the alignment {0:#x} is not a power of two")]
    Alignment(u64),
    /// Two owners for one address.
    #[error("{range} overlaps {other}: reserve other addresses, or free that reservation first")]
    Overlap {
        /// What was asked for.
        range: GpaRange,
        /// Reservation or pool that is there.
        other: GpaRange,
    },
    /// The pools are used up, or were never made.
    #[error(
        "no anonymous pool has {size:#x} free bytes at a multiple of {align:#x}: make_anon more"
    )]
    NoRoom {
        /// Bytes, rounded up to pages.
        size: u64,
        /// Alignment.
        align: u64,
    },
    /// The map's capacity is fixed when the program is built.
    #[error("the memory map has room for {0} entries: raise its capacity")]
    Full(usize),
}

impl ReserveError {
    pub(super) fn of_insert(error: InsertError, range: GpaRange) -> Self {
        match error {
            InsertError::Overlap(other) => Self::Overlap { range, other },
            InsertError::Full(capacity) => Self::Full(capacity),
        }
    }
}

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The iterator ended before the reservation did.
    #[error("the frames end at {0}, before the reservation does")]
    Exhausted(Gpa),
    /// Zero-sized and other impossible frames.
    #[error("the frame at {vaddr} has 2^{size_bits} bytes: pages have 2^12, 2^21 or 2^30")]
    Size {
        /// Where the frame goes.
        vaddr: Gpa,
        /// log2 of the size it claims.
        size_bits: u8,
    },
    /// Pages lie at multiples of their size.
    #[error("the frame of {size:#x} bytes at {vaddr} does not lie at a multiple of its size")]
    Unaligned {
        /// Where the frame goes.
        vaddr: Gpa,
        /// Its size.
        size: u64,
    },
    /// A frame that has nothing to do with the reservation.
    #[error("the frame at {vaddr} lies outside the reservation {range}")]
    Outside {
        /// Where the frame goes.
        vaddr: Gpa,
        /// The reservation.
        range: GpaRange,
    },
    /// A hole between two frames, or two frames for one address.
    #[error("a frame goes to {found} where the one for {expected} is due")]
    Misplaced {
        /// The first address not mapped yet.
        expected: Gpa,
        /// The address that the frame names.
        found: Gpa,
    },
    /// The frame reaches past the reservation's end.
    #[error("the frame {frame} is larger than what is left of the reservation {range}")]
    TooLarge {
        /// The frame.
        frame: GpaRange,
        /// The reservation.
        range: GpaRange,
    },
    /// The kernel takes such rights for no access at all.
    #[error("the frame at {vaddr} has the rights \"{rights}\": a mapping needs at least \"r\"")]
    Rights {
        /// Where the frame goes.
        vaddr: Gpa,
        /// Its rights.
        rights: Rights,
    },
}

/// Why a reservation was not mapped. Nothing changed, except where the variant says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError<E> {
    /// The handle is out of date.
    #[error(transparent)]
    Stale(#[from] StaleReservation),
    /// Mapping happens once.
    #[error("the reservation {0} is mapped already: free it first")]
    AlreadyMapped(GpaRange),
    /// Only mapped memory can be seen.
    #[error("the reservation {0} is not mapped: map it first")]
    NotMapped(GpaRange),
    /// Pages cannot cover it.
    #[error("the reservation {0} is not made of whole pages of {PAGE} bytes")]
    NotPages(GpaRange),
    /// The slice does not cover the reservation, or more than it.
    #[error("{count} frames of 2^{size_bits} bytes do not cover {range} exactly")]
    FrameCount {
        /// Frames given.
        count: usize,
        /// log2 of the size of each.
        size_bits: u8,
        /// The reservation.
        range: GpaRange,
    },
    /// A frame is not what this reservation needs.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The backend refused.
    #[error("{0}")]
    Backend(E),
    /// The backend refused, and then refused to take back what it had mapped. The reservation
    /// may be half mapped: nothing but freeing it is allowed now.
    #[error("{cause}; undoing the mapping failed too: {undo}; free the reservation")]
    Torn {
        /// Why mapping stopped.
        cause: E,
        /// Why the rollback stopped.
        undo: E,
    },
    /// An earlier rollback or free failed half-way.
    #[error("the reservation {0} may be half mapped: free it")]
    NeedsFree(GpaRange),
}

/// Why a reservation was not freed; it still exists, and freeing it can be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FreeError<E> {
    /// The handle is out of date.
    #[error(transparent)]
    Stale(#[from] StaleReservation),
    /// A frame iterator did not repeat itself, so that its frames cannot be found again.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The backend did not unmap a frame.
    #[error("{0}")]
    Backend(E),
}
