//! Loads and stores, decoded from their instruction word.
//!
//! It serves the accesses whose data abort carries no syndrome: pairs and lists of registers, and
//! those that write their base register back. One module for each instruction set.

use crate::{AccessSize, Gpr, mmio::Direction};

pub mod a32;
pub mod a64;
mod aarch32;
pub mod t32;
#[cfg(test)]
mod tests;

/// What an instruction word is to a monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// A load or store of general-purpose registers.
    Transfer(Transfer),
    /// Cache maintenance by address.
    CacheMaintenance,
    /// DC ZVA and its kin: device memory refuses it with an alignment fault.
    ZeroBlock,
    /// An exclusive or atomic access: device memory refuses it.
    Exclusive,
    /// Anything else, among it loads and stores of SIMD registers and of AArch32's PC.
    Other,
}

/// A load or store, relative to its registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Where the address starts from.
    pub base: Base,
    /// What is added to it.
    pub offset: Offset,
    /// What is added to the base register afterwards (pre- and post-index forms).
    pub write_back: Option<Offset>,
    /// LDTR and STTR: with the rights of EL0, unless PSTATE.UAO is set.
    pub unprivileged: bool,
    /// Width of each element.
    pub size: AccessSize,
    /// What is done with each register.
    pub operation: Operation,
    /// The registers of the elements, which lie one after the other in memory.
    pub registers: Registers,
}

/// What a transfer does with a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Loads it.
    Load {
        /// Copy the element's top bit upwards.
        sign_extend: bool,
        /// It is an X register.
        wide: bool,
    },
    /// Stores it.
    Store,
}

/// The registers of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registers {
    /// One.
    One(Gpr),
    /// Two, in this order.
    Pair(Gpr, Gpr),
    /// Those of AArch32 whose bits are set, from the lowest.
    List(u16),
}

impl Registers {
    /// As many as LDM and STM have.
    pub const MOST: usize = 16;

    fn nth(self, index: u8) -> Option<Gpr> {
        match (self, index) {
            (Self::One(register) | Self::Pair(register, _), 0) | (Self::Pair(_, register), 1) => {
                Some(register)
            }
            (Self::List(list), _) => {
                let rest = (0..index).fold(list, |rest, _| rest & rest.wrapping_sub(1));
                (rest != 0).then(|| Gpr::from_field(rest.trailing_zeros() as u8))
            }
            _ => None,
        }
    }
}

impl Transfer {
    /// The elements in the order of their addresses.
    pub fn elements(&self) -> impl Iterator<Item = Direction> {
        (0..Registers::MOST as u8)
            .map_while(|index| self.registers.nth(index))
            .map(|register| self.operation.with(register))
    }
}

impl Operation {
    const fn with(self, register: Gpr) -> Direction {
        match self {
            Self::Load { sign_extend, wide } => Direction::Load {
                target: register,
                sign_extend,
                wide,
            },
            Self::Store => Direction::Store { source: register },
        }
    }
}

/// The base of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// A general-purpose register.
    Register(Gpr),
    /// The stack pointer that PSTATE selects.
    StackPointer,
    /// The address of the instruction, rounded down to a multiple of four. What AArch32 adds to
    /// it is in the offset.
    ProgramCounter,
}

/// What is added to the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// Bytes.
    Immediate(i64),
    /// A register of A64, extended and then shifted left.
    Register {
        /// Which one.
        register: Gpr,
        /// How it is extended.
        extend: Extend,
        /// By how many bits it is shifted.
        shift: u8,
    },
    /// A register of AArch32, shifted.
    Shifted {
        /// Which one.
        register: Gpr,
        /// How it is shifted.
        shift: Shift,
        /// It is subtracted.
        subtract: bool,
    },
}

/// A shift of AArch32, by bits (Arm ARM F2.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// LSL.
    Left(u8),
    /// LSR by 1 to 32.
    Right(u8),
    /// ASR by 1 to 32.
    Arithmetic(u8),
    /// ROR by 1 to 31.
    Rotate(u8),
    /// RRX: by one, with the carry flag as the new top bit.
    Carry,
}

impl Shift {
    /// From the fields of an immediate shift (DecodeImmShift).
    const fn decode(kind: u32, bits: u8) -> Self {
        let or_32 = if bits == 0 { 32 } else { bits };
        match (kind & 3, bits) {
            (0, _) => Self::Left(bits),
            (1, _) => Self::Right(or_32),
            (2, _) => Self::Arithmetic(or_32),
            (_, 0) => Self::Carry,
            _ => Self::Rotate(bits),
        }
    }

    /// The shifted value.
    pub fn apply(self, value: u32, carry: bool) -> u32 {
        let word = u64::from(value);
        match self {
            Self::Left(bits) => word.wrapping_shl(bits.into()) as u32,
            Self::Right(bits) => word.wrapping_shr(bits.into()) as u32,
            Self::Arithmetic(bits) => i64::from(value as i32).wrapping_shr(bits.into()) as u32,
            Self::Rotate(bits) => value.rotate_right(bits.into()),
            Self::Carry => value >> 1 | u32::from(carry) << 31,
        }
    }
}

/// How an index register becomes 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extend {
    /// It has them: LSL and SXTX.
    None,
    /// Its low half, zero-extended.
    Uxtw,
    /// Its low half, sign-extended.
    Sxtw,
}

impl Extend {
    /// The 64-bit value.
    pub const fn apply(self, value: u64) -> u64 {
        match self {
            Self::None => value,
            Self::Uxtw => value & AccessSize::Word.mask(),
            Self::Sxtw => value as i32 as i64 as u64,
        }
    }
}

/// The low `bits` of `field` as a signed number.
pub(crate) fn signed(field: u32, bits: u32) -> i64 {
    let unused = 64u32.saturating_sub(bits);
    (u64::from(field) << unused) as i64 >> unused
}
