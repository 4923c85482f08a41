//! A few guest instructions that bring a virtual CPU interface back to its reset state.
//!
//! They complete whatever interrupt is active or pending there, then clear the interface's
//! registers (GICv2 4.4: GICC_APR0, GICC_CTLR, GICC_PMR, GICC_DIR, GICC_IAR, GICC_EOIR,
//! GICC_BPR) and end with an SMC.

use crate::{Gpa, IntId, memory::GuestMemory};

#[cfg(test)]
mod tests;

/// Most list registers that a GICv2 has.
pub const MAX_LIST_REGISTERS: usize = 64;
const END_OF_LIST: u32 = u32::MAX;

/// The instructions. x0 points to the address of GICC, then the INTIDs that may be active.
const CODE: [u32; 23] = [
    0xf840_8401, // ldr   x1, [x0], #8        x1 = GICC
    0xb900_d03f, // str   wzr, [x1, #0xd0]    APR0 = 0: nothing active hides the rest
    0x5280_4022, // mov   w2, #0x201
    0xb900_0022, // str   w2, [x1]            CTLR = EnableGrp0 | EOImodeNS: EOIR drops, DIR ends
    0x5280_1fe2, // mov   w2, #0xff
    0xb900_0422, // str   w2, [x1, #4]        PMR = lowest: all are let through
    0xb840_4403, // ldr   w3, [x0], #4        next INTID of the list
    0x37f8_0063, // tbnz  w3, #31, +12        end of the list
    0xb910_0023, // str   w3, [x1, #0x1000]   DIR = INTID
    0x17ff_fffd, // b     -12
    0xb940_0c23, // ldr   w3, [x1, #0xc]      IAR
    0x1200_2464, // and   w4, w3, #0x3ff
    0x710f_f09f, // cmp   w4, #1020
    0x5400_0082, // b.hs  +16                 nothing pending any more
    0xb900_1023, // str   w3, [x1, #0x10]     EOIR
    0xb910_0023, // str   w3, [x1, #0x1000]   DIR
    0x17ff_fffa, // b     -24
    0xb900_003f, // str   wzr, [x1]           CTLR = 0
    0xb900_043f, // str   wzr, [x1, #4]       PMR = 0
    0xb900_083f, // str   wzr, [x1, #8]       BPR = 0
    0xb900_d03f, // str   wzr, [x1, #0xd0]    APR0 = 0
    0xd400_0003, // smc   #0
    0x1400_0000, // b     .
];

/// Where the list begins, in bytes from the first instruction; a multiple of 8.
const LIST: u64 = 96;

/// The instructions as laid down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The first instruction.
    pub pc: Gpa,
    /// What x0 must be.
    pub argument: u64,
    /// Bytes laid down.
    pub bytes: u64,
}

/// Lays the instructions down at `base` in guest RAM for the interface whose GICC registers
/// the guest sees at `gicc`; `loaded` tells what each list register may hold.
pub fn lay<const N: usize>(
    memory: &GuestMemory<N>,
    base: Gpa,
    gicc: Gpa,
    loaded: impl Fn(usize) -> Option<IntId>,
) -> Option<Start> {
    let mut at = base;
    for instruction in CODE {
        memory.write_u32(at, instruction).ok()?;
        at = at.checked_add(4)?;
    }
    let list = base.checked_add(LIST)?;
    memory.write_u64(list, gicc.0).ok()?;
    at = list.checked_add(8)?;
    for intid in (0..MAX_LIST_REGISTERS).filter_map(loaded) {
        memory.write_u32(at, intid.number().into()).ok()?;
        at = at.checked_add(4)?;
    }
    memory.write_u32(at, END_OF_LIST).ok()?;
    Some(Start {
        pc: base,
        argument: list.0,
        bytes: at.offset_from(base)?.checked_add(4)?,
    })
}
