// Made by sysgen from the system XML; change that instead.

/// The guest `pair`.
pub static GUEST: vmm_config::Guest = vmm_config::Guest {
    name: "pair",
    vcpus: 2,
    mappings: &[
        vmm_config::Mapping {
            name: "gicv",
            base: 0x8010000,
            size: 0x2000,
            page_bits: 12,
            read: true,
            write: true,
            execute: false,
            vmm_address: Some(0x30010000),
        },
        vmm_config::Mapping {
            name: "uart",
            base: 0x9000000,
            size: 0x1000,
            page_bits: 12,
            read: true,
            write: true,
            execute: false,
            vmm_address: Some(0x30000000),
        },
        vmm_config::Mapping {
            name: "rtc",
            base: 0x9010000,
            size: 0x1000,
            page_bits: 12,
            read: true,
            write: true,
            execute: false,
            vmm_address: None,
        },
        vmm_config::Mapping {
            name: "clock",
            base: 0x9030000,
            size: 0x2000,
            page_bits: 12,
            read: true,
            write: false,
            execute: false,
            vmm_address: None,
        },
        vmm_config::Mapping {
            name: "ram",
            base: 0x40000000,
            size: 0x4000000,
            page_bits: 21,
            read: true,
            write: true,
            execute: true,
            vmm_address: Some(0x40000000),
        },
        vmm_config::Mapping {
            name: "more_ram",
            base: 0x80000000,
            size: 0x1000000,
            page_bits: 21,
            read: true,
            write: true,
            execute: true,
            vmm_address: Some(0x60000000),
        },
    ],
    reservations: &[
        vmm_config::Reservation {
            name: "gic-distributor",
            base: 0x8000000,
            size: 0x1000,
            kind: vmm_config::ReservationKind::Emulated(vmm_config::Device::GicDistributor),
        },
        vmm_config::Reservation {
            name: "gic-cpu-interface",
            base: 0x8010000,
            size: 0x2000,
            kind: vmm_config::ReservationKind::GicCpuInterface,
        },
        vmm_config::Reservation {
            name: "serial",
            base: 0x9000000,
            size: 0x1000,
            kind: vmm_config::ReservationKind::Passthrough,
        },
        vmm_config::Reservation {
            name: "rtc",
            base: 0x9010000,
            size: 0x1000,
            kind: vmm_config::ReservationKind::Passthrough,
        },
        vmm_config::Reservation {
            name: "rtc",
            base: 0x9030000,
            size: 0x2000,
            kind: vmm_config::ReservationKind::Passthrough,
        },
        vmm_config::Reservation {
            name: "ram",
            base: 0x40000000,
            size: 0x4000000,
            kind: vmm_config::ReservationKind::Ram,
        },
        vmm_config::Reservation {
            name: "more_ram",
            base: 0x80000000,
            size: 0x1000000,
            kind: vmm_config::ReservationKind::Ram,
        },
    ],
    gic: vmm_config::Gic {
        version: 2,
        spis: 128,
        shadow: None,
        cpu_interface: Some(0x30010000),
    },
    interrupts: &[
        vmm_config::PassthroughInterrupt {
            intid: 33,
            channel: 7,
            edge: false,
        },
        vmm_config::PassthroughInterrupt {
            intid: 45,
            channel: 0,
            edge: false,
        },
        vmm_config::PassthroughInterrupt {
            intid: 46,
            channel: 61,
            edge: true,
        },
    ],
    devices: &[
    ],
    channels: &[
        vmm_config::ChannelEntry {
            channel: 7,
            owner: vmm_config::ChannelOwner::Interrupt(33),
        },
        vmm_config::ChannelEntry {
            channel: 0,
            owner: vmm_config::ChannelOwner::Interrupt(45),
        },
        vmm_config::ChannelEntry {
            channel: 61,
            owner: vmm_config::ChannelOwner::Interrupt(46),
        },
    ],
    image: vmm_config::Window {
        vmm_address: 0x80000000,
        size: 0x5001000,
    },
    console: Some(vmm_config::Console {
        vmm_address: 0x30000000,
        kind: vmm_config::ConsoleKind::Pl011,
    }),
    wake: None,
    policy: vmm_config::Policy {
        power_off: vmm_config::Action::Stop,
        reset: vmm_config::Action::Restart { limit: None },
        crash: vmm_config::Action::Stop,
    },
};
