//! A virtio-mmio device and one queue of it, driven step by step (Virtio 1.2, 4.2.2).

use bare_metal::check::{Outcome, expect};
use bare_metal::cpu::{read32, write32};
use bare_metal::timer::wait_until;

/// Where the devices of the default `system.xml` are; what follows the last is in no region.
const FIRST: u64 = 0x0a00_0000;
const STEP: u64 = 0x200;
const COUNT: u64 = 4;

pub(crate) const QUEUE_SEL: u64 = 0x30;
pub(crate) const QUEUE_SIZE_MAX: u64 = 0x34;
pub(crate) const QUEUE_SIZE: u64 = 0x38;
pub(crate) const QUEUE_READY: u64 = 0x44;
pub(crate) const QUEUE_NOTIFY: u64 = 0x50;
pub(crate) const STATUS: u64 = 0x70;

pub(crate) const DRIVER_OK: u32 = 15;
pub(crate) const NEEDS_RESET: u32 = 64;

pub(crate) const BLOCK: u32 = 2;
pub(crate) const ENTROPY: u32 = 4;

/// The guest's RAM, and where in it the queue lies, above this program.
pub(crate) const RAM_END: u64 = 0x5000_0000;
pub(crate) const TABLE: u64 = 0x4800_0000;
pub(crate) const AVAILABLE: u64 = 0x4801_0000;
pub(crate) const USED: u64 = 0x4802_0000;
pub(crate) const BUFFER: u64 = 0x4803_0000;
pub(crate) const INDIRECT_TABLE: u64 = 0x4804_0000;

pub(crate) const NEXT: u32 = 1;
pub(crate) const WRITE: u32 = 2;
pub(crate) const INDIRECT: u32 = 4;

/// Entries of the queue, unless a case says otherwise.
pub(crate) const SIZE: u32 = 8;

/// A device and the queue under attack.
#[derive(Clone, Copy)]
pub(crate) struct Device {
    pub(crate) base: u64,
    pub(crate) queue: u32,
}

/// Every queue of every device.
pub(crate) fn queues() -> impl Iterator<Item = Device> {
    (0..COUNT)
        .map(|number| FIRST + number * STEP)
        .filter(|base| read32(*base) == 0x7472_6976 && read32(base + 8) != 0)
        .flat_map(|base| (0..4).map(move |queue| Device { base, queue }))
        .filter(|device| {
            device.set(QUEUE_SEL, device.queue);
            device.get(QUEUE_SIZE_MAX) != 0
        })
}

impl Device {
    pub(crate) fn get(self, register: u64) -> u32 {
        read32(self.base + register)
    }

    pub(crate) fn set(self, register: u64, value: u32) {
        write32(self.base + register, value);
    }

    pub(crate) fn id(self) -> u32 {
        self.get(8)
    }

    /// Resets the device and agrees on VERSION_1, and on INDIRECT_DESC if it is offered.
    pub(crate) fn negotiate(self) {
        self.set(STATUS, 0);
        self.set(STATUS, 3);
        self.set(0x14, 0);
        self.set(0x24, 0);
        self.set(0x20, self.get(0x10) & 1 << 28);
        self.set(0x24, 1);
        self.set(0x20, 1);
        self.set(STATUS, 11);
    }

    /// Enables the queue with this size and these addresses of its three parts.
    pub(crate) fn enable(self, size: u32, parts: [u64; 3]) {
        self.set(QUEUE_SEL, self.queue);
        self.set(QUEUE_SIZE, size);
        for (register, address) in [0x80, 0x90, 0xa0].into_iter().zip(parts) {
            self.set(register, address as u32);
            self.set(register + 4, (address >> 32) as u32);
        }
        self.set(QUEUE_READY, 1);
    }

    /// As far as a driver comes: a queue without requests and DRIVER_OK.
    pub(crate) fn start(self) {
        for word in 0..64 {
            write32(TABLE + word * 4, 0);
            write32(AVAILABLE + word * 4, 0);
            write32(USED + word * 4, 0);
        }
        self.negotiate();
        self.enable(SIZE, [TABLE, AVAILABLE, USED]);
        self.set(STATUS, DRIVER_OK);
    }

    /// Makes descriptor 0 available, `count` times, and notifies.
    pub(crate) fn publish(self, count: u32) {
        write32(AVAILABLE, count << 16);
        self.set(QUEUE_NOTIFY, self.queue);
    }

    /// The device shows a status that a driver can act on, and works after a reset.
    pub(crate) fn recovers(self) -> Outcome {
        let allowed = DRIVER_OK | NEEDS_RESET;
        expect("unknown status bits", 0_u32, self.get(STATUS) & !allowed)?;
        self.set(STATUS, 0);
        expect("status after reset", 0_u32, self.get(STATUS))?;
        let first = Self { queue: 0, ..self };
        first.start();
        expect("status after start", DRIVER_OK, self.get(STATUS))?;
        match self.id() {
            BLOCK => first.reads_sector(),
            ENTROPY => first.gives_bytes(),
            _ => Ok(()),
        }
    }

    fn answers(self) -> bool {
        self.publish(1);
        wait_until(|| read32(USED) >> 16 == 1)
    }

    fn reads_sector(self) -> Outcome {
        // The type of a read is 0 and so is the sector; the status is not 0 before.
        for word in 0..4 {
            write32(BUFFER + word * 4, 0);
        }
        write32(BUFFER + 0x1000, 0xff);
        descriptor(TABLE, 0, BUFFER, 16, NEXT, 1);
        descriptor(TABLE, 1, BUFFER + 0x200, 512, NEXT | WRITE, 2);
        descriptor(TABLE, 2, BUFFER + 0x1000, 1, WRITE, 0);
        expect("a read is answered", true, self.answers())?;
        expect("length of a read", 513_u32, read32(USED + 8))?;
        expect("status of a read", 0_u32, read32(BUFFER + 0x1000) & 0xff)
    }

    fn gives_bytes(self) -> Outcome {
        descriptor(TABLE, 0, BUFFER, 64, WRITE, 0);
        expect("bytes are given", true, self.answers())?;
        let length = read32(USED + 8);
        expect("1 to 64 bytes", true, (1..=64).contains(&length))
    }
}

/// Writes entry `index` of a table.
pub(crate) fn descriptor(table: u64, index: u64, gpa: u64, length: u32, flags: u32, next: u32) {
    let entry = table + index * 16;
    write32(entry, gpa as u32);
    write32(entry + 4, (gpa >> 32) as u32);
    write32(entry + 8, length);
    write32(entry + 12, flags | next << 16);
}
