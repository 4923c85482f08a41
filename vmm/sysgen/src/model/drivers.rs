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
    /// Their physical address.
    pub physical: u64,
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
    /// A source of random numbers.
    Entropy,
}

impl DriverKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Block, Self::Network, Self::Serial, Self::Entropy];

    /// As the system XML has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Network => "network",
            Self::Serial => "serial",
            Self::Entropy => "entropy",
        }
    }

    /// What its device is called in device trees.
    pub const fn compatible(self) -> &'static str {
        match self {
            Self::Block | Self::Network | Self::Entropy => "virtio,mmio",
            Self::Serial => "arm,pl011",
        }
    }

    /// The least memory that its device reads and writes by itself, if it does (drivers/README.md
    /// has what it is for).
    pub const fn least_dma(self) -> Option<u64> {
        match self {
            Self::Block => Some(0x1_9000),
            Self::Network => Some(0xa000),
            Self::Entropy => Some(0x9000),
            Self::Serial => None,
        }
    }
}

/// Most clients of a driver.
pub const MOST_CLIENTS: usize = 8;

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
