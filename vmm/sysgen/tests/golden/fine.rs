// Made by sysgen from the system XML; change that instead.

/// The VMMs that `fine` wakes.
pub static CLIENTS: &[vmm_config::TickerClient] = &[
    vmm_config::TickerClient {
        channel: 0,
        request: 0x20000008,
    },
    vmm_config::TickerClient {
        channel: 1,
        request: 0x20001000,
    },
];
