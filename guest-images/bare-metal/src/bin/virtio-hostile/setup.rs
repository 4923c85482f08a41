//! Queues that cannot be, registers in every width, and steps out of order.

use bare_metal::{load, load_pair, store};

use crate::Attack;
use crate::device::{
    AVAILABLE, BUFFER, DRIVER_OK, Device, QUEUE_NOTIFY, QUEUE_SEL, RAM_END, SIZE, STATUS, TABLE,
    USED, WRITE, descriptor,
};

pub(crate) const ATTACKS: &[Attack] = &[
    ("size-zero", |d| enable(d, 0, [TABLE, AVAILABLE, USED])),
    ("size-three", |d| enable(d, 3, [TABLE, AVAILABLE, USED])),
    ("size-beyond-maximum", |d| {
        enable(d, 0x8000, [TABLE, AVAILABLE, USED])
    }),
    ("size-of-17-bits", |d| {
        enable(d, 0x1_0008, [TABLE, AVAILABLE, USED])
    }),
    ("table-outside-ram", |d| {
        enable(d, SIZE, [RAM_END, AVAILABLE, USED])
    }),
    ("available-outside-ram", |d| {
        enable(d, SIZE, [TABLE, 0, USED])
    }),
    ("used-outside-ram", |d| {
        enable(d, SIZE, [TABLE, AVAILABLE, 0x0900_0000])
    }),
    ("used-past-ram", |d| {
        enable(d, SIZE, [TABLE, AVAILABLE, RAM_END - 4])
    }),
    ("table-wraps", |d| {
        enable(d, SIZE, [u64::MAX - 15, AVAILABLE, USED])
    }),
    ("table-misaligned", |d| {
        enable(d, SIZE, [TABLE + 1, AVAILABLE, USED])
    }),
    ("rings-at-one-place", |d| {
        enable(d, SIZE, [TABLE, AVAILABLE, AVAILABLE])
    }),
    ("rings-in-table", |d| enable(d, SIZE, [TABLE, TABLE, TABLE])),
    ("notify-before-driver-ok", |d| {
        d.negotiate();
        d.enable(SIZE, [TABLE, AVAILABLE, USED]);
        d.publish(1);
    }),
    ("notify-queue-not-enabled", |d| {
        d.negotiate();
        d.set(STATUS, DRIVER_OK);
        d.publish(1);
    }),
    ("notify-no-queue", |d| {
        d.start();
        for queue in [4, 31, 0xffff, 0x1_0000, u32::MAX] {
            d.set(QUEUE_NOTIFY, queue);
        }
    }),
    ("select-no-queue", |d| {
        for queue in [4, 0xffff, 0x1_0000, u32::MAX] {
            Device { queue, ..d }.start();
        }
    }),
    ("reset-in-flight", |d| {
        for _ in 0..20 {
            d.start();
            descriptor(TABLE, 0, BUFFER, 64, WRITE, 0);
            d.publish(1);
            d.set(STATUS, 0);
        }
    }),
    ("status-out-of-order", |d| {
        for status in [DRIVER_OK, 4, 8, 0x40, 0x80, 0xff, 1, 0x100] {
            d.set(STATUS, status);
        }
        d.set(STATUS, 0);
        d.set(QUEUE_SEL, 0);
    }),
    ("read-all-widths", read_all_widths),
    ("write-all-widths", write_all_widths),
];

fn enable(device: Device, size: u32, parts: [u64; 3]) {
    device.negotiate();
    device.enable(size, parts);
    device.set(STATUS, DRIVER_OK);
    device.set(QUEUE_NOTIFY, device.queue);
}

fn read_all_widths(device: Device) {
    for register in (0..0x200).step_by(8).map(|offset| device.base + offset) {
        _ = load!("ldrb {value:w}, [{address}]", register + 3);
        _ = load!("ldrh {value:w}, [{address}]", register + 2);
        _ = load!("ldr {value:w}, [{address}]", register + 4);
        _ = load!("ldr {value}, [{address}]", register);
        _ = load_pair!("ldp {first:w}, {second:w}, [{address}]", register);
    }
}

fn write_all_widths(device: Device) {
    for register in (0..0x200).step_by(8).map(|offset| device.base + offset) {
        store!("strb {value:w}, [{address}]", register + 3, 0xff);
        store!("strh {value:w}, [{address}]", register + 2, 0xffff);
        store!("str {value:w}, [{address}]", register + 4, u64::MAX);
        store!("str {value}, [{address}]", register, u64::MAX);
    }
    // The write of STATUS as a word may have left any legal status.
    device.set(STATUS, 0);
}
