//! SMC and HVC calls: which service a function identifier names.
//!
//! Models the SMC Calling Convention (Arm DEN0028), version 1.1: PSCI, the version and feature
//! discovery of the architecture service, and "unknown" for the rest. Both conduits are the same.

use arm_psci::FunctionId;

use crate::{
    Gpa, Gpr, VcpuId,
    kernel::VcpuRegisters,
    psci::{self, CpuTable},
    pstate,
};

#[cfg(test)]
mod tests;

/// The version we report, SMCCC 1.1: X4 to X17 are preserved, and discovery exists.
const VERSION: u64 = 0x1_0001;
/// The answer to a function that is not there, in all 64 bits.
const NOT_SUPPORTED: u64 = u64::MAX;

const SMCCC_VERSION: u32 = 0x8000_0000;
const SMCCC_ARCH_FEATURES: u32 = 0x8000_0001;

/// What a call demands. X0 holds its answer already: for those that do not return on success, the
/// answer for the case that they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallAction {
    /// Go on after the instruction with this answer.
    Return(i64),
    /// Start `target`, which is off, at EL1 with the MMU off, then the caller goes on.
    CpuOn {
        /// Who starts.
        target: VcpuId,
        /// The first instruction.
        entry: Gpa,
        /// Its X0.
        context: u64,
    },
    /// The caller stops until another vCPU starts it.
    CpuOff,
    /// The caller waits for an interrupt, as WFI does, and then goes on.
    Suspend,
    /// The guest powers itself off.
    SystemOff,
    /// The guest restarts itself.
    SystemReset,
}

/// Performs the SMC or HVC with `immediate` that the registers describe, and moves the PC past it.
///
/// Of the general-purpose registers only X0 changes. The convention wants an immediate of zero;
/// with another one every function is unknown.
#[inline(always)]
pub fn call(
    immediate: u16,
    registers: &mut impl VcpuRegisters,
    cpus: &impl CpuTable,
) -> CallAction {
    // The function identifier is W0; what is above it does not count.
    let function = registers.gpr(Gpr::from_field(0)) as u32;
    let action = if immediate != 0 {
        answer(NOT_SUPPORTED)
    } else if let Ok(function) = FunctionId::try_from(function) {
        psci::call(function, registers, cpus)
    } else {
        other_service(function, registers)
    };
    let x0 = match action {
        CallAction::Return(value) => value as u64,
        _ => 0,
    };
    registers.set_gpr(Gpr::from_field(0), x0);
    pstate::advance(registers, 4);
    action
}

/// What is not PSCI: discovery.
#[inline(never)]
fn other_service(function: u32, registers: &mut impl VcpuRegisters) -> CallAction {
    match function {
        SMCCC_VERSION => answer(VERSION),
        SMCCC_ARCH_FEATURES => arch_features(registers),
        _ => answer(NOT_SUPPORTED),
    }
}

/// We have no workaround to offer and cannot know whether the processor needs one, so the answer
/// for each of those identifiers is "not supported", as for every other.
fn arch_features(registers: &mut impl VcpuRegisters) -> CallAction {
    match registers.gpr(Gpr::from_field(1)) as u32 {
        SMCCC_VERSION | SMCCC_ARCH_FEATURES => answer(0),
        _ => answer(NOT_SUPPORTED),
    }
}

const fn answer(x0: u64) -> CallAction {
    CallAction::Return(x0 as i64)
}
