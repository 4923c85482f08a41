//! Where kernel, initrd and device tree go in the guest's RAM.
//!
//! The arm64 boot protocol: the kernel lies `text_offset` after a 2 MiB boundary with
//! `image_size` bytes to itself, the device tree is at most 2 MiB and does not cross a 2 MiB
//! boundary, and the initrd lies near by. A flat binary may know nothing but that the device
//! tree is at the start of RAM (U-Boot for QEMU's virt machine), so it finds it there, unless
//! `load=` puts the binary itself there.

use std::ops::Range;

use super::space::{Space, SpaceError, Wish};
use super::{Format, Kernel, Part, Pieces};

const TWO_MIB: u64 = 2 << 20;
const PAGE: u64 = 0x1000;
const GIB: u64 = 1 << 30;
/// An Image and its initrd lie in one window of so many bytes that begins at a multiple of 1 GiB.
const INITRD_WINDOW: u64 = 32 * GIB;
const ANYWHERE: Range<u64> = 0..u64::MAX;

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

/// Places everything into RAM; `load` overrides where a flat binary goes.
///
/// # Errors
/// When something does not fit; the text says what, how large, and how much there is.
pub fn place(
    kernel: Kernel,
    initrd_length: Option<u64>,
    mut space: Space,
    load: Option<u64>,
) -> Result<Layout, SpaceError> {
    let flat = kernel.format == Format::Flat;
    // With `load` the binary has the first choice, otherwise the device tree.
    let mut device_tree = None;
    if flat && load.is_none() {
        device_tree = Some(take_start(&mut space)?);
    }
    let (kernel, entry, window) = place_kernel(kernel, &mut space, load)?;
    if flat && device_tree.is_none() {
        device_tree = Some(take_start(&mut space)?);
    }
    let initrd = match initrd_length {
        Some(length) => {
            let wish = Wish::new("the initrd", length, PAGE);
            Some(space.take(&wish.within(window.clone()))?)
        }
        None => None,
    };
    let device_tree = match device_tree {
        Some(base) => base,
        None => space.take(&tree().within(window))?,
    };
    Ok(Layout {
        kernel,
        entry,
        initrd,
        device_tree,
    })
}

/// The kernel's parts, its entry, and where what belongs to it may lie.
type PlacedKernel = (Vec<Part>, u64, Range<u64>);

fn place_kernel(
    kernel: Kernel,
    space: &mut Space,
    load: Option<u64>,
) -> Result<PlacedKernel, SpaceError> {
    let is_image = kernel.format == Format::Arm64Image;
    let (data, size, text_offset, uses_all) = match kernel.pieces {
        Pieces::Movable {
            data,
            size,
            text_offset,
            uses_memory_below,
        } => (data, size, text_offset, uses_memory_below),
        Pieces::Fixed { parts, entry } => {
            for part in &parts {
                let end = part.base.saturating_add(part.size);
                space.claim(part.base..end, "a segment of the kernel")?;
            }
            return Ok((parts, entry, ANYWHERE));
        }
    };
    let what = "the kernel";
    let base = match load {
        Some(base) if !is_image => {
            let range = base..base.saturating_add(size);
            let by_load = |error| SpaceError {
                by_load: true,
                ..error
            };
            space.claim(range, what).map_err(by_load)?;
            base
        }
        _ => space.take(&Wish::new(what, size, TWO_MIB).after(text_offset))?,
    };
    // The kernel's memory begins at the 2 MiB boundary.
    space.reserve(base.saturating_sub(text_offset)..base, what);
    let mut window = ANYWHERE;
    if is_image {
        let end = (base + size).next_multiple_of(GIB);
        window = end.saturating_sub(INITRD_WINDOW)..base - base % GIB + INITRD_WINDOW;
    }
    if !uses_all {
        window.start = base;
    }
    Ok((vec![Part { base, size, data }], base, window))
}

fn tree() -> Wish<'static> {
    Wish::new("the device tree", TWO_MIB, TWO_MIB)
}

/// The start of the first piece of RAM that is free there, or any place.
fn take_start(space: &mut Space) -> Result<u64, SpaceError> {
    for start in space.starts() {
        let start = start.next_multiple_of(TWO_MIB);
        let wish = tree().within(start..start.saturating_add(TWO_MIB));
        if let Ok(base) = space.take(&wish) {
            return Ok(base);
        }
    }
    space.take(&tree())
}
