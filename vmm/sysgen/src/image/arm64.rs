//! The arm64 Linux kernel Image (Documentation/arch/arm64/booting.rst, section 4).

use super::Pieces;

const MAGIC: &[u8] = b"ARM\x64";
const MAGIC_OFFSET: usize = 0x38;
const HEADER_BYTES: usize = 64;
/// Images with neither `image_size` nor flags are older than Linux 3.17 and use this offset.
const OLD_TEXT_OFFSET: u64 = 0x8_0000;
/// Room for what an old kernel does not count: its zeroed data.
const OLD_EXTRA: u64 = 16 << 20;

pub(super) fn is_image(bytes: &[u8]) -> bool {
    bytes.len() >= HEADER_BYTES && bytes[MAGIC_OFFSET..].starts_with(MAGIC)
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
    if let Some(end) = efi_end(&bytes).filter(|end| *end > length) {
        return Err(format!(
            "is cut off: it has {length} bytes, and {end} by its own headers; copy it again"
        ));
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

/// How long the file is at least, by the section headers of the EFI program that most Images
/// are as well (PE/COFF specification, "COFF File Header" and "Section Table").
fn efi_end(bytes: &[u8]) -> Option<u64> {
    let half = |at: usize| {
        let half = bytes.get(at..)?.first_chunk::<2>()?;
        Some(usize::from(u16::from_le_bytes(*half)))
    };
    let word = |at: usize| {
        let word = bytes.get(at..)?.first_chunk::<4>()?;
        Some(u64::from(u32::from_le_bytes(*word)))
    };
    let header = usize::try_from(word(0x3c)?).ok()?;
    if !bytes.starts_with(b"MZ") || !bytes.get(header..)?.starts_with(b"PE\0\0") {
        return None;
    }
    let sections = header + 24 + half(header + 20)?;
    (0..half(header + 6)?)
        .map_while(|index| {
            let section = sections + index * 40;
            Some(word(section + 16)? + word(section + 20)?)
        })
        .max()
}
