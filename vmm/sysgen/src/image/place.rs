//! Where kernel, initrd and device tree go in the guest's RAM.
//!
//! The arm64 boot protocol: the kernel lies `text_offset` after a 2 MiB boundary with
//! `image_size` bytes to itself, the device tree is at most 2 MiB and does not cross a 2 MiB
//! boundary, and the initrd lies near by. A flat binary may know nothing but that the device
//! tree is at the start of RAM (U-Boot for QEMU's virt machine), so it finds it there.

use std::ops::Range;

use super::{Format, ImageError, Kernel, Part, Pieces};
use crate::number;

const TWO_MIB: u64 = 2 << 20;
const PAGE: u64 = 0x1000;

/// The places.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Parts of the kernel.
    pub kernel: Vec<Part>,
    /// Where vCPU 0 starts.
    pub entry: u64,
    /// Where the initrd starts; its length is that of the file.
    pub initrd: Option<u64>,
    /// Where the device tree starts; 2 MiB are free for it.
    pub device_tree: u64,
}

/// Places everything into one piece of RAM; `load` overrides where a flat binary goes.
///
/// # Errors
/// When something does not fit; the text says what, how large, and how much there is.
pub fn place(
    kernel: Kernel,
    initrd_length: Option<u64>,
    ram: &Range<u64>,
    load: Option<u64>,
) -> Result<Layout, ImageError> {
    let mut free = Free::new(ram.clone());
    let flat_tree = match kernel.format {
        Format::Flat => Some(free.take(TWO_MIB, TWO_MIB, "the device tree")?),
        Format::Arm64Image | Format::Elf => None,
    };
    let (parts, entry) = match kernel.pieces {
        Pieces::Movable {
            data,
            size,
            text_offset,
        } => {
            let base = match load.filter(|_| kernel.format == Format::Flat) {
                Some(base) => free.claim(base, size, "the kernel")?,
                None => {
                    let whole = text_offset.saturating_add(size);
                    free.take(whole, TWO_MIB, "the kernel")? + text_offset
                }
            };
            (vec![Part { base, size, data }], base)
        }
        Pieces::Fixed { parts, entry } => {
            for part in &parts {
                free.claim(part.base, part.size, "a segment of the kernel")?;
            }
            (parts, entry)
        }
    };
    let initrd = match initrd_length {
        Some(length) => Some(free.take(length, PAGE, "the initrd")?),
        None => None,
    };
    let device_tree = match flat_tree {
        Some(base) => base,
        None => free.take(TWO_MIB, TWO_MIB, "the device tree")?,
    };
    Ok(Layout {
        kernel: parts,
        entry,
        initrd,
        device_tree,
    })
}

/// Free space in a piece of RAM.
struct Free {
    ram: Range<u64>,
    taken: Vec<Range<u64>>,
}

impl Free {
    fn new(ram: Range<u64>) -> Self {
        Self {
            ram,
            taken: Vec::new(),
        }
    }

    /// Takes the lowest free stretch.
    fn take(&mut self, size: u64, align: u64, what: &str) -> Result<u64, ImageError> {
        self.taken.sort_by_key(|range| range.start);
        let mut base = self.ram.start.next_multiple_of(align);
        for range in &self.taken {
            let end = base.saturating_add(size);
            if range.start < end && base < range.end {
                base = range.end.next_multiple_of(align);
            }
        }
        self.claim(base, size, what)
    }

    /// Takes one certain stretch.
    fn claim(&mut self, base: u64, size: u64, what: &str) -> Result<u64, ImageError> {
        let end = base.checked_add(size);
        let inside = |end: &u64| base >= self.ram.start && *end <= self.ram.end;
        let Some(end) = end.filter(inside) else {
            return Err(self.too_small(base, size, what));
        };
        let overlap = |range: &&Range<u64>| range.start < end && base < range.end;
        if let Some(other) = self.taken.iter().find(overlap) {
            return Err(ImageError::Space(format!(
                "{what} ({base:#x} to {end:#x}) lies on what is at {:#x} to {:#x} already; \
                 link or load it elsewhere",
                other.start, other.end
            )));
        }
        self.taken.push(base..end);
        Ok(base)
    }

    fn too_small(&self, base: u64, size: u64, what: &str) -> ImageError {
        ImageError::Space(format!(
            "{what} needs {} from {base:#x}, but guest RAM is {:#x} to {:#x} ({}); \
             give the guest more RAM or use a smaller image",
            number::size(size),
            self.ram.start,
            self.ram.end,
            number::size(self.ram.end - self.ram.start),
        ))
    }
}
