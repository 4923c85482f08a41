use super::*;
use crate::profile::counts::Block;

/// As the plugin writes it.
const COUNTS: &str = "phase 0\n\
    200000 aa0103e0,d65f03c0 7,7\n\
    200000 aa0103e1,d65f03c0 2,1\n\
    phase 1\n\
    40200000 d503201f 5\n\
    400000 d503201f 6\n\
    ffff800008000000 d503201f,d65f03c0 1,0\n";

/// An ELF of two functions at 0x200000, `mov x0, x1` and `ret` each.
fn elf(code: [u32; 4]) -> Vec<u8> {
    const NAMES: &[u8] = b"\0first\0_ZN4core3fmt5write17h0123456789abcdefE\0$x\0";
    const SYMBOLS: u64 = 0x100;
    const STRINGS: u64 = 0x180;
    const SECTIONS: u64 = 0x200;
    let mut file = Vec::new();
    let mut put = |at: u64, bytes: &[u8]| {
        let at = usize::try_from(at).unwrap();
        let end = at + bytes.len();
        file.resize(file.len().max(end), 0);
        file[at..end].copy_from_slice(bytes);
    };
    // File header: ELF64, little-endian, one program header, three section headers.
    put(0, b"\x7fELF\x02\x01\x01");
    put(16, &[2, 0, 183, 0, 1]);
    put(32, &64_u64.to_le_bytes());
    put(40, &SECTIONS.to_le_bytes());
    put(52, &[64, 0, 56, 0, 1, 0, 64, 0, 3, 0]);
    // Program header: PT_LOAD, R X, file offset 0xc0, address, sizes.
    put(64, &[1, 0, 0, 0, 5]);
    for (at, value) in [
        (72, 0xc0),
        (80, 0x20_0000),
        (88, 0x20_0000),
        (96, 16),
        (104, 16),
    ] {
        put(at, &u64::to_le_bytes(value));
    }
    for (index, word) in (0..).zip(code) {
        put(0xc0 + index * 4, &word.to_le_bytes());
    }
    // Symbols: none, two functions, and a mark for data.
    for (index, name, kind, value) in [
        (1, 1, 2, 0x20_0000_u64),
        (2, 7, 2, 0x20_0008),
        (3, 46, 0, 0x20_0008),
    ] {
        put(SYMBOLS + index * 24, &[name, 0, 0, 0, kind, 0, 1, 0]);
        put(SYMBOLS + index * 24 + 8, &value.to_le_bytes());
    }
    put(STRINGS, NAMES);
    // Section headers: none, the symbols, their names.
    let strings = NAMES.len() as u64;
    for (index, kind, offset, size, link, entry) in [
        (1, 2_u32, SYMBOLS, 96, 2_u32, 24),
        (2, 3, STRINGS, strings, 0, 0),
    ] {
        let header = SECTIONS + index * 64;
        put(header + 4, &kind.to_le_bytes());
        put(header + 24, &offset.to_le_bytes());
        put(header + 32, &u64::to_le_bytes(size));
        put(header + 40, &link.to_le_bytes());
        put(header + 56, &u64::to_le_bytes(entry));
    }
    put(SECTIONS + 191, &[0]);
    file
}

fn program(part: Part, first: u32) -> Program {
    let file = elf([first, 0xd65f_03c0, 0xaa01_03e0, 0xd65f_03c0]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.elf");
    fs::write(&path, file).unwrap();
    Program::read(part, &path).unwrap()
}

/// Two programs that are linked at the same address and differ in their first instruction.
fn owners_of_two() -> Owners {
    let programs = vec![
        program(Part::Initialiser, 0xaa01_03e1),
        program(Part::Vmm, 0xaa01_03e0),
    ];
    Owners::new(programs, vec![0x4000_0000..=0x4fff_ffff])
}

#[test]
fn counts_come_in_phases() {
    let phases = parse(COUNTS).unwrap();
    assert_eq!(phases.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3]);
    let expected = Block {
        address: 0x20_0000,
        code: vec![0xaa01_03e1, 0xd65f_03c0],
        counts: vec![2, 1],
    };
    assert_eq!(phases[0][1], expected);
    assert_eq!(
        expected.instructions().collect::<Vec<_>>(),
        [(0x20_0000, 2), (0x20_0004, 1)]
    );
}

#[test]
fn damaged_counts_are_refused_with_the_line() {
    for damaged in [
        "200000 d503201f 1\n",
        "phase 0\n200000 d503201f\n",
        "phase 0\n200000 d503201f 1,2\n",
        "phase 0\nx d503201f 1\n",
    ] {
        let error = parse(damaged).unwrap_err();
        assert!(format!("{error:#}").contains("of the counts: '"));
    }
}

#[test]
fn programs_at_one_address_are_told_apart_by_their_code() {
    let phases = parse(COUNTS).unwrap();
    let shares = owners_of_two().shares(&phases[0]);
    let expected = Shares {
        vmm: 14,
        initialiser: 3,
        ..Shares::default()
    };
    assert_eq!(shares, expected);
}

#[test]
fn what_no_program_holds_is_the_guests() {
    let phases = parse(COUNTS).unwrap();
    let shares = owners_of_two().shares(&phases[1]);
    let expected = Shares {
        guest_kernel: 6,
        guest_user: 6,
        ..Shares::default()
    };
    assert_eq!((shares, shares.guest(), shares.total()), (expected, 12, 12));
}

#[test]
fn code_that_goes_on_behind_a_program_is_not_its_own() {
    let program = program(Part::Vmm, 0xaa01_03e0);
    let block = |address, length| Block {
        address,
        code: vec![0xd65f_03c0; length],
        counts: vec![1; length],
    };
    assert!(program.holds(&block(0x20_000c, 1)));
    assert!(!program.holds(&block(0x20_000c, 2)));
    assert!(!program.holds(&block(0x1f_fffc, 1)));
}

#[test]
fn an_address_has_the_function_that_begins_before_it() {
    let program = program(Part::Vmm, 0xaa01_03e0);
    let names = [0x1f_fffc, 0x20_0000, 0x20_0004, 0x20_0008, 0x20_000c];
    assert_eq!(
        names.map(|address| program.function(address)),
        [
            "?",
            "first",
            "first",
            "core::fmt::write",
            "core::fmt::write"
        ]
    );
}

#[test]
fn marks_and_paths_are_written_as_the_plugin_reads_them() {
    let marks = [vec![0x40_0000..=0x4f_ffff], vec![1..=2, 3..=4]];
    let text = plugin_argument("a,b.so".as_ref(), "c.txt".as_ref(), &marks);
    assert_eq!(text, "a,,b.so,out=c.txt,mark=400000-4fffff,mark=1-2+3-4");
}
