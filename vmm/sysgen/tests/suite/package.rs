//! From a system and its images to files.

use std::path::PathBuf;

use sysgen::{Images, System};
use tempfile::TempDir;
use vmm_config::package::{HEADER_BYTES, Header, SEGMENT_BYTES, Segment};

use crate::device_tree::fixed_seed;
use crate::images::arm64_image;
use crate::{golden, systems};

const MIB: u64 = 1 << 20;

struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a folder"),
        }
    }

    fn add(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    }
}

fn images(kernel: PathBuf, initrd: Option<PathBuf>) -> Images {
    Images {
        kernel,
        initrd,
        bootargs: None,
        device_tree: None,
    }
}

/// Reads a package as the VMM does.
fn unpack(package: &[u8]) -> (Header, Vec<(Segment, Vec<u8>)>) {
    let header = Header::decode(package.first_chunk().expect("a header")).expect("a package");
    let records = (0..header.segments as usize).map(|index| {
        let at = HEADER_BYTES + index * SEGMENT_BYTES;
        let record = package[at..].first_chunk().expect("a record");
        let segment = Segment::decode(record).expect("a good record");
        let start = segment.offset as usize;
        (
            segment,
            package[start..start + segment.length as usize].to_vec(),
        )
    });
    (header, records.collect())
}

fn build(system: &System, images: &Images) -> Result<sysgen::GuestFiles, String> {
    let guest = &system.guests[0];
    let built = system.build(guest, images, fixed_seed());
    built.map_err(|error| error.to_string())
}

#[test]
fn a_package_holds_kernel_initrd_and_device_tree() {
    let files = Files::new();
    let kernel = arm64_image(1001, 0, 3 * MIB, 0);
    let initrd = b"an initial RAM disk";
    let images = images(
        files.add("Image", &kernel),
        Some(files.add("initrd", initrd)),
    );
    let built = build(&systems::load(systems::ONE), &images).expect("fits");
    assert_eq!(built.package_name, "guest.img");
    let (header, segments) = unpack(&built.package);
    assert_eq!(header.length, built.package.len() as u64);
    assert_eq!(header.entry, 0x4000_0000);
    assert_eq!(header.device_tree, 0x4040_0000);
    let bases: Vec<_> = segments.iter().map(|(s, _)| (s.base, s.size)).collect();
    assert_eq!(
        bases,
        [
            (0x4000_0000, 3 * MIB),
            (0x4030_0000, initrd.len() as u64),
            (0x4040_0000, built.device_tree.len() as u64),
        ]
    );
    assert!(segments.iter().all(|(segment, _)| segment.offset % 8 == 0));
    assert_eq!(segments[0].1, kernel);
    assert_eq!(segments[1].1, initrd);
    assert_eq!(segments[2].1, built.device_tree);
}

#[test]
fn a_package_without_initrd_says_so_in_the_tree() {
    let files = Files::new();
    let images = images(files.add("Image", &arm64_image(1001, 0, MIB, 0)), None);
    let built = build(&systems::load(systems::ONE), &images).expect("fits");
    assert_eq!(unpack(&built.package).0.segments, 2);
    let text = String::from_utf8_lossy(&built.device_tree).into_owned();
    assert!(!text.contains("initrd"));
    assert!(text.contains("quiet"));
}

#[test]
fn bootargs_and_device_tree_can_be_replaced() {
    let files = Files::new();
    let system = systems::load(systems::ONE);
    let mut images = images(files.add("Image", &arm64_image(1001, 0, MIB, 0)), None);
    images.bootargs = Some("single".to_owned());
    let built = build(&system, &images).expect("fits");
    let text = String::from_utf8_lossy(&built.device_tree).into_owned();
    assert!(text.contains("single") && !text.contains("quiet"));

    images.bootargs = None;
    images.device_tree = Some(files.add("given.dtb", &built.device_tree));
    let again = build(&system, &images).expect("fits");
    assert_eq!(again.device_tree, built.device_tree);
}

#[test]
fn a_command_line_that_linux_would_cut_is_refused() {
    let files = Files::new();
    let system = systems::load(systems::ONE);
    let mut images = images(files.add("Image", &arm64_image(1001, 0, MIB, 0)), None);
    images.bootargs = Some("x".repeat(2047));
    build(&system, &images).expect("Linux keeps 2047 bytes and a NUL");
    images.bootargs = Some("x".repeat(2048));
    let error = build(&system, &images).expect_err("one too many");
    assert_eq!(
        error,
        "the kernel command line has 2048 bytes, but arm64 Linux keeps 2047 and drops the rest; \
         shorten BOOTARGS, or `bootargs` in the system XML"
    );
}

/// An Image says in its header's flags for which pages it is built.
#[test]
fn a_kernel_for_pages_that_the_cpu_does_not_have_is_warned_of() {
    let files = Files::new();
    for (board, flags, warned) in [
        ("qemu_virt_aarch64", 0b0000, None),
        ("qemu_virt_aarch64", 0b0010, None),
        (
            "qemu_virt_aarch64",
            0b0100,
            Some("Cortex-A53 has 4 and 64 KiB only"),
        ),
        ("qemu_virt_aarch64", 0b0110, None),
        ("odroidc4", 0b0100, None),
        (
            "rpi4b_1gb",
            0b0100,
            Some("Cortex-A72 has 4 and 64 KiB only"),
        ),
    ] {
        let kernel = files.add("Image", &arm64_image(1001, 0, MIB, flags));
        let mut system = systems::load(systems::ONE);
        system.cpu = systems::board(board).cpu;
        let built = build(&system, &images(kernel.clone(), None)).expect("fits");
        let warning = warned.map(|cpu| {
            format!(
                "warning: {}: is a kernel for pages of 16 KiB, but {cpu}; it will stop without a \
                 word; give a kernel for pages of 4 KiB",
                kernel.display()
            )
        });
        assert_eq!(built.warnings, Vec::from_iter(warning), "{board}");
    }
}

#[test]
fn a_load_address_that_has_no_effect_is_warned_of() {
    let files = Files::new();
    let text = systems::ONE.replace("bootargs=", "load=\"0x40000000\" bootargs=");
    let kernel = files.add("Image", &arm64_image(1001, 0, MIB, 0));
    let built = build(&systems::load(&text), &images(kernel, None)).expect("fits");
    golden::check(
        "build/load_unused.txt",
        &format!("{}\n", built.warnings.join("\n")),
    );
}

/// Only Linux is known to read an initrd as an archive.
#[test]
fn the_initrd_of_linux_is_looked_at() {
    let files = Files::new();
    let initrd = files.add("initrd", &[0x12; 100]);
    let system = systems::load(systems::ONE);
    let image = files.add("Image", &arm64_image(1001, 0, MIB, 0));
    let built = build(&system, &images(image, Some(initrd.clone()))).expect("fits");
    assert_eq!(
        built.warnings,
        [format!(
            "warning: {}: is of no kind that Linux knows as initrd; Linux reads a cpio archive \
             (`cpio -o -H newc`), also compressed",
            initrd.display()
        )]
    );
    let flat = files.add("flat", &[0x1f, 0x20, 0x03, 0xd5].repeat(20));
    let built = build(&system, &images(flat, Some(initrd))).expect("fits");
    assert!(built.warnings.is_empty(), "{:?}", built.warnings);
}

#[test]
fn ram_that_the_tree_does_not_list_is_for_the_binary_only() {
    let files = Files::new();
    let text = systems::TWO_VCPUS
        .replace(
            "<?vmm ram?>\n            <map mr=\"ram\"",
            "<?vmm ram memory-node=\"no\"?>\n            <map mr=\"ram\"",
        )
        .replace("psci='hvc'", "psci='hvc' load='0x40000000'");
    let flat = files.add("flat", &[0x1f, 0x20, 0x03, 0xd5].repeat(20));
    let initrd = files.add("initrd", b"anything");
    let built = build(&systems::load(&text), &images(flat, Some(initrd))).expect("fits");
    let (header, segments) = unpack(&built.package);
    assert_eq!(
        (header.entry, header.device_tree),
        (0x4000_0000, 0x8000_0000)
    );
    assert_eq!(segments[1].0.base, 0x8020_0000, "the initrd");
    let tree = String::from_utf8_lossy(&built.device_tree).into_owned();
    assert!(tree.contains("memory@80000000") && !tree.contains("memory@40000000"));
}

#[test]
fn equal_inputs_give_equal_files_and_unchanged_files_are_left_alone() {
    let files = Files::new();
    let system = systems::load(systems::ONE);
    let images = images(files.add("Image", &arm64_image(1001, 0, MIB, 0)), None);
    let first = build(&system, &images).expect("fits");
    let out = files.folder.path().join("out");
    let written = first.write(&out, "guest").expect("written");
    assert_eq!(written.package, out.join("guest.img"));
    let stamp = || std::fs::metadata(&written.tables).and_then(|m| m.modified());
    let before = stamp().expect("a time");
    let second = build(&system, &images).expect("fits");
    assert_eq!(second.package, first.package);
    second.write(&out, "guest").expect("written");
    assert_eq!(stamp().expect("a time"), before);
}

#[test]
fn swapping_the_guest_does_not_change_the_tables() {
    let files = Files::new();
    let system = systems::load(systems::ONE);
    let small = images(files.add("small", &arm64_image(100, 0, MIB, 0)), None);
    let large = images(
        files.add("large", &arm64_image(9 << 20, 0, 10 * MIB, 0)),
        None,
    );
    let small = build(&system, &small).expect("fits");
    let large = build(&system, &large).expect("fits");
    assert_ne!(small.package.len(), large.package.len());
    assert_eq!(small.tables, large.tables);
}

#[test]
fn images_that_do_not_fit_point_at_the_ram_of_the_xml() {
    let files = Files::new();
    let system = systems::load(systems::ONE);
    let kernel = files.add("Image", &arm64_image(1001, 0, 60 * MIB, 0));
    let initrd = files.add("initrd", &vec![1; 5 << 20]);
    let error = build(&system, &images(kernel, Some(initrd))).expect_err("too large");
    golden::check("diagnostics/build_ram_too_small.txt", &format!("{error}\n"));
}

/// The tables keep room for any package, so that the guest can be swapped.
#[test]
fn the_largest_package_fits_into_the_room_that_the_tables_keep() {
    let files = Files::new();
    let system = systems::load(systems::ONE);
    let kernel = files.add("Image", &arm64_image(62 << 20, 0, 62 * MIB, 0));
    let built = build(&system, &images(kernel, None)).expect("fits");
    assert!(built.package.len() as u64 <= system.guests[0].image.size);
}

#[test]
fn a_second_piece_of_ram_is_used_when_the_first_is_too_small() {
    let files = Files::new();
    let text = systems::TWO_VCPUS.replace(
        "name=\"more_ram\" size=\"0x1000000\"",
        "name=\"more_ram\" size=\"0x8000000\"",
    );
    let kernel = files.add("Image", &arm64_image(1001, 0, 100 * MIB, 0));
    let built = build(&systems::load(&text), &images(kernel, None)).expect("fits");
    assert_eq!(unpack(&built.package).0.entry, 0x8000_0000);
}

/// What the VMM makes of `range` of RAM.
fn laid(segments: &[(Segment, Vec<u8>)], base: u64, size: usize) -> Vec<u8> {
    let mut ram = vec![0xaa; size];
    for (segment, data) in segments {
        let (from, whole) = ((segment.base - base) as usize, segment.size as usize);
        ram[from..from + whole].fill(0);
        ram[from..from + data.len()].copy_from_slice(data);
    }
    ram
}

#[test]
fn long_stretches_of_zeroes_are_left_out() {
    let files = Files::new();
    let mut kernel = arm64_image(0x60000, 0, MIB, 0);
    kernel[0x10123..0x20000].fill(0);
    kernel[0x30000..0x37fff].fill(0);
    kernel[0x58000..].fill(0);
    let mut initrd = vec![0; 0x9001];
    initrd[0x9000] = 1;
    let images = images(
        files.add("Image", &kernel),
        Some(files.add("initrd", &initrd)),
    );
    let built = build(&systems::load(systems::ONE), &images).expect("fits");
    let (_, segments) = unpack(&built.package);
    let pieces: Vec<_> = segments
        .iter()
        .map(|(s, _)| (s.base, s.size, s.length))
        .collect();
    let tree = built.device_tree.len() as u64;
    assert_eq!(
        pieces,
        [
            (0x4000_0000, 0x20000, 0x11000),
            (0x4002_0000, 0x40000, 0x38000),
            (0x4006_0000, MIB - 0x60000, 0),
            (0x4010_0000, 0x9000, 0),
            (0x4010_9000, 1, 1),
            (0x4020_0000, tree, tree),
        ]
    );
    kernel.resize(MIB as usize, 0);
    let ram = [kernel, initrd].concat();
    assert_eq!(laid(&segments[..5], 0x4000_0000, ram.len()), ram);
}

#[test]
fn the_longest_zeroes_are_left_out_when_there_are_too_many() {
    let files = Files::new();
    let mut kernel = arm64_image(4 << 20, 0, 4 * MIB, 0);
    for number in 1..40 {
        let start = number * 0x18000;
        kernel[start..start + 0x8000 + number % 3 * 0x1000].fill(0);
    }
    let images = images(files.add("Image", &kernel), None);
    let built = build(&systems::load(systems::ONE), &images).expect("fits");
    let (header, segments) = unpack(&built.package);
    assert_eq!(header.segments, 16);
    let left_out = segments.iter().map(|(s, _)| s.size - s.length);
    assert_eq!(left_out.sum::<u64>(), 13 * 0xa000 + 0x9000);
    assert_eq!(laid(&segments[..15], 0x4000_0000, kernel.len()), kernel);
}
