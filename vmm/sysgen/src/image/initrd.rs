//! What Linux can make of an initial RAM disk.

use super::foreign::{self, Known};

/// What Linux unpacks (its `init/initramfs.c` and `lib/decompress.c`), and file systems that it
/// can have as a RAM disk (`init/do_mounts_rd.c`).
const KNOWN: &[(usize, &[u8])] = &[
    (0, b"070701"),
    (0, b"070702"),
    (0, b"\x1f\x8b"),
    (0, b"\x1f\x9e"),
    (0, b"\xfd7zXZ\0"),
    (0, b"\x28\xb5\x2f\xfd"),
    (0, b"BZh"),
    (0, b"\x02\x21\x4c\x18"),
    (0, b"\x89LZO"),
    (0, b"\x5d\0\0"),
    (0, b"hsqs"),
    (0, b"-rom1fs-"),
    (0, b"\x45\x3d\xcd\x28"),
    (0x438, b"\x53\xef"),
    (0x410, b"\x7f\x13"),
    (0x410, b"\x8f\x13"),
    (0x410, b"\x68\x24"),
    (0x410, b"\x78\x24"),
];

/// Why Linux will not be able to use it, or `None` when it will.
pub(super) fn doubt(bytes: &[u8]) -> Option<String> {
    let padding = bytes.iter().take_while(|byte| **byte == 0).count();
    let archive = bytes.get(padding - padding % 4..).unwrap_or_default();
    let has = |(offset, magic): &(usize, &[u8])| {
        let starts = |bytes: &[u8]| bytes.get(*offset..).is_some_and(|b| b.starts_with(magic));
        // Linux skips zeroes in front of an archive.
        starts(bytes) || (*offset == 0 && starts(archive))
    };
    if KNOWN.iter().any(has) {
        return None;
    }
    const WANTED: &str = "Linux reads a cpio archive (`cpio -o -H newc`), also compressed";
    Some(match foreign::find(bytes) {
        Some(Known { name, .. }) if bytes.starts_with(b"\x04\x22\x4d\x18") => {
            format!(
                "is {name} of the kind that Linux does not read as initrd; pack it with `lz4 -l`"
            )
        }
        Some(Known { name, .. }) if bytes.starts_with(b"\x27\x05\x19\x56") => {
            format!("is {name}; take the initrd out of it: `dumpimage -p 0 -o initrd FILE`")
        }
        Some(Known { name, .. }) => format!("is {name}, no initrd; {WANTED}"),
        None => format!("is of no kind that Linux knows as initrd; {WANTED}"),
    })
}
