//! SMC and HVC: PSCI and the rest of the calling convention, acted upon.

use super::{MAX_RAM, Vm};
use crate::{
    Gpa, GpaRange, VcpuId,
    kernel::{InterruptController, Kernel},
    memory::GuestMemory,
    outcome::{End, Outcome},
    psci::{CpuPower, CpuTable},
    smccc::{self, CallAction},
    vcpu::{Power, Vcpu},
};

/// What PSCI sees of the machine.
struct Cpus<'a> {
    count: u8,
    vcpus: &'a [Vcpu],
    memory: &'a GuestMemory<MAX_RAM>,
}

impl CpuTable for Cpus<'_> {
    fn count(&self) -> u8 {
        self.count
    }

    fn affinity(&self, vcpu: VcpuId) -> u64 {
        vcpu.0.into()
    }

    fn power(&self, vcpu: VcpuId) -> CpuPower {
        match self.vcpus.get(vcpu.index()) {
            Some(state) if state.power != Power::Off => CpuPower::On,
            _ => CpuPower::Off,
        }
    }

    fn is_entry_point(&self, address: Gpa) -> bool {
        GpaRange::new(address, 4).is_ok_and(|range| self.memory.contains(range))
    }
}

impl<G: InterruptController> Vm<G> {
    /// Performs the SMC or HVC at hand.
    pub(super) fn call(
        &mut self,
        vcpu: VcpuId,
        immediate: u16,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        let cpus = Cpus {
            count: self.guest.vcpus,
            vcpus: &self.vcpus,
            memory: &self.memory,
        };
        match smccc::call(immediate, kernel, &cpus) {
            CallAction::Resume => Outcome::Resume,
            CallAction::CpuOn {
                target,
                entry,
                context,
            } => {
                self.set_power(target, Power::On);
                Self::start_vcpu(target, entry, context, kernel);
                Outcome::Resume
            }
            CallAction::CpuOff => self.cpu_off(vcpu, kernel),
            CallAction::Suspend => self.sleep(vcpu, kernel),
            CallAction::SystemOff => Outcome::End(End::PowerOff),
            CallAction::SystemReset => Outcome::End(End::Reset),
        }
    }

    fn cpu_off(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) -> Outcome {
        self.set_power(vcpu, Power::Off);
        if (0..self.guest.vcpus).all(|number| self.power(VcpuId(number)) == Power::Off) {
            return Outcome::End(End::PowerOff);
        }
        kernel.suspend(vcpu);
        Outcome::Drop
    }
}
