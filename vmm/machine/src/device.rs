//! An emulated device as the MMIO bus sees it.

use crate::{AccessSize, VcpuId};

/// Where in a device an access lands: never an address, always an offset inside its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceAccess {
    /// The vCPU that makes the access.
    pub vcpu: VcpuId,
    /// Bytes from the start of the device; the whole access lies inside the device.
    pub offset: u64,
    /// Width.
    pub size: AccessSize,
}

/// A device that answers loads and stores.
///
/// Every offset and width has an answer: what the device does not define reads as zero and
/// ignores writes.
pub trait MmioDevice {
    /// The value of a load, in the low bits that `access.size` covers.
    fn read(&mut self, access: DeviceAccess) -> u64;
    /// A store; only the low bits that `access.size` covers are set in `value`.
    fn write(&mut self, access: DeviceAccess, value: u64);
    /// Back to the state at power-on.
    fn reset(&mut self);
}
