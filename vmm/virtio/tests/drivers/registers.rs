//! The registers of virtio-mmio, used in every order and width that a driver should not use.

use proptest::prelude::*;
use vmm_arch::{AccessSize, Gpa};
use vmm_device::Effects;
use vmm_virtio::{
    entropy::{Entropy, Source},
    transport::mmio::Mmio,
};

use crate::board::{BASE, Bus, memory};

struct Zeroes;

impl Source for Zeroes {
    fn fill(&mut self, bytes: &mut [u8], _effects: &mut Effects) -> usize {
        bytes.fill(0xa5);
        bytes.len()
    }
}

type Device = Mmio<'static, Entropy<'static, Zeroes>, 1>;

const ACKNOWLEDGE: u32 = 1;
const DRIVER: u32 = 2;
const DRIVER_OK: u32 = 4;
const FEATURES_OK: u32 = 8;
const NEEDS_RESET: u32 = 64;
const FAILED: u32 = 128;

const STATUS: u64 = 0x70;
const QUEUE_READY: u64 = 0x44;
const QUEUE_NOTIFY: u64 = 0x50;

const TABLE: u64 = BASE;
const AVAILABLE: u64 = BASE + 0x1000;
const USED: u64 = BASE + 0x2000;
const BUFFER: u64 = BASE + 0x3000;

fn bus() -> Bus<Device> {
    Bus::new(Mmio::new(memory(), Entropy::new(memory(), Zeroes)))
}

fn negotiate(bus: &mut Bus<Device>, high_features: u32) {
    for status in [0, ACKNOWLEDGE, ACKNOWLEDGE | DRIVER] {
        bus.set_word(STATUS, status);
    }
    bus.set_word(0x24, 1);
    bus.set_word(0x20, high_features);
    bus.set_word(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
}

fn set_queue(bus: &mut Bus<Device>, size: u32) {
    bus.set_word(0x30, 0);
    bus.set_word(0x38, size);
    for (register, address) in [(0x80, TABLE), (0x90, AVAILABLE), (0xa0, USED)] {
        bus.set_word(register, address as u32);
        bus.set_word(register + 4, (address >> 32) as u32);
    }
    bus.set_word(QUEUE_READY, 1);
}

/// One request of four bytes, made available without a notification.
fn make_available() {
    let memory = memory();
    memory.write_u64(Gpa(TABLE), BUFFER).unwrap();
    memory.write_u64(Gpa(TABLE + 8), 4 | 2 << 32).unwrap();
    let index = memory.read_u16(Gpa(AVAILABLE + 2)).unwrap();
    memory
        .write_u16(Gpa(AVAILABLE + 4 + 2 * u64::from(index % 8)), 0)
        .unwrap();
    memory.write_u16(Gpa(AVAILABLE + 2), index + 1).unwrap();
}

fn used_index() -> u16 {
    memory().read_u16(Gpa(USED + 2)).unwrap()
}

fn live() -> Bus<Device> {
    let mut bus = bus();
    negotiate(&mut bus, 1);
    set_queue(&mut bus, 8);
    bus.set_word(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    bus
}

#[test]
fn identity() {
    let mut bus = bus();
    assert_eq!(bus.word(0), u32::from_le_bytes(*b"virt"));
    assert_eq!((bus.word(4), bus.word(8)), (2, 4));
    assert_eq!(bus.word(0xb0), u32::MAX, "no shared memory");
    for offset in (0..0x100).step_by(4) {
        for size in [AccessSize::Byte, AccessSize::Half, AccessSize::Double] {
            assert_eq!(bus.read(offset, size), 0, "{offset:#x} takes words only");
            bus.write(offset, size, 1);
        }
    }
    assert_eq!(bus.word(STATUS), 0);
}

#[test]
fn the_status_grows_step_by_step() {
    let mut bus = bus();
    let mut try_status = |value, expected| {
        bus.set_word(STATUS, value);
        assert_eq!(bus.word(STATUS), expected, "after {value:#x}");
    };
    try_status(DRIVER_OK | FEATURES_OK, 0);
    // As U-Boot does.
    try_status(DRIVER, DRIVER);
    try_status(0, 0);
    try_status(ACKNOWLEDGE, ACKNOWLEDGE);
    try_status(ACKNOWLEDGE | FEATURES_OK, ACKNOWLEDGE);
    try_status(ACKNOWLEDGE | DRIVER, ACKNOWLEDGE | DRIVER);
    // VERSION_1 was not accepted.
    try_status(ACKNOWLEDGE | DRIVER | FEATURES_OK, ACKNOWLEDGE | DRIVER);
    try_status(0xff & !NEEDS_RESET, ACKNOWLEDGE | DRIVER | FAILED);
    try_status(ACKNOWLEDGE | DRIVER, ACKNOWLEDGE | DRIVER | FAILED);
    try_status(0, 0);
}

#[test]
fn features_are_those_offered_and_final() {
    let mut bus = bus();
    bus.set_word(0x14, 1);
    let offered = bus.word(0x10);
    assert_eq!(offered & 1, 1, "VERSION_1");
    bus.set_word(0x14, 2);
    assert_eq!(bus.word(0x10), 0);
    negotiate(&mut bus, offered | 1 << 30);
    assert_eq!(bus.word(STATUS) & FEATURES_OK, 0, "not offered");
    negotiate(&mut bus, offered);
    assert_ne!(bus.word(STATUS) & FEATURES_OK, 0);
    bus.set_word(0x20, u32::MAX);
    bus.set_word(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    assert_ne!(bus.word(STATUS) & DRIVER_OK, 0, "too late to change");
}

#[test]
fn a_queue_needs_features_and_a_good_layout() {
    let mut bus = bus();
    set_queue(&mut bus, 8);
    assert_eq!(bus.word(QUEUE_READY), 0, "before FEATURES_OK");
    negotiate(&mut bus, 1);
    for size in [0, 3, 128, 0x1_0008] {
        negotiate(&mut bus, 1);
        set_queue(&mut bus, size);
        assert_eq!(bus.word(QUEUE_READY), 0, "{size} entries");
        assert_ne!(bus.word(STATUS) & NEEDS_RESET, 0);
        assert!(!bus.line, "no interrupt before DRIVER_OK");
    }
    negotiate(&mut bus, 1);
    set_queue(&mut bus, 8);
    assert_eq!(bus.word(QUEUE_READY), 1);
    bus.set_word(0x38, 4);
    bus.set_word(0x80, 1);
    bus.set_word(QUEUE_READY, 1);
    assert_eq!(
        bus.word(STATUS) & NEEDS_RESET,
        0,
        "an enabled queue takes no layout"
    );
    for queue in [1, 2, 0xffff, 0x1_0000, u32::MAX] {
        bus.set_word(0x30, queue);
        assert_eq!((bus.word(0x34), bus.word(QUEUE_READY)), (0, 0));
        bus.set_word(QUEUE_READY, 1);
        bus.set_word(0x80, 1);
    }
    bus.set_word(0x30, 0);
    bus.set_word(QUEUE_READY, 0);
    assert_eq!(bus.word(QUEUE_READY), 0);
}

#[test]
fn notifications_count_while_the_device_is_live() {
    let mut bus = bus();
    negotiate(&mut bus, 1);
    set_queue(&mut bus, 8);
    make_available();
    bus.set_word(QUEUE_NOTIFY, 0);
    assert_eq!(used_index(), 0, "before DRIVER_OK");
    bus.set_word(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    assert_eq!(used_index(), 1, "at DRIVER_OK");
    assert!(bus.line);
    assert_eq!(bus.word(0x60), 1);
    bus.set_word(0x64, 1);
    assert!(!bus.line);
    for queue in [1, 7, 0xffff, 0x1_0000] {
        make_available();
        bus.set_word(QUEUE_NOTIFY, queue);
    }
    assert_eq!(used_index(), 1, "queues that do not exist");
    bus.set_word(STATUS, 0xff & !NEEDS_RESET);
    bus.set_word(QUEUE_NOTIFY, 0);
    assert_eq!(used_index(), 1, "after FAILED");
}

#[test]
fn a_broken_queue_asks_for_a_reset_and_lives_after_it() {
    let mut bus = live();
    let generation = bus.word(0xfc);
    memory().write_u16(Gpa(AVAILABLE + 2), 100).unwrap();
    bus.set_word(QUEUE_NOTIFY, 0);
    assert_ne!(bus.word(STATUS) & NEEDS_RESET, 0);
    assert_eq!(bus.word(0x60), 2, "a configuration interrupt");
    assert!(bus.line);
    assert_ne!(bus.word(0xfc), generation);
    memory().write_u16(Gpa(AVAILABLE + 2), 1).unwrap();
    bus.set_word(QUEUE_NOTIFY, 0);
    assert_eq!(used_index(), 0, "it stands still");
    memory().write_u16(Gpa(AVAILABLE + 2), 0).unwrap();
    bus.set_word(STATUS, 0);
    assert_eq!((bus.word(STATUS), bus.line), (0, false));
    negotiate(&mut bus, 1);
    set_queue(&mut bus, 8);
    bus.set_word(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    make_available();
    bus.set_word(QUEUE_NOTIFY, 0);
    assert_eq!(used_index(), 1);
}

#[test]
fn ring_reset_only_when_negotiated() {
    for (high, left) in [(1, 1), (1 | 1 << 8, 0)] {
        let mut bus = bus();
        negotiate(&mut bus, high);
        set_queue(&mut bus, 8);
        bus.set_word(0xc0, 1);
        assert_eq!(bus.word(QUEUE_READY), left);
        assert_eq!(bus.word(0xc0), 0, "done at once");
    }
}

proptest! {
    /// Whatever is written where, the device answers, and the next driver finds it whole.
    #[test]
    fn any_accesses(
        ram in prop::collection::vec(any::<u8>(), 0x200),
        accesses in prop::collection::vec((0..0x200_u64, 0..4_u8, any::<u32>()), 0..200),
    ) {
        let mut bus = bus();
        memory().write(Gpa(BASE), &ram).unwrap();
        let interesting = [0x14, 0x20, 0x24, 0x30, 0x38, 0x44, 0x50, 0x64, 0x70, 0x80, 0xc0];
        for (offset, size, value) in accesses {
            let size = AccessSize::from_log2(size);
            let offset = interesting.get(offset as usize).copied().unwrap_or(offset);
            let offset = offset & !(size.bytes() - 1);
            let small = if value & 1 == 0 { value >> 24 } else { value };
            bus.write(offset, size, small.into());
            prop_assert_eq!(bus.read(offset, size) & !size_mask(size), 0);
        }
        memory().fill_zero(vmm_arch::GpaRange::new(Gpa(BASE), 0x3000).unwrap()).unwrap();
        bus.set_word(STATUS, 0);
        negotiate(&mut bus, 1);
        set_queue(&mut bus, 8);
        bus.set_word(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
        make_available();
        bus.set_word(QUEUE_NOTIFY, 0);
        prop_assert_eq!(used_index(), 1);
        prop_assert!(bus.line);
    }
}

fn size_mask(size: AccessSize) -> u64 {
    u64::MAX >> (64 - size.bits())
}
