//! Our own guests: where their source is, and the way from cargo's ELF file to a flat binary.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use elf::ElfBytes;
use elf::abi::{EM_AARCH64, PT_LOAD};
use elf::endian::LittleEndian;
use fs_err as fs;

/// The programs of the crate `bare-metal`, by cargo's name.
pub const BARE_METAL: [&str; 7] = [
    "probes", "hostile", "reset", "runaway", "two-cpus", "bench", "placed",
];

/// More than any flat guest needs; a file that asks for more is damaged.
const LARGEST: u64 = 64 << 20;

/// The folder of the crate `bare-metal`, a cargo workspace of its own.
///
/// It is built with `cargo build --release --target aarch64-unknown-none-softfloat`.
pub fn bare_metal_source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bare-metal")
}

/// Writes the loaded parts of the ELF file `elf` to `image`, as they lie in memory.
///
/// # Errors
/// When `elf` is no AArch64 ELF64 file or holds nothing to load.
pub fn flatten(elf: &Path, image: &Path) -> Result<()> {
    let file = fs::read(elf)?;
    let flat = flat_binary(&file).with_context(|| elf.display().to_string())?;
    crate::cache::write_if_changed(image, &flat)
}

fn flat_binary(file: &[u8]) -> Result<Vec<u8>> {
    let elf = ElfBytes::<LittleEndian>::minimal_parse(file)
        .map_err(|error| anyhow::anyhow!("not an ELF file: {error}"))?;
    ensure!(
        elf.ehdr.e_machine == EM_AARCH64,
        "not a program for AArch64"
    );
    let segments = elf.segments().context("no program headers")?;
    let loaded = || {
        segments
            .iter()
            .filter(|part| part.p_type == PT_LOAD && part.p_filesz > 0)
    };
    let Some(start) = loaded().map(|part| part.p_paddr).min() else {
        bail!("nothing to load");
    };
    let mut flat = Vec::new();
    for part in loaded() {
        let place = part.p_paddr - start;
        let end = place
            .checked_add(part.p_filesz)
            .filter(|end| *end <= LARGEST);
        let end = usize::try_from(end.context("parts too far from each other")?)?;
        let content = elf
            .segment_data(&part)
            .map_err(|error| anyhow::anyhow!("damaged: {error}"))?;
        if flat.len() < end {
            flat.resize(end, 0);
        }
        flat[usize::try_from(place)?..end].copy_from_slice(content);
    }
    Ok(flat)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF64 file with one program header for each (address, bytes).
    fn elf(machine: u16, parts: &[(u64, &[u8])]) -> Vec<u8> {
        let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        file.extend([2, 0]);
        file.extend(machine.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend([0_u64, 64, 0].map(u64::to_le_bytes).concat());
        file.extend(0_u32.to_le_bytes());
        let count = u16::try_from(parts.len()).unwrap();
        file.extend([64, 56, count, 64, 0, 0].map(u16::to_le_bytes).concat());
        let mut offset = 64 + 56 * parts.len() as u64;
        for (address, bytes) in parts {
            let length = bytes.len() as u64;
            file.extend([1_u32, 5].map(u32::to_le_bytes).concat());
            let words = [offset, *address, *address, length, length, 1];
            file.extend(words.map(u64::to_le_bytes).concat());
            offset += length;
        }
        parts.iter().for_each(|(_, bytes)| file.extend(*bytes));
        file
    }

    #[test]
    fn parts_lie_as_in_memory() {
        let file = elf(183, &[(0x4008_0008, b"late"), (0x4008_0000, b"start")]);
        assert_eq!(flat_binary(&file).unwrap(), b"start\0\0\0late");
    }

    #[test]
    fn other_files_are_refused() {
        assert!(flat_binary(b"not ELF").is_err());
        assert!(flat_binary(&elf(62, &[(0, b"x86")])).is_err());
        assert!(flat_binary(&elf(183, &[])).is_err());
        let apart = elf(183, &[(0, b"x"), (u64::MAX - 1, b"y")]);
        assert!(flat_binary(&apart).is_err());
        let mut short = elf(183, &[(0, b"text")]);
        short.pop();
        assert!(flat_binary(&short).is_err());
    }
}
