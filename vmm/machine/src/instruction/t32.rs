//! T32 loads and stores (Arm ARM F3.1), as User mode has them.
//!
//! What is UNPREDICTABLE, and what loads or stores the PC, is no transfer.

use super::{Base, Instruction, Offset, Shift, Transfer, a32};
use crate::{AccessSize, Gpr, mmio::Direction};

use a32::{at_base, bit, element, immediate, literal, register, registers, touches_pc};

const PC: u32 = 15;
const SP: u32 = 13;

/// Has an instruction a second half word after this one?
pub const fn is_long(first: u16) -> bool {
    first >> 11 >= 0b1_1101
}

/// Decodes an instruction of one half word.
pub fn decode_short(half: u16) -> Instruction {
    let word = u32::from(half);
    let (low, middle) = (word & 7, word >> 3 & 7);
    let scaled = |size: AccessSize| {
        let bytes = (word >> 6 & 31) << size as u32;
        plain(
            middle,
            immediate(bytes, true),
            size,
            element(low, bit(word, 11), false),
        )
    };
    match word >> 11 {
        0b0_1001 => {
            let target = element(word >> 8 & 7, true, false);
            literal(
                immediate((word & 0xff) << 2, true),
                4,
                AccessSize::Word,
                [target],
            )
        }
        0b0_1010 | 0b0_1011 => by_register(word),
        0b0_1100 | 0b0_1101 => scaled(AccessSize::Word),
        0b0_1110 | 0b0_1111 => scaled(AccessSize::Byte),
        0b1_0000 | 0b1_0001 => scaled(AccessSize::Half),
        0b1_0010 | 0b1_0011 => {
            let one = element(word >> 8 & 7, bit(word, 11), false);
            plain(
                SP,
                immediate((word & 0xff) << 2, true),
                AccessSize::Word,
                one,
            )
        }
        0b1_1000 | 0b1_1001 => {
            let (base, load) = (word >> 8 & 7, bit(word, 11));
            // LDM writes its base back unless it loads it.
            let write_back = !(load && word >> base & 1 == 1);
            registers(base << 16 | word & 0xff, load, true, false, write_back)
        }
        0b1_0110 if word >> 9 & 3 == 0b10 => {
            // PUSH: R0 to R7 and LR.
            let list = word & 0xff | (word >> 8 & 1) << 14;
            registers(SP << 16 | list, false, false, true, true)
        }
        0b1_0111 if word >> 9 & 3 == 0b10 => {
            // POP: R0 to R7 and the PC.
            let list = word & 0xff | (word >> 8 & 1) << PC;
            registers(SP << 16 | list, true, true, false, true)
        }
        _ => Instruction::Other,
    }
}

/// Loads and stores with a register offset, of one half word.
fn by_register(word: u32) -> Instruction {
    let (size, load, sign_extend) = match word >> 9 & 7 {
        0 => (AccessSize::Word, false, false),
        1 => (AccessSize::Half, false, false),
        2 => (AccessSize::Byte, false, false),
        3 => (AccessSize::Byte, true, true),
        4 => (AccessSize::Word, true, false),
        5 => (AccessSize::Half, true, false),
        6 => (AccessSize::Byte, true, false),
        _ => (AccessSize::Half, true, true),
    };
    let offset = shifted(word >> 6 & 7, 0);
    plain(
        word >> 3 & 7,
        offset,
        size,
        element(word & 7, load, sign_extend),
    )
}

/// Decodes an instruction of two half words, the first in the upper half of `word`.
pub fn decode_long(word: u32) -> Instruction {
    match (word >> 25 & 0xf, bit(word, 22)) {
        (0b0100, false) => multiple(word),
        (0b0100, true) => dual_or_exclusive(word),
        (0b1100, _) => single(word),
        _ => Instruction::Other,
    }
}

/// LDM and STM: increment after or decrement before.
fn multiple(word: u32) -> Instruction {
    let up = match word >> 23 & 3 {
        0b01 => true,
        0b10 => false,
        _ => return Instruction::Other,
    };
    if word >> SP & 1 == 1 {
        return Instruction::Other;
    }
    registers(word, bit(word, 20), up, !up, bit(word, 21))
}

/// LDRD, STRD, LDA, STL; exclusives and table branches.
fn dual_or_exclusive(word: u32) -> Instruction {
    let load = bit(word, 20);
    if bit(word, 24) || bit(word, 21) {
        let offset = immediate((word & 0xff) << 2, bit(word, 23));
        let pair = [word >> 12, word >> 8].map(|field| element(field, load, false));
        return indexed(
            word,
            (bit(word, 24), bit(word, 21)),
            offset,
            AccessSize::Word,
            pair,
        );
    }
    if !bit(word, 23) {
        return Instruction::Exclusive;
    }
    match word >> 4 & 15 {
        0 | 1 => Instruction::Other,
        size @ 8..=10 => at_base(
            word >> 16,
            AccessSize::from_log2((size & 3) as u8),
            element(word >> 12, load, false),
        ),
        _ => Instruction::Exclusive,
    }
}

/// One register: with an immediate, a register offset, from the PC, or unprivileged.
fn single(word: u32) -> Instruction {
    let (size, load, sign_extend) = (word >> 21 & 3, bit(word, 20), bit(word, 24));
    if size == 3 || sign_extend && (size == 2 || !load) {
        return Instruction::Other;
    }
    let size = AccessSize::from_log2(size as u8);
    let one = [element(word >> 12, load, sign_extend)];
    if word >> 16 & 15 == PC {
        let offset = immediate(word & 0xfff, bit(word, 23));
        return match load && !touches_pc(&one) {
            true => literal(offset, 4, size, one),
            false => Instruction::Other,
        };
    }
    if bit(word, 23) {
        return indexed(
            word,
            (true, false),
            immediate(word & 0xfff, true),
            size,
            one,
        );
    }
    if word >> 6 & 0x3f == 0 {
        let offset = shifted(word, (word >> 4 & 3) as u8);
        return indexed(word, (true, false), offset, size, one);
    }
    let offset = immediate(word & 0xff, bit(word, 9));
    match (bit(word, 11), bit(word, 10), bit(word, 9), bit(word, 8)) {
        (true, true, true, false) => unprivileged(word, offset, size, one),
        (true, false, _, false) | (false, ..) => Instruction::Other,
        (true, before, _, marked) => indexed(word, (before, marked), offset, size, one),
    }
}

fn unprivileged(word: u32, offset: Offset, size: AccessSize, one: [Direction; 1]) -> Instruction {
    match indexed(word, (true, false), offset, size, one) {
        Instruction::Transfer(transfer) => Instruction::Transfer(Transfer {
            unprivileged: true,
            ..transfer
        }),
        other => other,
    }
}

/// P and W: offset, pre-index or post-index.
fn indexed<const N: usize>(
    word: u32,
    (before, marked): (bool, bool),
    offset: Offset,
    size: AccessSize,
    elements: [Direction; N],
) -> Instruction {
    let base = word >> 16 & 15;
    if touches_pc(&elements) {
        return Instruction::Other;
    }
    if base == PC {
        return match before && !marked {
            true => literal(offset, 4, size, elements),
            false => Instruction::Other,
        };
    }
    Instruction::Transfer(Transfer {
        base: Base::Register(register(base)),
        offset: if before { offset } else { Offset::Immediate(0) },
        write_back: marked.then_some(offset),
        unprivileged: false,
        size,
        elements: elements.into_iter().collect(),
    })
}

fn plain(base: u32, offset: Offset, size: AccessSize, one: Direction) -> Instruction {
    indexed(base << 16, (true, false), offset, size, [one])
}

const fn shifted(field: u32, bits: u8) -> Offset {
    Offset::Shifted {
        register: Gpr::from_field((field & 15) as u8),
        shift: Shift::Left(bits),
        subtract: false,
    }
}
