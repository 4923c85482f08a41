//! Reading and patching the small program of the tests' samples.

#[path = "../../tests/samples/program.rs"]
#[allow(dead_code, reason = "shared with the integration tests")]
pub(crate) mod sample;

use super::Program;
use devsdk_image::MappingAttributes;
use sample::{DATA, DATA_LENGTH, DATA_MEMORY, TEXT};

fn program() -> Program {
    Program::parse(&sample::sample(), None).unwrap()
}

#[test]
fn reads_segments_with_their_rights() {
    let program = program();
    assert_eq!(program.entry, TEXT);
    let [text, data] = program.segments.as_slice() else {
        panic!("two segments")
    };
    let cached = MappingAttributes::CACHED | MappingAttributes::READ;
    assert_eq!((text.address, text.end()), (TEXT, TEXT + 0x40));
    assert_eq!(text.attributes, cached | MappingAttributes::EXECUTE);
    assert_eq!((data.address, data.length), (DATA, DATA_MEMORY));
    assert_eq!(data.attributes, cached | MappingAttributes::WRITE);
    assert_eq!(data.data.len() as u64, DATA_LENGTH);
}

#[test]
fn writes_a_symbol_and_nothing_else() {
    let mut program = program();
    let before = program.segments[1].data.clone();
    program.write("word", &[0xee; 8]).unwrap();
    let after = &program.segments[1].data;
    let changed: Vec<_> = (0..after.len())
        .filter(|index| before[*index] != after[*index])
        .collect();
    assert_eq!(changed, (0x60..0x68).collect::<Vec<_>>());
    assert!(changed.iter().all(|index| after[*index] == 0xee));
}

#[test]
fn a_symbol_beyond_the_file_grows_the_data() {
    let mut program = program();
    program.write("other", &[7; 8]).unwrap();
    let data = &program.segments[1].data;
    assert_eq!(data.len(), 0x1010);
    assert!(
        data[DATA_LENGTH as usize..0x1008]
            .iter()
            .all(|byte| *byte == 0)
    );
    assert!(data[0x1008..].iter().all(|byte| *byte == 7));
    assert_eq!(program.segments[1].length, DATA_MEMORY);
}

#[test]
fn a_shorter_value_leaves_the_rest_of_the_symbol() {
    let mut program = program();
    program.write("microkit_name", b"vmm").unwrap();
    assert_eq!(&program.segments[1].data[..5], b"vmm\x03\x04");
}

#[test]
fn refuses_symbols_that_cannot_be_written() {
    let outside = [("far", TEXT + 0x10_0000, 8), ("across", TEXT + 0x3c, 8)];
    let mut program = Program::parse(&sample::with_symbols(&outside), None).unwrap();
    assert_eq!(
        program.write("far", &[0]).unwrap_err(),
        "symbol 'far' lies in no loadable segment"
    );
    assert!(
        program
            .write("across", &[0])
            .unwrap_err()
            .contains("no loadable segment")
    );
    let mut program = self::program();
    assert_eq!(
        program.write("byte", &[0; 2]).unwrap_err(),
        "symbol 'byte' has 1 bytes, needs 2"
    );
    assert_eq!(
        program.symbol("gone").unwrap_err(),
        "no symbol named 'gone' found"
    );
    assert_eq!(
        program.symbol("twice").unwrap_err(),
        "multiple symbols with name 'twice'"
    );
}

#[test]
fn symbols_can_come_from_another_file() {
    let symbols = sample::with_symbols(&[("elsewhere", DATA, 8)]);
    let program = Program::parse(&sample::sample(), Some(&symbols)).unwrap();
    assert_eq!(program.symbol("elsewhere").unwrap().address, DATA);
    assert!(program.symbol("word").is_err());
}

#[test]
fn refuses_files_that_are_no_programs() {
    let refuse = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = sample::sample();
        change(&mut bytes);
        Program::parse(&bytes, None).unwrap_err()
    };
    refuse(&|bytes| bytes[0] = 0);
    assert_eq!(refuse(&|bytes| bytes[18] = 62), "not an AArch64 program");
    // The first program header's length in the file.
    refuse(&|bytes| bytes[64 + 32..64 + 40].copy_from_slice(&u64::MAX.to_le_bytes()));
    // Its address.
    let message = refuse(&|bytes| bytes[64 + 16..64 + 24].copy_from_slice(&u64::MAX.to_le_bytes()));
    assert!(message.contains("impossible sizes"), "{message}");
    for length in 0..sample::sample().len() {
        // Whatever the cut leaves, no panic.
        let _ = Program::parse(&sample::sample()[..length], None);
    }
}
