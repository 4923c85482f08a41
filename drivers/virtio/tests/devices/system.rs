//! The driver's side of a board: DMA memory inside the RAM that the device sees.
#![expect(
    unsafe_code,
    reason = "the area of a test is RAM that nothing else uses"
)]

use std::cell::Cell;

use driver_server::Regions;
use driver_virtio::{Area, Buffers, OwnArea};
use virtio_drivers::{BufferDirection, Hal, PAGE_SIZE};
use vmm_config::{DmaWindow, DriverClient, Parameter, Window};
use vmm_memory::RamSlice;

use crate::board::Bounce;

/// Bytes of the area.
const AREA: usize = 0xa_0000;

thread_local! {
    /// Each test is a thread, and has a board of its own.
    static OWN: Cell<Option<&'static Area>> = const { Cell::new(None) };
}

/// The area of this test.
pub(crate) struct Own;

impl OwnArea for Own {
    fn area() -> Option<&'static Area> {
        OWN.get()
    }
}

fn area() -> &'static Area {
    let (physical, start) = Bounce::dma_alloc(AREA / PAGE_SIZE, BufferDirection::Both);
    let window = DmaWindow {
        vmm_address: start.as_ptr().expose_provenance() as u64,
        physical,
        size: AREA as u64,
    };
    // SAFETY: the board gives these bytes to nobody else, and its device sees them there.
    let area = unsafe { Area::new(window) }.unwrap();
    let area = Box::leak(Box::new(area));
    OWN.set(Some(area));
    area
}

fn window(size: u64) -> Window {
    let pages = vec![[0_u64; 512]; (size as usize).div_ceil(PAGE_SIZE) + 1].leak();
    let start = pages.as_mut_ptr().expose_provenance() as u64;
    Window {
        vmm_address: start.next_multiple_of(PAGE_SIZE as u64),
        size,
    }
}

/// A client with regions of these sizes.
pub(crate) fn client(
    channel: u8,
    sizes: &[u64],
    parameters: &[(&'static str, u64)],
) -> DriverClient {
    let windows: Vec<_> = sizes.iter().copied().map(window).collect();
    let parameters = parameters
        .iter()
        .map(|&(name, value)| Parameter { name, value });
    DriverClient {
        name: "client",
        channel,
        windows: windows.leak(),
        parameters: parameters.collect::<Vec<_>>().leak(),
    }
}

/// The regions of these clients, and the buffers of the device.
pub(crate) fn memory(clients: &[DriverClient]) -> (&'static Regions, Buffers<'static>) {
    let area = area();
    // SAFETY: the windows of clients are leaked memory without any reference, and the buffers
    // are the area's.
    let regions = unsafe { Regions::new(clients, Some(area.buffers())) }.unwrap();
    let regions = Box::leak(Box::new(regions));
    (regions, Buffers::new(area, regions).unwrap())
}

/// The regions of a client as its own end sees them.
pub(crate) fn of_client<const N: usize>(
    regions: &'static Regions,
    client: &DriverClient,
) -> [RamSlice<'static>; N] {
    regions.of_client(client).unwrap()
}
