//! What A32 and T32 have in common: the meaning of the fields, wherever they lie.

use super::{Base, Instruction, Offset, Operation, Registers, Transfer};
use crate::{AccessSize, Gpr};

/// R15, the PC.
pub(super) const PC: u32 = 15;

/// A load or store of User mode by its fields.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// Rn.
    pub(super) base: u32,
    pub(super) offset: Offset,
    /// The offset counts for the address: offset and pre-index forms.
    pub(super) before: bool,
    pub(super) write_back: bool,
    pub(super) unprivileged: bool,
    pub(super) size: AccessSize,
    pub(super) operation: Operation,
    /// Rt and, of a pair, Rt2.
    pub(super) registers: (u32, Option<u32>),
    /// How far ahead the PC reads.
    pub(super) ahead: i64,
}

impl Fields {
    /// The instruction. One that loads or stores the PC, or writes it back, is no transfer, nor
    /// is one with a register offset from the PC, which is rare.
    #[inline(never)]
    pub(super) fn decode(&self) -> Instruction {
        let (first, second) = self.registers;
        if first & 15 == PC || second.is_some_and(|second| second & 15 == PC) {
            return Instruction::Other;
        }
        let (base, offset) = match (self.base & 15, self.before, self.offset) {
            (PC, true, Offset::Immediate(bytes)) if !self.write_back => {
                let bytes = bytes.wrapping_add(self.ahead);
                (Base::ProgramCounter, Offset::Immediate(bytes))
            }
            (PC, ..) => return Instruction::Other,
            (_, true, offset) => (Base::Register(register(self.base)), offset),
            (_, false, _) => (Base::Register(register(self.base)), Offset::Immediate(0)),
        };
        Instruction::Transfer(Transfer {
            base,
            offset,
            write_back: self.write_back.then_some(self.offset),
            unprivileged: self.unprivileged,
            size: self.size,
            operation: self.operation,
            registers: match second {
                None => Registers::One(register(first)),
                Some(second) => Registers::Pair(register(first), register(second)),
            },
        })
    }
}

/// LDM or STM: the registers in bits 15:0 of `word` and the base in 19:16, with the base moving
/// `up` or down and `before` each transfer or after it.
#[inline(never)]
pub(super) fn multiple(
    word: u32,
    load: bool,
    (up, before): (bool, bool),
    write_back: bool,
) -> Instruction {
    let list = word & 0xffff;
    if list == 0 || list >> PC == 1 || word >> 16 & 15 == PC {
        return Instruction::Other;
    }
    let bytes = i64::from(list.count_ones()).wrapping_mul(4);
    // The lowest register has the lowest address.
    let lowest = match (up, before) {
        (true, false) => 0,
        (true, true) => 4,
        (false, false) => 4_i64.wrapping_sub(bytes),
        (false, true) => bytes.wrapping_neg(),
    };
    let moved = if up { bytes } else { bytes.wrapping_neg() };
    Instruction::Transfer(Transfer {
        base: Base::Register(register(word >> 16)),
        offset: Offset::Immediate(lowest),
        write_back: write_back.then_some(Offset::Immediate(moved)),
        unprivileged: false,
        size: AccessSize::Word,
        operation: operation(load, false),
        registers: Registers::List(list as u16),
    })
}

pub(super) const fn operation(load: bool, sign_extend: bool) -> Operation {
    if load {
        Operation::Load {
            sign_extend,
            wide: false,
        }
    } else {
        Operation::Store
    }
}

pub(super) const fn immediate(bytes: u32, add: bool) -> Offset {
    let bytes = bytes as i64;
    Offset::Immediate(if add { bytes } else { bytes.wrapping_neg() })
}

/// R0 to R14 of User mode are X0 to X14 (Arm ARM D1.19.1).
pub(super) const fn register(field: u32) -> Gpr {
    Gpr::from_field((field & 15) as u8)
}

pub(super) const fn bit(word: u32, number: u32) -> bool {
    word >> number & 1 == 1
}
