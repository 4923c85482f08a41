//! What the tables of a driver name: registers, memory of the device, regions of the clients.
#![expect(
    unsafe_code,
    reason = "the tables name registers and memory of this program by their addresses"
)]

use core::ptr::{self, NonNull};

use driver_server::{Place, Regions};
use virtio_drivers::transport::{DeviceType, Transport, mmio::MmioTransport};
use vmm_config::{DmaWindow, Driver};

use crate::{Area, Buffers, DeviceError};

/// The device of a protection domain, and what it shares with its clients.
#[derive(Debug)]
pub struct Hardware {
    area: Place<Area>,
    regions: Place<Regions>,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// The registers.
    pub transport: MmioTransport<'static>,
    /// Memory of the device for data.
    pub buffers: Buffers<'static>,
    /// Regions of the clients.
    pub regions: &'static Regions,
}

impl Hardware {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            area: Place::new(),
            regions: Place::new(),
        }
    }

    /// The memory of the device, once it was found.
    pub fn area(&'static self) -> Option<&'static Area> {
        self.area.get()
    }

    /// Finds what the tables name, once.
    ///
    /// # Errors
    /// [`DeviceError`]: there is no device of this kind, or too little memory.
    ///
    /// # Safety
    /// The registers are those of a device and mapped uncached. The memory of the device and the
    /// regions of the clients are ordinary memory, mapped readable and (but for what the server
    /// only reads) writable, and hold no object of this program. The device sees its memory at
    /// the physical address that the tables tell.
    pub unsafe fn find(
        &'static self,
        driver: &Driver,
        kind: DeviceType,
    ) -> Result<Found, DeviceError> {
        // SAFETY: the caller vouches for the registers.
        let transport = unsafe { transport(driver) }?;
        if transport.device_type() != kind {
            return Err(DeviceError::Kind(transport.device_type()));
        }
        // Without memory the area is too small.
        let dma = driver.dma.unwrap_or(DmaWindow {
            vmm_address: 0,
            physical: 0,
            size: 0,
        });
        // SAFETY: the caller vouches for the memory.
        let area = unsafe { Area::new(dma) }?;
        // SAFETY: as above.
        let regions = unsafe { Regions::new(driver.clients, Some(area.buffers())) }?;
        let found = self.area.put(area).zip(self.regions.put(regions));
        let (area, regions) = found.ok_or(virtio_drivers::Error::AlreadyUsed)?;
        Ok(Found {
            transport,
            buffers: Buffers::new(area, regions)?,
            regions,
        })
    }
}

/// The registers of the device.
///
/// # Safety
/// As [`Hardware::find`].
unsafe fn transport(driver: &Driver) -> Result<MmioTransport<'static>, DeviceError> {
    let registers = driver.registers;
    let start = ptr::with_exposed_provenance_mut(registers.vmm_address as usize);
    let start = NonNull::new(start).ok_or(virtio_drivers::Error::InvalidParam)?;
    // SAFETY: the caller vouches for the registers.
    let transport = unsafe { MmioTransport::new(start, registers.size as usize) };
    transport.map_err(DeviceError::Registers)
}

impl Default for Hardware {
    fn default() -> Self {
        Self::new()
    }
}
