//! The root task's own address space: windows to guest memory, and the serial port.
//!
//! Frames are mapped above 64 GiB, where the root task's image has nothing.
#![expect(
    unsafe_code,
    reason = "memory that is mapped at run time lies outside the objects that Rust knows of"
)]

use crate::objects::Objects;
use core::fmt;
use core::ptr::with_exposed_provenance_mut;
use sel4::cap_type::UnspecifiedPage;
use sel4::{CapRights, Error, VmAttributes, init_thread};
use vmm_arch::Gpa;
use vmm_memory::RamWindow;

/// Where the first frame goes; each gets a large page's worth of addresses.
const BASE: usize = 64 << 30;
/// Addresses of one frame.
const STEP: usize = 2 << 20;

/// The PL011's flag register, and its bit for a full transmit buffer.
const FR: usize = 0x18;
const FR_TRANSMIT_FULL: u32 = 1 << 5;

/// Maps frames one behind the other.
#[derive(Debug)]
pub(crate) struct OwnMemory {
    next: usize,
}

/// The mapped registers of a PL011.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uart {
    address: usize,
}

impl OwnMemory {
    pub(crate) const fn new() -> Self {
        Self { next: BASE }
    }

    /// Maps a frame of guest memory, whose capability is mapped nowhere.
    ///
    /// # Errors
    /// The kernel's answer.
    pub(crate) fn window(
        &mut self,
        objects: &mut Objects,
        frame: sel4::cap::UnspecifiedPage,
        size: u64,
        gpa: Gpa,
    ) -> sel4::Result<RamWindow> {
        let address = self.map(objects, frame, VmAttributes::default())?;
        // SAFETY: `map` has just mapped the frame's bytes there, for ever; no Rust object has
        // these addresses.
        let window = unsafe { RamWindow::new(address as u64, size, gpa) };
        window.map_err(|_| Error::RangeError)
    }

    /// Maps the registers of the serial port.
    ///
    /// # Errors
    /// The kernel's answer.
    pub(crate) fn uart(
        &mut self,
        objects: &mut Objects,
        frame: sel4::cap::Granule,
    ) -> sel4::Result<Uart> {
        let address = self.map(objects, frame.cast(), VmAttributes::NONE)?;
        Ok(Uart { address })
    }

    fn map(
        &mut self,
        objects: &mut Objects,
        frame: sel4::Cap<UnspecifiedPage>,
        attributes: VmAttributes,
    ) -> sel4::Result<usize> {
        let vspace = init_thread::slot::VSPACE.cap();
        let address = self.next;
        self.next += STEP;
        loop {
            let rights = CapRights::read_write();
            match frame.frame_map(vspace, address, rights, attributes) {
                Ok(()) => return Ok(address),
                // It ends: `pt_map` refuses a table that is not missing.
                Err(Error::FailedLookup) => {
                    let table = objects.make_fixed::<sel4::cap_type::PT>()?;
                    table.pt_map(vspace, address, VmAttributes::default())?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Uart {
    fn write(self, byte: u8) {
        let flags = with_exposed_provenance_mut::<u32>(self.address + FR);
        let data = with_exposed_provenance_mut::<u32>(self.address);
        // SAFETY: the registers are mapped for ever, and reading flags changes nothing.
        while unsafe { flags.read_volatile() } & FR_TRANSMIT_FULL != 0 {}
        // SAFETY: as above; the device takes a byte.
        unsafe { data.write_volatile(byte.into()) };
    }
}

impl fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.write(byte));
        Ok(())
    }
}
