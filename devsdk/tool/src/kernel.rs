//! The stand-in kernel: its ELF file laid out flat, as QEMU will place it.

use std::fs;
use std::path::Path;

use devsdk_image::{LOAD_ADDRESS, PAGE_SIZE, RAM_END};
use elf::ElfBytes;
use elf::abi::PT_LOAD;
use elf::endian::LittleEndian;

use crate::{Error, Result};

/// The bytes from [`LOAD_ADDRESS`] to the next page after the kernel's last segment.
///
/// # Errors
/// When the file is no kernel for that address.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let refusal = |reason: String| {
        Error::Build(format!(
            "failed to parse kernel ELF ({}): {reason}",
            path.display()
        ))
    };
    let bytes = fs::read(path).map_err(|error| refusal(error.to_string()))?;
    flatten(&bytes).map_err(refusal)
}

fn flatten(bytes: &[u8]) -> std::result::Result<Vec<u8>, String> {
    let file = ElfBytes::<LittleEndian>::minimal_parse(bytes).map_err(|error| error.to_string())?;
    if file.ehdr.e_entry != LOAD_ADDRESS {
        return Err(format!("it is not entered at {LOAD_ADDRESS:#x}"));
    }
    let headers = file.segments().ok_or("has no program headers")?;
    let mut flat = Vec::new();
    for header in headers
        .iter()
        .filter(|header| header.p_type == PT_LOAD && header.p_memsz > 0)
    {
        let data = file
            .segment_data(&header)
            .map_err(|error| error.to_string())?;
        let end = header.p_paddr.checked_add(header.p_memsz);
        let end = end.filter(|end| *end <= RAM_END && header.p_filesz <= header.p_memsz);
        let (Some(start), Some(end)) = (header.p_paddr.checked_sub(LOAD_ADDRESS), end) else {
            return Err(format!(
                "the segment at {:#x} is out of place",
                header.p_paddr
            ));
        };
        let end = (end - LOAD_ADDRESS).next_multiple_of(PAGE_SIZE) as usize;
        if flat.len() < end {
            flat.resize(end, 0);
        }
        let start = start as usize;
        flat[start..start + data.len()].copy_from_slice(data);
    }
    Ok(flat)
}

#[cfg(test)]
mod tests;
