//! SMC and HVC: PSCI and the rest of the calling convention, acted upon.

use super::Vm;
use crate::{
    Gpa, GpaRange, VcpuId,
    device::DeviceSet,
    kernel::{InterruptController, Kernel},
    outcome::{End, Outcome},
    psci::{CpuPower, CpuTable},
    pstate::SCTLR_EE,
    register::SystemRegister,
    smccc::{self, CallAction},
    vcpu::Power,
};

/// What PSCI sees of the machine.
impl<G, D> CpuTable for Vm<'_, G, D> {
    fn count(&self) -> u8 {
        self.guest.vcpus
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

impl<G: InterruptController, D: DeviceSet> Vm<'_, G, D> {
    /// Performs the SMC or HVC at hand.
    #[inline(always)]
    pub(super) fn call(
        &mut self,
        vcpu: VcpuId,
        immediate: u16,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        match smccc::call(immediate, kernel, self) {
            CallAction::Return(_) => Outcome::Resume,
            action => self.act(vcpu, action, kernel),
        }
    }

    #[cold]
    #[inline(never)]
    fn act(&mut self, vcpu: VcpuId, action: CallAction, kernel: &mut impl Kernel) -> Outcome {
        match action {
            CallAction::Return(_) => Outcome::Resume,
            CallAction::CpuOn {
                target,
                entry,
                context,
            } => {
                // It starts with the caller's byte order (DEN0022F 6.4.3.3).
                let order = kernel.system(SystemRegister::SctlrEl1) & SCTLR_EE;
                self.byte_orders.note(target, entry.0, order);
                self.set_power(target, Power::On);
                Self::start_vcpu(target, entry, (context, order), kernel);
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
