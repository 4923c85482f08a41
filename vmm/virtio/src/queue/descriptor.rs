//! One descriptor (Virtio 1.2, 2.7.5 "The Virtqueue Descriptor Table").

use virtio_spec::virtq::DescF;
use vmm_arch::Gpa;

/// Bytes of a descriptor.
pub(super) const DESCRIPTOR_BYTES: u64 = 16;

/// A descriptor as it was when it was copied out of guest RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Descriptor {
    pub(super) gpa: Gpa,
    pub(super) length: u32,
    pub(super) flags: DescF,
    pub(super) next: u16,
}

impl Descriptor {
    pub(super) fn from_bytes(bytes: [u8; DESCRIPTOR_BYTES as usize]) -> Self {
        let word = u128::from_le_bytes(bytes);
        Self {
            gpa: Gpa(word as u64),
            length: (word >> 64) as u32,
            flags: DescF::from_bits_retain(((word >> 96) as u16).into()),
            next: (word >> 112) as u16,
        }
    }

    pub(super) const fn is_writable(&self) -> bool {
        self.flags.contains(DescF::WRITE)
    }

    /// The descriptor after this one, if there is one.
    pub(super) fn next(&self) -> Option<u16> {
        self.flags.contains(DescF::NEXT).then_some(self.next)
    }

    pub(super) const fn is_indirect(&self) -> bool {
        self.flags.contains(DescF::INDIRECT)
    }
}
