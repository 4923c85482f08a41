// Made by sysgen from the system XML; change that instead.

/// The guest `a`.
pub static GUEST: vmm_config::Guest = vmm_config::Guest {
    name: "a",
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
            name: "uart",
            base: 0x9000000,
            size: 0x1000,
            page_bits: 12,
            read: true,
            write: true,
            execute: false,
            vmm_address: None,
        },
        vmm_config::Mapping {
            name: "ram_a",
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
            name: "serial",
            base: 0x9000000,
            size: 0x1000,
            kind: vmm_config::ReservationKind::Passthrough,
        },
        vmm_config::Reservation {
            name: "ram_a",
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
        vmm_config::PassthroughInterrupt {
            intid: 33,
            channel: 1,
            edge: false,
        },
    ],
    devices: &[
    ],
    channels: &[
        vmm_config::ChannelEntry {
            channel: 1,
            owner: vmm_config::ChannelOwner::Interrupt(33),
        },
        vmm_config::ChannelEntry {
            channel: 3,
            owner: vmm_config::ChannelOwner::Wake,
        },
        vmm_config::ChannelEntry {
            channel: 2,
            owner: vmm_config::ChannelOwner::Wake,
        },
    ],
    image: vmm_config::Window {
        vmm_address: 0x80000000,
        size: 0x4200000,
    },
    console: None,
    wake: Some(vmm_config::Wake::Tickers(&[
        // `coarse`
        vmm_config::Ticker {
            channel: 3,
            request: 0x30000000,
            period: 625000,
        },
        // `fine`
        vmm_config::Ticker {
            channel: 2,
            request: 0x30000008,
            period: 6250,
        },
    ])),
    policy: vmm_config::Policy {
        power_off: vmm_config::Action::MachineOff,
        reset: vmm_config::Action::Restart { limit: None },
        crash: vmm_config::Action::Stop,
    },
};
