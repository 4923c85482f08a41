// Made by sysgen from the system XML; change that instead.

/// The guest `b`.
pub static GUEST: vmm_config::Guest = vmm_config::Guest {
    name: "b",
    vcpus: 1,
    mappings: &[
        vmm_config::Mapping {
            name: "gicv",
            base: 0x8010000,
            size: 0x2000,
            page_bits: 12,
            read: true,
            write: true,
            execute: false,
            vmm_address: None,
        },
        vmm_config::Mapping {
            name: "ram_b",
            base: 0x40000000,
            size: 0x4000000,
            page_bits: 21,
            read: true,
            write: true,
            execute: true,
            vmm_address: Some(0x40000000),
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
            name: "disk",
            base: 0xa000000,
            size: 0x200,
            kind: vmm_config::ReservationKind::Emulated(vmm_config::Device::Emulated { device: 0, region: 0 }),
        },
        vmm_config::Reservation {
            name: "card",
            base: 0xa000200,
            size: 0x200,
            kind: vmm_config::ReservationKind::Emulated(vmm_config::Device::Emulated { device: 1, region: 0 }),
        },
        vmm_config::Reservation {
            name: "ram_b",
            base: 0x40000000,
            size: 0x4000000,
            kind: vmm_config::ReservationKind::Ram,
        },
    ],
    gic: vmm_config::Gic {
        version: 2,
        spis: 128,
        shadow: None,
        cpu_interface: None,
    },
    interrupts: &[
    ],
    devices: &[
        vmm_config::EmulatedDevice {
            name: "disk",
            lines: &[
                vmm_config::DeviceLine {
                    intid: 48,
                    edge: false,
                },
            ],
            channels: &[0],
            windows: &[
                vmm_config::Window {
                    vmm_address: 0x30000000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x30001000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x30002000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x30100000,
                    size: 0x20000,
                },
            ],
            parameters: &[
                vmm_config::Parameter {
                    name: "read-only",
                    value: 0x1,
                },
                vmm_config::Parameter {
                    name: "capacity",
                    value: 0x20,
                },
                vmm_config::Parameter {
                    name: "first-sector",
                    value: 0x1000,
                },
            ],
        },
        vmm_config::EmulatedDevice {
            name: "card",
            lines: &[
                vmm_config::DeviceLine {
                    intid: 49,
                    edge: false,
                },
            ],
            channels: &[5],
            windows: &[
                vmm_config::Window {
                    vmm_address: 0x31000000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x31001000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x31100000,
                    size: 0x40000,
                },
                vmm_config::Window {
                    vmm_address: 0x32000000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x32001000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x32100000,
                    size: 0x40000,
                },
            ],
            parameters: &[
                vmm_config::Parameter {
                    name: "mac",
                    value: 0x2000000001f,
                },
                vmm_config::Parameter {
                    name: "mtu",
                    value: 0x578,
                },
                vmm_config::Parameter {
                    name: "capacity",
                    value: 0x80,
                },
            ],
        },
    ],
    channels: &[
        vmm_config::ChannelEntry {
            channel: 9,
            owner: vmm_config::ChannelOwner::Wake,
        },
        vmm_config::ChannelEntry {
            channel: 0,
            owner: vmm_config::ChannelOwner::Device { device: 0, channel: 0 },
        },
        vmm_config::ChannelEntry {
            channel: 5,
            owner: vmm_config::ChannelOwner::Device { device: 1, channel: 0 },
        },
    ],
    image: vmm_config::Window {
        vmm_address: 0x80000000,
        size: 0x4200000,
    },
    console: None,
    wake: Some(vmm_config::Wake::Tickers(&[
        // `ticker`
        vmm_config::Ticker {
            channel: 9,
            request: 0x33000000,
            period: 62500,
        },
    ])),
    policy: vmm_config::Policy {
        power_off: vmm_config::Action::Stop,
        reset: vmm_config::Action::Restart { limit: None },
        crash: vmm_config::Action::Stop,
    },
};
