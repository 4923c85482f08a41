//! Backing reservations with frames: all of them or none.

use super::backend::Backend;
use super::frame::{Attributes, Cptr, Frame, FrameSlice, PAGE, Rights};
use super::map::{Backing, MemoryMap};
use super::reservation::{FreeError, MapError, Reservation, StaleReservation};
use super::walk::Walk;
use vmm_arch::GpaRange;

impl<H: Copy, F, B, const N: usize> MemoryMap<H, F, B, N>
where
    F: Iterator<Item = Frame> + Clone,
    B: Backend,
{
    /// Maps a reservation now. `frames` yields them in address order, each at the address where
    /// the one before ends, until the reservation is covered; more frames are left alone.
    ///
    /// # Errors
    /// [`MapError`]; nothing changed, unless it says otherwise.
    pub fn map_reservation(
        &mut self,
        reservation: Reservation,
        frames: F,
    ) -> Result<(), MapError<B::Error>> {
        let index = self.mappable(reservation)?;
        self.map_at(index, reservation.range, frames)
    }

    /// Maps a reservation at its first fault: until then the map owns `frames`.
    ///
    /// # Errors
    /// [`MapError`]: the reservation cannot be mapped. The frames are looked at when the fault
    /// comes; see [`fault_error`](Self::fault_error).
    ///
    /// Frames that are borrowed live as long as the map:
    /// ```
    /// # use vmm_arch::{Gpa, GpaRange};
    /// # use vmm_memory::*;
    /// let cptrs = [Cptr(1)];
    /// let mut map = MemoryMap::<u8, FrameSlice<'_>, _, 4>::new(StaticBackend::new(&[]).unwrap());
    /// let range = GpaRange::new(Gpa(0x1000), 0x1000).unwrap();
    /// let reservation = map.reserve_memory_at(range, 0).unwrap();
    /// let frames = FrameSlice::new(&cptrs, Gpa(0x1000), Rights::ALL, 12, Attributes::Normal);
    /// map.map_reservation_deferred(reservation, frames).unwrap();
    /// assert!(map.reservation_memory_region(reservation).is_ok());
    /// ```
    /// The same with frames that go away before the map does is refused by the compiler:
    /// ```compile_fail,E0597
    /// # use vmm_arch::{Gpa, GpaRange};
    /// # use vmm_memory::*;
    /// let mut map = MemoryMap::<u8, FrameSlice<'_>, _, 4>::new(StaticBackend::new(&[]).unwrap());
    /// let range = GpaRange::new(Gpa(0x1000), 0x1000).unwrap();
    /// let reservation = map.reserve_memory_at(range, 0).unwrap();
    /// {
    ///     let cptrs = [Cptr(1)];
    ///     let frames = FrameSlice::new(&cptrs, Gpa(0x1000), Rights::ALL, 12, Attributes::Normal);
    ///     map.map_reservation_deferred(reservation, frames).unwrap();
    /// }
    /// assert!(map.reservation_memory_region(reservation).is_ok());
    /// ```
    pub fn map_reservation_deferred(
        &mut self,
        reservation: Reservation,
        frames: F,
    ) -> Result<(), MapError<B::Error>> {
        let index = self.mappable(reservation)?;
        self.set_backing(index, Backing::Deferred(frames));
        Ok(())
    }

    /// Maps a reservation now with frames of one size, which must cover it exactly.
    ///
    /// # Errors
    /// [`MapError`]; nothing changed, unless it says otherwise.
    pub fn map_reservation_frames<'f>(
        &mut self,
        reservation: Reservation,
        cptrs: &'f [Cptr],
        size_bits: u8,
        rights: Rights,
        attributes: Attributes,
    ) -> Result<(), MapError<B::Error>>
    where
        F: From<FrameSlice<'f>>,
    {
        let range = self.reservation_memory_region(reservation)?;
        let count = cptrs.len();
        let size = u64::try_from(count)
            .ok()
            .zip(1u64.checked_shl(u32::from(size_bits)))
            .and_then(|(count, size)| count.checked_mul(size));
        if size != Some(range.size()) {
            return Err(MapError::FrameCount {
                count,
                size_bits,
                range,
            });
        }
        let frames = FrameSlice::new(cptrs, range.base(), rights, size_bits, attributes);
        self.map_reservation(reservation, F::from(frames))
    }

    /// Where the VMM itself sees the memory of a mapped reservation.
    ///
    /// # Errors
    /// [`MapError`]: the reservation is not mapped ([`MapError::NotMapped`]), or the backend
    /// says why the VMM does not see it.
    pub fn vmm_address(&self, reservation: Reservation) -> Result<u64, MapError<B::Error>> {
        let index = self.index_of(reservation)?;
        let range = reservation.range;
        match self.backing(index) {
            Some(Backing::Mapped(_)) => self.backend.vmm_address(range).map_err(MapError::Backend),
            _ => Err(MapError::NotMapped(range)),
        }
    }

    /// The index of a reservation that nothing backs yet.
    fn mappable(&self, reservation: Reservation) -> Result<usize, MapError<B::Error>> {
        let index = self.index_of(reservation)?;
        let range = reservation.range;
        match self.backing(index) {
            Some(Backing::Unmapped) => {}
            Some(Backing::Torn(_)) => return Err(MapError::NeedsFree(range)),
            Some(Backing::Deferred(_) | Backing::Mapped(_)) => {
                return Err(MapError::AlreadyMapped(range));
            }
            None => return Err(StaleReservation(range).into()),
        }
        if !range.base().is_aligned(PAGE) || range.last().0 % PAGE != PAGE - 1 {
            return Err(MapError::NotPages(range));
        }
        Ok(index)
    }

    fn set_backing(&mut self, index: usize, backing: Backing<F>) {
        if let Some(reserved) = self.reserved_mut(index) {
            reserved.backing = backing;
        }
    }

    /// Maps `frames` over the reservation at `index`, which they then back.
    pub(super) fn map_at(
        &mut self,
        index: usize,
        range: GpaRange,
        frames: F,
    ) -> Result<(), MapError<B::Error>> {
        for frame in Walk::new(range, frames.clone()) {
            self.backend.check(&frame?).map_err(MapError::Backend)?;
        }
        let mut mapped = 0usize;
        for frame in Walk::new(range, frames.clone()) {
            let answer = frame
                .map_err(MapError::Frame)
                .and_then(|frame| self.backend.map(&frame).map_err(MapError::Backend));
            match answer {
                Ok(()) => mapped = mapped.saturating_add(1),
                Err(cause) => return Err(self.undo(index, range, frames, mapped, cause)),
            }
        }
        self.set_backing(index, Backing::Mapped(frames));
        Ok(())
    }

    /// Takes back the first `mapped` frames because of `cause`.
    fn undo(
        &mut self,
        index: usize,
        range: GpaRange,
        frames: F,
        mapped: usize,
        cause: MapError<B::Error>,
    ) -> MapError<B::Error> {
        match self.unmap_frames(range, &frames, mapped) {
            Ok(()) => cause,
            Err(undo) => {
                self.set_backing(index, Backing::Torn(frames));
                match (cause, undo) {
                    (MapError::Backend(cause), FreeError::Backend(undo)) => {
                        MapError::Torn { cause, undo }
                    }
                    _ => MapError::NeedsFree(range),
                }
            }
        }
    }

    /// Unmaps what backs the reservation at `index`.
    pub(super) fn unmap(
        &mut self,
        index: usize,
        range: GpaRange,
    ) -> Result<(), FreeError<B::Error>> {
        let frames = match self.backing(index) {
            Some(Backing::Mapped(frames) | Backing::Torn(frames)) => frames.clone(),
            _ => return Ok(()),
        };
        let answer = self.unmap_frames(range, &frames, usize::MAX);
        let backing = match answer {
            Ok(()) => Backing::Unmapped,
            Err(_) => Backing::Torn(frames),
        };
        self.set_backing(index, backing);
        answer
    }

    /// Unmaps the first `count` frames; goes on past one that stays mapped, and reports the
    /// first of those.
    fn unmap_frames(
        &mut self,
        range: GpaRange,
        frames: &F,
        count: usize,
    ) -> Result<(), FreeError<B::Error>> {
        let mut answer = Ok(());
        for frame in Walk::new(range, frames.clone()).take(count) {
            let unmapped = frame
                .map_err(FreeError::Frame)
                .and_then(|frame| self.backend.unmap(&frame).map_err(FreeError::Backend));
            answer = answer.and(unmapped);
        }
        answer
    }
}

impl<H: Copy, F, B: Backend, const N: usize> MemoryMap<H, F, B, N> {
    fn backing(&self, index: usize) -> Option<&Backing<F>> {
        match &self.entries.get(index)?.value {
            super::map::Use::Reserved(reserved) => Some(&reserved.backing),
            super::map::Use::Pool => None,
        }
    }
}

#[cfg(test)]
mod tests;
