//! The device and the memory that the tables name.
#![expect(
    unsafe_code,
    reason = "the tables name registers and memory of this protection domain by their addresses"
)]

use driver_server::Regions;
use driver_virtio::{Area, DeviceError, Hardware, OwnArea, entropy::VirtioGenerator};
use virtio_drivers::transport::{DeviceType, mmio::MmioTransport};
use vmm_config::Driver;

static HARDWARE: Hardware = Hardware::new();

/// The memory of the one device.
pub(crate) struct Own;

impl OwnArea for Own {
    fn area() -> Option<&'static Area> {
        HARDWARE.area()
    }
}

/// The device.
pub(crate) type Generator = VirtioGenerator<'static, Own, MmioTransport<'static>>;

/// The device and the regions of its clients.
pub(crate) fn find(driver: &Driver) -> Result<(Generator, &'static Regions), DeviceError> {
    // SAFETY: sysgen proved that the system XML maps here what the table says.
    let found = unsafe { HARDWARE.find(driver, DeviceType::EntropySource) }?;
    Ok((
        Generator::new(found.transport, found.buffers)?,
        found.regions,
    ))
}
