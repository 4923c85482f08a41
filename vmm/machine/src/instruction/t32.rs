//! T32 loads and stores (Arm ARM F3.1), as User mode has them.
//!
//! What is UNPREDICTABLE, and what loads or stores the PC, is no transfer.

use super::{
    Instruction, Offset, Shift,
    aarch32::{Fields, PC, bit, immediate, multiple, operation, register},
};
use crate::AccessSize;

const SP: u32 = 13;

/// Has an instruction a second half word after this one?
pub const fn is_long(first: u16) -> bool {
    first >> 11 >= 0b1_1101
}

/// A word at the base, without write-back.
fn fields(base: u32, target: u32, load: bool) -> Fields {
    Fields {
        base,
        offset: Offset::Immediate(0),
        before: true,
        write_back: false,
        unprivileged: false,
        size: AccessSize::Word,
        operation: operation(load, false),
        registers: (target, None),
        ahead: 4,
    }
}

/// Decodes an instruction of one half word.
pub fn decode_short(half: u16) -> Instruction {
    let word = u32::from(half);
    // With registers in the low bits, and with one in bits 10:8.
    let mut fields = match word >> 12 {
        0b0101..=0b1000 => fields(word >> 3 & 7, word & 7, bit(word, 11)),
        _ => fields(SP, word >> 8 & 7, bit(word, 11)),
    };
    let scale = |size: AccessSize| immediate((word >> 6 & 31) << size as u32, true);
    match word >> 11 {
        0b0_1001 => {
            fields.base = PC;
            fields.offset = immediate((word & 0xff) << 2, true);
        }
        0b0_1010 | 0b0_1011 => {
            let (size, load, sign_extend) = by_register(word >> 9 & 7);
            fields.size = size;
            fields.operation = operation(load, sign_extend);
            fields.offset = shifted(word >> 6 & 7, 0);
        }
        0b0_1100 | 0b0_1101 => fields.offset = scale(AccessSize::Word),
        0b0_1110 | 0b0_1111 => {
            fields.size = AccessSize::Byte;
            fields.offset = scale(AccessSize::Byte);
        }
        0b1_0000 | 0b1_0001 => {
            fields.size = AccessSize::Half;
            fields.offset = scale(AccessSize::Half);
        }
        0b1_0010 | 0b1_0011 => fields.offset = immediate((word & 0xff) << 2, true),
        _ => return short_multiple(word),
    }
    fields.decode()
}

/// Width, direction and sign of the loads and stores with a register offset.
const fn by_register(op: u32) -> (AccessSize, bool, bool) {
    match op {
        0 => (AccessSize::Word, false, false),
        1 => (AccessSize::Half, false, false),
        2 => (AccessSize::Byte, false, false),
        3 => (AccessSize::Byte, true, true),
        4 => (AccessSize::Word, true, false),
        5 => (AccessSize::Half, true, false),
        6 => (AccessSize::Byte, true, false),
        _ => (AccessSize::Half, true, true),
    }
}

/// LDM, STM, PUSH and POP of one half word.
fn short_multiple(word: u32) -> Instruction {
    let (load, list) = (bit(word, 11), word & 0xff);
    match (word >> 12, word >> 9 & 3) {
        (0b1100, _) => {
            let base = word >> 8 & 7;
            // LDM writes its base back unless it loads it.
            let write_back = !(load && bit(list, base));
            multiple(base << 16 | list, load, (true, false), write_back)
        }
        // With bit 8, POP loads the PC as well, and PUSH stores LR.
        (0b1011, 0b10) => {
            let last = (word >> 8 & 1) << if load { PC } else { 14 };
            multiple(SP << 16 | list | last, load, (load, !load), true)
        }
        _ => Instruction::Other,
    }
}

/// Decodes an instruction of two half words, the first in the upper half of `word`.
pub fn decode_long(word: u32) -> Instruction {
    match (word >> 25 & 0xf, bit(word, 22)) {
        (0b0100, false) => long_multiple(word),
        (0b0100, true) => dual_or_exclusive(word),
        (0b1100, _) => single(word),
        _ => Instruction::Other,
    }
}

/// LDM and STM: increment after or decrement before.
fn long_multiple(word: u32) -> Instruction {
    let up = bit(word, 23);
    if up == bit(word, 24) || bit(word, SP) {
        return Instruction::Other;
    }
    multiple(word, bit(word, 20), (up, !up), bit(word, 21))
}

/// LDRD, STRD, LDA, STL; exclusives and table branches.
fn dual_or_exclusive(word: u32) -> Instruction {
    let mut fields = fields(word >> 16, word >> 12, bit(word, 20));
    if bit(word, 24) || bit(word, 21) {
        fields.offset = immediate((word & 0xff) << 2, bit(word, 23));
        (fields.before, fields.write_back) = (bit(word, 24), bit(word, 21));
        fields.registers.1 = Some(word >> 8);
        return fields.decode();
    }
    match (bit(word, 23), word >> 4 & 15) {
        (true, 0 | 1) => Instruction::Other,
        (true, size @ 8..=10) => {
            fields.size = AccessSize::from_log2((size & 3) as u8);
            fields.decode()
        }
        _ => Instruction::Exclusive,
    }
}

/// One register: with an immediate, a register offset, from the PC, or unprivileged.
fn single(word: u32) -> Instruction {
    let (size, load, sign_extend) = (word >> 21 & 3, bit(word, 20), bit(word, 24));
    if size == 3 || sign_extend && (size == 2 || !load) {
        return Instruction::Other;
    }
    let mut fields = fields(word >> 16, word >> 12, load);
    fields.size = AccessSize::from_log2(size as u8);
    fields.operation = operation(load, sign_extend);
    if word >> 16 & 15 == PC {
        fields.offset = immediate(word & 0xfff, bit(word, 23));
    } else if bit(word, 23) {
        fields.offset = immediate(word & 0xfff, true);
    } else if word >> 6 & 0x3f == 0 {
        fields.offset = shifted(word, (word >> 4 & 3) as u8);
    } else {
        let (before, up, marked) = (bit(word, 10), bit(word, 9), bit(word, 8));
        if !bit(word, 11) || !before && !marked {
            return Instruction::Other;
        }
        fields.offset = immediate(word & 0xff, up);
        (fields.before, fields.write_back) = (before, marked);
        fields.unprivileged = before && up && !marked;
    }
    fields.decode()
}

const fn shifted(field: u32, bits: u8) -> Offset {
    Offset::Shifted {
        register: register(field),
        shift: Shift::Left(bits),
        subtract: false,
    }
}
