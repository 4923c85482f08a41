//! A driver without rules: chains of any descriptors, in any queue.

use vmm_arch::{Gpa, GpaRange};
use vmm_device::Device;

use crate::board::{BASE, Bus, memory};

/// The chain goes on.
pub(crate) const NEXT: u16 = 1;
/// The device writes the buffer.
pub(crate) const WRITE: u16 = 2;

/// Entries of each queue.
const SIZE: u16 = 16;
/// Bytes of the rings of one queue.
const STRIDE: u64 = 0x3000;
const AVAILABLE: u64 = 0x1000;
const USED: u64 = 0x2000;
/// Where buffers may lie: behind the rings of four queues.
pub(crate) const BUFFERS: u64 = BASE + 4 * STRIDE;

/// A device, and its queues as the driver sees them.
pub(crate) struct Raw<D> {
    pub(crate) bus: Bus<D>,
    queues: u64,
    /// Entries of each used ring that were looked at.
    seen: [u16; 4],
}

const fn rings(queue: u64) -> u64 {
    BASE + STRIDE * queue
}

impl<D: Device> Raw<D> {
    /// Sets the device up with `queues` queues, and the features of these 32 bits besides
    /// VERSION_1.
    pub(crate) fn new(device: D, queues: u64, features: u32) -> Self {
        let mut raw = Self {
            bus: Bus::new(device),
            queues,
            seen: [0; 4],
        };
        raw.start(features);
        raw
    }

    /// Resets the device and sets it up anew.
    pub(crate) fn start(&mut self, features: u32) {
        let bus = &mut self.bus;
        let accepted = [(0x24, 0), (0x20, features), (0x24, 1), (0x20, 1)];
        for (register, value) in [(0x70, 0), (0x70, 1), (0x70, 3)]
            .into_iter()
            .chain(accepted)
        {
            bus.set_word(register, value);
        }
        bus.set_word(0x70, 11);
        self.seen = [0; 4];
        for queue in 0..self.queues {
            let rings = rings(queue);
            let range = GpaRange::new(Gpa(rings + AVAILABLE), STRIDE - AVAILABLE).unwrap();
            memory().fill_zero(range).unwrap();
            bus.set_word(0x30, queue as u32);
            bus.set_word(0x38, SIZE.into());
            let parts = [
                (0x80, rings),
                (0x90, rings + AVAILABLE),
                (0xa0, rings + USED),
            ];
            for (register, address) in parts {
                bus.set_word(register, address as u32);
            }
            bus.set_word(0x44, 1);
            assert_eq!(bus.word(0x44), 1);
        }
        bus.set_word(0x70, 15);
    }

    /// Makes a chain of these descriptors available, from descriptor `head` on.
    pub(crate) fn add(&mut self, queue: u64, head: u16, descriptors: &[(u64, u32, u16)]) {
        let (memory, rings) = (memory(), rings(queue));
        let last = head + descriptors.len() as u16 - 1;
        for (index, &(gpa, length, flags)) in (head..).zip(descriptors) {
            let at = rings + 16 * u64::from(index);
            let flags = if index == last { flags } else { flags | NEXT };
            memory.write_u64(Gpa(at), gpa).unwrap();
            let rest = u64::from(length) | u64::from(flags) << 32 | u64::from(index + 1) << 48;
            memory.write_u64(Gpa(at + 8), rest).unwrap();
        }
        let available = rings + AVAILABLE;
        let index = memory.read_u16(Gpa(available + 2)).unwrap();
        let slot = Gpa(available + 4 + 2 * u64::from(index % SIZE));
        memory.write_u16(slot, head).unwrap();
        memory
            .write_u16(Gpa(available + 2), index.wrapping_add(1))
            .unwrap();
    }

    pub(crate) fn notify(&mut self, queue: u64) {
        self.bus.set_word(0x50, queue as u32);
    }

    /// As [`add`](Self::add), with a notification.
    pub(crate) fn send(&mut self, queue: u64, head: u16, descriptors: &[(u64, u32, u16)]) {
        self.add(queue, head, descriptors);
        self.notify(queue);
    }

    /// The next entry of a used ring: descriptor and bytes written.
    pub(crate) fn used(&mut self, queue: u64) -> Option<(u32, u32)> {
        let (memory, used) = (memory(), rings(queue) + USED);
        let seen = &mut self.seen[queue as usize];
        if memory.read_u16(Gpa(used + 2)).unwrap() == *seen {
            return None;
        }
        let at = used + 4 + 8 * u64::from(*seen % SIZE);
        *seen = seen.wrapping_add(1);
        let word = |at| memory.read_u32(Gpa(at)).unwrap();
        Some((word(at), word(at + 4)))
    }

    /// Has the device stopped because of this driver?
    pub(crate) fn is_broken(&mut self) -> bool {
        self.bus.word(0x70) & 64 != 0
    }
}
