use std::{collections::VecDeque, vec::Vec};

use proptest::prelude::*;
use vmm_config::DriverClient;
use vmm_sddf::block::{BLOCK_BYTES, BlockClient, Code, Request, Response, Status, StorageInfo};

use super::*;
use crate::test_tables::{client, driver, settle};

const CAPACITY: u32 = 16;
const BLOCKS: usize = 64;
const BUFFERS: usize = 4;
const BUFFER_BLOCKS: u64 = 2;

/// A disk that ends its operations when the test says so.
struct FakeDisk {
    sectors: Vec<u8>,
    buffers: RamSlice<'static>,
    started: VecDeque<(usize, Operation)>,
    /// How many of `started` may end.
    allowed: usize,
    read_only: bool,
    broken: bool,
    flushes: usize,
}

impl FakeDisk {
    fn new() -> Self {
        let bytes = BUFFERS as u64 * BUFFER_BLOCKS * BLOCK_BYTES;
        let (driver, regions) = driver(vec![client("device", 0, &[bytes], &[])]);
        let [buffers] = regions.of_client(&driver.clients[0]).unwrap();
        Self {
            sectors: vec![0; BLOCKS * BLOCK_BYTES as usize],
            buffers,
            started: VecDeque::new(),
            allowed: usize::MAX,
            read_only: false,
            broken: false,
            flushes: 0,
        }
    }

    fn perform(&mut self, index: usize, operation: Operation) {
        let at = |sector: u64| (sector * SECTOR_BYTES) as usize;
        let buffer = self.buffer(index).unwrap();
        match operation {
            Operation::Read { sector, bytes } => {
                let from = &self.sectors[at(sector)..][..bytes as usize];
                buffer.write(0, from).unwrap();
            }
            Operation::Write { sector, bytes } => {
                let mut data = vec![0; bytes as usize];
                buffer.read(0, &mut data).unwrap();
                self.sectors[at(sector)..][..bytes as usize].copy_from_slice(&data);
            }
            Operation::Flush => self.flushes += 1,
        }
    }
}

impl Disk for FakeDisk {
    fn sectors(&self) -> u64 {
        self.sectors.len() as u64 / SECTOR_BYTES
    }

    fn is_read_only(&self) -> bool {
        self.read_only
    }

    fn buffers(&self) -> usize {
        BUFFERS
    }

    fn buffer(&self, index: usize) -> Option<RamSlice<'static>> {
        let size = BUFFER_BLOCKS * BLOCK_BYTES;
        self.buffers.part(index as u64 * size, size)
    }

    fn start(&mut self, index: usize, operation: Operation) -> bool {
        assert!(self.started.iter().all(|&(used, _)| used != index));
        self.started.push_back((index, operation));
        true
    }

    fn publish(&mut self) {}

    fn poll(&mut self) -> Option<(usize, Result<(), Failed>)> {
        self.allowed = self.allowed.checked_sub(1)?;
        let (index, operation) = self.started.pop_front()?;
        if self.broken {
            return Some((index, Err(Failed)));
        }
        self.perform(index, operation);
        Some((index, Ok(())))
    }
}

/// A client's end.
struct Peer {
    queues: BlockClient<'static>,
    info: RamSlice<'static>,
    requests: RamSlice<'static>,
    responses: RamSlice<'static>,
    data: RamSlice<'static>,
}

fn system(
    disk: FakeDisk,
    parameters: &[&[(&'static str, u64)]],
) -> (Server<'static, FakeDisk>, Vec<Peer>) {
    let clients: Vec<DriverClient> = parameters
        .iter()
        .zip(1..)
        .map(|(more, channel)| {
            let mut all = vec![("capacity", u64::from(CAPACITY))];
            all.extend_from_slice(more);
            client("client", channel, &[0x1000, 0x1000, 0x1000, 0x2_0000], &all)
        })
        .collect();
    let (driver, regions) = driver(clients);
    let peers = driver.clients.iter().map(|client| {
        let [info, requests, responses, data] = regions.of_client(client).unwrap();
        Peer {
            queues: BlockClient::new(requests, responses, CAPACITY).unwrap(),
            info,
            requests,
            responses,
            data,
        }
    });
    let peers = peers.collect();
    (Server::new(disk, &driver, regions).unwrap(), peers)
}

fn run(server: &mut Server<'_, FakeDisk>) -> Vec<u8> {
    settle(|notified| server.serve(|channel| notified.push(channel)))
}

fn request(code: Code, block: u64, count: u16, offset: u64, id: u32) -> Request {
    Request {
        code: Some(code),
        offset: offset * BLOCK_BYTES,
        block,
        count,
        id,
    }
}

impl Peer {
    fn ask(&mut self, request: Request) {
        assert_eq!(self.queues.request(request), Ok(true));
    }

    fn answers(&mut self) -> Vec<(u32, Status)> {
        std::iter::from_fn(|| self.queues.response().unwrap())
            .map(|Response { id, status, .. }| (id, status))
            .collect()
    }
}

#[test]
fn clients_are_told_of_their_parts() {
    let (_, peers) = system(FakeDisk::new(), &[&[], &[("read-only", 1)]]);
    let info = |read_only| StorageInfo {
        read_only,
        sector_bytes: 512,
        blocks: 32,
    };
    assert_eq!(StorageInfo::read(&peers[0].info), Some(info(false)));
    assert_eq!(StorageInfo::read(&peers[1].info), Some(info(true)));
}

#[test]
fn a_large_request_is_done_in_pieces() {
    let (mut server, mut peers) = system(FakeDisk::new(), &[&[]]);
    let pattern: Vec<u8> = (0..7 * BLOCK_BYTES).map(|at| (at / 509) as u8).collect();
    peers[0].data.write(BLOCK_BYTES, &pattern).unwrap();
    peers[0].ask(request(Code::Write, 3, 7, 1, 40));
    assert_eq!(run(&mut server), [1]);
    assert_eq!(peers[0].answers(), [(40, Status::Ok)]);
    assert_eq!(server.disk.sectors[3 * 4096..10 * 4096], pattern);
    peers[0].ask(request(Code::Read, 3, 7, 20, 41));
    assert_eq!(run(&mut server), [1]);
    let mut bytes = vec![0; pattern.len()];
    peers[0].data.read(20 * BLOCK_BYTES, &mut bytes).unwrap();
    assert_eq!(bytes, pattern);
}

#[test]
fn what_cannot_be_is_refused() {
    let (mut server, mut peers) = system(FakeDisk::new(), &[&[], &[("read-only", 1)]]);
    let good = request(Code::Read, 0, 1, 0, 0);
    let wrong = [
        request(Code::Read, 32, 1, 0, 1),
        request(Code::Write, 31, 2, 0, 2),
        request(Code::Read, u64::MAX, 1, 0, 3),
        request(Code::Read, 0, 0, 0, 4),
        request(Code::Read, 0, 1, 32, 5),
        request(Code::Read, 0, 2, 31, 6),
        Request {
            offset: 512,
            id: 7,
            ..good
        },
        Request {
            offset: u64::MAX - 4095,
            id: 8,
            ..good
        },
        Request {
            code: None,
            id: 9,
            ..good
        },
    ];
    for request in wrong {
        peers[0].ask(request);
    }
    peers[0].ask(good);
    peers[1].ask(request(Code::Write, 0, 1, 0, 10));
    peers[1].ask(good);
    assert_eq!(run(&mut server), [1, 2]);
    let refused: Vec<_> = (1..=9).map(|id| (id, Status::InvalidParameter)).collect();
    let mut answers = peers[0].answers();
    answers.sort_unstable_by_key(|&(id, _)| id);
    assert_eq!(answers[0], (0, Status::Ok));
    assert_eq!(answers[1..], refused);
    let answers = peers[1].answers();
    assert!(answers.contains(&(10, Status::InvalidParameter)));
    assert!(answers.contains(&(0, Status::Ok)));
}

#[test]
fn a_flush_waits_for_what_was_asked_before_it() {
    let (mut server, mut peers) = system(FakeDisk::new(), &[&[]]);
    server.disk.allowed = 0;
    peers[0].ask(request(Code::Write, 0, 4, 0, 1));
    peers[0].ask(request(Code::Flush, 0, 0, 0, 2));
    peers[0].ask(request(Code::Write, 8, 1, 4, 3));
    run(&mut server);
    let writes = |server: &Server<'_, FakeDisk>| {
        let started = server.disk.started.iter();
        started
            .filter(|(_, operation)| *operation != Operation::Flush)
            .count()
    };
    assert_eq!((server.disk.started.len(), writes(&server)), (2, 2));
    server.disk.allowed = 1;
    run(&mut server);
    assert_eq!(
        server.disk.started.len(),
        1,
        "half of the write is not done"
    );
    server.disk.allowed = 1;
    assert_eq!(run(&mut server), [1]);
    assert_eq!(peers[0].answers(), [(1, Status::Ok)]);
    assert_eq!((server.disk.started.len(), writes(&server)), (2, 1));
    assert_eq!(server.disk.started[0].1, Operation::Flush);
    server.disk.allowed = usize::MAX;
    run(&mut server);
    assert_eq!(server.disk.flushes, 1);
    assert_eq!(peers[0].answers().len(), 2);
}

#[test]
fn a_barrier_orders_and_does_no_more() {
    let (mut server, mut peers) = system(FakeDisk::new(), &[&[]]);
    server.disk.allowed = 0;
    peers[0].ask(request(Code::Write, 0, 1, 0, 1));
    peers[0].ask(request(Code::Barrier, 0, 0, 0, 2));
    peers[0].ask(request(Code::Read, 0, 1, 1, 3));
    run(&mut server);
    assert_eq!(server.disk.started.len(), 1);
    server.disk.allowed = usize::MAX;
    run(&mut server);
    let ids: Vec<_> = peers[0].answers().iter().map(|&(id, _)| id).collect();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(server.disk.flushes, 0);
}

#[test]
fn a_failure_of_the_disk_is_told() {
    let (mut server, mut peers) = system(FakeDisk::new(), &[&[]]);
    server.disk.broken = true;
    peers[0].ask(request(Code::Read, 0, 20, 0, 1));
    peers[0].ask(request(Code::Flush, 0, 0, 0, 2));
    run(&mut server);
    assert_eq!(peers[0].answers(), [(1, Status::Io), (2, Status::Io)]);
}

#[test]
fn a_client_that_lies_is_dropped_and_nobody_else() {
    let (mut server, mut peers) = system(FakeDisk::new(), &[&[], &[]]);
    server.disk.allowed = 0;
    peers[0].ask(request(Code::Read, 0, 1, 0, 1));
    peers[1].ask(request(Code::Read, 0, 1, 0, 2));
    run(&mut server);
    // More answers taken than there were.
    peers[0].responses.write_u32(0, 100).unwrap();
    server.disk.allowed = usize::MAX;
    assert_eq!(run(&mut server), [2]);
    assert_eq!(server.take_dropped(), Some(Dropped("client")));
    assert_eq!(server.take_dropped(), None);
    assert_eq!(peers[1].answers(), [(2, Status::Ok)]);
    peers[1].ask(request(Code::Read, 0, 1, 0, 3));
    assert_eq!(run(&mut server), [2]);
}

#[test]
fn one_client_leaves_buffers_to_the_other() {
    let (mut server, mut peers) = system(FakeDisk::new(), &[&[], &[]]);
    server.disk.allowed = 0;
    for id in 0..8 {
        peers[0].ask(request(Code::Read, 0, 8, 0, id));
    }
    peers[1].ask(request(Code::Read, 5, 1, 0, 9));
    server.serve(|_| {});
    let first_of_second = Operation::Read {
        sector: (32 + 5) * 8,
        bytes: BLOCK_BYTES,
    };
    let mut started = server.disk.started.iter();
    assert!(started.any(|&(_, operation)| operation == first_of_second));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever two clients write, in whatever steps the disk works, each has its own data.
    #[test]
    fn parts_are_kept_apart(
        writes in prop::collection::vec((0..2_usize, 0..32_u64, 1..9_u16, any::<u8>()), 1..40),
        steps in prop::collection::vec(0..3_usize, 1..8),
    ) {
        let (mut server, mut peers) = system(FakeDisk::new(), &[&[], &[]]);
        let mut model = vec![0; server.disk.sectors.len()];
        for (index, block, count, value) in writes {
            let count = count.min((32 - block) as u16);
            let bytes = usize::from(count) * BLOCK_BYTES as usize;
            peers[index].data.write(0, &vec![value; bytes]).unwrap();
            peers[index].ask(request(Code::Write, block, count, 0, 7));
            let at = (index as u64 * 32 + block) as usize * BLOCK_BYTES as usize;
            model[at..at + bytes].fill(value);
            // One at a time: requests that overlap have no order of their own.
            for allowed in steps.iter().copied().chain([usize::MAX]) {
                server.disk.allowed = allowed;
                run(&mut server);
            }
            prop_assert_eq!(peers[index].answers(), [(7, Status::Ok)]);
        }
        prop_assert_eq!(&server.disk.sectors, &model);
    }

    /// Whatever a client writes to its queues, the server goes on, and so does the other client.
    #[test]
    fn no_client_harms_the_server(
        writes in prop::collection::vec((any::<bool>(), 0..0x80_u64, any::<u32>()), 1..60),
    ) {
        let (mut server, mut peers) = system(FakeDisk::new(), &[&[], &[]]);
        for (responses, word, value) in writes {
            let region = if responses { peers[0].responses } else { peers[0].requests };
            // Small numbers are the likely indices, codes and counts.
            let value = if value & 1 == 0 { value >> 24 } else { value };
            region.write_u32(4 * word, value).unwrap();
            run(&mut server);
        }
        peers[1].ask(request(Code::Write, 31, 1, 0, 5));
        prop_assert!(run(&mut server).contains(&2));
        prop_assert_eq!(peers[1].answers(), [(5, Status::Ok)]);
    }
}
