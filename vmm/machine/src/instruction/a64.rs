//! A64 loads and stores.
//!
//! Models the encoding group "Loads and Stores" (Arm ARM C4.1.94) for general-purpose registers,
//! and the cache instructions that can fault (C5.1.3).

use super::{Base, Extend, Instruction, Offset, Operation, Registers, Transfer, signed};
use crate::{AccessSize, Gpr};

/// Decodes an instruction word.
pub fn decode(word: u32) -> Instruction {
    if word & 0xfff8_0000 == 0xd508_0000 {
        return system(word);
    }
    // V, bit 26: SIMD and floating-point registers. Bits 27 and 25: loads and stores.
    if word & 0x0e00_0000 != 0x0800_0000 {
        return Instruction::Other;
    }
    match (word >> 24 & 0x3f, word >> 21 & 1, word >> 10 & 3) {
        (0b00_1000, ..) => ordered(word),
        (0b01_1000, ..) => literal(word),
        (0b10_1000 | 0b10_1001, ..) => pair(word),
        (0b11_1001, ..) => unsigned_offset(word),
        // LDAPUR and STLUR have the fields of LDUR and STUR.
        (0b11_1000 | 0b01_1001, 0, 0b00) => indexed(word, Index::Offset, false),
        (0b11_1000, 0, 0b01) => indexed(word, Index::Post, false),
        (0b11_1000, 0, 0b10) => indexed(word, Index::Offset, true),
        (0b11_1000, 0, _) => indexed(word, Index::Pre, false),
        (0b11_1000, 1, 0b10) => register_offset(word),
        (0b11_1000, 1, 0b00) => atomic(word),
        _ => Instruction::Other,
    }
}

/// How the immediate takes part in the address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Index {
    Offset,
    Pre,
    Post,
}

/// SYS instructions with CRn 7: cache maintenance and zeroing.
const fn system(word: u32) -> Instruction {
    let (op1, crn, crm, op2) = (
        word >> 16 & 7,
        word >> 12 & 15,
        word >> 8 & 15,
        word >> 5 & 7,
    );
    match (crn, crm) {
        (7, 4) if op1 == 3 && matches!(op2, 1 | 3 | 4) => Instruction::ZeroBlock,
        (7, 1 | 5 | 6 | 10..=15) => Instruction::CacheMaintenance,
        _ => Instruction::Other,
    }
}

/// Load-acquire and store-release; the exclusives and compare-and-swap share their group.
fn ordered(word: u32) -> Instruction {
    let (ordered_only, pair_or_compare) = (word >> 23 & 1 == 1, word >> 21 & 1 == 1);
    if !ordered_only || pair_or_compare {
        return Instruction::Exclusive;
    }
    let size = AccessSize::from_log2((word >> 30) as u8);
    let load = word >> 22 & 1 == 1;
    single(word, size, plain(load, size), Offset::Immediate(0))
}

/// LDAPR is the one among the atomics that only loads.
fn atomic(word: u32) -> Instruction {
    if word & 0x00ff_fc00 != 0x00bf_c000 {
        return Instruction::Exclusive;
    }
    let size = AccessSize::from_log2((word >> 30) as u8);
    single(word, size, plain(true, size), Offset::Immediate(0))
}

/// LDR (literal) and LDRSW (literal).
fn literal(word: u32) -> Instruction {
    let (size, sign_extend, wide) = match word >> 30 {
        0 => (AccessSize::Word, false, false),
        1 => (AccessSize::Double, false, true),
        2 => (AccessSize::Word, true, true),
        _ => return Instruction::Other,
    };
    let offset = signed(word >> 5, 19).wrapping_mul(4);
    Instruction::Transfer(Transfer {
        base: Base::ProgramCounter,
        offset: Offset::Immediate(offset),
        write_back: None,
        unprivileged: false,
        size,
        operation: Operation::Load { sign_extend, wide },
        registers: Registers::One(target(word)),
    })
}

/// LDP, STP, LDPSW, LDNP and STNP.
fn pair(word: u32) -> Instruction {
    let load = word >> 22 & 1 == 1;
    let index = match word >> 23 & 3 {
        1 => Index::Post,
        3 => Index::Pre,
        _ => Index::Offset,
    };
    let non_temporal = word >> 23 & 3 == 0;
    let (size, sign_extend) = match word >> 30 {
        0 => (AccessSize::Word, false),
        1 if load && !non_temporal => (AccessSize::Word, true),
        2 => (AccessSize::Double, false),
        _ => return Instruction::Other,
    };
    let wide = sign_extend || size == AccessSize::Double;
    let second = Gpr::from_field((word >> 10 & 31) as u8);
    let immediate = signed(word >> 15, 7).wrapping_mul(size.bytes() as i64);
    let (offset, write_back) = place(index, immediate);
    Instruction::Transfer(Transfer {
        base: base(word),
        offset,
        write_back,
        unprivileged: false,
        size,
        operation: if load {
            Operation::Load { sign_extend, wide }
        } else {
            Operation::Store
        },
        registers: Registers::Pair(target(word), second),
    })
}

/// LDR and STR (immediate), scaled and unsigned.
fn unsigned_offset(word: u32) -> Instruction {
    let size = AccessSize::from_log2((word >> 30) as u8);
    let immediate = i64::from(word >> 10 & 0xfff).wrapping_mul(size.bytes() as i64);
    plain_or_signed(word, (Offset::Immediate(immediate), None), false)
}

/// Every form with a nine-bit immediate.
fn indexed(word: u32, index: Index, unprivileged: bool) -> Instruction {
    plain_or_signed(word, place(index, signed(word >> 12, 9)), unprivileged)
}

/// LDR and STR (register).
fn register_offset(word: u32) -> Instruction {
    let extend = match word >> 13 & 7 {
        0b010 => Extend::Uxtw,
        0b110 => Extend::Sxtw,
        0b011 | 0b111 => Extend::None,
        _ => return Instruction::Other,
    };
    let log2 = (word >> 30) as u8;
    let offset = Offset::Register {
        register: Gpr::from_field((word >> 16 & 31) as u8),
        extend,
        shift: if word >> 12 & 1 == 1 { log2 } else { 0 },
    };
    plain_or_signed(word, (offset, None), false)
}

/// One register, with the size and opc fields that most forms have.
#[inline(never)]
fn plain_or_signed(
    word: u32,
    (offset, write_back): (Offset, Option<Offset>),
    unprivileged: bool,
) -> Instruction {
    let Some(operation) = operation(word) else {
        return Instruction::Other;
    };
    Instruction::Transfer(Transfer {
        base: base(word),
        offset,
        write_back,
        unprivileged,
        size: AccessSize::from_log2((word >> 30) as u8),
        operation,
        registers: Registers::One(target(word)),
    })
}

fn single(word: u32, size: AccessSize, operation: Operation, offset: Offset) -> Instruction {
    Instruction::Transfer(Transfer {
        base: base(word),
        offset,
        write_back: None,
        unprivileged: false,
        size,
        operation,
        registers: Registers::One(target(word)),
    })
}

/// The offset and the write-back of an immediate.
const fn place(index: Index, immediate: i64) -> (Offset, Option<Offset>) {
    let distance = Offset::Immediate(immediate);
    match index {
        Index::Offset => (distance, None),
        Index::Pre => (distance, Some(distance)),
        Index::Post => (Offset::Immediate(0), Some(distance)),
    }
}

/// From the size and opc fields; `None` for prefetches and what is not allocated.
const fn operation(word: u32) -> Option<Operation> {
    let size = AccessSize::from_log2((word >> 30) as u8);
    let (sign_extend, wide) = match (word >> 22 & 3, size) {
        (0 | 1, _) => return Some(plain(word >> 22 & 1 == 1, size)),
        (2, AccessSize::Byte | AccessSize::Half | AccessSize::Word) => (true, true),
        (3, AccessSize::Byte | AccessSize::Half) => (true, false),
        _ => return None,
    };
    Some(Operation::Load { sign_extend, wide })
}

/// A store, or a load that zero-extends.
const fn plain(load: bool, size: AccessSize) -> Operation {
    if load {
        Operation::Load {
            sign_extend: false,
            wide: matches!(size, AccessSize::Double),
        }
    } else {
        Operation::Store
    }
}

/// Rt.
const fn target(word: u32) -> Gpr {
    Gpr::from_field((word & 31) as u8)
}

/// Rn, where 31 is the stack pointer.
const fn base(word: u32) -> Base {
    match Gpr::from_field((word >> 5 & 31) as u8) {
        Gpr::ZR => Base::StackPointer,
        register => Base::Register(register),
    }
}
