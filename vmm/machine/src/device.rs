//! One access to an emulated device, as the device sees it.

use crate::{AccessSize, VcpuId};

/// Where in a device an access lands: never an address, always an offset inside its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceAccess {
    /// The vCPU that makes the access.
    pub vcpu: VcpuId,
    /// Bytes from the start of the device, a multiple of the width; the whole access lies inside
    /// the device.
    pub offset: u64,
    /// Width.
    pub size: AccessSize,
}
