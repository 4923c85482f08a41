//! SMC and HVC calls: which service a function identifier names.
//!
//! Models the SMC Calling Convention (Arm DEN0028), version 1.1: PSCI, the version and feature
//! discovery of the architecture service, and "unknown" for the rest. Both conduits are the same.

use crate::{
    Gpa, Gpr, VcpuId,
    kernel::VcpuRegisters,
    psci::{self, CpuTable, PsciAction},
};

#[cfg(test)]
mod tests;

/// The version we report, SMCCC 1.1: X4 to X17 are preserved, and discovery exists.
const VERSION: u64 = 0x1_0001;
/// The answer to a function that is not there, in all 64 bits.
const NOT_SUPPORTED: u64 = u64::MAX;

const SMCCC_VERSION: u32 = 0x8000_0000;
const SMCCC_ARCH_FEATURES: u32 = 0x8000_0001;

/// What is left to do after a call; X0 holds its answer already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallAction {
    /// Go on after the instruction.
    Resume,
    /// Start `target`, then the caller goes on.
    CpuOn {
        /// Who starts; it is off.
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
pub fn call(
    immediate: u16,
    registers: &mut impl VcpuRegisters,
    cpus: &impl CpuTable,
) -> CallAction {
    // The function identifier is W0; what is above it does not count.
    let function = registers.gpr(Gpr::X(0)) as u32;
    let action = match (immediate, function) {
        (0, SMCCC_VERSION) => answer(VERSION),
        (0, SMCCC_ARCH_FEATURES) => arch_features(registers),
        (0, function) if is_standard_service(function) => psci::call(function, registers, cpus),
        _ => answer(NOT_SUPPORTED),
    };
    let (x0, action) = split(action);
    registers.set_gpr(Gpr::X(0), x0);
    let pc = registers.pc();
    registers.set_pc(pc.wrapping_add(4));
    action
}

/// A fast call to owner 4, where PSCI lives (DEN0028 table 6-2); it tells its own ids apart.
const fn is_standard_service(function: u32) -> bool {
    const FAST_AND_OWNER: u32 = 0xbf00_0000;
    function & FAST_AND_OWNER == 0x8400_0000
}

/// We have no workaround to offer and cannot know whether the processor needs one, so the answer
/// for each of those identifiers is "not supported", as for every other.
fn arch_features(registers: &mut impl VcpuRegisters) -> PsciAction {
    match registers.gpr(Gpr::X(1)) as u32 {
        SMCCC_VERSION | SMCCC_ARCH_FEATURES => answer(0),
        _ => answer(NOT_SUPPORTED),
    }
}

const fn answer(x0: u64) -> PsciAction {
    PsciAction::Return(x0 as i64)
}

/// What X0 becomes and what is left to do. Calls that do not return on success leave the answer
/// for the case that they do.
const fn split(action: PsciAction) -> (u64, CallAction) {
    match action {
        PsciAction::Return(value) => (value as u64, CallAction::Resume),
        PsciAction::CpuOn {
            target,
            entry,
            context,
        } => (
            0,
            CallAction::CpuOn {
                target,
                entry,
                context,
            },
        ),
        PsciAction::CpuOff => (0, CallAction::CpuOff),
        PsciAction::Suspend => (0, CallAction::Suspend),
        PsciAction::SystemOff => (0, CallAction::SystemOff),
        PsciAction::SystemReset => (0, CallAction::SystemReset),
    }
}
