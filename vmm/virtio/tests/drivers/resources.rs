//! Devices made of what a system XML gives to them.

use virtio_drivers::device::{blk::VirtIOBlk, console::VirtIOConsole, rng::VirtIORng};
use vmm_arch::{AccessSize, Gpa, GpaRange, VcpuId};
use vmm_config::{DeviceLine, EmulatedDevice, Parameter, Window};
use vmm_device::{
    Access, Channel, Device, DeviceError, Effects, FromResources, OwnMemory, Region, Resources,
};
use vmm_memory::RamSlice;
use vmm_sddf::{
    block::{BlockServer, Code, Response, Status, StorageInfo},
    network::{Buffer, BufferConsumer, BufferProducer},
    serial::{SerialConsumer, SerialProducer},
};
use vmm_virtio::device::{RamBlock, SddfBlock, SddfConsole, SddfEntropy, SddfNetwork};

use crate::{
    board::{Bounce, Registers, memory, own_memory},
    raw::{BUFFERS, Raw, WRITE},
};

const LINES: &[DeviceLine] = &[DeviceLine {
    intid: 48,
    edge: false,
}];
const CAPACITY: u32 = 16;

/// A device with regions of these sizes, and the memory that holds them.
fn given(
    sizes: &[usize],
    parameters: &[(&'static str, u64)],
) -> (&'static EmulatedDevice, &'static OwnMemory) {
    let at = |index: usize| 0x1000_0000 + 0x100_0000 * index as u64;
    let regions: Vec<_> = sizes
        .iter()
        .enumerate()
        .map(|(index, &size)| (at(index), size))
        .collect();
    let windows: Vec<_> = regions
        .iter()
        .map(|&(vmm_address, size)| Window {
            vmm_address,
            size: size as u64,
        })
        .collect();
    let parameters: Vec<_> = parameters
        .iter()
        .map(|&(name, value)| Parameter { name, value })
        .collect();
    let device = EmulatedDevice {
        name: "a name of more than twenty bytes",
        lines: LINES,
        channels: &[7],
        windows: windows.leak(),
        parameters: parameters.leak(),
    };
    (Box::leak(Box::new(device)), own_memory(&regions))
}

fn make<D: FromResources<'static>>(
    (device, own): (&'static EmulatedDevice, &'static OwnMemory),
) -> Result<D, DeviceError> {
    D::from_resources(Resources::new(device, memory(), own))
}

/// Region `index` as the other end sees it.
fn region(
    (device, own): (&'static EmulatedDevice, &'static OwnMemory),
    index: usize,
) -> RamSlice<'static> {
    let Window { vmm_address, size } = device.windows[index];
    own.slice(GpaRange::new(Gpa(vmm_address), size).unwrap())
        .unwrap()
}

fn word(device: &mut impl Device, offset: u64) -> u32 {
    let access = Access {
        vcpu: VcpuId(0),
        region: Region(0),
        offset,
        size: AccessSize::Word,
    };
    device.read(access, &mut Effects::default()) as u32
}

fn config_word(device: &mut impl Device, offset: u64) -> u32 {
    word(device, 0x100 + offset)
}

/// MagicValue, Version and DeviceID.
fn identity(device: &mut impl Device) -> [u32; 3] {
    [0, 4, 8].map(|offset| word(device, offset))
}

const MAGIC: u32 = 0x7472_6976;

#[test]
fn a_ram_disk() {
    let given = given(&[0x4000], &[]);
    let mut device: RamBlock<'_> = make(given).unwrap();
    assert_eq!(identity(&mut device), [MAGIC, 2, 2]);
    let mut disk = VirtIOBlk::<Bounce, _>::new(Registers::new(device)).unwrap();
    assert_eq!((disk.capacity(), disk.readonly()), (32, false));
    disk.write_blocks(3, &[0x5a; 512]).unwrap();
    assert_eq!(region(given, 0).read_array(3 * 512 + 511), Some([0x5a]));
    let mut id = [0; 20];
    disk.device_id(&mut id).unwrap();
    assert_eq!(&id, b"a name of more than ");
}

#[test]
fn a_ram_disk_that_is_read_only() {
    let device: RamBlock<'_> = make(given(&[0x4000], &[("read-only", 1)])).unwrap();
    let mut disk = VirtIOBlk::<Bounce, _>::new(Registers::new(device)).unwrap();
    assert!(disk.readonly());
    assert!(disk.write_blocks(0, &[1; 512]).is_err());
}

#[test]
fn a_disk_behind_queues() {
    let given = given(
        &[0x1000, 0x1000, 0x1000, 0x8000],
        &[("capacity", u64::from(CAPACITY))],
    );
    let info = StorageInfo {
        read_only: false,
        sector_bytes: 512,
        blocks: 8,
    };
    info.write(&region(given, 0)).unwrap();
    let mut device: SddfBlock<'_> = make(given).unwrap();
    assert_eq!(identity(&mut device), [MAGIC, 2, 2]);
    let mut server = BlockServer::new(region(given, 1), region(given, 2), CAPACITY).unwrap();
    assert_eq!(config_word(&mut device, 0), 64, "sectors");
    let mut guest = Raw::new(device, 1, 0);
    memory().write_u64(Gpa(BUFFERS), 0).unwrap();
    memory().write_u64(Gpa(BUFFERS + 8), 8).unwrap();
    let (data, status) = (BUFFERS + 0x1000, BUFFERS + 16);
    guest.send(
        0,
        0,
        &[(BUFFERS, 16, 0), (data, 4096, WRITE), (status, 1, WRITE)],
    );
    let asked = server.request().unwrap().unwrap();
    assert_eq!(
        (asked.code, asked.block, asked.count),
        (Some(Code::Read), 1, 1)
    );
    region(given, 3).write(asked.offset, &[0xa5; 4096]).unwrap();
    let response = Response {
        status: Status::Ok,
        count: 1,
        id: asked.id,
    };
    assert_eq!(server.respond(response), Ok(true));
    guest.bus.signal();
    assert_eq!(guest.used(0), Some((0, 4097)));
    assert_eq!(memory().read_u8(Gpa(data + 4095)), Ok(0xa5));
}

#[test]
fn a_console_behind_queues() {
    let given = given(&[0x1000, 0x100, 0x1000, 0x100], &[("columns", 132)]);
    let mut device: SddfConsole<'_> = make(given).unwrap();
    assert_eq!(identity(&mut device), [MAGIC, 2, 3]);
    assert_eq!(config_word(&mut device, 0), 25 << 16 | 132);
    let mut output = SerialConsumer::new(region(given, 0), region(given, 1)).unwrap();
    let mut input = SerialProducer::new(region(given, 2), region(given, 3)).unwrap();
    let registers = Registers::new(device);
    let mut console = VirtIOConsole::<Bounce, _>::new(registers.clone()).unwrap();
    console.send_bytes(b"out").unwrap();
    assert_eq!(registers.take_notified(), [Channel(0)]);
    let mut bytes = [0; 8];
    assert_eq!(output.receive(&mut bytes), Ok(3));
    assert_eq!(&bytes[..3], b"out");
    input.send(b"i").unwrap();
    registers.signal();
    assert_eq!(console.recv(true), Ok(Some(b'i')));
}

#[test]
fn random_bytes_by_a_queue() {
    let given = given(&[0x1000, 0x100], &[]);
    let mut device: SddfEntropy<'_> = make(given).unwrap();
    assert_eq!(identity(&mut device), [MAGIC, 2, 4]);
    let mut bytes = SerialProducer::new(region(given, 0), region(given, 1)).unwrap();
    bytes.send(b"random").unwrap();
    let registers = Registers::new(device);
    let mut driver = VirtIORng::<Bounce, _>::new(registers.clone()).unwrap();
    let mut taken = [0; 8];
    assert_eq!(driver.request_entropy(&mut taken), Ok(6));
    assert_eq!(&taken, b"random\0\0");
    assert_eq!(registers.take_notified(), [Channel(0)]);
}

const MAC: [u8; 6] = [0x52, 0x54, 1, 2, 3, 4];
const NETWORK: &[(&str, u64)] = &[
    ("mac", 0x5254_0102_0304),
    ("mtu", 1400),
    ("capacity", CAPACITY as u64),
];
const NETWORK_REGIONS: [usize; 6] = [0x1000, 0x1000, 0x8000, 0x1000, 0x1000, 0x8000];

#[test]
fn a_network_behind_queues() {
    let given = given(&NETWORK_REGIONS, NETWORK);
    // The server fills the buffers for reception before the client begins.
    let mut free = BufferProducer::new(region(given, 3), CAPACITY).unwrap();
    free.fill(CAPACITY).unwrap();
    let mut device: SddfNetwork<'_> = make(given).unwrap();
    assert_eq!(identity(&mut device), [MAGIC, 2, 1]);
    assert_eq!(config_word(&mut device, 0).to_le_bytes(), MAC[..4]);
    let mut guest = Raw::new(device, 3, 0);

    let mut sent = BufferConsumer::new(region(given, 1), CAPACITY).unwrap();
    guest.send(1, 0, &[(BUFFERS, 12 + 60, 0)]);
    assert_eq!(guest.used(1), Some((0, 0)));
    let buffer = sent.pop().unwrap();
    assert_eq!(buffer.map(|buffer| buffer.length), Some(60));

    let mut free = BufferConsumer::new(region(given, 3), CAPACITY).unwrap();
    let mut arrived = BufferProducer::new(region(given, 4), CAPACITY).unwrap();
    for round in 0..40 {
        let buffer = free.pop().unwrap().expect("the client gives buffers back");
        region(given, 5).write(buffer.offset, &MAC).unwrap();
        let buffer = Buffer {
            length: 64,
            ..buffer
        };
        assert_eq!(arrived.push(buffer), Ok(true));
        guest.send(0, 0, &[(BUFFERS, 2048, WRITE)]);
        guest.bus.signal();
        assert_eq!(guest.used(0), Some((0, 76)), "round {round}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let error =
        |result: Result<SddfNetwork<'_>, DeviceError>| -> &'static str { result.err().unwrap().0 };
    let few = error(make(given(&NETWORK_REGIONS[..5], NETWORK)));
    assert!(few.contains("memory"), "{few}");
    let no_capacity = error(make(given(&NETWORK_REGIONS, &NETWORK[..2])));
    assert!(no_capacity.contains("capacity"), "{no_capacity}");
    let group = &[NETWORK[2], ("mac", 0x5354_0102_0304)];
    for parameters in [&NETWORK[2..], group] {
        let no_mac = error(make(given(&NETWORK_REGIONS, parameters)));
        assert!(no_mac.contains("mac"), "{no_mac}");
    }
    let small = error(make(given(&[0x10; 6], NETWORK)));
    assert!(small.contains("capacity"), "{small}");
    let (device, own) = given(&[0x4000], &[]);
    let no_line = EmulatedDevice {
        lines: &[],
        ..*device
    };
    let no_line = make::<RamBlock<'_>>((Box::leak(Box::new(no_line)), own));
    assert!(no_line.err().unwrap().0.contains("interrupt"));
}
