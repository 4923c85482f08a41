//! ELF64 for AArch64: loadable segments at their physical addresses.

use elf::ElfBytes;
use elf::abi::{ELFCLASS64, ELFDATA2LSB, EM_AARCH64, PT_LOAD};
use elf::endian::AnyEndian;

use super::{Part, Pieces};

const HEADER_BYTES: usize = 64;

pub(super) fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF")
}

pub(super) fn pieces(bytes: &[u8]) -> Result<Pieces, String> {
    if bytes.len() < HEADER_BYTES {
        return Err(format!(
            "is cut off: it has {} bytes, and an ELF64 begins with {HEADER_BYTES}; copy it again",
            bytes.len()
        ));
    }
    if bytes.get(4) != Some(&ELFCLASS64) || bytes.get(5) != Some(&ELFDATA2LSB) {
        return Err("is not a little-endian ELF64; guests are AArch64".to_owned());
    }
    let file = ElfBytes::<AnyEndian>::minimal_parse(bytes)
        .map_err(|error| format!("is a damaged ELF: {error}"))?;
    if file.ehdr.e_machine != EM_AARCH64 {
        return Err(format!(
            "is an ELF for machine {}, not for AArch64 ({EM_AARCH64})",
            file.ehdr.e_machine
        ));
    }
    let segments = file.segments().into_iter().flatten();
    let mut parts = Vec::new();
    let mut entry = None;
    for segment in segments.filter(|s| s.p_type == PT_LOAD && s.p_memsz > 0) {
        let data = file
            .segment_data(&segment)
            .map_err(|error| format!("is a damaged ELF: {error}"))?;
        if data.len() as u64 > segment.p_memsz {
            return Err("is a damaged ELF: a segment is larger in the file".to_owned());
        }
        // The MMU is off at the start: the entry is wanted as a physical address.
        let offset = file.ehdr.e_entry.checked_sub(segment.p_vaddr);
        if let Some(offset) = offset.filter(|offset| *offset < segment.p_memsz) {
            entry = segment.p_paddr.checked_add(offset);
        }
        parts.push(Part {
            base: segment.p_paddr,
            size: segment.p_memsz,
            data: data.to_vec(),
        });
    }
    let entry = entry.ok_or("is an ELF whose entry lies in none of its segments")?;
    parts.sort_by_key(|part| part.base);
    Ok(Pieces::Fixed { parts, entry })
}
