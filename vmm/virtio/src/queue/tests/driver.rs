//! The driver's side of a queue, as bytes in RAM, so that it can also do what is forbidden.

use vmm_arch::Gpa;

use crate::{
    Memory,
    queue::{Layout, Queue},
    test_ram::{BASE, ram},
};

pub(super) const NEXT: u16 = 1;
pub(super) const WRITE: u16 = 2;
pub(super) const INDIRECT: u16 = 4;

const RAM: usize = 0x1_0000;
/// The address after the last byte of RAM.
pub(super) const END: u64 = BASE + RAM as u64;
/// Where buffers may lie.
pub(super) const BUFFERS: u64 = BASE + 0x4000;

pub(super) struct Driver {
    pub(super) memory: &'static Memory,
    pub(super) queue: Queue<'static>,
    pub(super) layout: Layout,
}

impl Driver {
    /// A queue of `size` entries, enabled with both features.
    pub(super) fn new(size: u16) -> Self {
        Self::with_ram(size, RAM)
    }

    pub(super) fn with_ram(size: u16, bytes: usize) -> Self {
        let memory = ram(bytes);
        let layout = Layout {
            size,
            descriptors: Gpa(BASE),
            available: Gpa(BASE + 0x1000),
            used: Gpa(BASE + 0x2000),
        };
        let mut queue = Queue::new(memory, 256);
        queue.enable(layout, super::EVENT_INDEX).unwrap();
        Self {
            memory,
            queue,
            layout,
        }
    }

    pub(super) fn ram_write(&self, gpa: u64, bytes: &[u8]) {
        self.memory.write(Gpa(gpa), bytes).unwrap();
    }

    pub(super) fn ram_read(&self, gpa: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.memory.read(Gpa(gpa), &mut bytes).unwrap();
        bytes
    }

    fn word(&self, gpa: u64) -> u16 {
        self.memory.read_u16(Gpa(gpa)).unwrap()
    }

    fn set_word(&self, gpa: u64, value: u16) {
        self.memory.write_u16(Gpa(gpa), value).unwrap();
    }

    pub(super) fn descriptor(&self, index: u16, gpa: u64, length: u32, flags: u16, next: u16) {
        let at = self.layout.descriptors.0 + 16 * u64::from(index);
        self.descriptor_at(at, (gpa, length, flags, next));
    }

    pub(super) fn descriptor_at(&self, at: u64, (gpa, length, flags, next): (u64, u32, u16, u16)) {
        self.ram_write(at, &gpa.to_le_bytes());
        self.ram_write(at + 8, &length.to_le_bytes());
        self.set_word(at + 12, flags);
        self.set_word(at + 14, next);
    }

    /// Puts a head into the available ring.
    pub(super) fn make_available(&self, head: u16) {
        let index = self.word(self.layout.available.0 + 2);
        let slot = u64::from(index % self.layout.size);
        self.set_word(self.layout.available.0 + 4 + 2 * slot, head);
        self.set_available_index(index.wrapping_add(1));
    }

    pub(super) fn set_available_index(&self, index: u16) {
        self.set_word(self.layout.available.0 + 2, index);
    }

    pub(super) fn set_available_flags(&self, flags: u16) {
        self.set_word(self.layout.available.0, flags);
    }

    pub(super) fn set_used_event(&self, index: u16) {
        let at = self.layout.available.0 + 4 + 2 * u64::from(self.layout.size);
        self.set_word(at, index);
    }

    pub(super) fn available_event(&self) -> u16 {
        self.word(self.layout.used.0 + 4 + 8 * u64::from(self.layout.size))
    }

    pub(super) fn used_flags(&self) -> u16 {
        self.word(self.layout.used.0)
    }

    pub(super) fn used_index(&self) -> u16 {
        self.word(self.layout.used.0 + 2)
    }

    pub(super) fn used_entry(&self, index: u16) -> (u32, u32) {
        let at = self.layout.used.0 + 4 + 8 * u64::from(index % self.layout.size);
        let word = |at| self.memory.read_u32(Gpa(at)).unwrap();
        (word(at), word(at + 4))
    }

    /// All entries of the used ring, while it has not wrapped.
    pub(super) fn used(&self) -> Vec<(u32, u32)> {
        (0..self.used_index())
            .map(|index| self.used_entry(index))
            .collect()
    }
}
