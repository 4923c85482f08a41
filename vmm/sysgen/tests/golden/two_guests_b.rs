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
    ],
    channels: &[
        vmm_config::ChannelEntry {
            channel: 4,
            owner: vmm_config::ChannelOwner::Wake,
        },
    ],
    image: vmm_config::Window {
        vmm_address: 0x80000000,
        size: 0x4200000,
    },
    console: None,
    wake: Some(vmm_config::Wake::Tickers(&[
        // `fine`
        vmm_config::Ticker {
            channel: 4,
            request: 0x30000000,
            period: 6250,
        },
    ])),
    policy: vmm_config::Policy {
        power_off: vmm_config::Action::Stop,
        reset: vmm_config::Action::Restart { limit: None },
        crash: vmm_config::Action::Stop,
    },
};
