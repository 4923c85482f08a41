//! A small ELF file, written by hand: two segments and a symbol table.

/// Where the text segment lies.
pub(crate) const TEXT: u64 = 0x20_0000;
/// Where the data segment lies: not at a page's start.
pub(crate) const DATA: u64 = 0x20_1010;
/// Bytes of the data segment in the file.
pub(crate) const DATA_LENGTH: u64 = 0x100;
/// Bytes of the data segment in memory.
pub(crate) const DATA_MEMORY: u64 = 0x1800;

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const SECTION_HEADER: usize = 64;

/// Every variable that the tool writes to in each program, and one word for the descriptions.
pub(crate) fn tool_symbols() -> Vec<(&'static str, u64, u64)> {
    vec![
        ("microkit_name", DATA, 64),
        ("microkit_passive", DATA + 0x40, 1),
        ("microkit_irqs", DATA + 0x48, 8),
        ("microkit_notifications", DATA + 0x50, 8),
        ("microkit_pps", DATA + 0x58, 8),
        // Beyond the file's part of the segment.
        ("microkit_ioports", DATA + 0x1000, 8),
        ("word", DATA + 0x60, 8),
        ("other", DATA + 0x1008, 8),
        ("byte", DATA + 0x68, 1),
        ("twice", DATA + 0x70, 8),
        ("twice", DATA + 0x78, 8),
    ]
}

/// The program with the symbols of [`tool_symbols`].
pub(crate) fn sample() -> Vec<u8> {
    with_symbols(&tool_symbols())
}

/// A program with these symbols: name, address, size.
pub(crate) fn with_symbols(symbols: &[(&str, u64, u64)]) -> Vec<u8> {
    let segments = [(TEXT, 0x40, 0x40, 5), (DATA, DATA_LENGTH, DATA_MEMORY, 6)];
    build(&segments, symbols)
}

/// A program of these segments (address, bytes in the file, bytes in memory, rights) and symbols.
pub(crate) fn build(segments: &[(u64, u64, u64, u32)], symbols: &[(&str, u64, u64)]) -> Vec<u8> {
    let mut strings = vec![0];
    let mut table = vec![0; 24];
    for (name, address, size) in symbols {
        table.extend(u32::to_le_bytes(strings.len() as u32));
        table.extend([0x11, 0, 1, 0]);
        table.extend(address.to_le_bytes());
        table.extend(size.to_le_bytes());
        strings.extend(name.bytes());
        strings.push(0);
    }
    let mut payload = Vec::new();
    let mut headers = Vec::new();
    let start = HEADER + segments.len() * PROGRAM_HEADER;
    for (address, in_file, in_memory, rights) in segments {
        headers.extend(1_u32.to_le_bytes());
        headers.extend(rights.to_le_bytes());
        for word in [
            (start + payload.len()) as u64,
            *address,
            *address,
            *in_file,
            *in_memory,
            8,
        ] {
            headers.extend(word.to_le_bytes());
        }
        payload.extend((0..*in_file).map(|index| index as u8));
    }
    let symbols_at = start + payload.len();
    let strings_at = symbols_at + table.len();
    let sections_at = strings_at + strings.len();
    let mut file = header(segments.len() as u16, sections_at as u64);
    file.extend(headers);
    file.extend(payload);
    file.extend(&table);
    file.extend(&strings);
    file.extend([0; SECTION_HEADER]);
    file.extend(section(2, symbols_at, table.len(), 2, 24));
    file.extend(section(3, strings_at, strings.len(), 0, 0));
    file
}

fn header(segments: u16, sections_at: u64) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    bytes.extend([2, 0, 183, 0]);
    bytes.extend(1_u32.to_le_bytes());
    for word in [TEXT, HEADER as u64, sections_at] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(0_u32.to_le_bytes());
    for half in [
        HEADER as u16,
        PROGRAM_HEADER as u16,
        segments,
        SECTION_HEADER as u16,
        3,
        0,
    ] {
        bytes.extend(half.to_le_bytes());
    }
    bytes
}

fn section(kind: u32, offset: usize, size: usize, link: u32, entry: u64) -> Vec<u8> {
    let mut bytes = 0_u32.to_le_bytes().to_vec();
    bytes.extend(kind.to_le_bytes());
    for word in [0, 0, offset as u64, size as u64] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(link.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(8_u64.to_le_bytes());
    bytes.extend(entry.to_le_bytes());
    bytes
}
