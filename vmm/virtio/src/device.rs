//! The devices that a system XML can name, each on the MMIO transport with a backend.
//!
//! A device takes memory regions, channels and parameters in the order in which its type lists
//! them. The server at the other end of an sDDF queue is given the same regions in the same order.

use vmm_device::{Channel, DeviceError, FromResources, Resources};
use vmm_memory::RamSlice;
use vmm_sddf::{
    block::BlockClient,
    ring::RingError,
    serial::{SerialConsumer, SerialProducer},
};

use crate::{
    block::{Block, RamDisk, SddfDisk, Serial},
    console::{Console, SddfTerminal, TerminalSize},
    entropy::{Entropy, SddfSource},
    network::{Mac, Network, SddfPort, SddfQueues},
    transport::mmio::Mmio,
};

/// A disk in memory. Regions: the disk. Parameters: `read-only`, 1 if it is (default 0).
pub type RamBlock<'m> = Mmio<'m, Block<'m, RamDisk<'m>>, 1>;

/// A disk behind sDDF's block queues. Regions: information, requests, responses, data.
/// Channels: one. Parameters: `capacity`, the entries of each queue.
pub type SddfBlock<'m> = Mmio<'m, Block<'m, SddfDisk<'m>>, 1>;

/// A console behind sDDF's serial queues. Regions: queue and data of the output, queue and data
/// of the input. Channels: one for both directions. Parameters: `columns` and `rows` of the
/// terminal (default 80 and 25).
pub type SddfConsole<'m> = Mmio<'m, Console<'m, SddfTerminal<'m>>, 2>;

/// A network device behind sDDF's network queues. Regions: free queue, active queue and data for
/// sending, then the same for receiving. Channels: one for both directions. Parameters: `mac`,
/// whose highest octet is the first of the address; `capacity`, the entries of each queue; `mtu`
/// (default 1500).
pub type SddfNetwork<'m> = Mmio<'m, Network<'m, SddfPort<'m>>, 3>;

/// An entropy device whose bytes come by a serial queue of sDDF. Regions: queue and data.
/// Channels: one.
///
/// There is none without another protection domain: the VMM has no source of its own, and a seed
/// in its image would give every guest the same bytes at every start.
pub type SddfEntropy<'m> = Mmio<'m, Entropy<'m, SddfSource<'m>>, 1>;

const NO_QUEUE: DeviceError =
    DeviceError("has a memory region that holds no queue of that `capacity`");
const NO_SERIAL_QUEUE: DeviceError =
    DeviceError("needs 12 bytes for each queue, and data whose size is a power of two");

impl<'m> FromResources<'m> for RamBlock<'m> {
    fn from_resources(resources: Resources<'m>) -> Result<Self, DeviceError> {
        let read_only = resources.parameter("read-only") == Some(1);
        let disk = RamDisk::new(resources.window(0)?, resources.memory(), read_only)
            .map_err(|_| DeviceError("needs a memory region of a sector, 512 bytes, at least"))?;
        block(resources, disk)
    }
}

impl<'m> FromResources<'m> for SddfBlock<'m> {
    fn from_resources(resources: Resources<'m>) -> Result<Self, DeviceError> {
        let [info, requests, responses, data] = windows(resources)?;
        let client = BlockClient::new(requests, responses, capacity(resources)?)
            .map_err(|_: RingError| NO_QUEUE)?;
        let channel = resources.channel(0)?;
        let disk = SddfDisk::new(resources.memory(), client, info, data, channel);
        block(resources, disk)
    }
}

/// A block device with line 0 as its interrupt, which every transport needs.
fn block<'m, D: crate::block::disk::Disk>(
    resources: Resources<'m>,
    disk: D,
) -> Result<Mmio<'m, Block<'m, D>, 1>, DeviceError> {
    resources.line(0)?;
    let memory = resources.memory();
    Ok(Mmio::new(
        memory,
        Block::new(memory, disk, serial(resources.name())),
    ))
}

/// The name of the device is also that of its disk, as far as it fits.
fn serial(name: &str) -> Serial {
    let mut serial = Serial::default();
    for (to, from) in serial.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    serial
}

impl<'m> FromResources<'m> for SddfConsole<'m> {
    fn from_resources(resources: Resources<'m>) -> Result<Self, DeviceError> {
        resources.line(0)?;
        let channel = resources.channel(0)?;
        let [output, output_data, input, input_data] = windows(resources)?;
        let output =
            SerialProducer::new(output, output_data).map_err(|_: RingError| NO_SERIAL_QUEUE)?;
        let input =
            SerialConsumer::new(input, input_data).map_err(|_: RingError| NO_SERIAL_QUEUE)?;
        let terminal = SddfTerminal::new((output, channel), (input, channel));
        let size = TerminalSize {
            columns: half(resources, "columns", 80)?,
            rows: half(resources, "rows", 25)?,
        };
        let memory = resources.memory();
        Ok(Self::new(memory, Console::new(memory, terminal, size)))
    }
}

impl<'m> FromResources<'m> for SddfEntropy<'m> {
    fn from_resources(resources: Resources<'m>) -> Result<Self, DeviceError> {
        resources.line(0)?;
        let channel = resources.channel(0)?;
        let [queue, data] = windows(resources)?;
        let bytes = SerialConsumer::new(queue, data).map_err(|_: RingError| NO_SERIAL_QUEUE)?;
        let memory = resources.memory();
        let source = SddfSource::new(bytes, channel);
        Ok(Self::new(memory, Entropy::new(memory, source)))
    }
}

impl<'m> FromResources<'m> for SddfNetwork<'m> {
    fn from_resources(resources: Resources<'m>) -> Result<Self, DeviceError> {
        resources.line(0)?;
        let channel = resources.channel(0)?;
        let capacity = capacity(resources)?;
        let [send_free, send_active, send_data, free, active, data] = windows(resources)?;
        let send = queues(send_free, send_active, send_data, capacity, channel);
        let receive = queues(free, active, data, capacity, channel);
        let memory = resources.memory();
        let port = SddfPort::new(memory, &send, &receive).map_err(|_: RingError| NO_QUEUE)?;
        let mac = resources
            .parameter("mac")
            .and_then(Mac::from_number)
            .ok_or(DeviceError("needs an address of one station (`mac`)"))?;
        let mtu = half(resources, "mtu", 1500)?;
        Ok(Self::new(memory, Network::new(memory, port, mac, mtu)))
    }
}

const fn queues<'m>(
    free: RamSlice<'m>,
    active: RamSlice<'m>,
    data: RamSlice<'m>,
    capacity: u32,
    channel: Channel,
) -> SddfQueues<'m> {
    SddfQueues {
        free,
        active,
        data,
        capacity,
        channel,
    }
}

/// The first `N` memory regions.
fn windows<'m, const N: usize>(resources: Resources<'m>) -> Result<[RamSlice<'m>; N], DeviceError> {
    let mut windows = [resources.window(0)?; N];
    for (index, window) in windows.iter_mut().enumerate() {
        *window = resources.window(index)?;
    }
    Ok(windows)
}

fn capacity(resources: Resources<'_>) -> Result<u32, DeviceError> {
    resources
        .parameter("capacity")
        .and_then(|capacity| u32::try_from(capacity).ok())
        .ok_or(DeviceError("needs the entries of its queues (`capacity`)"))
}

/// A parameter of 16 bits.
fn half(resources: Resources<'_>, name: &str, default: u16) -> Result<u16, DeviceError> {
    match resources.parameter(name) {
        None => Ok(default),
        Some(value) => u16::try_from(value).map_err(|_| {
            DeviceError("has a parameter of more than 16 bits (`columns`, `rows`, `mtu`)")
        }),
    }
}
