//! One load or store, as a device sees it.

use vmm_arch::{AccessSize, VcpuId};

/// A region of a device, counted from zero in the order of the system XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Region(pub u8);

/// Where in a device an access lands: never an address, always an offset inside a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The vCPU that makes the access.
    pub vcpu: VcpuId,
    /// The region.
    pub region: Region,
    /// Bytes from the start of the region, a multiple of the width; the whole access lies
    /// inside the region.
    pub offset: u64,
    /// Width.
    pub size: AccessSize,
}
