//! A RAM disk behind the independent driver.

use virtio_drivers::device::blk::{SECTOR_SIZE, VirtIOBlk};
use vmm_memory::RamSlice;
use vmm_virtio::{
    block::{Block, RamDisk},
    transport::mmio::Mmio,
};

use crate::board::{Bounce, Registers, memory, region};

type Device = Mmio<'static, Block<'static, RamDisk<'static>>, 1>;

fn driver(data: RamSlice<'static>, read_only: bool) -> VirtIOBlk<Bounce, Registers<Device>> {
    let disk = RamDisk::new(data, memory(), read_only).unwrap();
    let block = Block::new(memory(), disk, *b"twenty bytes of name");
    VirtIOBlk::new(Registers::new(Mmio::new(memory(), block))).unwrap()
}

#[test]
fn the_driver_sees_the_disk() {
    let mut blk = driver(region(100 * SECTOR_SIZE + 7), false);
    assert_eq!(blk.capacity(), 100);
    assert!(!blk.readonly());
    let mut id = [0; 20];
    assert_eq!(blk.device_id(&mut id), Ok(20));
    assert_eq!(&id, b"twenty bytes of name");
    assert_eq!(blk.flush(), Ok(()));
}

#[test]
fn what_is_written_is_read_and_lies_on_the_disk() {
    let data = region(64 * SECTOR_SIZE);
    let mut blk = driver(data, false);
    let pattern: Vec<u8> = (0..3 * SECTOR_SIZE)
        .map(|at| at as u8 ^ (at >> 8) as u8)
        .collect();
    blk.write_blocks(61, &pattern).unwrap();
    let mut bytes = vec![0; 3 * SECTOR_SIZE];
    blk.read_blocks(61, &mut bytes).unwrap();
    assert_eq!(bytes, pattern);
    let mut raw = vec![0; 3 * SECTOR_SIZE];
    data.read(61 * SECTOR_SIZE as u64, &mut raw).unwrap();
    assert_eq!(raw, pattern);
    blk.read_blocks(60, &mut bytes[..SECTOR_SIZE]).unwrap();
    assert_eq!(bytes[..SECTOR_SIZE], [0; SECTOR_SIZE]);
}

#[test]
fn sectors_beyond_the_end_are_errors() {
    let mut blk = driver(region(8 * SECTOR_SIZE), false);
    let mut bytes = vec![0; 2 * SECTOR_SIZE];
    blk.read_blocks(6, &mut bytes).unwrap();
    for sector in [7, 8, usize::MAX / SECTOR_SIZE, usize::MAX] {
        blk.read_blocks(sector, &mut bytes).unwrap_err();
        blk.write_blocks(sector, &bytes).unwrap_err();
    }
}

#[test]
fn a_read_only_disk_is_not_written() {
    let data = region(8 * SECTOR_SIZE);
    let mut blk = driver(data, true);
    assert!(blk.readonly());
    blk.write_blocks(0, &[1; SECTOR_SIZE]).unwrap_err();
    let mut first = [9];
    data.read(0, &mut first).unwrap();
    assert_eq!(first, [0]);
    blk.read_blocks(0, &mut [0; SECTOR_SIZE]).unwrap();
}

#[test]
fn less_than_a_sector_is_no_disk() {
    RamDisk::new(region(SECTOR_SIZE - 1), memory(), false).unwrap_err();
}
