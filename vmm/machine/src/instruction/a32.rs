//! A32 loads and stores (Arm ARM F4.1), as User mode has them.
//!
//! What is UNPREDICTABLE, and what loads or stores the PC, is no transfer. The condition does not
//! count: an instruction whose condition fails does not fault.

use super::{
    Instruction, Offset, Shift,
    aarch32::{Fields, bit, immediate, multiple, operation, register},
};
use crate::AccessSize;

/// Decodes an instruction word.
pub fn decode(word: u32) -> Instruction {
    if word >> 28 == 0b1111 {
        return Instruction::Other;
    }
    match (word >> 25 & 7, bit(word, 4)) {
        (0b000, true) if bit(word, 7) => extra(word),
        (0b010, _) | (0b011, false) => word_or_byte(word).decode(),
        // LDM and STM, but for those of other modes' registers.
        (0b100, _) if !bit(word, 22) => {
            let direction = (bit(word, 23), bit(word, 24));
            multiple(word, bit(word, 20), direction, bit(word, 21))
        }
        _ => Instruction::Other,
    }
}

/// A word without an offset, with the fields that most forms have: P in bit 24, W in 21, L in 20.
fn fields(word: u32) -> Fields {
    let (before, marked) = (bit(word, 24), bit(word, 21));
    Fields {
        base: word >> 16,
        offset: Offset::Immediate(0),
        before,
        write_back: !before || marked,
        unprivileged: !before && marked,
        size: AccessSize::Word,
        operation: operation(bit(word, 20), false),
        registers: (word >> 12, None),
        ahead: 8,
    }
}

/// LDR, LDRB, STR and STRB, and their unprivileged forms.
fn word_or_byte(word: u32) -> Fields {
    let offset = if bit(word, 25) {
        let shift = Shift::decode(word >> 5, (word >> 7 & 31) as u8);
        shifted(word, shift)
    } else {
        immediate(word & 0xfff, bit(word, 23))
    };
    Fields {
        offset,
        size: if bit(word, 22) {
            AccessSize::Byte
        } else {
            AccessSize::Word
        },
        ..fields(word)
    }
}

/// Half words, signed loads, doublewords; and the exclusives.
fn extra(word: u32) -> Instruction {
    let (op, load) = (word >> 5 & 3, bit(word, 20));
    if op == 0 {
        return synchronizing(word);
    }
    let mut fields = fields(word);
    fields.offset = if bit(word, 22) {
        immediate(word >> 4 & 0xf0 | word & 15, bit(word, 23))
    } else {
        shifted(word, Shift::Left(0))
    };
    if op > 1 && !load {
        // LDRD and STRD: an even register and the next one; nothing is unprivileged.
        if bit(word, 12) || fields.unprivileged {
            return Instruction::Other;
        }
        fields.operation = operation(op == 2, false);
        fields.registers.1 = Some(word >> 12 | 1);
        return fields.decode();
    }
    fields.size = if op == 2 {
        AccessSize::Byte
    } else {
        AccessSize::Half
    };
    fields.operation = operation(load, op > 1);
    fields.decode()
}

/// LDA and STL are plain transfers; exclusives and SWP are not.
fn synchronizing(word: u32) -> Instruction {
    if !bit(word, 24) {
        return Instruction::Other; // a multiplication
    }
    let size = match word >> 21 & 3 {
        0 => AccessSize::Word,
        2 => AccessSize::Byte,
        3 => AccessSize::Half,
        _ => return Instruction::Exclusive,
    };
    // SWP, and what has one of its exclusive bits set.
    if !bit(word, 23) || word >> 8 & 3 != 0 {
        return Instruction::Exclusive;
    }
    let target = if bit(word, 20) { word >> 12 } else { word };
    Fields {
        write_back: false,
        size,
        registers: (target, None),
        ..fields(word)
    }
    .decode()
}

const fn shifted(word: u32, shift: Shift) -> Offset {
    Offset::Shifted {
        register: register(word),
        shift,
        subtract: !bit(word, 23),
    }
}
