//! What the system XML gives to a device.

use core::fmt;

use vmm_arch::{Gpa, GpaRange};
use vmm_config::{EmulatedDevice, MAX_DEVICE_WINDOWS, MAX_RAM};
use vmm_memory::{GuestMemory, RamSlice};

use crate::{Channel, Device, Line};

/// The guest's RAM.
pub type Memory = GuestMemory<MAX_RAM>;

/// Memory of the VMM's own, by its addresses there.
pub type OwnMemory = GuestMemory<MAX_DEVICE_WINDOWS>;

/// Why a device cannot be made of what the system XML gives to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceError(pub &'static str);

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What the system XML gives to one device.
#[derive(Clone, Copy, Debug)]
pub struct Resources<'m> {
    description: &'static EmulatedDevice,
    memory: &'m Memory,
    own: &'m OwnMemory,
}

impl<'m> Resources<'m> {
    /// The resources of `description`, for a guest with the RAM `memory`; its windows are in
    /// `own`.
    pub const fn new(
        description: &'static EmulatedDevice,
        memory: &'m Memory,
        own: &'m OwnMemory,
    ) -> Self {
        Self {
            description,
            memory,
            own,
        }
    }

    /// Name of the device.
    pub const fn name(&self) -> &'static str {
        self.description.name
    }

    /// The guest's RAM.
    pub const fn memory(&self) -> &'m Memory {
        self.memory
    }

    /// Memory region number `index` of those that the device was given.
    ///
    /// # Errors
    /// [`DeviceError`] when it was given fewer.
    pub fn window(&self, index: usize) -> Result<RamSlice<'m>, DeviceError> {
        let window = self.description.windows.get(index);
        window
            .and_then(|window| GpaRange::new(Gpa(window.vmm_address), window.size).ok())
            .and_then(|range| self.own.slice(range))
            .ok_or(DeviceError("needs more memory regions (`memory`)"))
    }

    /// How many memory regions it was given.
    pub const fn windows(&self) -> usize {
        self.description.windows.len()
    }

    /// Line number `index`.
    ///
    /// # Errors
    /// [`DeviceError`] when the device was given fewer.
    pub fn line(&self, index: u8) -> Result<Line, DeviceError> {
        if usize::from(index) < self.description.lines.len() {
            Ok(Line(index))
        } else {
            Err(DeviceError("needs more interrupt lines (`interrupts`)"))
        }
    }

    /// Channel number `index`.
    ///
    /// # Errors
    /// [`DeviceError`] when the device was given fewer.
    pub fn channel(&self, index: u8) -> Result<Channel, DeviceError> {
        if usize::from(index) < self.description.channels.len() {
            Ok(Channel(index))
        } else {
            Err(DeviceError("needs more channels (`channels`)"))
        }
    }

    /// The number that is called `name`, if it was given.
    pub fn parameter(&self, name: &str) -> Option<u64> {
        let mut all = self.description.parameters.iter();
        Some(all.find(|one| one.name == name)?.value)
    }
}

/// A device that can be made from the system XML.
pub trait FromResources<'m>: Device + Sized {
    /// The device at power-on.
    ///
    /// # Errors
    /// [`DeviceError`] when it needs what the system XML does not give.
    fn from_resources(resources: Resources<'m>) -> Result<Self, DeviceError>;
}
