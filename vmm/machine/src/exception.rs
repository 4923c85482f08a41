//! Exceptions injected into the guest: how it learns that an access or instruction failed.
//!
//! Models the effect of AArch64.TakeException to EL1 (Arm ARM J1.1.2) for the synchronous
//! exceptions a monitor raises: aborts and undefined instructions.

use crate::{
    kernel::VcpuRegisters,
    pstate::Pstate,
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
    /// The vCPU is where it was: the exception came from the first instruction of the very
    /// handler that takes it, in the very state that handlers start in. Nothing that this vCPU
    /// does can end that; another one may change the instruction or what it meets.
    Endless,
}

/// Makes the vCPU take `exception` at its current PC.
pub fn inject(registers: &mut impl VcpuRegisters, exception: GuestException) -> Injection {
    let pc = registers.pc();
    let pstate = Pstate::from_bits(registers.pstate());
    let sctlr = registers.system(SystemRegister::SctlrEl1);
    let vbar = registers.system(SystemRegister::VbarEl1);
    let esr = exception.syndrome(pstate.is_privileged());
    let far = match exception {
        GuestException::InstructionAbort { .. } => Some(pc),
        GuestException::DataAbort { address, .. } => address,
        GuestException::Undefined => None,
    };
    for (register, value) in [
        (SystemRegister::ElrEl1, Some(pc)),
        (SystemRegister::SpsrEl1, Some(pstate.into_bits())),
        (SystemRegister::EsrEl1, Some(esr.into_bits())),
        (SystemRegister::FarEl1, far),
    ] {
        if let Some(value) = value {
            registers.set_system(register, value);
        }
    }
    let in_handler = pstate.in_handler(sctlr);
    registers.set_pstate(in_handler.into_bits());
    let handler = vbar.wrapping_add(pstate.vector_offset());
    registers.set_pc(handler);
    // From EL0, with SP_EL0 or with an interrupt unmasked the next round may be another.
    if handler == pc && in_handler == pstate {
        Injection::Endless
    } else {
        Injection::Taken
    }
}
