// Made by sysgen from the system XML; change that instead.

/// What `blk` drives, and for whom.
pub static DRIVER: vmm_config::Driver = vmm_config::Driver {
    registers: vmm_config::Window {
        vmm_address: 0x20000e00,
        size: 0x200,
    },
    dma: Some(vmm_config::DmaWindow {
        vmm_address: 0x21000000,
        physical: 0x50000000,
        size: 0x200000,
    }),
    interrupt: Some(3),
    clients: &[
        vmm_config::DriverClient {
            name: "a/disk",
            channel: 0,
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
                    size: 0x40000,
                },
            ],
            parameters: &[
                vmm_config::Parameter {
                    name: "read-only",
                    value: 0x0,
                },
                vmm_config::Parameter {
                    name: "capacity",
                    value: 0x40,
                },
                vmm_config::Parameter {
                    name: "first-sector",
                    value: 0x0,
                },
                vmm_config::Parameter {
                    name: "sectors",
                    value: 0x1000,
                },
            ],
        },
        vmm_config::DriverClient {
            name: "b/disk",
            channel: 7,
            windows: &[
                vmm_config::Window {
                    vmm_address: 0x40000000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x40001000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x40002000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x40100000,
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
    ],
};
