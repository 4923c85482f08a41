//! Files that are no kernel: named for what they are, or let through with the doubt.

use sysgen::image::{self, Format};

use crate::images::{arm64_image, check_refusals, elf, file, gzip, load};

/// `bytes` of a pattern that no format has, with `magic` at `offset`.
fn with(offset: usize, magic: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..0x1_1000_u32).map(|at| (at * 7 + 129) as u8).collect();
    bytes[offset..offset + magic.len()].copy_from_slice(magic);
    bytes
}

#[test]
fn known_formats_are_refused_by_name() {
    for (offset, magic, name) in [
        (0, &b"\xfd7zXZ\0"[..], "an xz file"),
        (0, b"\x28\xb5\x2f\xfd", "a zstd file"),
        (0, b"BZh91AY&SY", "a bzip2 file"),
        (0, b"\x02\x21\x4c\x18", "an lz4 file"),
        (0, b"\x04\x22\x4d\x18", "an lz4 file"),
        (0, b"\x89LZO\0\r\n\x1a\n", "an lzop file"),
        (
            0,
            b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff",
            "an lzma file",
        ),
        (0, b"PK\x03\x04", "a zip archive"),
        (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (0, b"!<arch>\ndebian-binary   ", "a Debian package"),
        (0, b"!<arch>\nstart.o/   ", "a static library"),
        (0, b"\xed\xab\xee\xdb", "an RPM package"),
        (0, b"070701", "a cpio archive"),
        (
            0,
            b"\xc7\x71\0\0\0\0\xa4\x81\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0\0\0init\0",
            "a cpio archive of the old kind",
        ),
        (257, b"ustar", "a tar archive"),
        (0, b"\x27\x05\x19\x56", "a U-Boot uImage"),
        (0, b"ANDROID!", "an Android boot image"),
        (0, b"\x3a\xff\x26\xed", "an Android sparse image"),
        (0x24, b"\x18\x28\x6f\x01", "a 32-bit Arm zImage"),
        (0x38, b"RSC\x05", "a RISC-V kernel Image"),
        (0x202, b"HdrS", "an x86 kernel (bzImage)"),
        (0, b"QFI\xfb", "a qcow2 disk image"),
        (0, b"KDMV", "a VMDK disk image"),
        (0, b"conectix", "a VHD disk image"),
        (0x1_1000 - 512, b"conectix", "a VHD disk image"),
        (0x200, b"EFI PART", "a disk image (GPT)"),
        (0x8001, b"CD001", "an ISO 9660 image (CD or DVD)"),
        (0, b"hsqs", "a squashfs file system"),
        (0x1_0040, b"_BHRfS_M", "a Btrfs file system"),
        (0x36, b"FAT16   ", "a FAT file system"),
        (0, b"\xcf\xfa\xed\xfe", "a Mach-O program"),
        (0, b"\xca\xfe\xba\xbe", "a Java class or a Mach-O program"),
        (0, b"\0asm", "a WebAssembly module"),
        (0, b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
        (0, b"%PDF-", "a PDF document"),
        (0, b"\xd0\x0d\xfe\xed", "a device tree"),
        (0, b"VMMGUEST", "a guest image that this build has made"),
    ] {
        check_refusals(&[(&with(offset, magic), &format!("is {name}; "))]);
    }
}

#[test]
fn disks_and_file_systems_are_told_by_more_than_two_bytes() {
    let mut disk = vec![0; 0x1000];
    disk[0x1fe..0x200].copy_from_slice(b"\x55\xaa");
    disk[0x1be..0x1c6].copy_from_slice(&[0x80, 1, 1, 0, 0x83, 1, 1, 1]);
    let mut ext4 = vec![0; 0x1000];
    ext4[0x418] = 2;
    ext4[0x438..0x43c].copy_from_slice(b"\x53\xef\x01\0");
    check_refusals(&[
        (&disk, "is a disk image with a boot sector; "),
        (&ext4, "is an ext2, ext3 or ext4 file system; "),
    ]);
    // The same two bytes in a program.
    let mut program = [0x1f, 0x20, 0x03, 0xd5].repeat(0x400);
    program[0x1fe..0x200].copy_from_slice(b"\x55\xaa");
    program[0x438..0x43a].copy_from_slice(b"\x53\xef");
    assert_eq!(load(&program).format, Format::Flat);
}

#[test]
fn a_fit_image_is_told_from_a_device_tree() {
    let mut tree = dtoolkit::model::DeviceTree::new();
    check_refusals(&[(
        &tree.to_dtb(),
        "is a device tree; a tree for the guest is given as DTB=",
    )]);
    tree.root
        .add_child(dtoolkit::model::DeviceTreeNode::new_unchecked("images"));
    check_refusals(&[(
        &tree.to_dtb(),
        "is a FIT image; take the kernel out of it: `dumpimage -p 0 -o Image FILE`",
    )]);
}

#[test]
fn text_is_refused_by_its_kind() {
    check_refusals(&[
        (b"#!/bin/sh\necho kernel\n", "is a script; "),
        (b"<!DOCTYPE html>\n<title>404</title>", "is a web page; "),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "is the stand-in that git-lfs ",
        ),
        (b"/dts-v1/;\n/ { };\n", "is the source of a device tree; "),
        (
            b":10010000214601360121470136007EFE09D2190140\n",
            "is an Intel HEX file; ",
        ),
        (
            b"S00F000068656C6C6F202020202000003C\n",
            "is a Motorola S-record file; ",
        ),
        (b"{ \"kernel\": 1 }", "is text; "),
        ("Öffentlicher Schlüssel".as_bytes(), "is text; "),
        (
            b"caf\xe9 ferm\xe9, caf\xe9 ouvert, caf\xe9 ferm\xe9",
            "is text; ",
        ),
        (b"\xff\xfek\0e\0r\0n\0e\0l\0", "is text; "),
    ]);
    // A long one whose sample ends within a character.
    check_refusals(&[("é".repeat(3000).as_bytes(), "is text; ")]);
    let odd = format!("x{}", "é".repeat(3000));
    check_refusals(&[(odd.as_bytes(), "is text; ")]);
}

#[test]
fn nothing_is_no_kernel() {
    check_refusals(&[
        (&[0; 65536], "holds nothing but zeroes; "),
        (
            &[0xff; 4096],
            "holds nothing but 0xff, like empty flash memory; ",
        ),
        (
            &with(0, &[0x4d, 0x5a, 0, 0]),
            "is no arm64 Image and no ELF, and no flat binary either: its first instruction, \
             0x00005a4d, is undefined (UDF); is it the right file?",
        ),
    ]);
}

/// An EFI program for `machine`, with a section called `name`.
fn efi(machine: u16, name: &[u8; 8]) -> Vec<u8> {
    let mut bytes = vec![0; 0x400];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c..0x40].copy_from_slice(&0x40u32.to_le_bytes());
    bytes[0x40..0x44].copy_from_slice(b"PE\0\0");
    bytes[0x44..0x46].copy_from_slice(&machine.to_le_bytes());
    bytes[0x46..0x48].copy_from_slice(&1u16.to_le_bytes());
    bytes[0x58..0x60].copy_from_slice(name);
    bytes
}

#[test]
fn programs_of_other_machines_are_named() {
    let mut vmlinuz = efi(0x8664, b".setup\0\0");
    vmlinuz[0x202..0x206].copy_from_slice(b"HdrS");
    check_refusals(&[
        (
            &vmlinuz,
            "is an x86 kernel (bzImage); guests are AArch64; give a kernel built for arm64",
        ),
        (&efi(0x8664, b".text\0\0\0"), "is an EFI program for x86; "),
        (
            &efi(0x1c2, b".text\0\0\0"),
            "is an EFI program for 32-bit Arm; ",
        ),
        (
            &efi(0x5064, b".text\0\0\0"),
            "is an EFI program for RISC-V; ",
        ),
        (
            &efi(0xaa64, b".text\0\0\0"),
            "is an EFI program, but no arm64 Image; ",
        ),
        (
            &efi(0xaa64, b".linux\0\0"),
            "is a unified kernel image (an EFI program); ",
        ),
        (&elf(3, 0, &[]), "is an ELF for x86 (machine 3); "),
        (&elf(243, 0, &[]), "is an ELF for RISC-V (machine 243); "),
        (&elf(40, 0, &[]), "is an ELF for 32-bit Arm (machine 40); "),
        (
            &elf(5000, 0, &[]),
            "is an ELF for another processor (machine 5000); ",
        ),
    ]);
}

#[test]
fn elfs_that_are_not_for_a_bare_machine_are_refused() {
    let program = || elf(183, 0x1000, &[(0x1000, 0x1000, b"code", 4)]);
    let mut object = program();
    object[16] = 1;
    let mut core = program();
    core[16] = 4;
    let mut dynamic = elf(
        183,
        0x1000,
        &[(0x1000, 0x1000, b"code", 4), (0x2000, 0x2000, b"/lib", 4)],
    );
    dynamic[64 + 56] = 3;
    let high = 0xffff_8000_0800_0000;
    check_refusals(&[
        (&object, "is an object file or a kernel module, "),
        (&core, "is a memory dump (ELF core file); "),
        (&dynamic, "is a program for an operating system "),
        (
            &elf(183, 0, &[]),
            "is an ELF without anything to load; link it",
        ),
        (
            &elf(183, high, &[(high, high, b"code", 4)]),
            "is an ELF for the virtual address 0xffff800008000000, as vmlinux is; give the Image \
             that the kernel's build makes of it: arch/arm64/boot/Image",
        ),
    ]);
}

#[test]
fn what_is_wrong_inside_a_gzip_is_said_so() {
    check_refusals(&[
        (
            &gzip(b"070701"),
            "holds, compressed, a file that is a cpio archive; an initramfs is given as INITRD=",
        ),
        (&gzip(b""), "holds, compressed, a file that is empty"),
    ]);
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn what_looks_like_code_is_a_flat_binary_without_doubt() {
    const NOP: u32 = 0xd503_201f;
    const RET: u32 = 0xd65f_03c0;
    for code in [
        // mov x20, x0; adr; bl forward; ret.
        words(&[0xaa00_03f4, 0x1000_0015, 0x9400_0002, 0, RET]),
        // A branch over data.
        words(&[0x1400_0003, 0, 0xffff_ffff, NOP, RET]),
        words(&[NOP; 32]),
        // It waits for ever.
        words(&[0x1400_0000]),
        words(&[0xd280_0000, 0xd61f_0000]),
        // A call to what another instruction has prepared.
        words(&[0xd63f_0000, 0, 0]),
    ] {
        assert!(load(&code).doubts.is_empty(), "{:?}", load(&code).doubts);
    }
}

#[test]
fn what_does_not_look_like_code_is_let_through_with_the_doubt() {
    for (code, doubt) in [
        // A Cortex-M's vectors: stack pointer, entry.
        (
            words(&[0x2000_1000, 0x0000_00c1]),
            "what stands at 0x0, among its first instructions, is no AArch64 instruction \
             (0x20001000)",
        ),
        // A32's nop.
        (
            words(&[0xe1a0_0000; 8]),
            "what stands at 0x0, among its first instructions, is no AArch64 instruction \
             (0xe1a00000)",
        ),
        (
            words(&[0x1400_0002, 0, 0x0601_0203]),
            "what stands at 0x8, among its first instructions, is no AArch64 instruction \
             (0x06010203)",
        ),
        (
            words(&[0x1400_1000, 0]),
            "its first instructions lead to 0x4000, behind its end",
        ),
        (
            words(&[0x17ff_ffff, 0]),
            "its first instructions branch to before its start",
        ),
    ] {
        let kernel = load(&code);
        assert_eq!(kernel.format, Format::Flat);
        assert_eq!(
            kernel.doubts,
            [format!(
                "has no header, and {doubt}; it is taken for a flat binary and started all the same"
            )]
        );
    }
}

#[test]
fn a_folder_is_named() {
    let folder = tempfile::TempDir::new().expect("a folder");
    for error in [
        image::load_kernel(folder.path()).expect_err("a folder"),
        image::load_initrd(folder.path()).expect_err("a folder"),
    ] {
        assert_eq!(
            error.to_string(),
            format!(
                "{}: is a folder; give a file in it",
                folder.path().display()
            )
        );
    }
}

#[test]
fn an_initrd_that_linux_cannot_use_is_doubted() {
    let doubt = |bytes: &[u8]| {
        let (_folder, path) = file(bytes);
        image::load_initrd(&path).expect("readable").doubt
    };
    for good in [
        &b"070701"[..],
        b"\0\0\0\x00070701",
        &gzip(b"070701"),
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"\x02\x21\x4c\x18",
        &with(0x438, b"\x53\xef"),
    ] {
        assert_eq!(doubt(good), None);
    }
    let wanted = "Linux reads a cpio archive (`cpio -o -H newc`), also compressed";
    for (bytes, expected) in [
        (
            &b"070707"[..],
            format!("is a cpio archive of the old kind, no initrd; {wanted}"),
        ),
        (
            b"\x04\x22\x4d\x18",
            "is an lz4 file of the kind that Linux does not read as initrd; pack it with `lz4 -l`"
                .to_owned(),
        ),
        (
            b"\x27\x05\x19\x56",
            "is a U-Boot uImage; take the initrd out of it: `dumpimage -p 0 -o initrd FILE`"
                .to_owned(),
        ),
        (
            &arm64_image(100, 0, 0, 0),
            format!("is of no kind that Linux knows as initrd; {wanted}"),
        ),
    ] {
        assert_eq!(doubt(bytes), Some(expected));
    }
}
