//! A program of the system: its code, to recognise it by, and its functions.

use std::path::Path;

use anyhow::{Context, Result};
use elf::ElfBytes;
use elf::abi::{PF_X, PT_LOAD, STT_FUNC, STT_NOTYPE};
use elf::endian::AnyEndian;
use fs_err as fs;
use rustc_demangle::demangle;

use crate::profile::counts::Block;

/// The parts of a running system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Microkit's loader.
    Loader,
    /// seL4, or its stand-in.
    Kernel,
    /// The capDL initialiser and Microkit's monitor.
    Initialiser,
    /// Ours.
    Vmm,
    /// The guest at EL1.
    GuestKernel,
    /// The guest's programs, and all that is known to be nothing else.
    GuestUser,
}

/// An ELF file's code and functions.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it is.
    pub part: Part,
    /// Address and content of the executable segments.
    segments: Vec<(u64, Vec<u8>)>,
    /// Start and name, ordered.
    functions: Vec<(u64, String)>,
}

impl Program {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// When there is none at `path`.
    pub fn read(part: Part, path: &Path) -> Result<Self> {
        let shown = || format!("{} is no program", path.display());
        let bytes = fs::read(path)?;
        Self::parse(part, &bytes).with_context(shown)
    }

    fn parse(part: Part, bytes: &[u8]) -> Result<Self> {
        let file = ElfBytes::<AnyEndian>::minimal_parse(bytes)?;
        let code = |segment: &elf::segment::ProgramHeader| {
            segment.p_type == PT_LOAD && segment.p_flags & PF_X != 0
        };
        let mut segments = Vec::new();
        for segment in file.segments().into_iter().flatten().filter(code) {
            segments.push((segment.p_vaddr, file.segment_data(&segment)?.to_vec()));
        }
        let mut functions = Vec::new();
        if let Some((symbols, names)) = file.symbol_table()? {
            let of_code = |kind| kind == STT_FUNC || kind == STT_NOTYPE;
            for symbol in symbols.iter().filter(|symbol| of_code(symbol.st_symtype())) {
                let name = names.get(symbol.st_name as usize)?;
                // $x and the like mark code and data, .L is the compiler's.
                if !name.is_empty() && !name.starts_with(['$', '.']) {
                    functions.push((symbol.st_value, format!("{:#}", demangle(name))));
                }
            }
        }
        functions.sort();
        Ok(Self {
            part,
            segments,
            functions,
        })
    }

    /// Is this code at this address its own?
    pub fn holds(&self, block: &Block) -> bool {
        self.segments.iter().any(|(base, bytes)| {
            let start = block.address.checked_sub(*base);
            let start = start.and_then(|start| usize::try_from(start).ok());
            let rest = start.and_then(|start| bytes.get(start..));
            rest.is_some_and(|rest| starts_with(rest, &block.code))
        })
    }

    /// The function at `address`, or the last one before: inlined ones belong to their caller.
    pub fn function(&self, address: u64) -> &str {
        let after = self
            .functions
            .partition_point(|(start, _)| *start <= address);
        let found = after.checked_sub(1).and_then(|at| self.functions.get(at));
        found.map_or("?", |(_, name)| name)
    }
}

fn starts_with(bytes: &[u8], code: &[u32]) -> bool {
    let mut words = bytes.chunks_exact(4);
    code.iter()
        .all(|word| words.next() == Some(&word.to_le_bytes()))
}
