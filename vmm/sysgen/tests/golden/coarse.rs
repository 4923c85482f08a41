// Made by sysgen from the system XML; change that instead.

/// The VMMs that `coarse` wakes.
pub static CLIENTS: &[vmm_config::TickerClient] = &[
    vmm_config::TickerClient {
        channel: 5,
        request: 0x20000000,
    },
];
