#![expect(unsafe_code, reason = "windows are made of buffers of the test")]

use std::{string::String, vec, vec::Vec};

use super::*;
use crate::memory::RamWindow;

/// What GNU as and LLVM's assembler make of each line. (The scripts of this crate run them.)
const ASSEMBLED: [(&str, u32); 23] = [
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
    ("str wzr, [x1, #0xd0]", 0xb900_d03f),
    ("smc #0", 0xd400_0003),
    ("b .", 0x1400_0000),
];

const RAM: u64 = 0x4000_0000;
const GICC: u64 = 0x0801_0000;

/// Lays the instructions at the start of RAM of `size` bytes.
fn lay_in(size: usize, loaded: &[u16]) -> (Option<Start>, Vec<u8>) {
    let mut ram = vec![0x55; size];
    let address = ram.as_mut_ptr().expose_provenance() as u64;
    // SAFETY: the buffer outlives the window and is not used beside it.
    let window = unsafe { RamWindow::new(address, size as u64, Gpa(RAM)) }.unwrap();
    let mut memory = GuestMemory::<1>::new();
    memory.add(window).unwrap();
    let start = lay(&memory, Gpa(RAM), Gpa(GICC), |index| {
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

#[test]
fn the_words_are_the_assemblers() {
    for ((text, expected), word) in ASSEMBLED.iter().zip(CODE) {
        assert_eq!(word, *expected, "{text}");
    }
}

#[test]
fn the_comments_say_what_the_words_do() {
    let source = include_str!("../drain.rs");
    let comments = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("0x"));
    let comments: Vec<&str> = comments
        .filter_map(|line| line.split_once("// "))
        .map(|it| it.1)
        .collect();
    assert_eq!(comments.len(), CODE.len());
    for (comment, (text, _)) in comments.iter().zip(ASSEMBLED) {
        let said: String = comment.split_whitespace().collect();
        let meant = text
            .replace(". + ", "+")
            .replace(". - ", "-")
            .replace(' ', "");
        assert!(said.starts_with(&meant), "{comment} is {text}");
    }
}

#[test]
fn the_list_follows_the_code() {
    let (start, ram) = lay_in(0x100, &[27, 33, 1019]);
    let bytes = LIST + 8 + 4 * 4;
    let expected = Start {
        pc: Gpa(RAM),
        argument: RAM + LIST,
        bytes,
    };
    assert_eq!(start, Some(expected));
    let words = words(&ram);
    assert_eq!(words[..CODE.len()], CODE);
    let list = &words[LIST as usize / 4..][..6];
    assert_eq!(list, [GICC as u32, 0, 27, 33, 1019, END_OF_LIST]);
    assert!(ram[bytes as usize..].iter().all(|byte| *byte == 0x55));
}

#[test]
fn the_longest_list_is_bounded() {
    let all: Vec<u16> = (32..132).collect();
    let (start, _) = lay_in(0x1000, &all);
    let bytes = LIST + 8 + 4 * (MAX_LIST_REGISTERS as u64 + 1);
    assert_eq!(start.map(|start| start.bytes), Some(bytes));
}

#[test]
fn ram_that_is_too_small_is_refused() {
    for size in [4, 64, LIST as usize + 8, LIST as usize + 12] {
        assert_eq!(lay_in(size, &[27]).0, None, "{size}");
    }
}
