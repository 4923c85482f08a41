//! What a kernel file is taken for, and where everything goes.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use sysgen::image::{self, Format, Kernel, Layout, Part, Pieces};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;
const RAM: std::ops::Range<u64> = 0x4000_0000..0x4400_0000;

/// A kernel Image of `length` bytes that says it needs `image_size`.
pub(crate) fn arm64_image(length: usize, text_offset: u64, image_size: u64, flags: u64) -> Vec<u8> {
    let mut bytes = vec![0xd5; length];
    bytes[8..16].copy_from_slice(&text_offset.to_le_bytes());
    bytes[16..24].copy_from_slice(&image_size.to_le_bytes());
    bytes[24..32].copy_from_slice(&flags.to_le_bytes());
    bytes[0x38..0x3c].copy_from_slice(b"ARM\x64");
    bytes
}

/// A segment of a made ELF: virtual and physical address, bytes in the file and in memory.
type Segment<'a> = (u64, u64, &'a [u8], u64);

fn elf(machine: u16, entry: u64, segments: &[Segment<'_>]) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    bytes.extend(2u16.to_le_bytes());
    bytes.extend(machine.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    for word in [entry, 64, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(0u32.to_le_bytes());
    for half in [64u16, 56, segments.len() as u16, 64, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    let mut offset = (64 + 56 * segments.len()) as u64;
    for (virtual_address, physical, data, size) in segments {
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(7u32.to_le_bytes());
        let length = data.len() as u64;
        for word in [offset, *virtual_address, *physical, length, *size, 8] {
            bytes.extend(word.to_le_bytes());
        }
        offset += length;
    }
    for (_, _, data, _) in segments {
        bytes.extend(*data);
    }
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn zboot(kind: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = b"MZ\0\0zimg".to_vec();
    bytes.extend(64u32.to_le_bytes());
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.resize(24, 0);
    bytes.extend(kind);
    bytes.resize(64, 0);
    bytes.extend(payload);
    bytes
}

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("kernel");
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

fn load(bytes: &[u8]) -> Kernel {
    let (_folder, path) = file(bytes);
    image::load_kernel(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// The message about a bad kernel, without its path.
fn refusal(bytes: &[u8]) -> String {
    let (_folder, path) = file(bytes);
    let refused = image::load_kernel(&path).err();
    let error = refused.expect("a bad kernel").to_string();
    let path = format!("{}: ", path.display());
    error
        .strip_prefix(&path)
        .expect("names the file")
        .to_owned()
}

fn place(bytes: &[u8], initrd: Option<u64>) -> Layout {
    image::place(load(bytes), initrd, &RAM, None).unwrap_or_else(|error| panic!("{error}"))
}

fn no_place(bytes: &[u8], initrd: Option<u64>, load_address: Option<u64>) -> String {
    let placed = image::place(load(bytes), initrd, &RAM, load_address);
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
fn compressed_kernels_are_unpacked() {
    let plain = arm64_image(70_000, 0, MIB, 0);
    for packed in [gzip(&plain), zboot(b"gzip", &gzip(&plain))] {
        let kernel = load(&packed);
        assert_eq!(kernel.format, Format::Arm64Image);
        let Pieces::Movable { data, .. } = kernel.pieces else {
            panic!("an Image can move");
        };
        assert_eq!(data, plain);
    }
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
    let elsewhere = image::place(load(&bytes), None, &RAM, Some(0x4300_0000));
    assert_eq!(elsewhere.expect("room").entry, 0x4300_0000);
}

/// Expects each file to be refused with its text; one that ends in a colon is a beginning.
fn check_refusals(cases: &[(&[u8], &str)]) {
    for (bytes, expected) in cases {
        let found = refusal(bytes);
        let matches = match expected.ends_with(": ") {
            true => found.starts_with(expected),
            false => found == *expected,
        };
        assert!(matches, "expected {expected:?}, found {found:?}");
    }
}

#[test]
fn bad_images_are_refused_in_words() {
    check_refusals(&[
        (
            b"",
            "is empty; a kernel is an arm64 Image, ELF or flat binary",
        ),
        (
            &arm64_image(100, 0, MIB, 1),
            "is a big-endian arm64 Image; guests are little-endian",
        ),
        (
            &arm64_image(100, 2 * MIB, MIB, 0),
            "has a text_offset of 0x200000, beyond 2 MiB; the Image header is damaged",
        ),
        (
            b"\xfd7zXZ\0....",
            "is an xz file; a kernel is an arm64 Image, gzip of one, ELF or flat binary",
        ),
    ]);
}

/// An Image that is an EFI program as well, with two sections that end at `end`.
fn efi_image(length: usize, end: u32) -> Vec<u8> {
    let mut bytes = arm64_image(length, 0, MIB, 0);
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c..0x40].copy_from_slice(&0x40u32.to_le_bytes());
    bytes[0x40..0x44].copy_from_slice(b"PE\0\0");
    bytes[0x46..0x48].copy_from_slice(&2u16.to_le_bytes());
    bytes[0x54..0x56].copy_from_slice(&16u16.to_le_bytes());
    for (section, file_end) in [(0x68, end), (0x90, 0x200)] {
        bytes[section + 16..section + 20].copy_from_slice(&(file_end - 0x100).to_le_bytes());
        bytes[section + 20..section + 24].copy_from_slice(&0x100u32.to_le_bytes());
    }
    bytes
}

#[test]
fn an_image_that_is_cut_off_is_refused() {
    image::understand(efi_image(5000, 4900)).expect("a signature may follow the sections");
    check_refusals(&[(
        &efi_image(4800, 4900),
        "is cut off: it has 4800 bytes, and 4900 by its own headers; copy it again",
    )]);
}

#[test]
fn an_image_cut_within_its_header_is_no_flat_binary() {
    for length in 0x3c..64 {
        let mut cut = arm64_image(5000, 0, MIB, 0);
        cut.truncate(length);
        check_refusals(&[(
            &cut,
            &format!("is cut off: it has {length} bytes, and 64 by its own headers; copy it again"),
        )]);
    }
    for length in 64..0xb8 {
        let mut cut = efi_image(5000, 0x200);
        cut.truncate(length);
        let text = refusal(&cut);
        assert!(text.starts_with("is cut off: "), "{length}: {text}");
    }
}

#[test]
fn an_image_cut_before_its_first_instructions_is_refused() {
    for (at, branch) in [(0, 0x1400_0400_u32), (4, 0x1400_03ff)] {
        let mut image = arm64_image(0x1004, 0, MIB, 0);
        image[..4].copy_from_slice(&0xd503_201f_u32.to_le_bytes());
        image[at..at + 4].copy_from_slice(&branch.to_le_bytes());
        image::understand(image.clone()).expect("the branch goes to the last word");
        image.truncate(0x1000);
        check_refusals(&[(
            &image,
            "is cut off: it has 4096 bytes, and 4100 by its own headers; copy it again",
        )]);
    }
}

#[test]
fn the_start_of_an_efi_program_is_no_flat_binary() {
    let mut program = efi_image(5000, 0x200);
    program[0x38..0x3c].fill(0);
    let what = "is an EFI program, but no arm64 Image; give the kernel inside it";
    check_refusals(&[(&program, what)]);
    program.truncate(40);
    check_refusals(&[(
        &program,
        "is cut off: it has 40 bytes, and 64 by its own headers; copy it again",
    )]);
}

#[test]
fn a_small_flat_binary_is_one() {
    for length in [1, 4, 59, 63] {
        let kernel = load(&vec![0x14; length]);
        assert_eq!(kernel.format, Format::Flat, "{length}");
    }
}

#[test]
fn bad_elfs_are_refused_in_words() {
    let mut cut = elf(183, 0x4000_0000, &[(0x4000_0000, 0x4000_0000, b"code", 4)]);
    cut.truncate(100);
    let mut narrow = elf(183, 0, &[]);
    narrow[4] = 1;
    check_refusals(&[
        (
            &elf(62, 0, &[]),
            "is an ELF for machine 62, not for AArch64 (183)",
        ),
        (&narrow, "is not a little-endian ELF64; guests are AArch64"),
        (
            &elf(183, 0x10, &[(0x4000_0000, 0x4000_0000, b"code", 4)]),
            "is an ELF whose entry lies in none of its segments",
        ),
        (
            &elf(183, 0x4000_0000, &[(0x4000_0000, 0x4000_0000, b"code", 2)]),
            "is a damaged ELF: a segment is larger in the file",
        ),
        (&cut, "is a damaged ELF: "),
        (
            b"\x7fELF\x02\x01",
            "is cut off: it has 6 bytes, and an ELF64 begins with 64; copy it again",
        ),
    ]);
}

#[test]
fn bad_compressed_kernels_are_refused_in_words() {
    let mut cut_gzip = gzip(&[7; 5000]);
    cut_gzip.truncate(20);
    let mut cut_zboot = zboot(b"gzip", &gzip(b"x"));
    cut_zboot.truncate(70);
    let mut zboot_header = cut_zboot.clone();
    zboot_header.truncate(30);
    check_refusals(&[
        (&cut_gzip, "is a damaged gzip file: "),
        (
            &cut_zboot,
            "is a damaged EFI zboot kernel: it ends too early",
        ),
        (
            &zboot_header,
            "is a damaged EFI zboot kernel: it ends too early",
        ),
        (
            &zboot(b"zstd22", b"x"),
            "is an EFI zboot kernel compressed with `zstd22`, of which only gzip is known; \
             give the Image inside it",
        ),
    ]);
}

#[test]
fn files_that_are_missing_or_empty_are_named() {
    let missing = PathBuf::from("no/such/file");
    for error in [
        image::load_kernel(&missing).expect_err("missing"),
        image::load_initrd(&missing).expect_err("missing"),
        image::load_device_tree(&missing, &[]).expect_err("missing"),
    ] {
        assert!(
            error.to_string().starts_with("cannot read no/such/file: "),
            "{error}"
        );
    }
    let (_folder, path) = file(b"");
    let error = image::load_initrd(&path).expect_err("empty").to_string();
    assert!(
        error.ends_with("is empty; leave the initrd out instead"),
        "{error}"
    );
    let (_folder, path) = file(b"/dts-v1/; / { };");
    let error = image::load_device_tree(&path, &[])
        .expect_err("source")
        .to_string();
    assert!(
        error.contains("is not a flattened device tree: "),
        "{error}"
    );
}

#[test]
fn what_does_not_fit_is_said_with_sizes() {
    assert_eq!(
        no_place(&arm64_image(100, 0, 65 * MIB, 0), None, None),
        "the kernel needs 65 MiB from 0x40000000, but guest RAM is 0x40000000 to 0x44000000 \
         (64 MiB); give the guest more RAM or use a smaller image"
    );
    assert_eq!(
        no_place(&arm64_image(100, 0, 60 * MIB, 0), Some(5 * MIB), None),
        "the initrd needs 5 MiB from 0x43c00000, but guest RAM is 0x40000000 to 0x44000000 \
         (64 MiB); give the guest more RAM or use a smaller image"
    );
    assert_eq!(
        no_place(&arm64_image(100, 0, 60 * MIB, 0), Some(3 * MIB), None),
        "the device tree needs 2 MiB from 0x44000000, but guest RAM is 0x40000000 to 0x44000000 \
         (64 MiB); give the guest more RAM or use a smaller image"
    );
    let outside = elf(183, 0x8_0000, &[(0x8_0000, 0x8_0000, b"code", 4)]);
    assert_eq!(
        no_place(&outside, None, None),
        "a segment of the kernel needs 4 bytes from 0x80000, but guest RAM is 0x40000000 to \
         0x44000000 (64 MiB); give the guest more RAM or use a smaller image"
    );
    let twice = [
        (RAM.start, RAM.start, &b"code"[..], 8),
        (0, RAM.start + 4, b"more", 4),
    ];
    assert_eq!(
        no_place(&elf(183, RAM.start, &twice), None, None),
        "a segment of the kernel (0x40000004 to 0x40000008) lies on what is at 0x40000000 to \
         0x40000008 already; link or load it elsewhere"
    );
    assert_eq!(
        no_place(&[1; 16], None, Some(0x4000_0000)),
        "the kernel (0x40000000 to 0x40000010) lies on what is at 0x40000000 to 0x40200000 \
         already; link or load it elsewhere"
    );
}

proptest! {
    /// Damaged headers are understood or refused, whatever they say.
    #[test]
    fn damaged_headers_are_never_a_panic(
        start in 0..4usize,
        length in 0..400usize,
        damage in proptest::collection::vec((0..0xc0usize, any::<u8>()), 0..12),
    ) {
        let mut bytes = match start {
            0 => efi_image(5000, 0x200),
            1 => elf(183, 0x10, &[(0, 0, b"code", 4), (16, 16, b"data", 4)]),
            2 => zboot(b"gzip", &gzip(b"payload")),
            _ => arm64_image(500, 0, MIB, 0),
        };
        bytes.truncate(length);
        for (at, byte) in damage {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        let _ = image::understand(bytes);
    }

    /// Whatever the sizes: all inside RAM, nothing overlaps, and the boot protocol's
    /// alignments hold; or it is refused.
    #[test]
    fn placing_keeps_everything_apart(
        format in 0..3,
        start in 0u64..0x80_0000,
        length in 0u64..(80 * MIB),
        text_offset in 0u64..(2 * MIB),
        size in 1u64..(50 * MIB),
        initrd in proptest::option::of(1u64..(40 * MIB)),
    ) {
        let ram = 0x4000_0000 + start..0x4000_0000 + start + length;
        let data = vec![0; 8];
        let kernel = match format {
            0 => Kernel {
                format: Format::Arm64Image,
                pieces: Pieces::Movable { data, size: size.max(8), text_offset },
            },
            1 => Kernel {
                format: Format::Flat,
                pieces: Pieces::Movable { data, size: size.max(8), text_offset: 0 },
            },
            _ => Kernel {
                format: Format::Elf,
                pieces: Pieces::Fixed {
                    parts: vec![Part { base: 0x4000_0000 + text_offset, size, data }],
                    entry: 0x4000_0000 + text_offset,
                },
            },
        };
        let Ok(layout) = image::place(kernel, initrd, &ram, None) else {
            return Ok(());
        };
        let mut all: Vec<(u64, u64)> =
            layout.kernel.iter().map(|part| (part.base, part.base + part.size)).collect();
        all.extend(layout.initrd.zip(initrd).map(|(base, length)| (base, base + length)));
        all.push((layout.device_tree, layout.device_tree + 2 * MIB));
        all.sort_unstable();
        prop_assert!(all.iter().all(|(base, end)| ram.contains(base) && *end <= ram.end));
        prop_assert!(all.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{all:x?}");
        prop_assert_eq!(layout.device_tree % (2 * MIB), 0);
        if format == 0 {
            prop_assert_eq!((layout.entry - text_offset) % (2 * MIB), 0);
        }
    }
}
