//! Files that are known not to be what they are given for: what each is, by the bytes that its
//! format begins with, and what to do with it.

use dtoolkit::Node;
use dtoolkit::fdt::Fdt;

/// A known format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// With its article.
    pub(super) name: &'static str,
    /// What to do.
    pub(super) advice: &'static str,
}

/// Bytes that a format has at a fixed offset.
type Row = (usize, &'static [u8], &'static str, &'static str);

const UNPACK: &str = "unpack it, and give the kernel inside it";
const TAKE_OUT: &str = "give the kernel inside it";
const NO_DISK: &str = "a kernel is a file in it, not all of it; give that file";
const OTHER_CPU: &str = "guests are AArch64; give a kernel built for arm64";
const NO_KERNEL: &str = "is it the right file?";
const OLD_CPIO: &str = "Linux reads what `cpio -o -H newc` makes, as INITRD=";
const DUMPIMAGE: &str = "take the kernel out of it: `dumpimage -p 0 -o Image FILE`";

/// Where several rows fit, the first one counts.
const TABLE: &[Row] = &[
    // Compressed.
    (0, b"\xfd7zXZ\0", "an xz file", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "a zstd file", UNPACK),
    (0, b"\x50\x2a\x4d\x18", "a zstd or lz4 file", UNPACK),
    (0, b"BZh", "a bzip2 file", UNPACK),
    (0, b"\x02\x21\x4c\x18", "an lz4 file", UNPACK),
    (0, b"\x04\x22\x4d\x18", "an lz4 file", UNPACK),
    (0, b"\x89LZO\0\r\n\x1a\n", "an lzop file", UNPACK),
    (0, b"LZIP", "an lzip file", UNPACK),
    (0, b"\x1f\x9d\x90", "a file made by compress", UNPACK),
    (0, b"\xff\x06\0\0sNaPpY", "a snappy file", UNPACK),
    // Archives and packages.
    (0, b"PK\x03\x04", "a zip archive", TAKE_OUT),
    (0, b"PK\x05\x06", "an empty zip archive", NO_KERNEL),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", TAKE_OUT),
    (0, b"Rar!\x1a\x07", "a rar archive", TAKE_OUT),
    (0, b"MSCF\0\0\0\0", "a cabinet archive", TAKE_OUT),
    (
        0,
        b"!<arch>\ndebian-binary",
        "a Debian package",
        "give the kernel inside it: `dpkg -x FILE FOLDER`",
    ),
    (0, b"!<arch>\n", "a static library", NO_KERNEL),
    (
        0,
        b"\xed\xab\xee\xdb",
        "an RPM package",
        "give the kernel inside it: `rpm2cpio FILE | cpio -id`",
    ),
    (
        0,
        b"070701",
        "a cpio archive",
        "an initramfs is given as INITRD=",
    ),
    (
        0,
        b"070702",
        "a cpio archive",
        "an initramfs is given as INITRD=",
    ),
    (0, b"070707", "a cpio archive of the old kind", OLD_CPIO),
    (257, b"ustar", "a tar archive", TAKE_OUT),
    // Kernels in what other boot loaders want, and for other processors.
    (0, b"\x27\x05\x19\x56", "a U-Boot uImage", DUMPIMAGE),
    (
        0,
        b"ANDROID!",
        "an Android boot image",
        "take the kernel out of it: `unpack_bootimg --boot_img FILE`",
    ),
    (
        0,
        b"VNDRBOOT",
        "an Android vendor boot image",
        "the kernel is in boot.img beside it",
    ),
    (
        0,
        b"\x3a\xff\x26\xed",
        "an Android sparse image",
        "`simg2img` makes the plain image of it",
    ),
    (
        0,
        b"\xd7\xb7\xab\x1e",
        "a table of Android device tree overlays",
        NO_KERNEL,
    ),
    (0, b"AVB0", "Android's verified boot metadata", NO_KERNEL),
    (0, b"CHROMEOS", "a ChromeOS kernel partition", TAKE_OUT),
    (0x24, b"\x18\x28\x6f\x01", "a 32-bit Arm zImage", OTHER_CPU),
    (0x24, b"\x01\x6f\x28\x18", "a 32-bit Arm zImage", OTHER_CPU),
    (0x38, b"RSC\x05", "a RISC-V kernel Image", OTHER_CPU),
    (0x30, b"RISCV\0\0\0", "a RISC-V kernel Image", OTHER_CPU),
    (0x202, b"HdrS", "an x86 kernel (bzImage)", OTHER_CPU),
    (
        0,
        b"\x01\0\x64\xaa\x78\x56\x34\x12",
        "a Trusted Firmware package (FIP)",
        TAKE_OUT,
    ),
    (
        0,
        b"VMMGUEST",
        "a guest image that this build has made",
        "give the kernel that it was made of",
    ),
    // Disks and file systems.
    (0, b"QFI\xfb", "a qcow2 disk image", NO_DISK),
    (0, b"QED\0", "a QED disk image", NO_DISK),
    (0, b"KDMV", "a VMDK disk image", NO_DISK),
    (0, b"COWD", "a VMDK disk image", NO_DISK),
    (
        0,
        b"# Disk DescriptorFile",
        "the description of a VMDK disk image",
        NO_DISK,
    ),
    (0, b"conectix", "a VHD disk image", NO_DISK),
    (0, b"vhdxfile", "a VHDX disk image", NO_DISK),
    (0x40, b"\x7f\x10\xda\xbe", "a VDI disk image", NO_DISK),
    (0, b"WithoutFreeSpace", "a Parallels disk image", NO_DISK),
    (0, b"WithouFreSpacExt", "a Parallels disk image", NO_DISK),
    (0x200, b"EFI PART", "a disk image (GPT)", NO_DISK),
    (0x1000, b"EFI PART", "a disk image (GPT)", NO_DISK),
    (0x8001, b"CD001", "an ISO 9660 image (CD or DVD)", NO_DISK),
    (0, b"hsqs", "a squashfs file system", NO_DISK),
    (0, b"sqsh", "a squashfs file system", NO_DISK),
    (0, b"\x45\x3d\xcd\x28", "a cramfs file system", NO_DISK),
    (0, b"\x28\xcd\x3d\x45", "a cramfs file system", NO_DISK),
    (0, b"-rom1fs-", "a romfs file system", NO_DISK),
    (0, b"XFSB", "an XFS file system", NO_DISK),
    (0, b"UBI#", "a UBI image", NO_DISK),
    (0, b"\x31\x18\x10\x06", "a UBIFS file system", NO_DISK),
    (0x400, b"\xe2\xe1\xf5\xe0", "an EROFS file system", NO_DISK),
    (0x400, b"\x10\x20\xf5\xf2", "an F2FS file system", NO_DISK),
    (0x1_0040, b"_BHRfS_M", "a Btrfs file system", NO_DISK),
    (3, b"NTFS    ", "an NTFS file system", NO_DISK),
    (3, b"EXFAT   ", "an exFAT file system", NO_DISK),
    (0x36, b"FAT12   ", "a FAT file system", NO_DISK),
    (0x36, b"FAT16   ", "a FAT file system", NO_DISK),
    (0x52, b"FAT32   ", "a FAT file system", NO_DISK),
    (0, b"LUKS\xba\xbe", "an encrypted disk (LUKS)", NO_DISK),
    (0xff6, b"SWAPSPACE2", "swap space", NO_KERNEL),
    // Programs for something else than a bare machine.
    (0, b"\xfe\xed\xfa\xce", "a Mach-O program", NO_KERNEL),
    (0, b"\xfe\xed\xfa\xcf", "a Mach-O program", NO_KERNEL),
    (0, b"\xce\xfa\xed\xfe", "a Mach-O program", NO_KERNEL),
    (0, b"\xcf\xfa\xed\xfe", "a Mach-O program", NO_KERNEL),
    (
        0,
        b"\xca\xfe\xba\xbe",
        "a Java class or a Mach-O program",
        NO_KERNEL,
    ),
    (0, b"\0asm", "a WebAssembly module", NO_KERNEL),
    (0, b"dex\n", "an Android program", NO_KERNEL),
    (0, b"BC\xc0\xde", "LLVM bitcode", "compile and link it"),
    (
        0,
        b"UF2\n",
        "firmware for a microcontroller (UF2)",
        NO_KERNEL,
    ),
    // Others that lie about.
    (0, b"\x89PNG\r\n\x1a\n", "a picture (PNG)", NO_KERNEL),
    (0, b"\xff\xd8\xff", "a picture (JPEG)", NO_KERNEL),
    (0, b"GIF8", "a picture (GIF)", NO_KERNEL),
    (0, b"%PDF-", "a PDF document", NO_KERNEL),
    (0, b"RIFF", "a sound or video file", NO_KERNEL),
    (0, b"SQLite format 3\0", "an SQLite database", NO_KERNEL),
    (0, b"PACK\0\0\0\x02", "a pack of git objects", NO_KERNEL),
];

/// Refuses a file of a known format that is no kernel for a guest.
///
/// # Errors
/// What it is, and what to do.
pub(super) fn refuse(bytes: &[u8]) -> Result<(), String> {
    match find(bytes) {
        Some(Known { name, advice }) => Err(format!("is {name}; {advice}")),
        None => Ok(()),
    }
}

/// What a file is, if it is of a format that is known and no kernel.
pub(super) fn find(bytes: &[u8]) -> Option<Known> {
    let fits = |(offset, magic, ..): &&Row| has(bytes, *offset, magic);
    let row = TABLE.iter().find(fits);
    let row = row.map(|(_, _, name, advice)| Known { name, advice });
    row.or_else(|| device_tree(bytes))
        .or_else(|| lzma(bytes))
        .or_else(|| binary_cpio(bytes))
        .or_else(|| disk(bytes))
}

fn has(bytes: &[u8], offset: usize, magic: &[u8]) -> bool {
    let rest = bytes.get(offset..);
    rest.is_some_and(|rest| rest.starts_with(magic))
}

/// A FIT image is a device tree whose `/images` has the files.
fn device_tree(bytes: &[u8]) -> Option<Known> {
    if !has(bytes, 0, b"\xd0\x0d\xfe\xed") {
        return None;
    }
    let is_fit = Fdt::new(bytes).is_ok_and(|tree| tree.root().child("images").is_some());
    Some(match is_fit {
        true => Known {
            name: "a FIT image",
            advice: DUMPIMAGE,
        },
        false => Known {
            name: "a device tree",
            advice: "a tree for the guest is given as DTB=",
        },
    })
}

/// LZMA alone has no magic: usual properties, a dictionary of a power of two, and a length that
/// is unknown or less than 1 TiB.
fn lzma(bytes: &[u8]) -> Option<Known> {
    let (properties, rest) = bytes.split_first()?;
    let dictionary = u32::from_le_bytes(*rest.first_chunk()?);
    let length = u64::from_le_bytes(*rest.get(4..)?.first_chunk()?);
    let fits = *properties == 0x5d
        && dictionary >= 0x1000
        && dictionary.is_power_of_two()
        && (length == u64::MAX || length < 1 << 40);
    fits.then_some(Known {
        name: "an lzma file",
        advice: UNPACK,
    })
}

/// What cpio makes when it is not told otherwise: a magic of two bytes, in either byte order, and
/// the name behind a header of 26 bytes.
fn binary_cpio(bytes: &[u8]) -> Option<Known> {
    let length: [u8; 2] = *bytes.get(20..)?.first_chunk()?;
    let length = match bytes {
        [0xc7, 0x71, ..] => u16::from_le_bytes(length),
        [0x71, 0xc7, ..] => u16::from_be_bytes(length),
        _ => return None,
    };
    let name = bytes.get(26..)?.get(..usize::from(length))?;
    let (end, letters) = name.split_last()?;
    (*end == 0 && !letters.contains(&0)).then_some(Known {
        name: "a cpio archive of the old kind",
        advice: OLD_CPIO,
    })
}

/// What is told by more than a few fixed bytes.
fn disk(bytes: &[u8]) -> Option<Known> {
    let name = if is_extended_fs(bytes) {
        "an ext2, ext3 or ext4 file system"
    } else if has(bytes, 0x1fe, b"\x55\xaa") && has_partitions(bytes) {
        "a disk image with a boot sector"
    } else if bytes.len().is_multiple_of(512)
        && has(bytes, bytes.len().checked_sub(512)?, b"conectix")
    {
        "a VHD disk image"
    } else {
        return None;
    };
    Some(Known {
        name,
        advice: NO_DISK,
    })
}

/// `s_magic`, `s_state` and `s_log_block_size` of the superblock.
fn is_extended_fs(bytes: &[u8]) -> bool {
    let half = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    has(bytes, 0x438, b"\x53\xef")
        && half(0x43a).is_some_and(|state| state < 8)
        && half(0x418).is_some_and(|log| log <= 6)
        && half(0x41a) == Some(0)
}

/// Four records of which each is empty or begins with 0 or 0x80 and has a type, and one has.
fn has_partitions(bytes: &[u8]) -> bool {
    let records = bytes.get(0x1be..0x1fe).unwrap_or_default().chunks(16);
    let kinds: Vec<u8> = records.clone().filter_map(|r| r.get(4).copied()).collect();
    let good = |record: &[u8]| record.first().is_some_and(|flag| flag & 0x7f == 0);
    records.clone().all(good) && kinds.iter().any(|kind| *kind != 0)
}
