//! The virtio devices that there are, and what each backend needs (Virtio 1.2; sDDF 0.7).

use vmm_sddf::ring::Layout;
use vmm_sddf::{block, network, serial};

use super::DriverKind;

/// Bytes of the registers of a virtio device, its configuration space included.
pub const VIRTIO_REGISTERS_SIZE: u64 = 0x200;

/// A type of virtio device (Virtio 1.2, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VirtioKind {
    /// Network card.
    Network,
    /// Block device.
    Block,
    /// Console.
    Console,
    /// Source of random numbers.
    Entropy,
}

impl VirtioKind {
    /// As the system XML has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Block => "block",
            Self::Console => "console",
            Self::Entropy => "entropy",
        }
    }
}

/// What is behind a virtio device.
#[derive(Clone, Copy, Debug)]
pub struct Backend {
    /// The device.
    pub kind: VirtioKind,
    /// As the system XML has it.
    pub name: &'static str,
    /// Path of the Rust type of both together.
    pub rust_type: &'static str,
    /// The memory regions, in the order in which the device has them.
    pub memory: &'static [Part],
    /// Is there another protection domain at a channel?
    pub has_channel: bool,
    /// Keys of this device only, which become parameters.
    pub keys: &'static [VirtioKey],
    /// The driver of ours that can be at the channel.
    pub driver: Option<DriverKind>,
}

/// What a memory region of a device is for.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// In words.
    pub what: &'static str,
    /// The VMM writes it.
    pub vmm_writes: bool,
    /// The driver writes it.
    pub driver_writes: bool,
    /// Bytes.
    pub size: PartSize,
}

/// How large a memory region has to be.
#[derive(Clone, Copy, Debug)]
pub enum PartSize {
    /// So many bytes or more.
    AtLeast(u64),
    /// A queue of as many entries as `capacity` says.
    Queue(&'static Layout),
    /// As many cells of so many bytes as `capacity` says.
    Cells(u64),
    /// A power of two, up to so many bytes.
    PowerOfTwo(u64),
}

/// A key that becomes a parameter of the device.
#[derive(Clone, Copy, Debug)]
pub struct VirtioKey {
    /// Key and parameter.
    pub name: &'static str,
    /// What it holds.
    pub value: KeyValue,
}

/// What a key may hold.
#[derive(Clone, Copy, Debug)]
pub enum KeyValue {
    /// `true` or `false`.
    Flag,
    /// A number.
    Number {
        /// If it is left out.
        default: u64,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// A number that may be left out.
    Optional,
    /// A power of two.
    PowerOfTwo {
        /// If it is left out.
        default: u64,
        /// The most.
        most: u64,
    },
    /// The address of one network card; it must be there.
    Mac,
}

/// Memory that one side or both write.
const fn part(what: &'static str, vmm_writes: bool, driver_writes: bool, size: PartSize) -> Part {
    Part {
        what,
        vmm_writes,
        driver_writes,
        size,
    }
}

/// Both ends of a queue write it: indices and flags are in it.
const fn queue(what: &'static str, layout: &'static Layout) -> Part {
    part(what, true, true, PartSize::Queue(layout))
}

const fn number(name: &'static str, default: u64, least: u64, most: u64) -> VirtioKey {
    let value = KeyValue::Number {
        default,
        least,
        most,
    };
    VirtioKey { name, value }
}

const fn capacity(default: u64, layout: &Layout) -> VirtioKey {
    let most = layout.largest_capacity() as u64;
    VirtioKey {
        name: "capacity",
        value: KeyValue::PowerOfTwo { default, most },
    }
}

const READ_ONLY: VirtioKey = VirtioKey {
    name: "read-only",
    value: KeyValue::Flag,
};

/// Bytes of a sector, the least that a disk can have.
const SECTOR_BYTES: u64 = 512;
/// The smallest MTU that IPv4 allows.
const LEAST_MTU: u64 = 68;
/// Bytes of an Ethernet header.
const ETHERNET_HEADER: u64 = 14;
/// Largest number of columns or rows: they are 16 bits.
const MOST_CHARACTERS: u64 = u16::MAX as u64;

const NETWORK_DATA: PartSize = PartSize::Cells(network::BUFFER_BYTES);
const SERIAL_QUEUE: PartSize = PartSize::AtLeast(serial::QUEUE_BYTES);
/// Indices count more than twice as far as there are bytes.
const SERIAL_DATA: PartSize = PartSize::PowerOfTwo(serial::LAYOUT.largest_capacity() as u64);

/// All of them.
pub const BACKENDS: &[Backend] = &[
    Backend {
        kind: VirtioKind::Block,
        name: "ram",
        rust_type: "vmm_virtio::device::RamBlock<'m>",
        memory: &[part(
            "the disk",
            true,
            false,
            PartSize::AtLeast(SECTOR_BYTES),
        )],
        has_channel: false,
        keys: &[READ_ONLY],
        driver: None,
    },
    Backend {
        kind: VirtioKind::Block,
        name: "sddf",
        rust_type: "vmm_virtio::device::SddfBlock<'m>",
        memory: &[
            part(
                "information",
                false,
                true,
                PartSize::AtLeast(block::INFO_BYTES),
            ),
            queue("requests", &block::REQUESTS),
            queue("responses", &block::RESPONSES),
            part("data", true, true, PartSize::Cells(block::BLOCK_BYTES)),
        ],
        has_channel: true,
        keys: &[
            READ_ONLY,
            capacity(64, &block::REQUESTS),
            VirtioKey {
                name: "first-sector",
                value: KeyValue::Optional,
            },
            VirtioKey {
                name: "sectors",
                value: KeyValue::Optional,
            },
        ],
        driver: Some(DriverKind::Block),
    },
    Backend {
        kind: VirtioKind::Console,
        name: "sddf",
        rust_type: "vmm_virtio::device::SddfConsole<'m>",
        memory: &[
            part("output queue", true, true, SERIAL_QUEUE),
            part("output data", true, false, SERIAL_DATA),
            part("input queue", true, true, SERIAL_QUEUE),
            part("input data", false, true, SERIAL_DATA),
        ],
        has_channel: true,
        keys: &[
            number("columns", 80, 1, MOST_CHARACTERS),
            number("rows", 24, 1, MOST_CHARACTERS),
        ],
        driver: Some(DriverKind::Serial),
    },
    Backend {
        kind: VirtioKind::Network,
        name: "sddf",
        rust_type: "vmm_virtio::device::SddfNetwork<'m>",
        memory: &[
            queue("free queue to send", &network::LAYOUT),
            queue("active queue to send", &network::LAYOUT),
            part("data to send", true, false, NETWORK_DATA),
            queue("free queue to receive", &network::LAYOUT),
            queue("active queue to receive", &network::LAYOUT),
            part("received data", false, true, NETWORK_DATA),
        ],
        has_channel: true,
        keys: &[
            VirtioKey {
                name: "mac",
                value: KeyValue::Mac,
            },
            number(
                "mtu",
                1500,
                LEAST_MTU,
                network::BUFFER_BYTES - ETHERNET_HEADER,
            ),
            capacity(128, &network::LAYOUT),
        ],
        driver: Some(DriverKind::Network),
    },
    Backend {
        kind: VirtioKind::Entropy,
        name: "sddf",
        rust_type: "vmm_virtio::device::SddfEntropy<'m>",
        memory: &[
            part("queue", true, true, SERIAL_QUEUE),
            part("data", false, true, SERIAL_DATA),
        ],
        has_channel: true,
        keys: &[],
        driver: Some(DriverKind::Entropy),
    },
];
