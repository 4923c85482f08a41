//! Where kernel, initrd and device tree go.

use proptest::prelude::*;
use sysgen::image::{self, Format, Kernel, Layout, Part, Pieces, Space};

use crate::images::{arm64_image, elf, load};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const RAM: std::ops::Range<u64> = 0x4000_0000..0x4400_0000;

/// RAM of one piece.
fn ram() -> Space {
    Space::new([RAM])
}

fn place(bytes: &[u8], initrd: Option<u64>) -> Layout {
    image::place(load(bytes), initrd, ram(), None).unwrap_or_else(|error| panic!("{error}"))
}

fn no_place(bytes: &[u8], initrd: Option<u64>, load_address: Option<u64>) -> String {
    let placed = image::place(load(bytes), initrd, ram(), load_address);
    placed.expect_err("no room").to_string()
}

#[test]
fn an_arm64_image_goes_to_its_text_offset() {
    let layout = place(&arm64_image(4096, 0x8_0000, 3 * MIB, 0xa), Some(5000));
    assert_eq!(layout.entry, 0x4008_0000);
    assert_eq!(layout.kernel[0].base, 0x4008_0000);
    assert_eq!(layout.kernel[0].size, 3 * MIB, "zeroed data included");
    assert_eq!(
        layout.initrd,
        Some(0x4038_0000),
        "after image_size, not after the file"
    );
    assert_eq!(layout.device_tree, 0x4040_0000);
}

#[test]
fn an_old_arm64_image_without_image_size_gets_room() {
    let layout = place(&arm64_image(4096, 0, 0, 0), Some(1));
    assert_eq!(layout.entry, 0x4008_0000);
    assert!(
        layout.initrd.expect("placed") >= 0x4108_0000,
        "16 MiB of room"
    );
}

#[test]
fn an_elf_keeps_its_physical_addresses_and_its_entry_is_physical() {
    let high = 0xffff_0000_4000_0000;
    let bytes = elf(
        183,
        high + 0x1008,
        &[
            (high + 0x1000, 0x4010_1000, b"data", 0x3000),
            (high, 0x4010_0000, b"code", 4),
        ],
    );
    let kernel = load(&bytes);
    assert_eq!(kernel.format, Format::Elf);
    let layout = place(&bytes, None);
    assert_eq!(layout.entry, 0x4010_1008);
    let parts: Vec<_> = layout
        .kernel
        .iter()
        .map(|p| (p.base, p.size, &p.data[..]))
        .collect();
    assert_eq!(
        parts,
        [
            (0x4010_0000, 4, &b"code"[..]),
            (0x4010_1000, 0x3000, &b"data"[..]),
        ]
    );
    assert_eq!(layout.device_tree, 0x4020_0000, "the first free 2 MiB slot");
}

#[test]
fn a_flat_binary_finds_the_device_tree_at_the_start_of_ram() {
    let bytes = [0x14; 1000];
    let layout = place(&bytes, Some(10));
    assert_eq!(load(&bytes).format, Format::Flat);
    assert_eq!(layout.device_tree, 0x4000_0000);
    assert_eq!(layout.entry, 0x4020_0000);
    assert_eq!(layout.initrd, Some(0x4020_1000));
    let elsewhere = image::place(load(&bytes), None, ram(), Some(0x4300_0000));
    assert_eq!(elsewhere.expect("room").entry, 0x4300_0000);
}

#[test]
fn what_does_not_fit_is_said_with_sizes() {
    assert_eq!(
        no_place(&arm64_image(100, 0, 65 * MIB, 0), None, None),
        "the kernel needs 65 MiB at a multiple of 2 MiB, but the largest free part of guest RAM \
         is 0x40000000 to 0x44000000 (64 MiB); give the guest more RAM or use a smaller image"
    );
    assert_eq!(
        no_place(&arm64_image(100, 0, 60 * MIB, 0), Some(5 * MIB), None),
        "the initrd needs 5 MiB, but the largest free part of guest RAM is 0x43c00000 to \
         0x44000000 (4 MiB); give the guest more RAM or use a smaller image"
    );
    assert_eq!(
        no_place(&arm64_image(100, 0, 60 * MIB, 0), Some(4 * MIB), None),
        "the device tree needs 2 MiB at a multiple of 2 MiB, but nothing of guest RAM is free; give the guest more RAM or use a smaller image"
    );
    let outside = elf(183, 0x8_0000, &[(0x8_0000, 0x8_0000, b"code", 4)]);
    assert_eq!(
        no_place(&outside, None, None),
        "a segment of the kernel (0x80000 to 0x80004) lies outside guest RAM, which is \
         0x40000000 to 0x44000000 (64 MiB); link or load it inside"
    );
    let twice = [
        (RAM.start, RAM.start, &b"code"[..], 8),
        (0, RAM.start + 4, b"more", 4),
    ];
    assert_eq!(
        no_place(&elf(183, RAM.start, &twice), None, None),
        "a segment of the kernel (0x40000004 to 0x40000008) lies on a segment of the kernel \
         (0x40000000 to 0x40000008); link or load it elsewhere"
    );
    assert_eq!(
        no_place(&[0x14; 16], None, Some(0x43ff_fff8)),
        "the kernel (0x43fffff8 to 0x44000008) lies outside guest RAM, which is 0x40000000 to \
         0x44000000 (64 MiB); link or load it inside"
    );
}

#[test]
fn a_large_text_offset_is_kept() {
    let layout = place(&arm64_image(4096, 0x108_0000, 0x1_0000, 0xa), Some(10));
    assert_eq!(layout.entry, 0x4108_0000);
    assert_eq!(layout.initrd, Some(0x4109_0000));
    let layout = place(&arm64_image(4096, 0x20_0000, MIB, 0), None);
    assert_eq!(layout.entry, 0x4020_0000);
    assert_eq!(
        no_place(&arm64_image(100, 64 * MIB, 0x1000, 0), None, None),
        "the kernel needs 4 KiB, 0x4000000 after a multiple of 2 MiB, but the largest free part \
         of guest RAM is 0x40000000 to 0x44000000 (64 MiB); give the guest more RAM or use a \
         smaller image"
    );
}

/// Before Linux 3.17 headers had neither size nor flags, and the offset was in the kernel's own
/// byte order.
#[test]
fn an_old_image_says_its_text_offset_in_either_byte_order() {
    for offset in [0, 0x8_0000, 0x8_0000_u64.swap_bytes()] {
        assert_eq!(
            place(&arm64_image(4096, offset, 0, 0), None).entry,
            0x4008_0000
        );
    }
    let amlogic = arm64_image(4096, 0x108_0000, 0, 0);
    assert_eq!(place(&amlogic, None).entry, 0x4108_0000);
}

#[test]
fn a_big_endian_image_is_placed_as_any_other() {
    assert_eq!(
        place(&arm64_image(4096, 0, MIB, 0xb), None).entry,
        RAM.start
    );
}

/// Two pieces with a gap, the second one larger.
fn pieces() -> Space {
    Space::new([0x8000_0000..0x8800_0000, 0x4000_0000..0x4100_0000])
}

#[test]
fn images_lie_in_any_piece_of_ram() {
    let image = load(&arm64_image(100, 0, 20 * MIB, 8));
    let layout = image::place(image, Some(8 * MIB), pieces(), None).expect("room");
    assert_eq!(layout.entry, 0x8000_0000);
    assert_eq!(layout.initrd, Some(0x4000_0000));
    assert_eq!(layout.device_tree, 0x4080_0000);
    // It has no use for memory below itself.
    let image = load(&arm64_image(100, 0, 20 * MIB, 0));
    let layout = image::place(image, Some(8 * MIB), pieces(), None).expect("room");
    assert_eq!(layout.entry, 0x8000_0000);
    assert_eq!(layout.initrd, Some(0x8140_0000));
    assert_eq!(layout.device_tree, 0x81c0_0000);
}

#[test]
fn segments_lie_in_any_piece_of_ram() {
    let bytes = elf(
        183,
        0x8000_1000,
        &[
            (0x4000_0000, 0x4000_0000, b"data", MIB),
            (0x8000_1000, 0x8000_1000, b"code", 4),
        ],
    );
    let layout = image::place(load(&bytes), Some(16 * MIB), pieces(), None).expect("room");
    assert_eq!(layout.kernel.len(), 2);
    assert_eq!(layout.initrd, Some(0x8000_2000));
    assert_eq!(layout.device_tree, 0x4020_0000);
    let between = elf(
        183,
        0x40ff_f000,
        &[(0x40ff_f000, 0x40ff_f000, b"code", 0x2000)],
    );
    let error = image::place(load(&between), None, pieces(), None).expect_err("a gap");
    assert_eq!(
        error.to_string(),
        "a segment of the kernel (0x40fff000 to 0x41001000) lies outside guest RAM, which is \
         0x40000000 to 0x41000000 (16 MiB), 0x80000000 to 0x88000000 (128 MiB); link or load it \
         inside"
    );
}

#[test]
fn neighbouring_pieces_are_one() {
    let space = Space::new([0x4000_0000..0x4100_0000, 0x4100_0000..0x4400_0000]);
    let image = load(&arm64_image(100, 0, 40 * MIB, 0));
    assert_eq!(
        image::place(image, None, space, None).expect("room").entry,
        0x4000_0000
    );
}

/// booting.rst: one window of 32 GiB, which begins at a multiple of 1 GiB, holds both.
#[test]
fn an_initrd_is_not_too_far_from_its_kernel() {
    let space = || Space::new([0..16 * MIB, 32 * GIB..32 * GIB + 64 * MIB]);
    let image = load(&arm64_image(100, 0, 8 * MIB, 8));
    let placed = image::place(image.clone(), Some(4 * MIB), space(), None);
    assert_eq!(placed.expect("room").initrd, Some(8 * MIB));
    let error = image::place(image, Some(9 * MIB), space(), None).expect_err("too far");
    assert_eq!(
        error.to_string(),
        "the initrd needs 9 MiB, but the largest free part of guest RAM is 0x800000 to 0x1000000 \
         (8 MiB); give the guest more RAM or use a smaller image"
    );
}

#[test]
fn load_has_precedence_over_the_device_tree() {
    let flat = || load(&[0x14; 1000]);
    let layout = image::place(flat(), Some(10), ram(), Some(RAM.start)).expect("room");
    assert_eq!(layout.entry, RAM.start);
    assert_eq!(layout.device_tree, 0x4020_0000, "somewhere else");
    assert_eq!(layout.initrd, Some(0x4000_1000));
    // Firmware at 0 looks for the tree where RAM begins on QEMU's virt machine.
    let space = Space::new([0..64 * MIB, RAM]);
    let layout = image::place(flat(), None, space, Some(0)).expect("room");
    assert_eq!((layout.entry, layout.device_tree), (0, RAM.start));
    let layout = image::place(flat(), None, ram(), Some(0x4010_0000)).expect("room");
    assert_eq!(
        layout.device_tree, 0x4020_0000,
        "the start is needed for the binary"
    );
}

#[test]
fn nothing_is_placed_on_what_is_kept_back() {
    let mut space = ram();
    space.reserve(0x4000_0000..0x4000_1000, "the start");
    space.reserve(0x4200_0000..0x4240_0000, "firmware");
    let image = load(&arm64_image(100, 0, 0x1df_0000, 8));
    let layout = image::place(image, Some(0x1_1000), space.clone(), None).expect("room");
    assert_eq!(layout.entry, 0x4020_0000);
    assert_eq!(layout.initrd, Some(0x4000_1000));
    assert_eq!(layout.device_tree, 0x4240_0000);
    let on_it = load(&[0x14; 0x1000]);
    let error = image::place(on_it, None, space.clone(), Some(0x423f_f800)).expect_err("taken");
    assert!(error.by_load);
    assert_eq!(
        error.to_string(),
        "the kernel (0x423ff800 to 0x42400800) lies on firmware (0x42000000 to 0x42400000); link \
         or load it elsewhere"
    );
    let flat = image::place(load(&[0x14; 100]), None, space, None).expect("room");
    assert_eq!((flat.device_tree, flat.entry), (0x4020_0000, 0x4040_0000));
}

proptest! {
    /// Whatever the sizes: all inside RAM, nothing overlaps or lies on what is kept back, and
    /// the boot protocol's alignments hold; or it is refused.
    #[test]
    fn placing_keeps_everything_apart(
        format in 0..3,
        start in 0u64..0x80_0000,
        length in 0u64..(80 * MIB),
        second in 0u64..(80 * MIB),
        kept in 0u64..(60 * MIB),
        text_offset in 0u64..(20 * MIB),
        size in 1u64..(50 * MIB),
        initrd in proptest::option::of(1u64..(40 * MIB)),
        load in proptest::option::of(0u64..(40 * MIB)),
        uses_memory_below in any::<bool>(),
    ) {
        let first = 0x4000_0000 + start..0x4000_0000 + start + length;
        let second = 0x8000_0000..0x8000_0000 + second;
        let kept = 0x4000_0000 + kept..0x4000_0000 + kept + MIB;
        let mut space = Space::new([second.clone(), first.clone()]);
        space.reserve(kept.clone(), "a reserved place");
        let data = vec![0; 8];
        let text_offset = if format == 0 { text_offset } else { 0 };
        let size = size.max(8);
        let (format, pieces) = match format {
            0 => (
                Format::Arm64Image,
                Pieces::Movable { data, size, text_offset, uses_memory_below },
            ),
            1 => (
                Format::Flat,
                Pieces::Movable { data, size, text_offset, uses_memory_below: true },
            ),
            _ => {
                let base = 0x4000_0000 + length / 2;
                let parts = vec![Part { base, size, data }];
                (Format::Elf, Pieces::Fixed { parts, entry: base })
            }
        };
        let kernel = Kernel { format, pieces, page_kib: None, doubts: Vec::new() };
        let load = load.map(|load| 0x4000_0000 + load);
        let Ok(layout) = image::place(kernel, initrd, space, load) else {
            return Ok(());
        };
        let mut all: Vec<(u64, u64)> =
            layout.kernel.iter().map(|part| (part.base, part.base + part.size)).collect();
        all.extend(layout.initrd.zip(initrd).map(|(base, length)| (base, base + length)));
        all.push((layout.device_tree, layout.device_tree + 2 * MIB));
        let inside = |ram: &std::ops::Range<u64>, base, end| ram.contains(&base) && end <= ram.end;
        let placed = all.iter();
        for &(base, end) in placed {
            prop_assert!(inside(&first, base, end) || inside(&second, base, end));
            prop_assert!(end <= kept.start || kept.end <= base, "on what is kept back");
        }
        all.sort_unstable();
        prop_assert!(all.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{all:x?}");
        prop_assert_eq!(layout.device_tree % (2 * MIB), 0);
        if format == Format::Arm64Image {
            prop_assert_eq!((layout.entry - text_offset) % (2 * MIB), 0);
            let first_byte = layout.entry - text_offset;
            prop_assert!(first.contains(&first_byte) || second.contains(&first_byte));
            if !uses_memory_below {
                prop_assert!(all[0].0 == layout.entry, "{all:x?}");
            }
        }
        if format == Format::Flat {
            prop_assert!(load.is_none_or(|load| load == layout.entry));
        }
    }
}
