//! Devices that the VMM emulates, beside the interrupt controller.

use vmm_config::{DeviceLine, Window};

use super::{Backend, Property};
use crate::source::{Span, Spanned};

/// A device that the VMM emulates.
#[derive(Clone, Debug)]
pub struct EmulatedDevice {
    /// Name of its node in the device tree, and in messages.
    pub name: Spanned<String>,
    /// Path of the Rust type.
    pub rust_type: String,
    /// Guest-physical start and size of its regions, in the device's order.
    pub registers: Vec<Spanned<(u64, u64)>>,
    /// Its interrupt lines.
    pub lines: Vec<Spanned<DeviceLine>>,
    /// The VMM's channels that are its own.
    pub channels: Vec<Spanned<u8>>,
    /// Memory of the VMM that it uses, in the device's order.
    pub memory: Vec<Spanned<DeviceMemory>>,
    /// Names and values.
    pub parameters: Vec<(String, u64)>,
    /// `compatible`; without one the device is not shown in the device tree.
    pub compatible: Vec<String>,
    /// Names and frequencies of its clocks.
    pub clocks: Vec<(String, u32)>,
    /// Further properties.
    pub properties: Vec<Property>,
    /// What virtio device it is, if it is one.
    pub virtio: Option<&'static Backend>,
    /// Its instruction.
    pub span: Span,
}

impl EmulatedDevice {
    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<u64> {
        let mut all = self.parameters.iter();
        Some(all.find(|(other, _)| other == name)?.1)
    }
}

/// A memory region of the VMM that a device uses.
#[derive(Clone, Debug)]
pub struct DeviceMemory {
    /// Name of the region.
    pub region: String,
    /// Where the VMM maps it.
    pub window: Window,
    /// The VMM's map lets it write.
    pub is_writable: bool,
}
