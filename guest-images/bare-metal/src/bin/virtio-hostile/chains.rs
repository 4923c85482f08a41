//! Descriptors that break a rule (Virtio 1.2, 2.7.5 and 2.7.5.3), in a queue that is well set up.

use bare_metal::cpu::write32;

use crate::Attack;
use crate::device::{
    AVAILABLE, BUFFER, Device, INDIRECT, INDIRECT_TABLE, NEXT, RAM_END, SIZE, TABLE, WRITE,
    descriptor,
};

pub(crate) const ATTACKS: &[Attack] = &[
    ("chain-loop-of-one", |d| one(d, BUFFER, 16, NEXT, 0)),
    ("chain-loop-of-two", |d| {
        descriptor(TABLE, 1, BUFFER, 16, NEXT, 0);
        one(d, BUFFER, 16, NEXT, 1);
    }),
    ("chain-next-outside-table", |d| {
        one(d, BUFFER, 16, NEXT, SIZE)
    }),
    ("chain-next-65535", |d| one(d, BUFFER, 16, NEXT, 0xffff)),
    ("chain-head-outside-table", |d| {
        d.start();
        write32(AVAILABLE + 4, 0xffff);
        d.publish(1);
    }),
    ("chain-length-zero", |d| one(d, BUFFER, 0, 0, 0)),
    ("chain-length-zero-writable", |d| {
        one(d, BUFFER, 0, WRITE, 0)
    }),
    ("chain-length-huge", |d| one(d, BUFFER, u32::MAX, WRITE, 0)),
    ("chain-length-past-ram", |d| one(d, RAM_END - 16, 32, 0, 0)),
    ("chain-address-outside-ram", |d| {
        one(d, 0x0900_0000, 16, WRITE, 0)
    }),
    ("chain-address-wraps", |d| {
        one(d, u64::MAX - 7, 16, WRITE, 0)
    }),
    ("chain-sum-wraps", sum_wraps),
    ("chain-all-readable", |d| one(d, BUFFER, 64, 0, 0)),
    ("chain-all-writable", |d| one(d, BUFFER, 64, WRITE, 0)),
    ("chain-readable-after-writable", |d| {
        pair(d, [WRITE, 0]);
    }),
    ("indirect-in-indirect", |d| {
        indirect(d, INDIRECT_TABLE, 16, INDIRECT, [INDIRECT, 0]);
    }),
    ("indirect-loop", |d| {
        indirect(d, INDIRECT_TABLE, 16, INDIRECT, [NEXT, 0])
    }),
    ("indirect-next-outside-table", |d| {
        indirect(d, INDIRECT_TABLE, 16, INDIRECT, [NEXT, 1]);
    }),
    ("indirect-with-next", |d| {
        indirect(d, INDIRECT_TABLE, 16, INDIRECT | NEXT, [0, 0]);
    }),
    ("indirect-with-write", |d| {
        indirect(d, INDIRECT_TABLE, 16, INDIRECT | WRITE, [0, 0]);
    }),
    ("indirect-length-odd", |d| {
        indirect(d, INDIRECT_TABLE, 17, INDIRECT, [0, 0])
    }),
    ("indirect-length-zero", |d| {
        indirect(d, INDIRECT_TABLE, 0, INDIRECT, [0, 0])
    }),
    ("indirect-length-huge", |d| {
        indirect(d, INDIRECT_TABLE, 0xffff_fff0, INDIRECT, [NEXT, 0]);
    }),
    ("indirect-outside-ram", |d| {
        indirect(d, RAM_END, 16, INDIRECT, [0, 0])
    }),
    ("indirect-past-ram", |d| {
        indirect(d, RAM_END - 16, 32, INDIRECT, [0, 0])
    }),
    ("indirect-address-wraps", |d| {
        indirect(d, u64::MAX - 15, 32, INDIRECT, [0, 0])
    }),
    ("available-jumps", |d| {
        d.start();
        d.publish(SIZE + 1);
    }),
    ("available-goes-back", |d| {
        d.start();
        d.publish(0xffff);
    }),
    ("descriptor-twice", |d| {
        d.start();
        descriptor(TABLE, 0, BUFFER, 64, WRITE, 0);
        d.publish(2);
    }),
    ("descriptor-changed-after-notify", |d| {
        one(d, BUFFER, 64, WRITE, 0);
        descriptor(TABLE, 0, RAM_END, u32::MAX, NEXT, 0);
        d.publish(1);
    }),
];

/// A chain that begins with this descriptor.
fn one(device: Device, gpa: u64, length: u32, flags: u32, next: u32) {
    // What a case wrote besides stays: `start` clears the table, so it is kept over it.
    let second = [0, 4, 8, 12].map(|offset| bare_metal::cpu::read32(TABLE + 16 + offset));
    device.start();
    for (offset, word) in [0, 4, 8, 12].into_iter().zip(second) {
        write32(TABLE + 16 + offset, word);
    }
    descriptor(TABLE, 0, gpa, length, flags, next);
    device.publish(1);
}

fn pair(device: Device, [first, second]: [u32; 2]) {
    descriptor(TABLE, 1, BUFFER, 16, second, 0);
    one(device, BUFFER, 16, first | NEXT, 1);
}

/// Seven buffers of nearly all RAM: more than 2^32 bytes together.
fn sum_wraps(device: Device) {
    device.start();
    for index in 0..SIZE {
        let flags = if index + 1 < SIZE {
            NEXT | WRITE
        } else {
            WRITE
        };
        descriptor(
            TABLE,
            index.into(),
            0x4000_0000,
            0x9000_0000,
            flags,
            index + 1,
        );
    }
    device.publish(1);
}

/// An indirect descriptor, and the first entry of the table at its usual place.
fn indirect(device: Device, table: u64, length: u32, flags: u32, [inner, next]: [u32; 2]) {
    descriptor(INDIRECT_TABLE, 0, BUFFER, 16, inner, next);
    one(device, table, length, flags, 0);
}
