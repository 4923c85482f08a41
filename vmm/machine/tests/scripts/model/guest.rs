//! The guest of the scripts as sysgen would describe it, and its image package.

use vmm_config::{
    Action, ChannelEntry, ChannelOwner, Device, DeviceLine, EmulatedDevice, Gic, Guest, Mapping,
    Parameter, PassthroughInterrupt, Policy, Reservation, ReservationKind, Window,
    package::{HEADER_BYTES, Header, SEGMENT_BYTES, Segment},
};

/// The guest-physical map, and what lies in it.
pub(crate) mod addresses {
    pub(crate) const GICD: u64 = 0x0800_0000;
    pub(crate) const GICC: u64 = 0x0801_0000;
    pub(crate) const UART: u64 = 0x0900_0000;
    pub(crate) const RAM: u64 = 0x4000_0000;
    pub(crate) const RAM_BYTES: u64 = 0x1_0000;
    /// Entry point: the first segment has [`CODE_BYTES`] of code, and zeroes behind it.
    pub(crate) const ENTRY: u64 = RAM + 0x1000;
    pub(crate) const CODE: [u8; 16] = *b"sixteen of code!";
    pub(crate) const CODE_BYTES: u64 = 0x100;
    pub(crate) const DEVICE_TREE: u64 = RAM + 0x8000;
    /// Nothing is here.
    pub(crate) const NOWHERE: u64 = 0x0a00_0000;
    pub(crate) const UART_INTERRUPT: u16 = 33;
    pub(crate) const UART_CHANNEL: u8 = 1;
    pub(crate) const CARD_INTERRUPT: u16 = 40;
    pub(crate) const CARD_CHANNEL: u8 = 3;
    pub(crate) const WAKE_CHANNEL: u8 = 2;
    /// The emulated device of [`super::super::devices`]: two regions.
    pub(crate) const PROBE: u64 = 0x0b00_0000;
    pub(crate) const PROBE_SECOND: u64 = 0x0b00_0200;
    pub(crate) const PROBE_BYTES: u64 = 0x40;
    pub(crate) const PROBE_LEVEL_INTERRUPT: u16 = 50;
    pub(crate) const PROBE_EDGE_INTERRUPT: u16 = 51;
    pub(crate) const PROBE_CHANNEL: u8 = 5;
}
use addresses::*;

/// What differs between scripts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) list_registers: usize,
    pub(crate) has_wake_source: bool,
    pub(crate) policy: Policy,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            list_registers: 4,
            has_wake_source: true,
            policy: Policy {
                power_off: Action::MachineOff,
                reset: Action::Restart { limit: None },
                crash: Action::Stop,
            },
        }
    }
}

const fn reservation(
    name: &'static str,
    base: u64,
    size: u64,
    kind: ReservationKind,
) -> Reservation {
    Reservation {
        name,
        base,
        size,
        kind,
    }
}

static RESERVATIONS: [Reservation; 6] = [
    reservation(
        "distributor",
        GICD,
        0x1000,
        ReservationKind::Emulated(Device::GicDistributor),
    ),
    reservation("gicv", GICC, 0x2000, ReservationKind::GicCpuInterface),
    reservation("uart", UART, 0x1000, ReservationKind::Passthrough),
    reservation("probe", PROBE, PROBE_BYTES, probe(0)),
    reservation("probe", PROBE_SECOND, PROBE_BYTES, probe(1)),
    reservation("ram", RAM, RAM_BYTES, ReservationKind::Ram),
];

const fn probe(region: u8) -> ReservationKind {
    ReservationKind::Emulated(Device::Emulated { device: 0, region })
}

static DEVICES: [EmulatedDevice; 1] = [EmulatedDevice {
    name: "probe",
    lines: &[
        DeviceLine {
            intid: PROBE_LEVEL_INTERRUPT,
            edge: false,
        },
        DeviceLine {
            intid: PROBE_EDGE_INTERRUPT,
            edge: true,
        },
    ],
    channels: &[PROBE_CHANNEL],
    windows: &[],
    parameters: &[Parameter {
        name: "wanted",
        value: 7,
    }],
}];

const fn entry(channel: u8, owner: ChannelOwner) -> ChannelEntry {
    ChannelEntry { channel, owner }
}

static CHANNELS: [ChannelEntry; 4] = [
    entry(UART_CHANNEL, ChannelOwner::Interrupt(UART_INTERRUPT)),
    entry(CARD_CHANNEL, ChannelOwner::Interrupt(CARD_INTERRUPT)),
    entry(WAKE_CHANNEL, ChannelOwner::Wake),
    entry(
        PROBE_CHANNEL,
        ChannelOwner::Device {
            device: 0,
            channel: 0,
        },
    ),
];

static INTERRUPTS: [PassthroughInterrupt; 2] = [
    PassthroughInterrupt {
        intid: UART_INTERRUPT,
        channel: UART_CHANNEL,
        edge: false,
    },
    PassthroughInterrupt {
        intid: CARD_INTERRUPT,
        channel: CARD_CHANNEL,
        edge: true,
    },
];

const fn mapping(name: &'static str, base: u64, size: u64, vmm_address: Option<u64>) -> Mapping {
    Mapping {
        name,
        base,
        size,
        page_bits: 12,
        read: true,
        write: true,
        execute: vmm_address.is_some(),
        vmm_address,
    }
}

/// What the system XML maps; the VMM sees guest RAM at `ram`.
pub(crate) fn mappings(ram: u64) -> [Mapping; 3] {
    [
        mapping("gicv", GICC, 0x2000, None),
        mapping("uart", UART, 0x1000, None),
        mapping("ram", RAM, RAM_BYTES, Some(ram)),
    ]
}

/// The tables.
pub(crate) fn guest(vcpus: u8, setup: &Setup, mappings: &'static [Mapping]) -> Guest {
    Guest {
        name: "script",
        vcpus,
        mappings,
        reservations: &RESERVATIONS,
        gic: Gic {
            version: 2,
            spis: 64,
            shadow: None,
            cpu_interface: None,
        },
        interrupts: &INTERRUPTS,
        devices: &DEVICES,
        channels: &CHANNELS,
        image: Window {
            vmm_address: 0,
            size: 0,
        },
        console: None,
        // The machine knows only the source that the kernel offers.
        wake: None,
        policy: setup.policy,
    }
}

/// Header, records and data in one.
pub(crate) fn package(segments: &[(u64, u64, &[u8])]) -> Vec<u8> {
    let mut offset = (HEADER_BYTES + SEGMENT_BYTES * segments.len()) as u64;
    let mut records = Vec::new();
    let mut data = Vec::new();
    for &(base, size, bytes) in segments {
        let length = bytes.len() as u64;
        let segment = Segment {
            base,
            size,
            offset,
            length,
        };
        records.extend(segment.encode());
        data.extend(bytes);
        offset += length;
    }
    let header = Header {
        segments: segments.len() as u32,
        entry: ENTRY,
        device_tree: DEVICE_TREE,
        length: offset,
    };
    [header.encode().to_vec(), records, data].concat()
}

/// Code with a tail of zeroes, and a device tree.
pub(crate) fn images() -> Vec<u8> {
    package(&[(ENTRY, CODE_BYTES, &CODE), (DEVICE_TREE, 8, b"a tree!!")])
}
