//! The three parts of a split virtqueue in guest RAM (Virtio 1.2, 2.7.5 to 2.7.8).

use vmm_arch::{Gpa, GpaRange};
use vmm_memory::RamSlice;

use super::descriptor::{DESCRIPTOR_BYTES, Descriptor};
use crate::Memory;

/// VIRTQ_AVAIL_F_NO_INTERRUPT.
const NO_INTERRUPT: u16 = 1;
/// VIRTQ_USED_F_NO_NOTIFY.
const NO_NOTIFY: u16 = 1;
/// Bytes of `flags` and `idx` before the entries of a ring.
const RING_HEADER: u64 = 4;
const AVAILABLE_ENTRY: u64 = 2;
const USED_ENTRY: u64 = 8;

/// Where the driver has put a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Entries.
    pub size: u16,
    /// The descriptor table.
    pub descriptors: Gpa,
    /// The available ring ("driver area").
    pub available: Gpa,
    /// The used ring ("device area").
    pub used: Gpa,
}

/// Why a queue cannot be enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnableError {
    /// Zero, no power of two, or larger than offered.
    #[error("a queue of {0} entries")]
    Size(u16),
    /// A part does not lie at a multiple of what the specification demands.
    #[error("the {0} is not aligned")]
    Unaligned(&'static str),
    /// A part is not in RAM, or in two pieces of RAM.
    #[error("the {0} is not in RAM")]
    NotRam(&'static str),
}

/// The parts of an enabled queue; each is RAM from its first to its last byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rings<'m> {
    size: u16,
    descriptors: RamSlice<'m>,
    available: RamSlice<'m>,
    used: RamSlice<'m>,
}

impl<'m> Rings<'m> {
    pub(super) fn find(
        memory: &'m Memory,
        layout: Layout,
        max_size: u16,
    ) -> Result<Self, EnableError> {
        let Layout { size, .. } = layout;
        if !size.is_power_of_two() || size > max_size {
            return Err(EnableError::Size(size));
        }
        let entries = u64::from(size);
        // Both rings end with two bytes for the index of VIRTIO_F_EVENT_IDX.
        let ring = |entry: u64| {
            entries
                .saturating_mul(entry)
                .saturating_add(RING_HEADER + 2)
        };
        let part = |name, at: Gpa, align, bytes| {
            if !at.is_aligned(align) {
                return Err(EnableError::Unaligned(name));
            }
            let range = GpaRange::new(at, bytes).ok();
            range
                .and_then(|range| memory.slice(range))
                .ok_or(EnableError::NotRam(name))
        };
        let table = entries.saturating_mul(DESCRIPTOR_BYTES);
        Ok(Self {
            size,
            descriptors: part("descriptor table", layout.descriptors, 16, table)?,
            available: part("available ring", layout.available, 2, ring(AVAILABLE_ENTRY))?,
            used: part("used ring", layout.used, 4, ring(USED_ENTRY))?,
        })
    }

    /// Entries of the queue.
    pub(super) const fn size(&self) -> u16 {
        self.size
    }

    /// A descriptor of the table; `None` when it does not exist.
    pub(super) fn descriptor(&self, index: u16) -> Option<Descriptor> {
        let mut bytes = [0; DESCRIPTOR_BYTES as usize];
        let offset = u64::from(index).saturating_mul(DESCRIPTOR_BYTES);
        self.descriptors.read(offset, &mut bytes)?;
        Some(Descriptor::from_bytes(bytes))
    }

    pub(super) fn available_index(&self) -> u16 {
        self.available.read_u16(2).unwrap_or(0)
    }

    pub(super) fn wants_interrupts(&self) -> bool {
        self.available.read_u16(0).unwrap_or(0) & NO_INTERRUPT == 0
    }

    pub(super) fn available_entry(&self, index: u16) -> u16 {
        let offset = self.entry(index, AVAILABLE_ENTRY);
        self.available.read_u16(offset).unwrap_or(0)
    }

    pub(super) fn used_event(&self) -> u16 {
        let offset = self.behind_entries(AVAILABLE_ENTRY);
        self.available.read_u16(offset).unwrap_or(0)
    }

    pub(super) fn set_used_entry(&self, index: u16, head: u16, written: u32) {
        let offset = self.entry(index, USED_ENTRY);
        self.set(self.used.write_u32(offset, head.into()));
        self.set(self.used.write_u32(offset.saturating_add(4), written));
    }

    pub(super) fn set_used_index(&self, index: u16) {
        self.set(self.used.write_u16(2, index));
    }

    pub(super) fn set_no_notify(&self, suppressed: bool) {
        let flags = if suppressed { NO_NOTIFY } else { 0 };
        self.set(self.used.write_u16(0, flags));
    }

    pub(super) fn set_available_event(&self, index: u16) {
        let offset = self.behind_entries(USED_ENTRY);
        self.set(self.used.write_u16(offset, index));
    }

    /// Where an entry of a ring lies. Indices count on for ever; the size is a power of two.
    fn entry(&self, index: u16, bytes: u64) -> u64 {
        let slot = u64::from(index & self.size.saturating_sub(1));
        slot.saturating_mul(bytes).saturating_add(RING_HEADER)
    }

    fn behind_entries(&self, bytes: u64) -> u64 {
        u64::from(self.size)
            .saturating_mul(bytes)
            .saturating_add(RING_HEADER)
    }

    /// Every offset above is aligned and lies in its part, as `find` has checked.
    #[inline(always)]
    fn set(&self, written: Option<()>) {
        debug_assert!(written.is_some(), "a ring is as large as its queue");
    }
}
