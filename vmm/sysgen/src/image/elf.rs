//! ELF64 for AArch64: loadable segments at their physical addresses.

use elf::ElfBytes;
use elf::abi::{
    ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, EM_386, EM_AARCH64, EM_ARM, EM_LOONGARCH, EM_MIPS,
    EM_PPC, EM_PPC64, EM_RISCV, EM_S390, EM_SPARCV9, EM_X86_64, ET_CORE, ET_REL, PT_INTERP,
    PT_LOAD,
};
use elf::endian::AnyEndian;

use super::{Part, Pieces};

const HEADER_BYTES: usize = 64;
/// From here on are virtual addresses of TTBR1_EL1 (with 52 bits, the most that there are).
const KERNEL_ADDRESSES: u64 = 0xfff0_0000_0000_0000;

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
    refuse_other_machines(bytes)?;
    let file = ElfBytes::<AnyEndian>::minimal_parse(bytes)
        .map_err(|error| format!("is a damaged ELF: {error}"))?;
    refuse_other_kinds(&file)?;
    let segments = file.segments().into_iter().flatten();
    let mut parts = Vec::new();
    let mut entry = None;
    for segment in segments.filter(|s| s.p_type == PT_LOAD && s.p_memsz > 0) {
        if segment.p_paddr >= KERNEL_ADDRESSES {
            return Err(format!(
                "is an ELF for the virtual address {:#x}, as vmlinux is; give the Image that the \
                 kernel's build makes of it: arch/arm64/boot/Image",
                segment.p_paddr
            ));
        }
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
    if parts.is_empty() {
        return Err("is an ELF without anything to load; link it".to_owned());
    }
    let entry = entry.ok_or("is an ELF whose entry lies in none of its segments")?;
    parts.sort_by_key(|part| part.base);
    Ok(Pieces::Fixed { parts, entry })
}

/// What runs on another processor, or on this one in another state.
fn refuse_other_machines(bytes: &[u8]) -> Result<(), String> {
    let half = bytes.get(18..).and_then(|rest| rest.first_chunk::<2>());
    let half = half.copied().unwrap_or_default();
    let machine = match bytes.get(5) {
        Some(&ELFDATA2MSB) => u16::from_be_bytes(half),
        _ => u16::from_le_bytes(half),
    };
    let name = match machine {
        EM_AARCH64 => return refuse_other_classes(bytes),
        EM_386 | EM_X86_64 => "x86",
        EM_ARM => "32-bit Arm",
        EM_RISCV => "RISC-V",
        EM_PPC | EM_PPC64 => "PowerPC",
        EM_MIPS => "MIPS",
        EM_S390 => "IBM Z",
        EM_SPARCV9 => "SPARC",
        EM_LOONGARCH => "LoongArch",
        _ => "another processor",
    };
    Err(format!(
        "is an ELF for {name} (machine {machine}); guests are AArch64; give a kernel built for \
         arm64"
    ))
}

fn refuse_other_classes(bytes: &[u8]) -> Result<(), String> {
    if bytes.get(4) != Some(&ELFCLASS64) || bytes.get(5) != Some(&ELFDATA2LSB) {
        return Err("is not a little-endian ELF64; guests are AArch64".to_owned());
    }
    Ok(())
}

/// What is for AArch64, but not to be started on a bare machine.
fn refuse_other_kinds(file: &ElfBytes<'_, AnyEndian>) -> Result<(), String> {
    let problem = match file.ehdr.e_type {
        ET_REL => "is an object file or a kernel module, not a linked program; link it",
        ET_CORE => "is a memory dump (ELF core file); give the kernel itself",
        _ => {
            let mut segments = file.segments().into_iter().flatten();
            if !segments.any(|segment| segment.p_type == PT_INTERP) {
                return Ok(());
            }
            "is a program for an operating system (it names a dynamic linker); give a kernel, or \
             put the program into the initrd"
        }
    };
    Err(problem.to_owned())
}
