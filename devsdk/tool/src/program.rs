//! A PD's ELF file: loadable segments, and symbols to write to.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use devsdk_image::MappingAttributes;
use elf::ElfBytes;
use elf::abi::{EM_AARCH64, PF_R, PF_W, PF_X, PT_LOAD};
use elf::endian::LittleEndian;
use elf::segment::ProgramHeader;

/// What is wrong with an ELF file; the caller knows which.
pub type Result<T> = std::result::Result<T, String>;

/// A program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// First instruction.
    pub entry: u64,
    /// Loadable segments that are not empty.
    pub segments: Vec<Segment>,
    symbols: HashMap<String, Found>,
}

/// A loadable segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// First virtual address.
    pub address: u64,
    /// Its first bytes; the rest is zero.
    pub data: Vec<u8>,
    /// Bytes in memory.
    pub length: u64,
    /// [`MappingAttributes`]: rights, cached.
    pub attributes: u32,
}

/// A symbol's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol {
    /// Virtual address.
    pub address: u64,
    /// Bytes.
    pub size: u64,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Once(Symbol),
    Several,
}

impl Segment {
    /// First address after it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.address + self.length
    }

    fn from_header(file: &ElfBytes<'_, LittleEndian>, header: &ProgramHeader) -> Result<Self> {
        let data = file
            .segment_data(header)
            .map_err(|error| error.to_string())?;
        let fits = header.p_filesz <= header.p_memsz
            && header.p_vaddr.checked_add(header.p_memsz).is_some();
        if !fits {
            return Err(format!(
                "the segment at {:#x} has impossible sizes",
                header.p_vaddr
            ));
        }
        let rights = [
            (PF_R, MappingAttributes::READ),
            (PF_W, MappingAttributes::WRITE),
            (PF_X, MappingAttributes::EXECUTE),
        ];
        let rights = rights.iter().filter(|(flag, _)| header.p_flags & flag != 0);
        let attributes = rights.fold(MappingAttributes::CACHED, |all, (_, right)| all | right);
        Ok(Self {
            address: header.p_vaddr,
            data: data.to_vec(),
            length: header.p_memsz,
            attributes,
        })
    }
}

impl Program {
    /// Reads a program; its symbols from another file if one is named.
    ///
    /// # Errors
    /// When a file cannot be read or is not an AArch64 program with symbols.
    pub fn read(path: &Path, path_for_symbols: Option<&Path>) -> Result<Self> {
        let bytes = read(path)?;
        let symbol_bytes = path_for_symbols.map(read).transpose()?;
        Self::parse(&bytes, symbol_bytes.as_deref())
    }

    /// As [`Program::read`], from memory.
    ///
    /// # Errors
    /// When the bytes are not an AArch64 program with symbols.
    pub fn parse(bytes: &[u8], bytes_for_symbols: Option<&[u8]>) -> Result<Self> {
        let file = open(bytes)?;
        let segments = segments(&file)?;
        let symbols = match bytes_for_symbols {
            Some(bytes) => symbols(&open(bytes)?)?,
            None => symbols(&file)?,
        };
        Ok(Self {
            entry: file.ehdr.e_entry,
            segments,
            symbols,
        })
    }

    /// Where a symbol lies.
    ///
    /// # Errors
    /// When there is none of that name, or more than one.
    pub fn symbol(&self, name: &str) -> Result<Symbol> {
        match self.symbols.get(name) {
            Some(Found::Once(symbol)) => Ok(*symbol),
            Some(Found::Several) => Err(format!("multiple symbols with name '{name}'")),
            None => Err(format!("no symbol named '{name}' found")),
        }
    }

    /// Writes the first bytes of a symbol.
    ///
    /// # Errors
    /// As [`Program::symbol`]; or when the symbol is smaller, or in no segment.
    pub fn write(&mut self, name: &str, value: &[u8]) -> Result<()> {
        let symbol = self.symbol(name)?;
        let length = value.len() as u64;
        if length > symbol.size {
            let size = symbol.size;
            return Err(format!("symbol '{name}' has {size} bytes, needs {length}"));
        }
        let end = symbol.address.saturating_add(symbol.size);
        let mut segments = self.segments.iter_mut();
        let segment = segments
            .find(|segment| segment.address <= symbol.address && end <= segment.end())
            .ok_or_else(|| format!("symbol '{name}' lies in no loadable segment"))?;
        let start = (symbol.address - segment.address) as usize;
        let stop = start + value.len();
        if segment.data.len() < stop {
            segment.data.resize(stop, 0);
        }
        segment.data[start..stop].copy_from_slice(value);
        Ok(())
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| format!("failed to read ELF: {error}"))
}

fn open(bytes: &[u8]) -> Result<ElfBytes<'_, LittleEndian>> {
    let file = ElfBytes::<LittleEndian>::minimal_parse(bytes).map_err(|error| error.to_string())?;
    if file.ehdr.class != elf::file::Class::ELF64 {
        return Err("unsupported word size: '32'".to_owned());
    }
    if file.ehdr.e_machine != EM_AARCH64 {
        return Err("not an AArch64 program".to_owned());
    }
    Ok(file)
}

fn segments(file: &ElfBytes<'_, LittleEndian>) -> Result<Vec<Segment>> {
    let headers = file.segments().ok_or("has no program headers")?;
    let loadable = headers
        .iter()
        .filter(|header| header.p_type == PT_LOAD && header.p_memsz > 0);
    loadable
        .map(|header| Segment::from_header(file, &header))
        .collect()
}

fn symbols(file: &ElfBytes<'_, LittleEndian>) -> Result<HashMap<String, Found>> {
    let tables = file.symbol_table().map_err(|error| error.to_string())?;
    let (table, names) = tables.ok_or("unable to find symbol table section")?;
    let mut symbols = HashMap::new();
    for symbol in table.iter() {
        let name = names
            .get(symbol.st_name as usize)
            .map_err(|error| error.to_string())?;
        let found = Found::Once(Symbol {
            address: symbol.st_value,
            size: symbol.st_size,
        });
        symbols
            .entry(name.to_owned())
            .and_modify(|known| *known = Found::Several)
            .or_insert(found);
    }
    Ok(symbols)
}

#[cfg(test)]
pub(crate) mod tests;
