//! The arm64 Linux kernel Image (Documentation/arch/arm64/booting.rst, section 4).

use super::{Pieces, appended};

const MAGIC: &[u8] = b"ARM\x64";
const MAGIC_OFFSET: usize = 0x38;
const HEADER_BYTES: u64 = 64;
/// Images with neither `image_size` nor flags are older than Linux 3.17 and use this offset.
const OLD_TEXT_OFFSET: u64 = 0x8_0000;
/// A program whose PE header would begin behind this is an old one for DOS.
const FARTHEST_HEADER: u64 = 0x1_0000;
/// Room for what an old kernel does not count: its zeroed data.
const OLD_EXTRA: u64 = 16 << 20;

pub(super) fn is_image(bytes: &[u8]) -> bool {
    let rest = bytes.get(MAGIC_OFFSET..);
    rest.is_some_and(|rest| rest.starts_with(MAGIC))
}

/// An Image, understood.
pub(super) struct Image {
    pub(super) pieces: Pieces,
    /// KiB of the pages that it is built for, if it says so.
    pub(super) page_kib: Option<u16>,
    /// What is in the file and not used.
    pub(super) doubt: Option<String>,
}

pub(super) fn image(bytes: Vec<u8>) -> Result<Image, String> {
    let field = |at: usize| {
        let field = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
        field.map_or(0, |field| u64::from_le_bytes(*field))
    };
    let (mut text_offset, image_size, flags) = (field(8), field(16), field(24));
    let length = bytes.len() as u64;
    let efi_end = efi_end(&bytes);
    let ends = [Some(HEADER_BYTES), efi_end, branch_end(&bytes)];
    let end = ends.into_iter().flatten().max().unwrap_or(HEADER_BYTES);
    if end > length {
        return Err(cut_off(length, end));
    }
    let size = match image_size {
        0 => length + OLD_EXTRA,
        size => size.max(length),
    };
    // An old big-endian kernel has it in its own byte order.
    if image_size == 0 && !(1..1 << 32).contains(&text_offset) {
        text_offset = OLD_TEXT_OFFSET;
    }
    if !text_offset.is_multiple_of(4) {
        return Err(format!(
            "has a text_offset of {text_offset:#x}, where no instruction can lie; the Image header \
             is damaged"
        ));
    }
    let behind = efi_end
        .and_then(|end| usize::try_from(end).ok())
        .unwrap_or(0);
    let tree = bytes.get(behind..).and_then(appended::tree_in);
    Ok(Image {
        page_kib: match (flags >> 1) & 3 {
            1 => Some(4),
            2 => Some(16),
            3 => Some(64),
            _ => None,
        },
        doubt: tree.map(|at| appended::unused_tree(behind + at)),
        pieces: Pieces::Movable {
            data: bytes,
            size,
            text_offset,
            uses_memory_below: flags & 8 != 0,
        },
    })
}

/// An EFI program that is no Image: nothing to start a guest with.
pub(super) fn refuse_other_programs(bytes: &[u8]) -> Result<(), String> {
    let length = bytes.len() as u64;
    if bytes.starts_with(b"MZ") && length < HEADER_BYTES {
        return Err(cut_off(length, HEADER_BYTES));
    }
    let Some(end) = efi_end(bytes) else {
        return Ok(());
    };
    if end > length {
        return Err(cut_off(length, end));
    }
    const OTHER: &str = "guests are AArch64; give a kernel built for arm64";
    Err(match efi_machine(bytes) {
        Some(0x14c | 0x8664) => format!("is an EFI program for x86; {OTHER}"),
        Some(0x1c0 | 0x1c2 | 0x1c4) => format!("is an EFI program for 32-bit Arm; {OTHER}"),
        Some(0x5032 | 0x5064) => format!("is an EFI program for RISC-V; {OTHER}"),
        Some(0x6232 | 0x6264) => format!("is an EFI program for LoongArch; {OTHER}"),
        _ if bytes
            .windows(8)
            .take(0x1000)
            .any(|name| name == b".linux\0\0") =>
        {
            "is a unified kernel image (an EFI program); take the kernel out of it: \
             `objcopy -O binary --only-section=.linux FILE Image`"
                .to_owned()
        }
        _ => "is an EFI program, but no arm64 Image; give the kernel inside it".to_owned(),
    })
}

/// The processor that an EFI program is for (PE/COFF specification, "Machine Types").
fn efi_machine(bytes: &[u8]) -> Option<u16> {
    let header = u32::from_le_bytes(*bytes.get(0x3c..)?.first_chunk()?) as usize;
    let machine = bytes.get(header.checked_add(4)?..)?.first_chunk()?;
    Some(u16::from_le_bytes(*machine))
}

fn cut_off(length: u64, end: u64) -> String {
    format!("is cut off: it has {length} bytes, and {end} by its own headers; copy it again")
}

/// How long the file is at least, by the section headers of the EFI program that most Images
/// are as well (PE/COFF specification, "COFF File Header" and "Section Table").
fn efi_end(bytes: &[u8]) -> Option<u64> {
    let length = bytes.len() as u64;
    let word = |at: u64| {
        let rest = bytes.get(usize::try_from(at).ok()?..)?;
        Some(u64::from(u32::from_le_bytes(*rest.first_chunk()?)))
    };
    let header = word(0x3c).filter(|_| bytes.starts_with(b"MZ"))?;
    if header + 24 > length {
        return (1..FARTHEST_HEADER)
            .contains(&header)
            .then_some(header + 24);
    }
    if word(header)? != u64::from(u32::from_le_bytes(*b"PE\0\0")) {
        return None;
    }
    let (count, optional) = (word(header + 4)? >> 16, word(header + 20)? & 0xffff);
    let sections = header + 24 + optional;
    let ends = (0..count).map_while(|index| {
        let section = sections + index * 40;
        Some(word(section + 16)? + word(section + 20)?)
    });
    ends.chain([sections + count * 40]).max()
}

/// How long the file is at least, when the branch that it begins with goes to code in it: an
/// unconditional `b` (Arm ARM C6.2, "B"), in `code0` or behind it in `code1`.
fn branch_end(bytes: &[u8]) -> Option<u64> {
    const CODE: u64 = 0xfc00_0000;
    const BRANCH: u64 = 0x1400_0000;
    let (words, _) = bytes.as_chunks::<4>();
    let mut first = (0..2).zip(words);
    let (index, word) = first.find_map(|(index, word)| {
        let word = u64::from(u32::from_le_bytes(*word));
        (word & CODE == BRANCH).then_some((index, word))
    })?;
    let forward = word & 0x3ff_ffff;
    (forward < 0x200_0000).then_some((index + forward + 1) * 4)
}
