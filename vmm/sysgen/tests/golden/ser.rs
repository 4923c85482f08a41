// Made by sysgen from the system XML; change that instead.

/// What `ser` drives, and for whom.
pub static DRIVER: vmm_config::Driver = vmm_config::Driver {
    registers: vmm_config::Window {
        vmm_address: 0x20000000,
        size: 0x1000,
    },
    dma: None,
    interrupt: Some(1),
    clients: &[
        vmm_config::DriverClient {
            name: "a/terminal",
            channel: 0,
            windows: &[
                vmm_config::Window {
                    vmm_address: 0x31000000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x31002000,
                    size: 0x2000,
                },
                vmm_config::Window {
                    vmm_address: 0x31004000,
                    size: 0x1000,
                },
                vmm_config::Window {
                    vmm_address: 0x31005000,
                    size: 0x1000,
                },
            ],
            parameters: &[
                vmm_config::Parameter {
                    name: "columns",
                    value: 0x84,
                },
                vmm_config::Parameter {
                    name: "rows",
                    value: 0x18,
                },
            ],
        },
    ],
};
