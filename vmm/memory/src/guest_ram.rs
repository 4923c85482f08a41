//! Which guest RAM is there, and which of it is in use.

use super::backend::Backend;
use super::frame::Frame;
use super::map::MemoryMap;
use super::range_map::{InsertError, RangeMap};
use super::reservation::{FreeError, MapError, Reservation, ReserveError};
use vmm_arch::GpaRange;

/// Why RAM was not allocated or freed; nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RamError {
    /// An allocation holds at least one byte.
    #[error("an allocation of zero bytes")]
    SizeZero,
    /// Alignments are powers of two.
    #[error("the alignment {0:#x} is not a power of two")]
    Alignment(u64),
    /// RAM is used up, or in pieces.
    #[error("no guest RAM has {size:#x} free bytes at a multiple of {align:#x}")]
    NoRoom {
        /// Bytes.
        size: u64,
        /// Alignment.
        align: u64,
    },
    /// It is no RAM, or somebody uses it.
    #[error("{0} is not free guest RAM")]
    NotFree(GpaRange),
    /// Only whole allocations are freed, and only once.
    #[error("{0} is not an allocation: free exactly what was allocated, once")]
    NotAllocated(GpaRange),
    /// The RAM is registered already.
    #[error("{range} overlaps the guest RAM {other}")]
    Overlap {
        /// What was to be registered.
        range: GpaRange,
        /// RAM that is there.
        other: GpaRange,
    },
    /// The capacity is fixed when the program is built.
    #[error("guest RAM is in {0} pieces already: raise the capacity")]
    Full(usize),
}

/// Why RAM was not registered. Nothing is left of the attempt, except where it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError<E> {
    /// The addresses are not to be had.
    #[error(transparent)]
    Reserve(#[from] ReserveError),
    /// The frames do not back them.
    #[error(transparent)]
    Map(MapError<E>),
    /// The account of RAM has no place for it.
    #[error(transparent)]
    Ram(#[from] RamError),
    /// Registering failed, and the reservation could not be freed: it is still there.
    #[error("guest RAM was not registered, and its reservation {0:?} was not freed: {1}")]
    Left(Reservation, FreeError<E>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Free,
    Allocated,
}

/// The account of guest RAM: at most `N` pieces, free or allocated. Free pieces that touch are
/// one; allocations stay apart.
#[derive(Clone, Debug, Default)]
pub struct GuestRam<const N: usize> {
    pieces: RangeMap<Piece, N>,
}

impl<const N: usize> GuestRam<N> {
    /// No RAM.
    pub const fn new() -> Self {
        Self {
            pieces: RangeMap::new(),
        }
    }

    /// Reserves `size` bytes of anonymous memory as RAM and maps them with the frames that
    /// `frames` gives for their addresses.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn register<H, F, B, const M: usize>(
        &mut self,
        map: &mut MemoryMap<H, F, B, M>,
        size: u64,
        align: u64,
        handler: H,
        frames: impl FnOnce(GpaRange) -> F,
    ) -> Result<Reservation, RegisterError<B::Error>>
    where
        H: Copy,
        F: Iterator<Item = Frame> + Clone,
        B: Backend,
    {
        let reservation = map.reserve_anon_memory(size, align, handler)?;
        self.back(map, reservation, frames(reservation.range()))
    }

    /// Reserves `range` as RAM and maps it with `frames`.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn register_at<H, F, B, const M: usize>(
        &mut self,
        map: &mut MemoryMap<H, F, B, M>,
        range: GpaRange,
        handler: H,
        frames: F,
    ) -> Result<Reservation, RegisterError<B::Error>>
    where
        H: Copy,
        F: Iterator<Item = Frame> + Clone,
        B: Backend,
    {
        let reservation = map.reserve_memory_at(range, handler)?;
        self.back(map, reservation, frames)
    }

    fn back<H, F, B, const M: usize>(
        &mut self,
        map: &mut MemoryMap<H, F, B, M>,
        reservation: Reservation,
        frames: F,
    ) -> Result<Reservation, RegisterError<B::Error>>
    where
        H: Copy,
        F: Iterator<Item = Frame> + Clone,
        B: Backend,
    {
        let range = reservation.range();
        let answer = map
            .map_reservation(reservation, frames)
            .map_err(RegisterError::Map)
            .and_then(|()| self.add(range).map_err(RegisterError::Ram));
        let Err(error) = answer else {
            return Ok(reservation);
        };
        match map.free_reserved_memory(reservation) {
            Ok(()) => Err(error),
            Err(left) => Err(RegisterError::Left(reservation, left)),
        }
    }

    /// Adds free RAM.
    fn add(&mut self, range: GpaRange) -> Result<(), RamError> {
        self.pieces
            .insert(range, Piece::Free)
            .map_err(|error| match error {
                InsertError::Overlap(other) => RamError::Overlap { range, other },
                InsertError::Full(capacity) => RamError::Full(capacity),
            })?;
        self.merge(range);
        Ok(())
    }

    /// Allocates `size` bytes at the lowest free multiple of `align`.
    ///
    /// # Errors
    /// [`RamError`].
    pub fn allocate(&mut self, size: u64, align: u64) -> Result<GpaRange, RamError> {
        if size == 0 {
            return Err(RamError::SizeZero);
        }
        if !align.is_power_of_two() {
            return Err(RamError::Alignment(align));
        }
        let (index, range) = self
            .pieces
            .first_fit(size, align, |piece| *piece == Piece::Free)
            .ok_or(RamError::NoRoom { size, align })?;
        self.take(index, range)?;
        Ok(range)
    }

    /// Allocates exactly `range`.
    ///
    /// # Errors
    /// [`RamError::NotFree`] when not all of it is free RAM.
    pub fn mark_allocated(&mut self, range: GpaRange) -> Result<(), RamError> {
        let index = self.pieces.index_of(range.base());
        let free = index.filter(|index| {
            self.pieces.get(*index).is_some_and(|entry| {
                entry.value == Piece::Free && entry.range.contains_range(&range)
            })
        });
        self.take(free.ok_or(RamError::NotFree(range))?, range)
    }

    fn take(&mut self, index: usize, range: GpaRange) -> Result<(), RamError> {
        self.pieces
            .carve(index, range, Piece::Allocated, || Piece::Free)
            .map_err(|error| match error {
                InsertError::Full(capacity) => RamError::Full(capacity),
                InsertError::Overlap(range) => RamError::NotFree(range),
            })
    }

    /// Frees an allocation.
    ///
    /// # Errors
    /// [`RamError::NotAllocated`] when `range` is not exactly one allocation.
    pub fn free(&mut self, range: GpaRange) -> Result<(), RamError> {
        let index = self.pieces.index_of(range.base());
        let allocated = index.filter(|index| {
            self.pieces
                .get(*index)
                .is_some_and(|entry| entry.value == Piece::Allocated && entry.range == range)
        });
        let index = allocated.ok_or(RamError::NotAllocated(range))?;
        if let Some(piece) = self.pieces.value_mut(index) {
            *piece = Piece::Free;
        }
        self.merge(range);
        Ok(())
    }

    /// The largest run of free RAM, the lowest of several; `None` when nothing is free.
    pub fn find_largest_free(&self) -> Option<GpaRange> {
        self.pieces
            .iter()
            .filter(|entry| entry.value == Piece::Free)
            .map(|entry| entry.range)
            .reduce(|best, range| {
                if range.size() > best.size() {
                    range
                } else {
                    best
                }
            })
    }

    fn merge(&mut self, range: GpaRange) {
        if let Some(index) = self.pieces.index_of(range.base()) {
            self.pieces.merge(index, |low, high| {
                (*low, *high) == (Piece::Free, Piece::Free)
            });
        }
    }
}

#[cfg(test)]
mod tests;
