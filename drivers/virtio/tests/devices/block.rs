//! A RAM disk of ours behind driver and server.

use std::{cell::Cell, rc::Rc};

use driver_server::block::Server;
use driver_virtio::block::VirtioDisk;
use vmm_config::{Driver, DriverClient, Window};
use vmm_device::Effects;
use vmm_memory::RamSlice;
use vmm_sddf::block::{BLOCK_BYTES, BlockClient, Code, Request, Status, StorageInfo};
use vmm_virtio::{
    block::{
        Block, RamDisk,
        disk::{Disk, DiskError, Operation, Submission, Token},
    },
    transport::mmio::Mmio,
};

use crate::{
    board::{Registers, memory, region},
    system::{self, Own},
};

/// What is wrong with a disk, and how often it was flushed.
#[derive(Default)]
struct Flaws {
    /// Transfers that begin here fail; sector 0 never does.
    bad_sector: Cell<u64>,
    flushes: Cell<usize>,
}

struct FlawedDisk {
    disk: RamDisk<'static>,
    flaws: Rc<Flaws>,
}

impl Disk for FlawedDisk {
    fn sectors(&self) -> u64 {
        self.disk.sectors()
    }

    fn is_read_only(&self) -> bool {
        self.disk.is_read_only()
    }

    fn submit(
        &mut self,
        token: Token,
        operation: Operation<'_, '_>,
        effects: &mut Effects,
    ) -> Submission {
        match operation {
            Operation::Read { sector, .. } | Operation::Write { sector, .. }
                if sector != 0 && sector == self.flaws.bad_sector.get() =>
            {
                return Submission::Done(Err(DiskError::Failed));
            }
            Operation::Flush => self.flaws.flushes.set(self.flaws.flushes.get() + 1),
            _ => {}
        }
        self.disk.submit(token, operation, effects)
    }
}

type Device = Mmio<'static, Block<'static, FlawedDisk>, 1>;
type Driven = VirtioDisk<'static, Own, Registers<Device>>;

const CAPACITY: u32 = 32;
const NO_REGISTERS: Window = Window {
    vmm_address: 0,
    size: 0,
};

struct System {
    registers: Registers<Device>,
    server: Server<'static, Driven>,
    client: BlockClient<'static>,
    info: RamSlice<'static>,
    data: RamSlice<'static>,
    /// What is on the disk.
    disk: RamSlice<'static>,
    flaws: Rc<Flaws>,
}

fn system(blocks: u64, read_only: bool) -> System {
    let data_bytes = 0x10_0000;
    let client: &'static [DriverClient] = vec![system::client(
        1,
        &[0x1000, 0x1000, 0x1000, data_bytes],
        &[("capacity", CAPACITY.into())],
    )]
    .leak();
    let (regions, buffers) = system::memory(client);
    let disk = region((blocks * BLOCK_BYTES) as usize);
    let flaws = Rc::new(Flaws::default());
    let flawed = FlawedDisk {
        disk: RamDisk::new(disk, memory(), read_only).unwrap(),
        flaws: Rc::clone(&flaws),
    };
    let device = Block::new(memory(), flawed, [0; 20]);
    let registers = Registers::new(Mmio::new(memory(), device));
    let driver = Driver {
        registers: NO_REGISTERS,
        dma: None,
        interrupt: None,
        clients: client,
    };
    let virtio = VirtioDisk::new(registers.clone(), buffers).unwrap();
    let server = Server::new(virtio, &driver, regions).unwrap();
    let [info, requests, responses, data] = system::of_client(regions, &client[0]);
    System {
        registers,
        server,
        client: BlockClient::new(requests, responses, CAPACITY).unwrap(),
        info,
        data,
        disk,
        flaws,
    }
}

impl System {
    fn ask(&mut self, code: Code, block: u64, count: u16, offset: u64) {
        let request = Request {
            code: Some(code),
            offset: offset * BLOCK_BYTES,
            block,
            count,
            id: 5,
        };
        assert_eq!(self.client.request(request), Ok(true));
    }

    fn run(&mut self) -> Vec<Status> {
        while self.server.serve(|channel| assert_eq!(channel, 1)) {}
        let answers = std::iter::from_fn(|| self.client.response().unwrap());
        answers.map(|answer| answer.status).collect()
    }
}

#[test]
fn data_go_to_the_disk_and_back() {
    let mut system = system(512, false);
    let info = StorageInfo {
        read_only: false,
        sector_bytes: 512,
        blocks: 512,
    };
    assert_eq!(StorageInfo::read(&system.info), Some(info));
    let pattern: Vec<u8> = (0..200 * BLOCK_BYTES).map(|at| (at / 251) as u8).collect();
    system.data.write(0, &pattern).unwrap();
    system.ask(Code::Write, 100, 200, 0);
    assert_eq!(system.run(), [Status::Ok]);
    let mut bytes = vec![0; pattern.len()];
    system.disk.read(100 * BLOCK_BYTES, &mut bytes).unwrap();
    assert_eq!(bytes, pattern);
    system.ask(Code::Read, 101, 199, 1);
    system.ask(Code::Flush, 0, 0, 0);
    system.data.fill_zero(0, pattern.len()).unwrap();
    assert_eq!(system.run(), [Status::Ok; 2]);
    let read = &mut bytes[BLOCK_BYTES as usize..];
    system.data.read(BLOCK_BYTES, read).unwrap();
    assert_eq!(read, &pattern[BLOCK_BYTES as usize..]);
}

#[test]
fn many_requests_use_buffers_and_descriptors_again_and_again() {
    let mut system = system(64, false);
    for round in 0..200_u64 {
        for number in 0..CAPACITY.into() {
            let code = if round % 2 == 0 {
                Code::Read
            } else {
                Code::Write
            };
            system.ask(code, (round + number) % 64, 1, number);
        }
        assert_eq!(system.run(), [Status::Ok; CAPACITY as usize]);
    }
    assert!(!system.registers_need_reset());
}

impl System {
    fn registers_need_reset(&self) -> bool {
        use virtio_drivers::transport::{DeviceStatus, Transport};
        let status = self.registers.get_status();
        status.contains(DeviceStatus::DEVICE_NEEDS_RESET)
    }
}

#[test]
fn a_read_only_disk() {
    let mut system = system(8, true);
    assert!(StorageInfo::read(&system.info).unwrap().read_only);
    system.ask(Code::Write, 0, 1, 0);
    system.ask(Code::Read, 0, 8, 0);
    let answers = system.run();
    assert!(answers.contains(&Status::InvalidParameter) && answers.contains(&Status::Ok));
}

#[test]
fn a_failure_of_the_device_is_told_to_whom_it_concerns() {
    let mut system = system(64, false);
    system.flaws.bad_sector.set(40 * 8);
    system.ask(Code::Read, 0, 40, 0);
    system.ask(Code::Read, 40, 1, 0);
    system.ask(Code::Write, 24, 40, 0);
    system.ask(Code::Flush, 0, 0, 0);
    let answers = system.run();
    let count = |status| answers.iter().filter(|&&one| one == status).count();
    assert_eq!((count(Status::Ok), count(Status::Io)), (2, 2));
    assert_eq!(system.flaws.flushes.get(), 1, "the device flushes too");
}
