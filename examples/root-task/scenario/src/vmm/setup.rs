//! Before the guest starts: its RAM, its devices, and memory of every kind.

use super::{Board, Error, Frames, Made, Vmm, callbacks, range, say};
use crate::answers;
use crate::kernel::{Caps, Kernel};
use crate::layout::{self, LARGE, SMALL};
use core::fmt::Write;
use vmm_arch::{Gpa, GpaRange};
use vmm_memory::backend::{CapBackend, CapError, KernelError};
use vmm_memory::{Attributes, Cptr, GuestMemory, GuestRam, MapError, MemoryMap, Rights};

/// log2 of the bytes of a small and of a large page.
pub(super) const SMALL_BITS: u8 = 12;
/// See [`SMALL_BITS`].
pub(super) const LARGE_BITS: u8 = 21;

impl<K: Kernel> Vmm<K> {
    /// A guest in the VSpace of `kernel`, ready for its first start.
    ///
    /// # Errors
    /// [`Error`].
    pub fn new(mut kernel: K) -> Result<Self, Error> {
        answers::ask(&mut kernel)?;
        let mut caps = Caps::new(kernel);
        let small = small_frames(&mut caps)?;
        let mut vmm = Self {
            map: MemoryMap::new(CapBackend::new(caps)),
            ram: GuestRam::new(),
            memory: GuestMemory::new(),
            board: Board::default(),
            made: Made::default(),
            small,
        };
        vmm.register_ram()?;
        vmm.register_anonymous_ram()?;
        vmm.reserve_devices()?;
        vmm.map_eagerly()?;
        vmm.map_read_only()?;
        vmm.map_deferred()?;
        vmm.make_pool()?;
        Ok(vmm)
    }

    pub(super) fn make_frame(&mut self, size_bits: u8) -> Result<Cptr, Error> {
        Ok(self.map.backend_mut().caps_mut().make_frame(size_bits)?)
    }

    pub(super) fn small_frames(&mut self) -> Result<[Cptr; 3], Error> {
        Ok(small_frames(self.map.backend_mut().caps_mut())?)
    }

    /// Shows the VMM the memory behind a frame.
    fn add_window(&mut self, frame: Cptr, size_bits: u8, gpa: u64) -> Result<(), Error> {
        let window = self.kernel_mut().window(frame, size_bits, Gpa(gpa))?;
        Ok(self.memory.add(window)?)
    }

    /// One large page, and two small ones right behind it.
    fn register_ram(&mut self) -> Result<(), Error> {
        let large = self.make_frame(LARGE_BITS)?;
        let [first, second, _] = self.small_frames()?;
        let low = range(layout::RAM, LARGE)?;
        let frames = Frames::in_order(layout::RAM, Rights::ALL, [(large, LARGE_BITS)]);
        self.ram
            .register_at(&mut self.map, low, callbacks::MEMORY, frames)?;
        self.add_window(large, LARGE_BITS, layout::RAM)?;
        let high = range(layout::MORE_RAM, 2 * SMALL)?;
        let pages = [(first, SMALL_BITS), (second, SMALL_BITS)];
        let frames = Frames::in_order(layout::MORE_RAM, Rights::READ_WRITE, pages);
        self.ram
            .register_at(&mut self.map, high, callbacks::MEMORY, frames)?;
        self.add_window(first, SMALL_BITS, layout::MORE_RAM)?;
        self.add_window(second, SMALL_BITS, layout::MORE_RAM + SMALL)?;
        let program = range(layout::PROGRAM, layout::PROGRAM_SIZE)?;
        self.ram.mark_allocated(program)?;
        say!(self, "registers RAM {low} and {high}");
        if let Err(error) = self.map.reserve_memory_at(low, callbacks::MEMORY) {
            say!(self, "cannot reserve it again: {error}");
        }
        Ok(())
    }

    /// The map finds the addresses, as the frames are asked for when they are known.
    fn register_anonymous_ram(&mut self) -> Result<(), Error> {
        let frame = self.make_frame(SMALL_BITS)?;
        self.map.make_anon(range(layout::RAM_POOL, SMALL)?)?;
        let frames = |range: GpaRange| {
            let base = range.base().0;
            Frames::in_order(base, Rights::READ_WRITE, [(frame, SMALL_BITS)])
        };
        let (map, handler) = (&mut self.map, callbacks::MEMORY);
        let reservation = self.ram.register(map, SMALL, SMALL, handler, frames)?;
        let range = reservation.range();
        self.add_window(frame, SMALL_BITS, range.base().0)?;
        self.memory.write_u64(range.base(), 0x5eed)?;
        say!(self, "registers anonymous RAM {range}");
        Ok(())
    }

    /// Reservations that are never mapped.
    fn reserve_devices(&mut self) -> Result<(), Error> {
        let [first, second] = layout::TWINS;
        for (base, size, handler) in [
            (layout::CONSOLE, SMALL, callbacks::CONSOLE),
            (layout::CONTROL, SMALL, callbacks::CONTROL),
            (first, layout::TWIN_SIZE, callbacks::TWINS[0]),
            (second, layout::TWIN_SIZE, callbacks::TWINS[1]),
            (layout::SKIPPED, SMALL, callbacks::SKIPPED),
            (layout::UNCLAIMED, SMALL, callbacks::UNCLAIMED),
            (layout::BROKEN, SMALL, callbacks::BROKEN),
        ] {
            let range = range(base, size)?;
            self.map.reserve_memory_at(range, handler)?;
            say!(self, "reserves {range} for a device");
        }
        Ok(())
    }

    /// Frames of one size from a slice, and of several sizes by an iterator.
    fn map_eagerly(&mut self) -> Result<(), Error> {
        self.map_small()?;
        let large = self.make_frame(LARGE_BITS)?;
        let [first, second, _] = self.small_frames()?;
        let mixed = range(layout::MIXED, LARGE + 2 * SMALL)?;
        let reservation = self.map.reserve_memory_at(mixed, callbacks::MEMORY)?;
        let frames = [
            (large, LARGE_BITS),
            (first, SMALL_BITS),
            (second, SMALL_BITS),
        ];
        let frames = Frames::in_order(layout::MIXED, Rights::READ_WRITE, frames);
        self.map.map_reservation(reservation, frames.clone())?;
        say!(self, "maps {mixed} with frames of two sizes");
        if let Err(error) = self.map.map_reservation(reservation, frames) {
            say!(self, "cannot map it again: {error}");
        }
        Ok(())
    }

    /// The three small frames at their place.
    pub(super) fn map_small(&mut self) -> Result<(), Error> {
        let eager = range(layout::EAGER, 3 * SMALL)?;
        let reservation = self.map.reserve_memory_at(eager, callbacks::MEMORY)?;
        self.map.map_reservation_frames(
            reservation,
            &self.small,
            SMALL_BITS,
            Rights::READ_WRITE,
            Attributes::Normal,
        )?;
        self.made.eager = Some(reservation);
        say!(self, "maps {eager} with three frames of one size");
        Ok(())
    }

    /// A page with a value that the guest cannot change.
    fn map_read_only(&mut self) -> Result<(), Error> {
        let frame = self.make_frame(SMALL_BITS)?;
        let page = range(layout::READ_ONLY, SMALL)?;
        let reservation = self.map.reserve_memory_at(page, callbacks::READ_ONLY)?;
        let copy = self.map.backend_mut().caps_mut().copy_for_loads(frame)?;
        let frames = |rights| Frames::in_order(layout::READ_ONLY, rights, [(copy, SMALL_BITS)]);
        // The kernel would map it for loads, and not say so.
        match self
            .map
            .map_reservation(reservation, frames(Rights::READ_WRITE))
        {
            Err(MapError::Backend(CapError::ReadOnly { gpa, .. })) => {
                say!(
                    self,
                    "cannot map {gpa} for stores: the capability has no such right"
                );
            }
            Err(error) => return Err(error.into()),
            Ok(()) => return Err(Error::Step),
        }
        self.map
            .map_reservation(reservation, frames(Rights::READ))?;
        // Only to write the value: the VMM's window is not the guest's RAM.
        let gpa = Gpa(layout::READ_ONLY);
        let window = self.kernel_mut().window(frame, SMALL_BITS, gpa)?;
        let mut memory = GuestMemory::<1>::new();
        memory.add(window)?;
        memory.write_u64(Gpa(layout::READ_ONLY + 8), 0x600d)?;
        self.kernel_mut().flush_windows()?;
        say!(self, "maps {page} for loads only");
        Ok(())
    }

    fn map_deferred(&mut self) -> Result<(), Error> {
        let frames = self.small_frames()?.map(|frame| (frame, SMALL_BITS));
        let deferred = range(layout::DEFERRED, 3 * SMALL)?;
        let reservation = self.map.reserve_memory_at(deferred, callbacks::MEMORY)?;
        let all = Frames::in_order(layout::DEFERRED, Rights::READ_WRITE, frames);
        self.map.map_reservation_deferred(reservation, all)?;
        // Two frames for three pages: the fault will tell.
        let [first, second, _] = self.small_frames()?.map(|frame| (frame, SMALL_BITS));
        let short = range(layout::SHORT, 3 * SMALL)?;
        let reservation = self.map.reserve_memory_at(short, callbacks::MEMORY)?;
        let two = Frames::in_order(layout::SHORT, Rights::READ_WRITE, [first, second]);
        self.map.map_reservation_deferred(reservation, two)?;
        say!(self, "defers the mapping of {deferred} and of {short}");
        Ok(())
    }

    fn make_pool(&mut self) -> Result<(), Error> {
        let pool = range(layout::POOL, layout::POOL_SIZE)?;
        self.map.make_anon(pool)?;
        say!(self, "makes {pool} a pool of anonymous memory");
        Ok(())
    }
}

fn small_frames<K: Kernel>(caps: &mut Caps<K>) -> Result<[Cptr; 3], KernelError> {
    Ok([
        caps.make_frame(SMALL_BITS)?,
        caps.make_frame(SMALL_BITS)?,
        caps.make_frame(SMALL_BITS)?,
    ])
}
