//! A32 loads and stores (Arm ARM F4.1), as User mode has them.
//!
//! What is UNPREDICTABLE, and what loads or stores the PC, is no transfer. The condition does not
//! count: an instruction whose condition fails does not fault.

use heapless::Vec;

use super::{Base, Instruction, Offset, Shift, Transfer};
use crate::{AccessSize, Gpr, mmio::Direction};

/// R15, the PC.
const PC: u32 = 15;

/// Decodes an instruction word.
pub fn decode(word: u32) -> Instruction {
    if word >> 28 == 0b1111 {
        return Instruction::Other;
    }
    match (word >> 25 & 7, word >> 4 & 1) {
        (0b000, 1) if word >> 7 & 1 == 1 => extra(word),
        (0b010, _) | (0b011, 0) => word_or_byte(word),
        (0b100, _) => multiple(word),
        _ => Instruction::Other,
    }
}

/// LDR, LDRB, STR and STRB, and their unprivileged forms.
fn word_or_byte(word: u32) -> Instruction {
    let size = if bit(word, 22) {
        AccessSize::Byte
    } else {
        AccessSize::Word
    };
    let offset = if bit(word, 25) {
        Offset::Shifted {
            register: register(word),
            shift: Shift::decode(word >> 5, (word >> 7 & 31) as u8),
            subtract: !bit(word, 23),
        }
    } else {
        immediate(word & 0xfff, bit(word, 23))
    };
    let one = [element(word >> 12, bit(word, 20), false)];
    indexed(word, offset, size, one)
}

/// Half words, signed loads, doublewords; and the exclusives.
fn extra(word: u32) -> Instruction {
    let (op, load) = (word >> 5 & 3, bit(word, 20));
    if op == 0 {
        return synchronizing(word);
    }
    let offset = if bit(word, 22) {
        immediate(word >> 4 & 0xf0 | word & 15, bit(word, 23))
    } else {
        Offset::Shifted {
            register: register(word),
            shift: Shift::Left(0),
            subtract: !bit(word, 23),
        }
    };
    match (op, load) {
        (1, _) => indexed(
            word,
            offset,
            AccessSize::Half,
            [element(word >> 12, load, false)],
        ),
        (2, true) => indexed(
            word,
            offset,
            AccessSize::Byte,
            [element(word >> 12, true, true)],
        ),
        (_, true) => indexed(
            word,
            offset,
            AccessSize::Half,
            [element(word >> 12, true, true)],
        ),
        // An even register and the next one; with post-index, bit 21 has no meaning here.
        _ if word >> 12 & 1 == 0 && (bit(word, 24) || !bit(word, 21)) => {
            let pair = [word >> 12, word >> 12 | 1].map(|field| element(field, op == 2, false));
            indexed(word, offset, AccessSize::Word, pair)
        }
        _ => Instruction::Other,
    }
}

/// LDA and STL are plain transfers; exclusives and SWP are not.
fn synchronizing(word: u32) -> Instruction {
    if !bit(word, 24) {
        return Instruction::Other; // a multiplication
    }
    // SWP, and what has its exclusive bit set.
    if !bit(word, 23) || bit(word, 9) || bit(word, 8) {
        return Instruction::Exclusive;
    }
    let size = match word >> 21 & 3 {
        0 => AccessSize::Word,
        2 => AccessSize::Byte,
        3 => AccessSize::Half,
        _ => return Instruction::Exclusive,
    };
    let load = bit(word, 20);
    let one = element(if load { word >> 12 } else { word }, load, false);
    at_base(word >> 16, size, one)
}

/// LDM and STM, but for those of other modes' registers.
fn multiple(word: u32) -> Instruction {
    if bit(word, 22) {
        return Instruction::Other;
    }
    let (before, up) = (bit(word, 24), bit(word, 23));
    registers(word, bit(word, 20), up, before, bit(word, 21))
}

/// A list of registers in bits 15:0, at ascending addresses, with the base moving `up` or down and
/// `before` each transfer or after it.
pub(super) fn registers(
    word: u32,
    load: bool,
    up: bool,
    before: bool,
    write_back: bool,
) -> Instruction {
    let list = word & 0xffff;
    let bytes = i64::from(list.count_ones()).wrapping_mul(4);
    if list == 0 || list >> PC == 1 || word >> 16 & 15 == PC {
        return Instruction::Other;
    }
    // The lowest register has the lowest address.
    let lowest = match (up, before) {
        (true, false) => 0,
        (true, true) => 4,
        (false, false) => 4_i64.wrapping_sub(bytes),
        (false, true) => bytes.wrapping_neg(),
    };
    let elements: Vec<Direction, 16> = (0..15)
        .filter(|number| list >> number & 1 == 1)
        .map(|number| element(number, load, false))
        .collect();
    let moved = if up { bytes } else { bytes.wrapping_neg() };
    Instruction::Transfer(Transfer {
        base: base(word >> 16),
        offset: Offset::Immediate(lowest),
        write_back: write_back.then_some(Offset::Immediate(moved)),
        unprivileged: false,
        size: AccessSize::Word,
        elements,
    })
}

/// P in bit 24 and W in bit 21: offset, pre-index, post-index or unprivileged.
fn indexed<const N: usize>(
    word: u32,
    offset: Offset,
    size: AccessSize,
    elements: [Direction; N],
) -> Instruction {
    let (before, marked) = (bit(word, 24), bit(word, 21));
    let write_back = !before || marked;
    let base_field = word >> 16 & 15;
    if touches_pc(&elements) || write_back && base_field == PC {
        return Instruction::Other;
    }
    Instruction::Transfer(Transfer {
        base: base(base_field),
        offset: match (before, base_field) {
            (false, _) => Offset::Immediate(0),
            (true, PC) => return literal(offset, 8, size, elements),
            (true, _) => offset,
        },
        write_back: write_back.then_some(offset),
        unprivileged: !before && marked,
        size,
        elements: elements.into_iter().collect(),
    })
}

/// From the PC, which reads as `ahead` bytes further on. A register offset from it is rare, and
/// no transfer.
pub(super) fn literal<const N: usize>(
    offset: Offset,
    ahead: i64,
    size: AccessSize,
    elements: [Direction; N],
) -> Instruction {
    let Offset::Immediate(bytes) = offset else {
        return Instruction::Other;
    };
    Instruction::Transfer(Transfer {
        base: Base::ProgramCounter,
        offset: Offset::Immediate(bytes.wrapping_add(ahead)),
        write_back: None,
        unprivileged: false,
        size,
        elements: elements.into_iter().collect(),
    })
}

/// A single element at the base register.
pub(super) fn at_base(field: u32, size: AccessSize, one: Direction) -> Instruction {
    if touches_pc(&[one]) || field & 15 == PC {
        return Instruction::Other;
    }
    Instruction::Transfer(Transfer {
        base: base(field),
        offset: Offset::Immediate(0),
        write_back: None,
        unprivileged: false,
        size,
        elements: [one].into_iter().collect(),
    })
}

/// A load into, or store of, the register in the low four bits of `field`.
pub(super) fn element(field: u32, load: bool, sign_extend: bool) -> Direction {
    let register = register(field);
    if load {
        Direction::Load {
            target: register,
            sign_extend,
            wide: false,
        }
    } else {
        Direction::Store { source: register }
    }
}

pub(super) fn touches_pc(elements: &[Direction]) -> bool {
    elements
        .iter()
        .any(|element| u32::from(element.register().number()) == PC)
}

pub(super) const fn immediate(bytes: u32, add: bool) -> Offset {
    let bytes = bytes as i64;
    Offset::Immediate(if add { bytes } else { bytes.wrapping_neg() })
}

/// R0 to R14 of User mode are X0 to X14 (Arm ARM D1.19.1).
pub(super) const fn register(field: u32) -> Gpr {
    Gpr::from_field((field & 15) as u8)
}

pub(super) const fn base(field: u32) -> Base {
    match field & 15 {
        PC => Base::ProgramCounter,
        _ => Base::Register(register(field)),
    }
}

pub(super) const fn bit(word: u32, number: u32) -> bool {
    word >> number & 1 == 1
}
