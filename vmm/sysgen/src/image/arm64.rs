//! The arm64 Linux kernel Image (Documentation/arch/arm64/booting.rst, section 4).

use super::Pieces;

const MAGIC: &[u8] = b"ARM\x64";
const MAGIC_OFFSET: usize = 0x38;
const HEADER_BYTES: u64 = 64;
/// Images with neither `image_size` nor flags are older than Linux 3.17 and use this offset.
const OLD_TEXT_OFFSET: u64 = 0x8_0000;
/// Room for what an old kernel does not count: its zeroed data.
const OLD_EXTRA: u64 = 16 << 20;

pub(super) fn is_image(bytes: &[u8]) -> bool {
    let rest = bytes.get(MAGIC_OFFSET..);
    rest.is_some_and(|rest| rest.starts_with(MAGIC))
}

pub(super) fn pieces(bytes: Vec<u8>) -> Result<Pieces, String> {
    let field = |at: usize| {
        let field = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
        field.map_or(0, |field| u64::from_le_bytes(*field))
    };
    let (text_offset, image_size, flags) = (field(8), field(16), field(24));
    let length = bytes.len() as u64;
    if flags & 1 != 0 {
        return Err("is a big-endian arm64 Image; guests are little-endian".to_owned());
    }
    let ends = [Some(HEADER_BYTES), efi_end(&bytes), branch_end(&bytes)];
    let end = ends.into_iter().flatten().max().unwrap_or(HEADER_BYTES);
    if end > length {
        return Err(cut_off(length, end));
    }
    if image_size == 0 {
        return Ok(Pieces::Movable {
            data: bytes,
            size: length + OLD_EXTRA,
            text_offset: OLD_TEXT_OFFSET,
        });
    }
    if text_offset >= 2 << 20 {
        return Err(format!(
            "has a text_offset of {text_offset:#x}, beyond 2 MiB; the Image header is damaged"
        ));
    }
    Ok(Pieces::Movable {
        data: bytes,
        size: image_size.max(length),
        text_offset,
    })
}

/// An EFI program that is no Image: nothing to start a guest with.
pub(super) fn refuse_other_programs(bytes: &[u8]) -> Result<(), String> {
    let length = bytes.len() as u64;
    if bytes.starts_with(b"MZ") && length < HEADER_BYTES {
        return Err(cut_off(length, HEADER_BYTES));
    }
    match efi_end(bytes) {
        None => Ok(()),
        Some(_) => {
            Err("is an EFI program, but no arm64 Image; give the kernel inside it".to_owned())
        }
    }
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
        return (header > 0).then_some(header + 24);
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
