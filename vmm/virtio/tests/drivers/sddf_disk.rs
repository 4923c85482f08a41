//! A block device in front of sDDF queues, with a disk of the test at the other end.

mod lies;

use proptest::prelude::*;
use virtio_drivers::device::blk::VirtIOBlk;
use vmm_arch::Gpa;
use vmm_device::{Channel, Device as _, Effects};
use vmm_memory::RamSlice;
use vmm_sddf::block::{
    BLOCK_BYTES, BlockClient, BlockServer, Code, Request, Response, Status, StorageInfo,
};
use vmm_virtio::{
    block::{Block, SddfDisk},
    transport::mmio::Mmio,
};

use crate::{
    board::{Bounce, Registers, memory, region},
    raw::{BUFFERS, Raw, WRITE},
};

const CAPACITY: u32 = 16;
/// Blocks of the disk.
const BLOCKS: u64 = 6;
const SECTORS: u64 = BLOCKS * 8;
/// Cells of the data region.
const CELLS: u64 = 8;

const HEADERS: u64 = BUFFERS;
const STATUSES: u64 = BUFFERS + 0x800;
const DATA: u64 = BUFFERS + 0x1000;

type Device = Mmio<'static, Block<'static, SddfDisk<'static>>, 1>;

struct Server {
    queues: BlockServer<'static>,
    requests: RamSlice<'static>,
    responses: RamSlice<'static>,
    info: RamSlice<'static>,
    data: RamSlice<'static>,
    disk: Vec<u8>,
    /// Requests taken and not answered.
    taken: Vec<Request>,
    flushes: usize,
}

fn system() -> (Device, Server) {
    let (requests, responses) = (region(0x1000), region(0x1000));
    let (info, data) = (region(0x1000), region((CELLS * BLOCK_BYTES) as usize));
    let client = BlockClient::new(requests, responses, CAPACITY).unwrap();
    let disk = SddfDisk::new(memory(), client, info, data, Channel(0));
    let server = Server {
        queues: BlockServer::new(requests, responses, CAPACITY).unwrap(),
        requests,
        responses,
        info,
        data,
        disk: vec![0; (BLOCKS * BLOCK_BYTES) as usize],
        taken: Vec::new(),
        flushes: 0,
    };
    (
        Mmio::new(memory(), Block::new(memory(), disk, [0; 20])),
        server,
    )
}

impl Server {
    fn get_ready(&self, read_only: bool) {
        let info = StorageInfo {
            read_only,
            sector_bytes: 512,
            blocks: BLOCKS,
        };
        info.write(&self.info).unwrap();
    }

    fn take(&mut self) {
        while let Some(request) = self.queues.request().unwrap() {
            self.taken.push(request);
        }
    }

    /// Does the request at `index` and answers it.
    fn answer(&mut self, index: usize) {
        let request = self.taken.remove(index);
        let status = self.perform(&request);
        let response = Response {
            status,
            count: request.count,
            id: request.id,
        };
        assert_eq!(self.queues.respond(response), Ok(true));
    }

    fn perform(&mut self, request: &Request) -> Status {
        if request.code == Some(Code::Flush) {
            self.flushes += 1;
            return Status::Ok;
        }
        assert_ne!(request.count, 0);
        assert!(request.offset.is_multiple_of(BLOCK_BYTES));
        let bytes = request.count as usize * BLOCK_BYTES as usize;
        let at = (request.block * BLOCK_BYTES) as usize;
        let Some(part) = self.disk.get_mut(at..at + bytes) else {
            return Status::InvalidParameter;
        };
        match request.code {
            Some(Code::Read) => self.data.write(request.offset, part).unwrap(),
            Some(Code::Write) => self.data.read(request.offset, part).unwrap(),
            other => panic!("{other:?} is not asked for"),
        }
        Status::Ok
    }
}

fn ready() -> (Raw<Device>, Server) {
    let (device, mut server) = system();
    server.get_ready(false);
    server.take();
    server.answer(0);
    server.flushes = 0;
    let mut guest = Raw::new(device, 1, 0);
    guest.bus.signal();
    (guest, server)
}

/// A request with its header and status at places of its own.
fn request(guest: &mut Raw<Device>, number: u16, kind: u32, sector: u64, data: (u64, u32, u16)) {
    let header = HEADERS + 16 * u64::from(number);
    memory().write_u64(Gpa(header), kind.into()).unwrap();
    memory().write_u64(Gpa(header + 8), sector).unwrap();
    let status = STATUSES + u64::from(number);
    memory().write_u8(Gpa(status), 0xff).unwrap();
    guest.send(0, 3 * number, &[(header, 16, 0), data, (status, 1, WRITE)]);
}

fn status(number: u16) -> u8 {
    memory().read_u8(Gpa(STATUSES + u64::from(number))).unwrap()
}

#[test]
fn the_disk_appears_when_it_is_ready() {
    let (device, server) = system();
    let mut guest = Raw::new(device, 1, 0);
    assert_eq!(guest.bus.word(0x100), 0);
    server.get_ready(false);
    guest.bus.signal();
    assert_eq!(guest.bus.word(0x100), SECTORS as u32);
    assert_eq!(guest.bus.word(0x60), 2, "the driver is told");
}

/// sDDF's virtualiser tells it by nothing but the answer to what was asked before.
#[test]
fn a_disk_that_is_not_ready_is_asked_for_a_flush() {
    let (mut device, mut server) = system();
    server.take();
    assert_eq!(server.taken[0].code, Some(Code::Flush));
    assert_eq!(server.taken.len(), 1);
    server.get_ready(false);
    server.answer(0);
    device.signalled(Channel(0), &mut Effects::default());
    let mut guest = Raw::new(device, 1, 0);
    assert_eq!(guest.bus.word(0x100), SECTORS as u32);
    request(&mut guest, 0, 0, 0, (DATA, 4096, WRITE));
    server.take();
    assert_eq!(server.taken.len(), 1, "and for no other");
}

#[test]
fn the_independent_driver_sees_a_read_only_disk() {
    let (device, server) = system();
    server.get_ready(true);
    let registers = Registers::new(device);
    registers.signal();
    let blk = VirtIOBlk::<Bounce, _>::new(registers).unwrap();
    assert!(blk.readonly());
    assert_eq!(blk.capacity(), SECTORS);
}

#[test]
fn reads_and_writes_in_any_order_of_answers() {
    let (mut guest, mut server) = ready();
    server.disk[4096..8192].fill(0x11);
    memory().write(Gpa(DATA), &[0x22; 4096]).unwrap();
    request(&mut guest, 0, 1, 0, (DATA, 4096, 0));
    request(&mut guest, 1, 0, 8, (DATA + 0x1000, 4096, WRITE));
    server.take();
    assert_eq!(server.taken.len(), 2);
    server.answer(1);
    guest.bus.signal();
    assert_eq!((guest.used(0), guest.used(0)), (Some((3, 4097)), None));
    assert_eq!(memory().read_u8(Gpa(DATA + 0x1fff)), Ok(0x11));
    server.answer(0);
    guest.bus.signal();
    assert_eq!((guest.used(0), status(0)), (Some((0, 1)), 0));
    assert_eq!(server.disk[..4096], [0x22; 4096]);
}

#[test]
fn a_flush_waits_for_the_writes_before_it() {
    let (mut guest, mut server) = ready();
    request(&mut guest, 0, 1, 0, (DATA, 4096, 0));
    request(&mut guest, 1, 4, 0, (DATA, 0, 0));
    request(&mut guest, 2, 0, 0, (DATA + 0x1000, 4096, WRITE));
    server.take();
    assert_eq!(server.taken.len(), 1, "the write alone");
    server.answer(0);
    guest.bus.signal();
    server.take();
    assert_eq!(server.taken[0].code, Some(Code::Flush));
    assert_eq!(
        server.taken.len(),
        2,
        "what follows the flush need not wait"
    );
    server.answer(0);
    server.answer(0);
    guest.bus.signal();
    let heads = [guest.used(0), guest.used(0), guest.used(0)].map(|used| used.unwrap().0);
    assert_eq!((heads, server.flushes), ([0, 3, 6], 1));
}

#[test]
fn part_of_a_block_is_written_without_harm_to_the_rest() {
    let (mut guest, mut server) = ready();
    server.disk.fill(0x11);
    memory().write(Gpa(DATA), &[0x22; 1024]).unwrap();
    request(&mut guest, 0, 1, 7, (DATA, 1024, 0));
    request(&mut guest, 1, 1, 3, (DATA, 512, 0));
    server.take();
    assert_eq!(server.taken.len(), 1, "the other write waits");
    for _ in 0..2 {
        server.take();
        server.answer(0);
        guest.bus.signal();
    }
    assert_eq!((guest.used(0), status(0)), (Some((0, 1)), 0));
    for _ in 0..2 {
        server.take();
        server.answer(0);
        guest.bus.signal();
    }
    assert_eq!((guest.used(0), status(1)), (Some((3, 1)), 0));
    let expected = |sector| {
        if [3, 7, 8].contains(&sector) {
            0x22
        } else {
            0x11
        }
    };
    for (sector, bytes) in server.disk.chunks(512).enumerate() {
        assert_eq!(bytes, [expected(sector); 512], "sector {sector}");
    }
}

#[test]
fn more_requests_than_cells_wait() {
    let (mut guest, mut server) = ready();
    for number in 0..4 {
        let at = DATA + 0x3000 * u64::from(number);
        request(&mut guest, number, 0, 0, (at, 3 * 4096, WRITE));
    }
    server.take();
    assert_eq!(
        server.taken.len(),
        2,
        "eight cells hold two requests of three"
    );
    for _ in 0..4 {
        server.take();
        server.answer(0);
        guest.bus.signal();
    }
    assert_eq!((0..4).map(status).collect::<Vec<_>>(), [0; 4]);
    request(&mut guest, 4, 0, 0, (DATA, 4 * 4096, WRITE));
    assert_eq!(status(4), 1, "more than the driver was told");
}

#[test]
fn answers_that_were_not_asked_for() {
    let (mut guest, mut server) = ready();
    request(&mut guest, 0, 0, 0, (DATA, 4096, WRITE));
    server.take();
    let id = server.taken[0].id;
    for id in [u32::MAX, id ^ 0x1_0000, id + 1] {
        let response = Response {
            status: Status::Ok,
            count: 1,
            id,
        };
        server.queues.respond(response).unwrap();
    }
    guest.bus.signal();
    assert_eq!(guest.used(0), None);
    let failure = Response {
        status: Status::Io,
        count: 0,
        id,
    };
    server.queues.respond(failure).unwrap();
    server.queues.respond(failure).unwrap();
    guest.bus.signal();
    assert_eq!((guest.used(0), status(0)), (Some((0, 1)), 1));
    assert_eq!(guest.used(0), None);
}

#[test]
fn a_server_that_lies_fails_every_request() {
    let (mut guest, mut server) = ready();
    request(&mut guest, 0, 0, 0, (DATA, 4096, WRITE));
    server.take();
    server.requests.write_u32(0, 1000).unwrap();
    request(&mut guest, 1, 0, 0, (DATA, 4096, WRITE));
    assert_eq!((guest.used(0), status(1)), (Some((3, 1)), 1));
    guest.bus.signal();
    assert_eq!((guest.used(0), status(0)), (Some((0, 1)), 1));
    assert_eq!(guest.bus.word(0x100), 0, "the disk is gone");
    assert!(!guest.is_broken());
}

#[test]
fn a_reset_forgets_what_is_at_work() {
    let (mut guest, mut server) = ready();
    request(&mut guest, 0, 0, 0, (DATA, 4096, WRITE));
    server.take();
    guest.start(0);
    server.answer(0);
    guest.bus.signal();
    assert_eq!((guest.used(0), status(0)), (None, 0xff));
    // The cells of before the reset are free again.
    for number in 0..2 {
        let at = DATA + 0x3000 * u64::from(number);
        request(&mut guest, number, 0, 0, (at, 3 * 4096, WRITE));
    }
    server.take();
    assert_eq!(server.taken.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is written where, and in whatever order it is answered, a disk of the model
    /// holds the same at the end.
    #[test]
    fn the_disk_holds_what_was_written(
        writes in prop::collection::vec((0..SECTORS, 1..17_u64, any::<u8>(), any::<u8>()), 1..20),
    ) {
        let (mut guest, mut server) = ready();
        let mut model = vec![0; server.disk.len()];
        let mut left = 0;
        for (sector, sectors, value, order) in writes {
            let sectors = sectors.min(SECTORS - sector);
            let bytes = (sectors * 512) as usize;
            memory().write(Gpa(DATA), &vec![value; bytes]).unwrap();
            request(&mut guest, 0, 1, sector, (DATA, bytes as u32, 0));
            let at = (sector * 512) as usize;
            model[at..at + bytes].fill(value);
            left += 1;
            // One at a time: what overlaps has no order of its own.
            while left != 0 {
                server.take();
                if !server.taken.is_empty() {
                    let index = usize::from(order) % server.taken.len();
                    server.answer(index);
                }
                guest.bus.signal();
                while guest.used(0).is_some() {
                    prop_assert_eq!(status(0), 0);
                    left -= 1;
                }
            }
        }
        prop_assert_eq!(server.disk, model);
    }
}
