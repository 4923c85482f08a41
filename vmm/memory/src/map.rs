//! The guest-physical memory map: reservations and anonymous pools in one ordered structure.

use super::backend::Backend;
use super::frame::{GRAIN, PAGE};
use super::range_map::{Entry, RangeMap};
use super::reservation::{FreeError, MapError, Reservation, ReserveError, StaleReservation};
use core::cell::Cell;
use vmm_arch::{AccessSize, Gpa, GpaRange};

/// Who owns which guest-physical address, and what answers there.
///
/// `H` names a handler (an identifier, or a function with its cookie), `F` is the iterator of
/// frames that back a reservation, `B` maps them, and `N` is the most ranges: one for each
/// reservation, and one for each unused stretch of an anonymous pool.
///
/// Every `F` must repeat itself: a clone yields the same frames again. The map keeps one for
/// each mapped reservation, so that it unmaps exactly what was mapped.
#[derive(Debug)]
pub struct MemoryMap<H, F, B: Backend, const N: usize> {
    pub(super) entries: RangeMap<Use<H, F>, N>,
    pub(super) backend: B,
    pub(super) unhandled: Option<H>,
    pub(super) fault_error: Option<MapError<B::Error>>,
    generations: u64,
    /// Where `find` found the last access: most go to the same device again.
    recent: Cell<usize>,
}

/// What a range of the map is.
#[derive(Clone, Debug)]
pub(super) enum Use<H, F> {
    /// Unused memory of an anonymous pool.
    Pool,
    /// A reservation.
    Reserved(Reserved<H, F>),
}

impl<H, F> Use<H, F> {
    /// The handler, unless an access there is not the handler's business.
    #[inline(always)]
    fn emulator(&self) -> Option<&H> {
        match self {
            Self::Reserved(Reserved {
                handler,
                backing: Backing::Unmapped | Backing::Mapped(_),
                ..
            }) => Some(handler),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Reserved<H, F> {
    pub(super) handler: H,
    pub(super) backing: Backing<F>,
    generation: u64,
    from_pool: bool,
}

/// What backs a reservation.
#[derive(Clone, Debug)]
pub(super) enum Backing<F> {
    /// Nothing: every access faults.
    Unmapped,
    /// These frames, from the first fault on.
    Deferred(F),
    /// These frames.
    Mapped(F),
    /// Perhaps some of these frames: a rollback or a free failed.
    Torn(F),
}

impl<H: Copy, F, B: Backend, const N: usize> MemoryMap<H, F, B, N> {
    /// A map with no reservations over `backend`.
    pub const fn new(backend: B) -> Self {
        Self {
            entries: RangeMap::new(),
            backend,
            unhandled: None,
            fault_error: None,
            generations: 0,
            recent: Cell::new(0),
        }
    }

    /// The backend.
    pub const fn backend(&self) -> &B {
        &self.backend
    }

    /// The backend, to change.
    pub const fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }

    /// Reserves `range`, unmapped, with `handler` for its faults. An emulated device is a
    /// reservation that is never mapped.
    ///
    /// # Errors
    /// [`ReserveError`] when the range is unaligned or overlaps a reservation or a pool, or the
    /// map is full.
    pub fn reserve_memory_at(
        &mut self,
        range: GpaRange,
        handler: H,
    ) -> Result<Reservation, ReserveError> {
        if !is_aligned(&range, GRAIN) {
            return Err(ReserveError::Unaligned(range));
        }
        let generation = self.generations;
        let reserved = Use::Reserved(Reserved {
            handler,
            backing: Backing::Unmapped,
            generation,
            from_pool: false,
        });
        self.entries
            .insert(range, reserved)
            .map_err(|error| ReserveError::of_insert(error, range))?;
        Ok(self.made(range))
    }

    /// Makes `range` a pool for anonymous reservations. Pools that touch are one pool.
    ///
    /// # Errors
    /// [`ReserveError`] when the range is not made of pages or overlaps a reservation or a
    /// pool, or the map is full.
    pub fn make_anon(&mut self, range: GpaRange) -> Result<(), ReserveError> {
        if !is_aligned(&range, PAGE) {
            return Err(ReserveError::PoolUnaligned(range));
        }
        self.entries
            .insert(range, Use::Pool)
            .map_err(|error| ReserveError::of_insert(error, range))?;
        self.merge_pool(range.base());
        Ok(())
    }

    /// Reserves `size` bytes, rounded up to pages, at the lowest multiple of `align` where the
    /// pools have room; the handle's range tells where.
    ///
    /// # Errors
    /// [`ReserveError`] when the size is zero, the alignment is no power of two, or no room is
    /// left in the pools or the map.
    pub fn reserve_anon_memory(
        &mut self,
        size: u64,
        align: u64,
        handler: H,
    ) -> Result<Reservation, ReserveError> {
        if size == 0 {
            return Err(ReserveError::SizeZero);
        }
        if !align.is_power_of_two() {
            return Err(ReserveError::Alignment(align));
        }
        let size = size
            .checked_next_multiple_of(PAGE)
            .ok_or(ReserveError::SizeTooLarge(size))?;
        // Pools and sizes are made of pages, so every place is at a page.
        let (index, range) = self
            .entries
            .first_fit(size, align, |used| matches!(used, Use::Pool))
            .ok_or(ReserveError::NoRoom { size, align })?;
        let generation = self.generations;
        let reserved = Use::Reserved(Reserved {
            handler,
            backing: Backing::Unmapped,
            generation,
            from_pool: true,
        });
        self.entries
            .carve(index, range, reserved, || Use::Pool)
            .map_err(|error| ReserveError::of_insert(error, range))?;
        Ok(self.made(range))
    }

    /// The handle of the reservation made last; no two share a generation, for a counter of
    /// 64 bits does not come around.
    fn made(&mut self, range: GpaRange) -> Reservation {
        let generation = self.generations;
        self.generations = generation.wrapping_add(1);
        Reservation { range, generation }
    }

    /// The reservation's addresses.
    ///
    /// # Errors
    /// [`StaleReservation`] when it was freed.
    pub fn reservation_memory_region(
        &self,
        reservation: Reservation,
    ) -> Result<GpaRange, StaleReservation> {
        self.index_of(reservation).map(|_| reservation.range)
    }

    /// The handler of the reservation that holds all bytes of an access, and the access's
    /// offset in it. `None` sends the access to [`handle_fault`](Self::handle_fault): nothing
    /// is reserved there, or the mapping is still to be made.
    #[inline(always)]
    pub fn find(&self, gpa: Gpa, size: AccessSize) -> Option<(&H, u64)> {
        if let Some(entry) = self.entries.get(self.recent.get())
            && let Some(offset) = offset_of(entry, gpa, size)
        {
            return Some((entry.value.emulator()?, offset));
        }
        let index = self.entries.index_of(gpa)?;
        self.recent.set(index);
        let entry = self.entries.get(index)?;
        let offset = offset_of(entry, gpa, size)?;
        Some((entry.value.emulator()?, offset))
    }

    /// What holds all bytes of an access: its range, the offset there, and its use.
    pub(super) fn holding(
        &self,
        gpa: Gpa,
        size: AccessSize,
    ) -> Option<(GpaRange, u64, &Use<H, F>)> {
        let entry = self.entries.find(gpa)?;
        let offset = offset_of(entry, gpa, size)?;
        Some((entry.range, offset, &entry.value))
    }

    pub(super) fn index_of(&self, reservation: Reservation) -> Result<usize, StaleReservation> {
        let index = self.entries.index_of(reservation.range.base());
        let exact = index.filter(|index| match self.entries.get(*index) {
            Some(entry) => match &entry.value {
                Use::Reserved(reserved) => {
                    reserved.generation == reservation.generation
                        && entry.range == reservation.range
                }
                Use::Pool => false,
            },
            None => false,
        });
        exact.ok_or(StaleReservation(reservation.range))
    }

    /// The reservation at `index`.
    pub(super) fn reserved_mut(&mut self, index: usize) -> Option<&mut Reserved<H, F>> {
        match self.entries.value_mut(index) {
            Some(Use::Reserved(reserved)) => Some(reserved),
            _ => None,
        }
    }

    fn merge_pool(&mut self, address: Gpa) {
        if let Some(index) = self.entries.index_of(address) {
            self.entries.merge(index, |low, high| {
                matches!((low, high), (Use::Pool, Use::Pool))
            });
        }
    }
}

impl<H: Copy, F, B, const N: usize> MemoryMap<H, F, B, N>
where
    F: Iterator<Item = super::Frame> + Clone,
    B: Backend,
{
    /// Unmaps and frees a reservation; anonymous memory goes back to its pool.
    ///
    /// # Errors
    /// [`FreeError`]: the handle is stale, or a frame could not be unmapped. Then the
    /// reservation still exists, and freeing it can be tried again.
    pub fn free_reserved_memory(
        &mut self,
        reservation: Reservation,
    ) -> Result<(), FreeError<B::Error>> {
        let index = self.index_of(reservation)?;
        self.unmap(index, reservation.range)?;
        let from_pool = self
            .reserved_mut(index)
            .is_some_and(|found| found.from_pool);
        if let (true, Some(used)) = (from_pool, self.entries.value_mut(index)) {
            *used = Use::Pool;
            self.merge_pool(reservation.range.base());
        } else {
            self.entries.remove(index);
        }
        Ok(())
    }
}

/// Offset of an access in a range that holds all bytes of it.
#[inline(always)]
fn offset_of<T>(entry: &Entry<T>, gpa: Gpa, size: AccessSize) -> Option<u64> {
    let offset = gpa.offset_from(entry.range.base())?;
    let after = entry.range.last().offset_from(gpa)?;
    (after >= size.bytes().saturating_sub(1)).then_some(offset)
}

fn is_aligned(range: &GpaRange, grain: u64) -> bool {
    // The whole address space has a size of 2^64, which saturates: look at the last byte.
    let end = range.last().0.wrapping_add(1);
    range.base().is_aligned(grain) && Gpa(end).is_aligned(grain)
}

#[cfg(test)]
mod tests;
