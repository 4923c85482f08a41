#![expect(unsafe_code, reason = "windows are made of buffers of the test")]

use std::{string::String, vec, vec::Vec};

use super::*;
use crate::memory::RamWindow;

/// What GNU as and LLVM's assembler make of each line that is written by hand.
const ASSEMBLED: [(&str, u32); 53] = [
    ("mrs x30, elr_el1", 0xd538_403e),
    ("add x30, x30, #4", 0x9100_13de),
    ("msr elr_el1, x30", 0xd518_403e),
    ("eret", 0xd69f_03e0),
    ("adr x1, . - 0x280", 0x10ff_ec01),
    ("msr vbar_el1, x1", 0xd518_c001),
    ("isb", 0xd503_3fdf),
    ("mrs x1, ctr_el0", 0xd53b_0021),
    ("ubfx x1, x1, #16, #4", 0xd350_4c21),
    ("mov x2, #4", 0xd280_0082),
    ("lsl x1, x2, x1", 0x9ac1_2041),
    ("ldp x2, x3, [x0], #16", 0xa8c1_0c02),
    ("cbz x3, . + 24", 0xb400_00c3),
    ("dc civac, x2", 0xd50b_7e22),
    ("add x2, x2, x1", 0x8b01_0042),
    ("cmp x2, x3", 0xeb03_005f),
    ("b.lo . - 12", 0x54ff_ffa3),
    ("b . - 24", 0x17ff_fffa),
    ("dsb sy", 0xd503_3f9f),
    ("ic iallu", 0xd508_751f),
    ("tlbi vmalle1", 0xd508_871f),
    ("dsb sy", 0xd503_3f9f),
    ("isb", 0xd503_3fdf),
    ("ldr x1, [x0], #8", 0xf840_8401),
    ("str wzr, [x1, #0xd0]", 0xb900_d03f),
    ("mov w2, #0x201", 0x5280_4022),
    ("str w2, [x1]", 0xb900_0022),
    ("mov w2, #0xff", 0x5280_1fe2),
    ("str w2, [x1, #4]", 0xb900_0422),
    ("ldr w3, [x0], #4", 0xb840_4403),
    ("tbnz w3, #31, . + 12", 0x37f8_0063),
    ("str w3, [x1, #0x1000]", 0xb910_0023),
    ("b . - 12", 0x17ff_fffd),
    ("ldr w3, [x1, #0xc]", 0xb940_0c23),
    ("and w4, w3, #0x3ff", 0x1200_2464),
    ("cmp w4, #1020", 0x710f_f09f),
    ("b.hs . + 16", 0x5400_0082),
    ("str w3, [x1, #0x10]", 0xb900_1023),
    ("str w3, [x1, #0x1000]", 0xb910_0023),
    ("b . - 24", 0x17ff_fffa),
    ("str wzr, [x1]", 0xb900_003f),
    ("str wzr, [x1, #4]", 0xb900_043f),
    ("str wzr, [x1, #8]", 0xb900_083f),
    ("str wzr, [x1, #0x1c]", 0xb900_1c3f),
    ("str wzr, [x1, #0xd0]", 0xb900_d03f),
    ("mov w1, #0x300000", 0x52a0_0601),
    ("msr cpacr_el1, x1", 0xd518_1041),
    ("isb", 0xd503_3fdf),
    ("mov w1, #1", 0x5280_0021),
    ("mov w1, #6", 0x5280_00c1),
    ("mov x1, #-1", 0x9280_0001),
    ("smc #0", 0xd400_0003),
    ("b .", 0x1400_0000),
];

/// And of those that are made from a register's encoding.
const GENERATED: [(&str, u32); 12] = [
    ("movi v0.2d, #0", 0x6f00_e400),
    ("movi v31.2d, #0", 0x6f00_e41f),
    ("msr fpcr, xzr", 0xd51b_441f),
    ("msr oslar_el1, x1", 0xd510_1081),
    ("msr mdscr_el1, xzr", 0xd510_025f),
    ("msr csselr_el1, xzr", 0xd51a_001f),
    ("msr dbgbvr0_el1, xzr", 0xd510_009f),
    ("msr dbgwcr15_el1, xzr", 0xd510_0fff),
    ("msr pmcr_el0, x1", 0xd51b_9c01),
    ("msr pmcntenclr_el0, x1", 0xd51b_9c41),
    ("msr pmevtyper0_el0, xzr", 0xd51b_ec1f),
    ("mrs x1, id_aa64pfr0_el1", 0xd538_0401),
];

const RAM: u64 = 0x4000_0000;
const GICC: u64 = 0x0801_0000;

/// Lays the instructions at the start of RAM of `size` bytes.
fn lay_in(size: usize, loaded: &[u16]) -> (Result<Start, AccessError>, Vec<u8>) {
    let mut ram = vec![0x55; size];
    let address = ram.as_mut_ptr().expose_provenance() as u64;
    // SAFETY: the buffer outlives the window and is not used beside it.
    let window = unsafe { RamWindow::new(address, size as u64, Gpa(RAM)) }.unwrap();
    let mut memory = GuestMemory::<1>::new();
    memory.add(window).unwrap();
    let ranges = [GpaRange::new(Gpa(RAM), size as u64).unwrap()];
    let start = lay(&memory, Gpa(RAM), ranges.into_iter(), Gpa(GICC), |index| {
        loaded
            .get(index)
            .and_then(|number| IntId::new((*number).into()))
    });
    drop(memory);
    (start, ram)
}

fn words(bytes: &[u8]) -> Vec<u32> {
    let (words, _) = bytes.as_chunks::<4>();
    words.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

/// The lines of the source that have a word and its meaning.
fn commented() -> Vec<(u32, String)> {
    let line = |line: &str| {
        let (code, meaning) = line.split_once(" // ")?;
        let word = code
            .rsplit(['=', ' '])
            .find(|part| part.starts_with("0x"))?;
        let digits: String = word.trim_matches(',').replace('_', "");
        let digits = digits.trim_start_matches("0x").trim_end_matches(';');
        let meaning = meaning.split_whitespace().collect();
        Some((u32::from_str_radix(digits, 16).ok()?, meaning))
    };
    include_str!("program.rs")
        .lines()
        .filter_map(line)
        .collect()
}

#[test]
fn the_words_are_the_assemblers_and_the_comments_say_what_they_do() {
    let commented = commented();
    assert_eq!(commented.len(), ASSEMBLED.len());
    for ((word, comment), (text, expected)) in commented.iter().zip(ASSEMBLED) {
        assert_eq!(*word, expected, "{text}");
        let meant = text.replace(' ', "");
        assert!(comment.starts_with(&meant), "{comment} is {text}");
    }
    let (_, ram) = lay_in(BYTES as usize, &[]);
    for (text, word) in GENERATED {
        assert!(words(&ram).contains(&word), "{text}");
    }
}

#[test]
fn the_list_follows_the_code() {
    let (start, ram) = lay_in(BYTES as usize, &[27, 33, 1019]);
    let expected = Start {
        pc: Gpa(RAM + ENTRY as u64),
        argument: RAM + LIST as u64,
    };
    assert_eq!(start, Ok(expected));
    let words = words(&ram);
    assert_eq!(words[VECTOR / 4..][..4], program::VECTOR);
    let code = &words[ENTRY / 4..];
    assert!(code.starts_with(&program::HEAD));
    assert!(code[..program::LENGTH].ends_with(&program::TAIL));
    assert_eq!(code[program::LENGTH], 0);
    let list = &words[LIST / 4..][..14];
    let range = [RAM as u32, 0, (RAM + BYTES) as u32, 0];
    let rest = [0, 0, 0, 0, GICC as u32, 0, 27, 33, 1019, END_OF_LIST];
    assert_eq!(list, [&range[..], &rest].concat());
}

#[test]
fn the_longest_list_is_bounded() {
    let all: Vec<u16> = (32..132).collect();
    let (start, ram) = lay_in(2 * BYTES as usize, &all);
    assert!(start.is_ok());
    let end = LIST + 16 + 16 + 8 + 4 * (MAX_LIST_REGISTERS + 1);
    assert_eq!(ram[end - 4..end], [0xff; 4]);
    assert_eq!(ram[end..BYTES as usize], [0; BYTES as usize][end..]);
    assert!(ram[BYTES as usize..].iter().all(|byte| *byte == 0x55));
}

#[test]
fn ram_that_is_too_small_is_refused() {
    for size in [4, 0x200, 0x284, LIST, BYTES as usize - 4] {
        assert!(lay_in(size, &[27]).0.is_err(), "{size}");
    }
}
