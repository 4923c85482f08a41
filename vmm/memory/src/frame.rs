//! Frames: the pieces of memory that back a reservation.

use vmm_arch::{Gpa, GpaRange, size::AccessSize};

/// A capability pointer: a slot in the caller's capability space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cptr(pub u64);

impl Cptr {
    /// The null capability; a static system has no other to name its frames with.
    pub const NULL: Self = Self(0);
}

/// What the guest may do with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Load.
    pub read: bool,
    /// Store.
    pub write: bool,
    /// Fetch instructions (seL4 holds this as an attribute of the mapping).
    pub execute: bool,
}

impl Rights {
    /// Load only.
    pub const READ: Self = Self::new(true, false, false);
    /// Load and store.
    pub const READ_WRITE: Self = Self::new(true, true, false);
    /// Everything.
    pub const ALL: Self = Self::new(true, true, true);

    /// From single rights.
    pub const fn new(read: bool, write: bool, execute: bool) -> Self {
        Self {
            read,
            write,
            execute,
        }
    }

    /// Is every right of `wanted` among these?
    pub const fn include(self, wanted: Self) -> bool {
        (self.read || !wanted.read)
            && (self.write || !wanted.write)
            && (self.execute || !wanted.execute)
    }

    /// seL4 maps a page without the read right so that nobody can use it.
    pub(super) const fn is_mappable(self) -> bool {
        self.read
    }
}

impl core::fmt::Display for Rights {
    /// As the `perms` attribute of the system XML.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (right, letter) in [(self.read, "r"), (self.write, "w"), (self.execute, "x")] {
            if right {
                f.write_str(letter)?;
            }
        }
        Ok(())
    }
}

/// How a mapping behaves beside its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attributes {
    /// Ordinary cached memory.
    Normal,
    /// Device memory: uncached and ordered.
    Device,
}

/// A mappable piece of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Capability to the frame.
    pub cptr: Cptr,
    /// Rights that the guest gets.
    pub rights: Rights,
    /// Guest-physical address that it goes to.
    pub vaddr: Gpa,
    /// log2 of its bytes.
    pub size_bits: u8,
    /// Kind of memory; a static system has settled it in its XML.
    pub attributes: Attributes,
}

impl Frame {
    /// log2 of the page sizes of stage 2 with a 4 KiB granule.
    pub const SIZES: [u8; 3] = [12, 21, 30];

    /// Bytes of the frame; `None` when no page has that size.
    pub fn size(&self) -> Option<u64> {
        page_size(self.size_bits)
    }

    /// The addresses it covers; `None` when its size is no page's or it ends past 2^64.
    pub fn range(&self) -> Option<GpaRange> {
        GpaRange::new(self.vaddr, self.size()?).ok()
    }
}

/// Bytes of a page; `None` when no page has that size.
fn page_size(size_bits: u8) -> Option<u64> {
    Frame::SIZES
        .contains(&size_bits)
        .then(|| 1u64 << (size_bits & 63))
}

/// The smallest page: ranges that are mapped are multiples of it.
pub const PAGE: u64 = 1 << Frame::SIZES[0];

/// The grain of reservations: no aligned access crosses it.
pub const GRAIN: u64 = AccessSize::Double.bytes();

/// Frames with no capabilities that cover a range: what a static system maps.
#[derive(Clone, Copy, Debug)]
pub struct FrameRun {
    next: Option<Gpa>,
    rights: Rights,
    size_bits: u8,
    attributes: Attributes,
}

impl FrameRun {
    /// Frames of 2^`size_bits` bytes from `base` on, without end.
    pub const fn new(base: Gpa, rights: Rights, size_bits: u8, attributes: Attributes) -> Self {
        Self {
            next: Some(base),
            rights,
            size_bits,
            attributes,
        }
    }

    /// The frames of one `<map>` of the system XML.
    pub const fn of_mapping(mapping: &vmm_config::Mapping) -> Self {
        let rights = Rights::new(mapping.read, mapping.write, mapping.execute);
        Self::new(
            Gpa(mapping.base),
            rights,
            mapping.page_bits,
            Attributes::Normal,
        )
    }
}

impl Iterator for FrameRun {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let frame = Frame {
            cptr: Cptr::NULL,
            rights: self.rights,
            vaddr: self.next?,
            size_bits: self.size_bits,
            attributes: self.attributes,
        };
        self.next = frame.size().and_then(|size| frame.vaddr.checked_add(size));
        Some(frame)
    }
}

/// Frames of one size, given by their capabilities in address order.
#[derive(Clone, Copy, Debug)]
pub struct FrameSlice<'f> {
    cptrs: &'f [Cptr],
    next: FrameRun,
}

impl<'f> FrameSlice<'f> {
    /// The frame of `cptrs[0]` goes to `base`, each further one right behind the one before.
    pub const fn new(
        cptrs: &'f [Cptr],
        base: Gpa,
        rights: Rights,
        size_bits: u8,
        attributes: Attributes,
    ) -> Self {
        Self {
            cptrs,
            next: FrameRun::new(base, rights, size_bits, attributes),
        }
    }
}

impl Iterator for FrameSlice<'_> {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let (cptr, rest) = self.cptrs.split_first()?;
        self.cptrs = rest;
        let frame = self.next.next()?;
        Some(Frame {
            cptr: *cptr,
            ..frame
        })
    }
}
