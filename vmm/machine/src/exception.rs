//! Exceptions injected into the guest: how it learns that an access or instruction failed.
//!
//! Models the effect of AArch64.TakeException to EL1 (Arm ARM J1.1.2) for the synchronous
//! exceptions a monitor raises: aborts and undefined instructions.

use bitfield_struct::bitfield;

use crate::{
    kernel::VcpuRegisters,
    register::SystemRegister,
    syndrome::{DataAbort, Esr, ExceptionClass, FaultStatus, InstructionAbort},
};

#[cfg(test)]
mod tests;

/// What the guest is told, as an exception taken to its EL1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestException {
    /// The instruction is undefined.
    Undefined,
    /// The instruction at the PC could not be fetched.
    InstructionAbort {
        /// What stopped the fetch.
        status: FaultStatus,
    },
    /// A load, store or cache operation failed.
    DataAbort {
        /// What stopped the access.
        status: FaultStatus,
        /// Virtual address of the access; `None` when it is not known (FnV is set).
        address: Option<u64>,
        /// The access was a write.
        write: bool,
    },
}

/// SPSR_ELx for the fields that an exception changes (Arm ARM C5.2.19); the layout is AArch64's,
/// and what AArch32 places elsewhere is named so.
#[bitfield(u64)]
#[derive(PartialEq, Eq)]
pub struct Pstate {
    /// The exception level and stack pointer, or the AArch32 mode.
    #[bits(4)]
    pub mode: u8,
    /// AArch32 state.
    pub aarch32: bool,
    __: bool,
    /// F, I, A and D masks, from the lowest bit.
    #[bits(4)]
    pub daif: u8,
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
    /// Software step; DIT in AArch32.
    pub software_step: bool,
    /// Privileged access never.
    pub pan: bool,
    /// User access override.
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

impl Pstate {
    /// Mode field of EL1 with its own stack pointer.
    const EL1H: u8 = 0b0101;

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

    /// After one more instruction of an IT block, if it is in one (Arm ARM, AArch32.ITAdvance).
    pub const fn after_thumb(self) -> Self {
        let block = (self.ssbs() as u8) << 4 | self.btype() << 2 | self.it_low();
        let (condition, block) = match block & 0b111 {
            0 => (0, 0),
            _ => (self.it_condition(), block << 1 & 0b1_1111),
        };
        self.with_it_condition(condition)
            .with_ssbs(block >> 4 != 0)
            .with_btype(block >> 2 & 0b11)
            .with_it_low(block & 0b11)
    }

    /// Distance of the synchronous vector from VBAR_EL1 (Arm ARM table D1-5).
    const fn vector_offset(self) -> u64 {
        match (self.aarch32(), self.is_privileged(), self.mode() & 1) {
            (true, ..) => 0x600,
            (false, false, _) => 0x400,
            (false, true, 1) => 0x200,
            (false, true, _) => 0x000,
        }
    }

    /// PSTATE as the first instruction of the handler sees it.
    const fn in_handler(self, sctlr: u64) -> Self {
        const SPAN: u64 = 1 << 23;
        const DSSBS: u64 = 1 << 44;
        // AArch32 keeps DIT where AArch64 keeps the software step bit.
        let dit = if self.aarch32() {
            self.software_step()
        } else {
            self.dit()
        };
        Self::new()
            .with_mode(Self::EL1H)
            .with_daif(0b1111)
            .with_ssbs(sctlr & DSSBS != 0)
            .with_pan(self.pan() || sctlr & SPAN == 0)
            .with_dit(dit)
            .with_nzcv(self.nzcv())
    }
}

impl GuestException {
    /// A synchronous external abort for a data access: the answer when nothing is there.
    pub const fn external(address: Option<u64>, write: bool) -> Self {
        Self::DataAbort {
            status: FaultStatus::EXTERNAL,
            address,
            write,
        }
    }

    /// ESR_EL1 for an exception taken from `privileged` code or from EL0.
    const fn syndrome(self, privileged: bool) -> Esr {
        let esr = Esr::new().with_il(true);
        match self {
            Self::Undefined => esr.with_ec(ExceptionClass::Unknown),
            Self::InstructionAbort { status } => esr
                .with_ec(if privileged {
                    ExceptionClass::InstructionAbortSame
                } else {
                    ExceptionClass::InstructionAbortLower
                })
                .with_iss(InstructionAbort::new().with_ifsc(status).into_bits()),
            Self::DataAbort {
                status,
                address,
                write,
            } => esr
                .with_ec(if privileged {
                    ExceptionClass::DataAbortSame
                } else {
                    ExceptionClass::DataAbortLower
                })
                .with_iss(
                    DataAbort::new()
                        .with_dfsc(status)
                        .with_wnr(write)
                        .with_fnv(address.is_none())
                        .into_bits(),
                ),
        }
    }
}

/// What an injection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a guest whose handler cannot run is lost and has to be stopped"]
pub enum Injection {
    /// The guest goes on in its own handler.
    Taken,
    /// The exception came from the first instruction of the very handler that takes it: the
    /// guest would do nothing else for ever.
    Endless,
}

/// Makes the vCPU take `exception` at its current PC.
pub fn inject(registers: &mut impl VcpuRegisters, exception: GuestException) -> Injection {
    let pc = registers.pc();
    let pstate = Pstate::from_bits(registers.pstate());
    let sctlr = registers.system(SystemRegister::SctlrEl1);
    let vbar = registers.system(SystemRegister::VbarEl1);
    let esr = exception.syndrome(pstate.is_privileged());
    registers.set_system(SystemRegister::ElrEl1, pc);
    registers.set_system(SystemRegister::SpsrEl1, pstate.into_bits());
    registers.set_system(SystemRegister::EsrEl1, esr.into_bits());
    let far = match exception {
        GuestException::InstructionAbort { .. } => Some(pc),
        GuestException::DataAbort { address, .. } => address,
        GuestException::Undefined => None,
    };
    if let Some(address) = far {
        registers.set_system(SystemRegister::FarEl1, address);
    }
    registers.set_pstate(pstate.in_handler(sctlr).into_bits());
    let handler = vbar.wrapping_add(pstate.vector_offset());
    registers.set_pc(handler);
    if handler == pc {
        Injection::Endless
    } else {
        Injection::Taken
    }
}
