//! PSTATE of a vCPU, as the processor saves it at an exit: the layout of SPSR_EL2.
//!
//! Models SPSR_ELx for both execution states of a guest (Arm ARM C5.2.19 and J1.3.3,
//! GetPSRFromPSTATE), what an exception to EL1 makes of it (J1.1.2, AArch64.TakeException), and
//! what one more instruction does to it.

use bitfield_struct::bitfield;

use crate::kernel::VcpuRegisters;

#[cfg(test)]
mod tests;

/// The fields have AArch64's names; what AArch32 keeps in the same place is said beside them.
#[bitfield(u64)]
#[derive(PartialEq, Eq)]
pub struct Pstate {
    /// The exception level and stack pointer, or the AArch32 mode.
    #[bits(4)]
    pub mode: u8,
    /// AArch32 state.
    pub aarch32: bool,
    /// In AArch32: the instruction set is T32 (A32 else).
    pub thumb: bool,
    /// F, I and A masks, from the lowest bit.
    #[bits(3)]
    pub fia: u8,
    /// D mask; in AArch32 E, big-endian data.
    pub debug_mask: bool,
    /// Branch type; in AArch32 the low bits of the upper part of ITSTATE.
    #[bits(2)]
    pub btype: u8,
    /// Speculative store bypass is safe; in AArch32 one bit more of ITSTATE's upper part.
    pub ssbs: bool,
    /// In AArch32 the rest of ITSTATE's upper part: the condition of an IT block.
    #[bits(3)]
    pub it_condition: u8,
    #[bits(4)]
    __: u8,
    /// Illegal execution state.
    pub illegal: bool,
    /// Software step.
    pub software_step: bool,
    /// Privileged access never.
    pub pan: bool,
    /// User access override; in AArch32 SSBS.
    pub uao: bool,
    /// Data independent timing.
    pub dit: bool,
    /// In AArch32 the two low bits of ITSTATE.
    #[bits(2)]
    pub it_low: u8,
    __: bool,
    /// V, C, Z and N, from the lowest bit.
    #[bits(4)]
    pub nzcv: u8,
    #[bits(32)]
    __: u32,
}

/// SCTLR_EL1.EE: data of EL1, and translation tables, are big-endian.
pub const SCTLR_EE: u64 = 1 << 25;
/// SCTLR_EL1.E0E: data of EL0 in AArch64 is big-endian.
const SCTLR_E0E: u64 = 1 << 24;

/// The condition that always holds.
const ALWAYS: u8 = 0b1110;

impl Pstate {
    /// Mode field of EL1 with its own stack pointer.
    const EL1H: u8 = 0b0101;
    /// AArch32, BTYPE, or a software step: what the end of an instruction may change.
    const CHANGEABLE: u64 = 1 << 4 | 3 << 10 | 1 << 21;

    /// EL1 with its own stack pointer and everything masked.
    pub const fn el1h_masked() -> Self {
        Self::new()
            .with_mode(Self::EL1H)
            .with_fia(0b111)
            .with_debug_mask(true)
    }

    /// Does the guest run at EL1? (EL0 else.)
    pub const fn is_privileged(self) -> bool {
        if self.aarch32() {
            self.mode() != 0
        } else {
            self.mode() >> 2 == 1
        }
    }

    /// Does `SP` name SP_EL1? (SP_EL0 else.)
    pub const fn uses_sp_el1(self) -> bool {
        !self.aarch32() && self.mode() == Self::EL1H
    }

    /// Is data big-endian, with this SCTLR_EL1 (Arm ARM J1.3.3, BigEndian)?
    pub const fn is_big_endian(self, sctlr: u64) -> bool {
        if self.aarch32() {
            self.debug_mask()
        } else if self.is_privileged() {
            sctlr & SCTLR_EE != 0
        } else {
            sctlr & SCTLR_E0E != 0
        }
    }

    /// Can no SCTLR_EL1 but this one, seen now, make any data big-endian?
    pub const fn is_little_endian_throughout(sctlr: u64) -> bool {
        sctlr & (SCTLR_EE | SCTLR_E0E) == 0
    }

    /// In AArch64, with nothing that the end of an instruction changes?
    #[inline(always)]
    pub const fn is_plain(self) -> bool {
        self.into_bits() & Self::CHANGEABLE == 0
    }

    /// After one more instruction that does not branch: a step is over, BTYPE is clear, an IT
    /// block has advanced.
    pub const fn after_instruction(self) -> Self {
        let after = if self.aarch32() {
            self.after_thumb()
        } else {
            self.with_btype(0)
        };
        after.with_software_step(false)
    }

    /// After one more instruction of an IT block, if it is in one (Arm ARM, AArch32.ITAdvance).
    const fn after_thumb(self) -> Self {
        let block = self.it_block();
        let (condition, block) = match block & 0b111 {
            0 => (0, 0),
            _ => (self.it_condition(), block << 1 & 0b1_1111),
        };
        self.with_it_condition(condition)
            .with_ssbs(block >> 4 != 0)
            .with_btype(block >> 2 & 0b11)
            .with_it_low(block & 0b11)
    }

    /// ITSTATE[4:0].
    const fn it_block(self) -> u8 {
        (self.ssbs() as u8) << 4 | self.btype() << 2 | self.it_low()
    }

    /// The condition of the next T32 instruction (Arm ARM, AArch32.CurrentCond).
    pub const fn thumb_condition(self) -> u8 {
        let block = self.it_block();
        if block & 0b1111 == 0 {
            ALWAYS
        } else {
            self.it_condition() << 1 | block >> 4
        }
    }

    /// Does `condition` hold (Arm ARM, ConditionHolds)?
    pub const fn holds(self, condition: u8) -> bool {
        let flags = self.nzcv();
        let (v, c) = (flags & 1 == 1, flags & 2 == 2);
        let (z, n) = (flags & 4 == 4, flags & 8 == 8);
        let result = match condition >> 1 {
            0b000 => z,
            0b001 => c,
            0b010 => n,
            0b011 => v,
            0b100 => c && !z,
            0b101 => n == v,
            0b110 => n == v && !z,
            _ => return true,
        };
        result != (condition & 1 == 1)
    }

    /// A computed address as wide as the execution state has them.
    pub const fn address(self, computed: u64) -> u64 {
        if self.aarch32() {
            computed & 0xffff_ffff
        } else {
            computed
        }
    }

    /// The masks of F, I, A and, in AArch64, D, from the lowest bit.
    pub const fn daif(self) -> u8 {
        self.fia() | ((self.debug_mask() && !self.aarch32()) as u8) << 3
    }

    /// The carry flag.
    pub const fn carry(self) -> bool {
        self.nzcv() & 2 == 2
    }

    /// Distance of the synchronous vector from VBAR_EL1 (Arm ARM table D1-5).
    pub const fn vector_offset(self) -> u64 {
        match (self.aarch32(), self.is_privileged(), self.mode() & 1) {
            (true, ..) => 0x600,
            (false, false, _) => 0x400,
            (false, true, 1) => 0x200,
            (false, true, _) => 0x000,
        }
    }

    /// PSTATE as the first instruction of the handler sees it.
    pub const fn in_handler(self, sctlr: u64) -> Self {
        const SPAN: u64 = 1 << 23;
        const DSSBS: u64 = 1 << 44;
        Self::el1h_masked()
            .with_ssbs(sctlr & DSSBS != 0)
            .with_pan(self.pan() || sctlr & SPAN == 0)
            .with_dit(self.dit())
            .with_nzcv(self.nzcv())
    }
}

/// Completes an instruction of `bytes` that was performed for the guest.
#[inline(never)]
pub fn advance(registers: &mut impl VcpuRegisters, bytes: u64) {
    // PSTATE first: reading it brings the PC along.
    let pstate = Pstate::from_bits(registers.pstate());
    let after = pstate.after_instruction();
    if after != pstate {
        registers.set_pstate(after.into_bits());
    }
    let pc = registers.pc();
    registers.set_pc(pc.wrapping_add(bytes));
}
