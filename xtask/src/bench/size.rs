//! How large a program is, as `size` says it.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use elf::ElfBytes;
use elf::abi::{SHF_ALLOC, SHT_NOBITS};
use elf::endian::LittleEndian;
use fs_err as fs;

/// Bytes of code, constants and initialised data of the ELF file `program`.
///
/// # Errors
/// When it is no ELF file.
pub fn text_and_data(program: &Path) -> Result<u64> {
    let file = fs::read(program)?;
    let elf = ElfBytes::<LittleEndian>::minimal_parse(&file)
        .map_err(|error| anyhow!("{}: {error}", program.display()))?;
    let sections = elf
        .section_headers()
        .with_context(|| format!("{} has no sections", program.display()))?;
    let loaded = sections.iter().filter(|section| {
        section.sh_flags & u64::from(SHF_ALLOC) != 0 && section.sh_type != SHT_NOBITS
    });
    Ok(loaded.map(|section| section.sh_size).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_room_in_the_file_is_counted() {
        let this = std::env::current_exe().unwrap();
        let size = text_and_data(&this).unwrap();
        assert!(size > 0 && size < fs::metadata(&this).unwrap().len());
    }

    #[test]
    fn another_file_is_refused_by_name() {
        let error = text_and_data(Path::new("Cargo.toml")).unwrap_err();
        assert!(error.to_string().contains("Cargo.toml"), "{error}");
    }
}
