// Made by sysgen from the system XML; change that instead.

/// What `net` drives, and for whom.
pub static DRIVER: vmm_config::Driver = vmm_config::Driver {
    registers: vmm_config::Window {
        vmm_address: 0x20000c00,
        size: 0x200,
    },
    dma: Some(vmm_config::DmaWindow {
        vmm_address: 0x21000000,
        physical: 0x50200000,
        size: 0x80000,
    }),
    interrupt: Some(0),
    clients: &[
        vmm_config::DriverClient {
            name: "b/card",
            channel: 4,
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
};
