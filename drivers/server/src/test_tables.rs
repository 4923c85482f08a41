//! Tables of drivers, with memory of the test behind them.

use vmm_config::{Driver, DriverClient, Parameter, Window};

use crate::Regions;

/// `size` zeroed bytes, which live as long as the test process.
fn window(size: u64) -> Window {
    let words = vec![[0_u64; 512]; (size as usize).div_ceil(4096) + 1].leak();
    let start = words.as_mut_ptr().expose_provenance() as u64;
    Window {
        vmm_address: start.next_multiple_of(4096),
        size,
    }
}

/// A client with regions of these sizes.
pub(crate) fn client(
    name: &'static str,
    channel: u8,
    sizes: &[u64],
    parameters: &[(&'static str, u64)],
) -> DriverClient {
    let windows: Vec<_> = sizes.iter().copied().map(window).collect();
    let parameters: Vec<_> = parameters
        .iter()
        .map(|&(name, value)| Parameter { name, value })
        .collect();
    DriverClient {
        name,
        channel,
        windows: windows.leak(),
        parameters: parameters.leak(),
    }
}

/// A driver of these clients, and their regions.
pub(crate) fn driver(clients: Vec<DriverClient>) -> (Driver, &'static Regions) {
    let driver = Driver {
        registers: Window {
            vmm_address: 0,
            size: 0,
        },
        dma: None,
        interrupt: None,
        clients: clients.leak(),
    };
    let regions = crate::memory::of_test(&driver);
    (driver, Box::leak(Box::new(regions)))
}

/// Calls `serve` until it has nothing more to do; gives the channels that were notified.
pub(crate) fn settle(mut serve: impl FnMut(&mut Vec<u8>) -> bool) -> Vec<u8> {
    let mut notified = Vec::new();
    for _ in 0..1000 {
        if !serve(&mut notified) {
            notified.sort_unstable();
            notified.dedup();
            return notified;
        }
    }
    panic!("there is always more to do");
}
