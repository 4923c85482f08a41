//! Any image package: an error, or segments that lie in guest RAM and nowhere else.

use vmm_config::package::{HEADER_BYTES, Header, SEGMENT_BYTES, Segment};
use vmm_machine::{boot::Package, memory::GuestMemory};

use super::input::Input;
use crate::model::{RAM, memory::Memory};

const RAM_BYTES: u64 = 0x4000;
const SOURCE_BYTES: u64 = 0x1000;
/// What lies in memory before anything is laid down.
const FILL: [u8; RAM_BYTES as usize] = [0x5a; RAM_BYTES as usize];

/// Opens and lays down what `bytes` say.
pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut source = Memory::new(SOURCE_BYTES);
    source.write(0, &region(&mut input));
    let mut ram = Memory::new(RAM_BYTES);
    ram.write(0, &FILL);
    let mut memory = GuestMemory::<1>::new();
    memory.add(ram.middle(RAM)).unwrap();
    let Ok(package) = Package::open(source.source()) else {
        return;
    };
    for number in 0..package.segments() {
        if let Ok(range) = package.lay(number, &memory) {
            assert!(memory.contains(range));
        }
    }
    assert!(package.lay(package.segments(), &memory).is_err() || package.segments() < 16);
    let bytes = ram.bytes();
    let guard = RAM_BYTES as usize / 4;
    assert_eq!(bytes[..guard], FILL[..guard], "before RAM");
    assert_eq!(bytes[3 * guard..], FILL[3 * guard..], "behind RAM");
}

/// A package, more or less.
fn region(input: &mut Input<'_>) -> Vec<u8> {
    let header = Header {
        segments: u32::from(input.byte()) & 31,
        entry: input.number(),
        device_tree: input.number(),
        length: match input.below(4) {
            0 => input.number(),
            _ => SOURCE_BYTES - u64::from(input.byte()),
        },
    };
    let mut bytes = header.encode().to_vec();
    if input.below(8) == 0 {
        bytes[input.below(HEADER_BYTES)] = input.byte();
    }
    for _ in 0..header.segments {
        bytes.extend(segment(input));
    }
    bytes
}

fn segment(input: &mut Input<'_>) -> [u8; SEGMENT_BYTES] {
    let near = |input: &mut Input<'_>, at: u64, span: u64| match input.below(8) {
        0 => input.number(),
        _ => at.wrapping_add(u64::from(input.word()) % span),
    };
    Segment {
        base: near(input, RAM - 16, RAM_BYTES / 2 + 32),
        size: near(input, 0, RAM_BYTES),
        offset: near(input, 0, SOURCE_BYTES),
        length: near(input, 0, SOURCE_BYTES),
    }
    .encode()
}
