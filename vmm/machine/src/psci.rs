//! PSCI 1.1: how a guest starts and stops its vCPUs and itself.
//!
//! Models the callee's side of Arm DEN0022F, "Power State Coordination Interface". This module
//! decides; who owns the vCPUs acts. Power state parameters have the extended StateID format.

use arm_psci::{
    AffinityInfo, EntryPoint, ErrorCode, FeatureFlagsCpuSuspend, Function, FunctionId,
    MigrateInfoType, Mpidr, PowerState, PsciFeature, Version,
};

use crate::{Gpa, Gpr, VcpuId, kernel::VcpuRegisters, smccc::CallAction};

#[cfg(test)]
mod tests;

/// The version we report. 1.1 is the first with SYSTEM_RESET2; what came later is optional.
const VERSION: Version = Version { major: 1, minor: 1 };

/// Is a vCPU running, as AFFINITY_INFO tells it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuPower {
    /// Runs, or waits for an interrupt.
    On,
    /// Waits for CPU_ON.
    Off,
    /// CPU_ON was accepted and the first instruction has not run yet.
    OnPending,
}

/// What PSCI has to know of the machine.
pub trait CpuTable {
    /// How many vCPUs there are; their ids are below it.
    fn count(&self) -> u8;
    /// MPIDR_EL1's affinity fields of a vCPU, at their places in the register, all else zero.
    fn affinity(&self, vcpu: VcpuId) -> u64;
    /// Its state.
    fn power(&self, vcpu: VcpuId) -> CpuPower;
    /// Can a vCPU start at this address: is there guest RAM?
    fn is_entry_point(&self, address: Gpa) -> bool;
}

/// Decides the call of `function`.
///
/// Registers beyond X0 are read only for functions that have arguments.
#[inline(always)]
pub fn call(
    function: FunctionId,
    registers: &mut impl VcpuRegisters,
    cpus: &impl CpuTable,
) -> CallAction {
    match function {
        FunctionId::PsciVersion => CallAction::Return(u32::from(VERSION).into()),
        FunctionId::CpuOff => CallAction::CpuOff,
        FunctionId::MigrateInfoType => {
            CallAction::Return(u32::from(MigrateInfoType::MigrationNotRequired).into())
        }
        FunctionId::SystemOff => CallAction::SystemOff,
        FunctionId::SystemReset => CallAction::SystemReset,
        function => decide(function, registers, cpus)
            .unwrap_or_else(|error| CallAction::Return(i32::from(error).into())),
    }
}

/// Functions with arguments.
#[inline(never)]
fn decide(
    id: FunctionId,
    registers: &mut impl VcpuRegisters,
    cpus: &impl CpuTable,
) -> Result<CallAction, ErrorCode> {
    features(id)?;
    let mut argument = |number| registers.gpr(Gpr::from_field(number));
    let call = [u32::from(id).into(), argument(1), argument(2), argument(3)];
    match Function::try_from(&call).map_err(ErrorCode::from)? {
        Function::CpuSuspend { state, entry } => suspend(state, entry, cpus),
        Function::CpuOn { target_cpu, entry } => cpu_on(target_cpu, entry, cpus),
        Function::AffinityInfo {
            mpidr,
            lowest_affinity_level,
        } => affinity_info(mpidr, lowest_affinity_level, cpus),
        // The only architectural type is the warm reset, and we have one kind of reset.
        Function::SystemReset2 {
            reset_type: arm_psci::ResetType::Architectural(_),
            ..
        } => Ok(CallAction::SystemReset),
        Function::SystemReset2 { .. } => Err(ErrorCode::InvalidParameters),
        Function::Features { psci_func_id } => match psci_func_id {
            PsciFeature::SmcccVersion => Ok(CallAction::Return(0)),
            PsciFeature::PsciFunction(id) => {
                features(id).map(|flags| CallAction::Return(flags.into()))
            }
        },
        _ => Err(ErrorCode::NotSupported),
    }
}

/// PSCI_FEATURES: the flags of a function that we have.
fn features(id: FunctionId) -> Result<u32, ErrorCode> {
    match id {
        FunctionId::CpuSuspend32 | FunctionId::CpuSuspend64 => {
            Ok(FeatureFlagsCpuSuspend::EXTENDED_POWER_STATE.into())
        }
        FunctionId::PsciVersion
        | FunctionId::CpuOff
        | FunctionId::CpuOn32
        | FunctionId::CpuOn64
        | FunctionId::AffinityInfo32
        | FunctionId::AffinityInfo64
        | FunctionId::MigrateInfoType
        | FunctionId::SystemOff
        | FunctionId::SystemReset
        | FunctionId::SystemReset232
        | FunctionId::SystemReset264
        | FunctionId::PsciFeatures => Ok(0),
        _ => Err(ErrorCode::NotSupported),
    }
}

#[inline(never)]
fn cpu_on(target: Mpidr, entry: EntryPoint, cpus: &impl CpuTable) -> Result<CallAction, ErrorCode> {
    let target = vcpus(cpus)
        .find(|&vcpu| cpus.affinity(vcpu) == u64::from(target))
        .ok_or(ErrorCode::InvalidParameters)?;
    let address = entry_point(entry, cpus)?;
    match cpus.power(target) {
        CpuPower::On => Err(ErrorCode::AlreadyOn),
        CpuPower::OnPending => Err(ErrorCode::OnPending),
        CpuPower::Off => Ok(CallAction::CpuOn {
            target,
            entry: address,
            context: entry.context_id(),
        }),
    }
}

/// A power-down request may be answered with a lighter state (DEN0022F 5.4.4), so both wait.
#[inline(never)]
fn suspend(
    state: PowerState,
    entry: EntryPoint,
    cpus: &impl CpuTable,
) -> Result<CallAction, ErrorCode> {
    if let PowerState::PowerDown(_) = state {
        entry_point(entry, cpus)?;
    }
    Ok(CallAction::Suspend)
}

fn entry_point(entry: EntryPoint, cpus: &impl CpuTable) -> Result<Gpa, ErrorCode> {
    let address = Gpa(entry.entry_point_address());
    if address.is_aligned(4) && cpus.is_entry_point(address) {
        Ok(address)
    } else {
        Err(ErrorCode::InvalidAddress)
    }
}

/// The state of the affinity instance that `mpidr` names down to `level`: on if any vCPU in it is.
#[inline(never)]
fn affinity_info(mpidr: Mpidr, level: u32, cpus: &impl CpuTable) -> Result<CallAction, ErrorCode> {
    // Below `level` the fields do not count; Aff3 lies apart from the others.
    let mask = match level {
        0 => 0xff_00ff_ffff,
        1 => 0xff_00ff_ff00,
        2 => 0xff_00ff_0000,
        _ => 0xff_0000_0000,
    };
    let instance = u64::from(mpidr) & mask;
    let power = vcpus(cpus)
        .filter(|&vcpu| cpus.affinity(vcpu) & mask == instance)
        .map(|vcpu| match cpus.power(vcpu) {
            CpuPower::On => AffinityInfo::On,
            CpuPower::OnPending => AffinityInfo::OnPending,
            CpuPower::Off => AffinityInfo::Off,
        })
        .min_by_key(|&info| match info {
            AffinityInfo::On => 0,
            AffinityInfo::OnPending => 1,
            AffinityInfo::Off => 2,
        })
        .ok_or(ErrorCode::InvalidParameters)?;
    Ok(CallAction::Return(u32::from(power).into()))
}

fn vcpus(cpus: &impl CpuTable) -> impl Iterator<Item = VcpuId> {
    (0..cpus.count()).map(VcpuId)
}
