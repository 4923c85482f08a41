//! Protection domains beside the VMMs whose programs the build makes.

use vmm_config::{DmaWindow, Window};

/// A protection domain that drives a device of the board for our VMMs.
#[derive(Clone, Debug)]
pub struct Driver {
    /// Its name.
    pub domain: String,
    /// File name of its program, as the XML says it.
    pub program: String,
    /// What it drives.
    pub kind: DriverKind,
    /// The device's registers.
    pub registers: Window,
    /// Memory that the device reads and writes.
    pub dma: Option<DmaWindow>,
    /// Channel of the device's interrupt.
    pub interrupt: Option<u8>,
    /// The virtio devices that it serves, in the order of the file.
    pub clients: Vec<DriverClient>,
}

/// What a driver drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverKind {
    /// A disk.
    Block,
    /// A network card.
    Network,
    /// A UART.
    Serial,
}

impl DriverKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Block, Self::Network, Self::Serial];

    /// As the system XML has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Network => "network",
            Self::Serial => "serial",
        }
    }
}

/// A virtio device, as the driver behind it sees it.
#[derive(Clone, Debug)]
pub struct DriverClient {
    /// `guest/device`.
    pub name: String,
    /// The driver's channel to the VMM.
    pub channel: u8,
    /// The device's memory regions, where the driver maps them, in the device's order.
    pub windows: Vec<Window>,
    /// As the device has them.
    pub parameters: Vec<(String, u64)>,
}

/// A protection domain whose program is made from a crate of the user's.
#[derive(Clone, Debug)]
pub struct Program {
    /// Name of the protection domain.
    pub domain: String,
    /// File name of its program, as the XML says it.
    pub program: String,
    /// Folder of the crate, relative to the system XML.
    pub folder: String,
}
