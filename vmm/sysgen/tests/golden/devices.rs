// Made by sysgen from the system XML; change that instead.

/// The guest `guest`.
pub static GUEST: vmm_config::Guest = vmm_config::Guest {
    name: "guest",
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
            name: "ram",
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
            kind: vmm_config::ReservationKind::Emulated(vmm_config::Device::Emulated { device: 2, region: 0 }),
        },
        vmm_config::Reservation {
            name: "tools",
            base: 0xa000200,
            size: 0x200,
            kind: vmm_config::ReservationKind::Emulated(vmm_config::Device::Emulated { device: 3, region: 0 }),
        },
        vmm_config::Reservation {
            name: "counter",
            base: 0xb000000,
            size: 0x1000,
            kind: vmm_config::ReservationKind::Emulated(vmm_config::Device::Emulated { device: 0, region: 0 }),
        },
        vmm_config::Reservation {
            name: "counter",
            base: 0xb001000,
            size: 0x20,
            kind: vmm_config::ReservationKind::Emulated(vmm_config::Device::Emulated { device: 0, region: 1 }),
        },
        vmm_config::Reservation {
            name: "hidden",
            base: 0xb001020,
            size: 0x8,
            kind: vmm_config::ReservationKind::Emulated(vmm_config::Device::Emulated { device: 1, region: 0 }),
        },
        vmm_config::Reservation {
            name: "ram",
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
            name: "counter",
            lines: &[
                vmm_config::DeviceLine {
                    intid: 64,
                    edge: false,
                },
                vmm_config::DeviceLine {
                    intid: 65,
                    edge: true,
                },
            ],
            channels: &[3, 4],
            windows: &[
                vmm_config::Window {
                    vmm_address: 0x30000000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x30002000,
                    size: 0x2000,
                },
            ],
            parameters: &[
                vmm_config::Parameter {
                    name: "start",
                    value: 0x5,
                },
                vmm_config::Parameter {
                    name: "step",
                    value: 0x10,
                },
            ],
        },
        vmm_config::EmulatedDevice {
            name: "hidden",
            lines: &[
            ],
            channels: &[],
            windows: &[
                vmm_config::Window {
                    vmm_address: 0x30000000,
                    size: 0x1000,
                },
            ],
            parameters: &[
            ],
        },
        vmm_config::EmulatedDevice {
            name: "disk",
            lines: &[
                vmm_config::DeviceLine {
                    intid: 48,
                    edge: false,
                },
            ],
            channels: &[],
            windows: &[
                vmm_config::Window {
                    vmm_address: 0x31000000,
                    size: 0x200000,
                },
            ],
            parameters: &[
                vmm_config::Parameter {
                    name: "read-only",
                    value: 0x0,
                },
            ],
        },
        vmm_config::EmulatedDevice {
            name: "tools",
            lines: &[
                vmm_config::DeviceLine {
                    intid: 49,
                    edge: false,
                },
            ],
            channels: &[],
            windows: &[
                vmm_config::Window {
                    vmm_address: 0x32000000,
                    size: 0x1000,
                },
            ],
            parameters: &[
                vmm_config::Parameter {
                    name: "read-only",
                    value: 0x1,
                },
            ],
        },
    ],
    channels: &[
        vmm_config::ChannelEntry {
            channel: 3,
            owner: vmm_config::ChannelOwner::Device { device: 0, channel: 0 },
        },
        vmm_config::ChannelEntry {
            channel: 4,
            owner: vmm_config::ChannelOwner::Device { device: 0, channel: 1 },
        },
    ],
    image: vmm_config::Window {
        vmm_address: 0x80000000,
        size: 0x4200000,
    },
    console: None,
    wake: None,
    policy: vmm_config::Policy {
        power_off: vmm_config::Action::Stop,
        reset: vmm_config::Action::Restart { limit: None },
        crash: vmm_config::Action::Stop,
    },
};
