//! What the VMM does when the guest gives an order.

use super::setup::{LARGE_BITS, SMALL_BITS};
use super::{Error, Frames, Vmm, callbacks, range, say};
use crate::kernel::Kernel;
use crate::layout::{self, LARGE, Order, SMALL};
use core::fmt::Write;
use vmm_arch::Gpa;
use vmm_memory::backend::CapError;
use vmm_memory::{MapError, Rights};

/// What the VMM leaves in the guest's RAM.
const MESSAGE: u64 = 0xfeed_c0de_5e14_0001;

impl<K: Kernel> Vmm<K> {
    /// Carries out an order; returns the result that the guest reads.
    pub(super) fn perform(&mut self, order: Order) -> Result<u64, Error> {
        match order {
            Order::FreeEager => self.free_eager(),
            Order::LargeInPlace => self.map_large_in_place(),
            Order::SmallAgain => self.map_small_again(),
            Order::Refused => self.map_what_is_refused(),
            Order::AnonymousSmall => self.reserve_anonymous_small(),
            Order::AnonymousLarge => self.reserve_anonymous_large(),
            Order::AnonymousAll => self.reserve_anonymous_all(),
            Order::Allocate => self.allocate(),
            Order::Free => self.free(),
            Order::Touch => self.touch(),
        }
    }

    /// The handle is kept: the second order shows that it is stale.
    fn free_eager(&mut self) -> Result<u64, Error> {
        let reservation = self.made.eager.ok_or(Error::Step)?;
        let region = self.map.reservation_memory_region(reservation);
        let region = region.map_err(MapError::from)?;
        self.map.free_reserved_memory(reservation)?;
        say!(self, "frees {region}");
        Ok(0)
    }

    /// The page table of the small pages is still there, and makes room.
    fn map_large_in_place(&mut self) -> Result<u64, Error> {
        let frame = self.make_frame(LARGE_BITS)?;
        let place = range(layout::EAGER, LARGE)?;
        let reservation = self.map.reserve_memory_at(place, callbacks::MEMORY)?;
        let frames = Frames::in_order(layout::EAGER, Rights::READ_WRITE, [(frame, LARGE_BITS)]);
        self.map.map_reservation(reservation, frames)?;
        self.made.large = Some(reservation);
        say!(self, "maps {place} with a large frame");
        Ok(layout::EAGER)
    }

    fn map_small_again(&mut self) -> Result<u64, Error> {
        let reservation = self.made.large.take().ok_or(Error::Step)?;
        self.map.free_reserved_memory(reservation)?;
        say!(self, "frees {}", reservation.range());
        self.map_small()?;
        Ok(layout::EAGER)
    }

    /// A capability that is mapped already, and addresses that the guest does not have: only
    /// the kernel knows both.
    fn map_what_is_refused(&mut self) -> Result<u64, Error> {
        let [first, second, _] = self.small_frames()?.map(|frame| (frame, SMALL_BITS));
        for (base, frames) in [
            (layout::TWICE, [first, second, first]),
            (layout::FAR, [first, second, first]),
        ] {
            let place = range(base, 3 * SMALL)?;
            let reservation = self.map.reserve_memory_at(place, callbacks::CONSTANT)?;
            let frames = Frames::in_order(base, Rights::READ_WRITE, frames);
            match self.map.map_reservation(reservation, frames) {
                Err(MapError::Backend(CapError::Map { gpa, cause, .. })) => {
                    say!(self, "cannot map {place}: the kernel says {cause} at {gpa}");
                }
                Err(error) => return Err(error.into()),
                Ok(()) => return Err(Error::Step),
            }
        }
        // Refused before the kernel is asked.
        let place = range(layout::FAR + LARGE, SMALL)?;
        let reservation = self.map.reserve_memory_at(place, callbacks::CONSTANT)?;
        let nothing = (vmm_memory::Cptr::NULL, SMALL_BITS);
        let frames = Frames::in_order(place.base().0, Rights::READ, [nothing]);
        if let Err(error) = self.map.map_reservation(reservation, frames) {
            say!(self, "cannot map {place}: {error}");
        }
        Ok(layout::TWICE)
    }

    fn reserve_anonymous_small(&mut self) -> Result<u64, Error> {
        // Rounded up to pages; the address is the map's choice.
        let size = 2 * SMALL + 1;
        let reservation = self
            .map
            .reserve_anon_memory(size, 0x1_0000, callbacks::MEMORY)?;
        let base = reservation.range().base();
        let frames = self.small_frames()?.map(|frame| (frame, SMALL_BITS));
        let frames = Frames::in_order(base.0, Rights::READ_WRITE, frames);
        self.map.map_reservation(reservation, frames)?;
        self.made.anonymous[0] = Some(reservation);
        say!(self, "reserves and maps anonymous {}", reservation.range());
        Ok(base.0)
    }

    fn reserve_anonymous_large(&mut self) -> Result<u64, Error> {
        let frame = self.make_frame(LARGE_BITS)?;
        let reservation = self
            .map
            .reserve_anon_memory(LARGE, LARGE, callbacks::MEMORY)?;
        let base = reservation.range().base();
        let frames = Frames::in_order(base.0, Rights::READ_WRITE, [(frame, LARGE_BITS)]);
        self.map.map_reservation_deferred(reservation, frames)?;
        self.made.anonymous[1] = Some(reservation);
        say!(
            self,
            "reserves anonymous {} and defers its mapping",
            reservation.range()
        );
        Ok(base.0)
    }

    /// What was freed is one piece again.
    fn reserve_anonymous_all(&mut self) -> Result<u64, Error> {
        let size = layout::POOL_SIZE;
        if let Err(error) = self.map.reserve_anon_memory(size, 1, callbacks::CONSTANT) {
            say!(self, "cannot reserve all of the pool: {error}");
        }
        for reservation in core::mem::take(&mut self.made.anonymous) {
            let reservation = reservation.ok_or(Error::Step)?;
            self.map.free_reserved_memory(reservation)?;
            say!(self, "frees {}", reservation.range());
        }
        let all = self.map.reserve_anon_memory(size, 1, callbacks::CONSTANT)?;
        say!(self, "reserves anonymous {}", all.range());
        Ok(all.range().base().0)
    }

    fn allocate(&mut self) -> Result<u64, Error> {
        let largest = self.ram.find_largest_free().ok_or(Error::Step)?;
        let message = self.ram.allocate(SMALL, SMALL)?;
        self.made.message = Some(message);
        self.memory.write_u64(message.base(), MESSAGE)?;
        self.kernel_mut().flush_windows()?;
        say!(
            self,
            "allocates {message}; the largest free RAM was {largest}"
        );
        let program = range(layout::PROGRAM, SMALL)?;
        if let Err(error) = self.ram.mark_allocated(program) {
            say!(self, "cannot allocate the program's RAM: {error}");
        }
        Ok(message.base().0)
    }

    fn free(&mut self) -> Result<u64, Error> {
        let message = self.made.message.take().ok_or(Error::Step)?;
        self.kernel_mut().flush_windows()?;
        let answer = self
            .memory
            .read_u32(Gpa(message.base().0.saturating_add(8)))?;
        self.ram.free(message)?;
        say!(self, "reads the answer {answer:#x} and frees {message}");
        if let Err(error) = self.ram.free(message) {
            say!(self, "cannot free it again: {error}");
        }
        Ok(0)
    }

    /// Sixteen bytes across two pieces of RAM, and sixteen that leave it.
    fn touch(&mut self) -> Result<u64, Error> {
        self.kernel_mut().flush_windows()?;
        let border = range(layout::MORE_RAM - 8, 16)?;
        let mut chunks = 0u64;
        let mut sum = 0u64;
        self.memory.touch(border, |chunk| {
            let mut bytes = [0; 8];
            if chunk.read(&mut bytes).is_ok() {
                sum = sum.wrapping_add(u64::from_le_bytes(bytes));
                chunks = chunks.saturating_add(1);
            }
        })?;
        say!(self, "touches {border} in {chunks} pieces: {sum:#x}");
        let end = range(layout::MORE_RAM + 2 * SMALL - 8, 16)?;
        if let Err(error) = self.memory.touch(end, |_| chunks = 0) {
            say!(self, "cannot touch {end}: {error}; pieces seen: {chunks}");
        }
        Ok(0)
    }
}
