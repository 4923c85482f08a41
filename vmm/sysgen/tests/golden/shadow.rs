// Made by sysgen from the system XML; change that instead.

/// The guest `guest`.
pub static GUEST: vmm_config::Guest = vmm_config::Guest {
    name: "guest",
    vcpus: 1,
    mappings: &[
        vmm_config::Mapping {
            name: "gicd_shadow",
            base: 0x8000000,
            size: 0x1000,
            page_bits: 12,
            read: true,
            write: false,
            execute: false,
            vmm_address: Some(0x30000000),
        },
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
            name: "ram",
            base: 0x40000000,
            size: 0x4000000,
            kind: vmm_config::ReservationKind::Ram,
        },
    ],
    gic: vmm_config::Gic {
        version: 2,
        spis: 128,
        shadow: Some(0x30000000),
        cpu_interface: None,
    },
    interrupts: &[
    ],
    devices: &[
    ],
    channels: &[
    ],
    image: vmm_config::Window {
        vmm_address: 0x80000000,
        size: 0x4001000,
    },
    console: None,
    wake: None,
    policy: vmm_config::Policy {
        power_off: vmm_config::Action::Stop,
        reset: vmm_config::Action::Restart { limit: None },
        crash: vmm_config::Action::Stop,
    },
};
