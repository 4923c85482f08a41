//! The UART's registers and the memory that the tables name.
#![expect(
    unsafe_code,
    reason = "the tables name registers and memory of this protection domain by their addresses"
)]

use core::ptr;

use driver_server::{ClientError, Place, Regions};
use vmm_config::{Driver, Window};

use crate::pl011::Pl011;

static REGIONS: Place<Regions> = Place::new();

/// The registers of a device.
#[derive(Debug)]
pub(crate) struct Registers(usize);

impl Registers {
    /// The registers that the tables name.
    ///
    /// # Safety
    /// Registers that can be read and written at any multiple of four are mapped there, uncached.
    unsafe fn new(window: Window) -> Self {
        Self(window.vmm_address as usize)
    }

    pub(crate) fn read(&self, register: Register) -> u32 {
        let address = self.0.wrapping_add(register as usize);
        // SAFETY: `new`'s caller vouches for the registers.
        unsafe { ptr::with_exposed_provenance::<u32>(address).read_volatile() }
    }

    pub(crate) fn write(&self, register: Register, value: u32) {
        let address = self.0.wrapping_add(register as usize);
        // SAFETY: as in `read`.
        unsafe { ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(value) }
    }
}

/// Registers of the PL011 (Arm DDI 0183, 3.2), by their offsets.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub(crate) enum Register {
    /// UARTDR, data.
    Data = 0x00,
    /// UARTFR, flags.
    Flag = 0x18,
    /// UARTLCR_H, line control.
    LineControl = 0x2c,
    /// UARTCR, control.
    Control = 0x30,
    /// UARTIMSC, which interrupts are let through.
    InterruptMask = 0x38,
    /// UARTICR, ends interrupts.
    InterruptClear = 0x44,
}

/// The UART and the regions of its clients.
pub(crate) fn find(driver: &Driver) -> Result<(Pl011, &'static Regions), ClientError> {
    // SAFETY: sysgen proved that the system XML maps a UART of this kind here.
    let registers = unsafe { Registers::new(driver.registers) };
    // SAFETY: sysgen proved that the system XML maps the clients' regions here.
    let regions = unsafe { Regions::new(driver.clients, None) }?;
    let regions = REGIONS.put(regions).ok_or(ClientError::TooMany)?;
    Ok((Pl011::new(registers), regions))
}
