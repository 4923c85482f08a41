//! What a kernel file is taken for.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use sysgen::device_tree::given;
use sysgen::image::{self, Format, Kernel, Pieces};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;

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
pub(crate) type Segment<'a> = (u64, u64, &'a [u8], u64);

pub(crate) fn elf(machine: u16, entry: u64, segments: &[Segment<'_>]) -> Vec<u8> {
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

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
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

pub(crate) fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("kernel");
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

pub(crate) fn load(bytes: &[u8]) -> Kernel {
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

/// Expects each file to be refused with its text; one that ends in a space is a beginning.
pub(crate) fn check_refusals(cases: &[(&[u8], &str)]) {
    for (bytes, expected) in cases {
        let found = refusal(bytes);
        let matches = match expected.ends_with(' ') {
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
            &arm64_image(100, 0x8_0002, MIB, 0),
            "has a text_offset of 0x80002, where no instruction can lie; the Image header is \
             damaged",
        ),
        (
            b"abc",
            "is text; a kernel is an arm64 Image, gzip of one, ELF or flat binary",
        ),
        (
            b"\x1f\x20\x03",
            "has 3 bytes, but an instruction has 4; is it the right file?",
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
    for length in [4, 59, 63] {
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
            "is an ELF for x86 (machine 62); guests are AArch64; give a kernel built for arm64",
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
        given::load(&missing).expect_err("missing"),
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
    let error = given::load(&path).expect_err("source").to_string();
    assert!(
        error.contains("is not a flattened device tree: "),
        "{error}"
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
}
