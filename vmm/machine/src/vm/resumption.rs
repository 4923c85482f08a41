//! How a vCPU goes on behind an instruction that was performed for it, or into its handler.

use super::Vm;
use crate::{
    VcpuId,
    device::DeviceSet,
    eret,
    exception::{self, GuestException, Injection},
    kernel::{InterruptController, Kernel, VcpuRegisters},
    outcome::{CrashReason, End, Outcome},
    pstate::Pstate,
};

/// How a vCPU gets to the next instruction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resumption {
    /// The kernel takes the registers as they are.
    Direct,
    /// It does not take this PSTATE; EL1 returns to it from the ERET at this address.
    ByEret(u64),
}

impl Resumption {
    /// Goes there, once registers, PC and PSTATE are those of the next instruction.
    pub(super) fn apply(self, registers: &mut impl VcpuRegisters) {
        if let Self::ByEret(address) = self {
            eret::leave_by(registers, address);
        }
    }
}

impl<G: InterruptController, D: DeviceSet> Vm<'_, G, D> {
    /// How the vCPU goes on behind the instruction at hand; `None` when it cannot, and nothing may
    /// be performed. AArch32 goes on directly only if nothing but the PC changes.
    pub(super) fn resumption<K: Kernel>(
        &mut self,
        registers_change: bool,
        kernel: &mut K,
    ) -> Option<Resumption> {
        let pstate = Pstate::from_bits(kernel.pstate());
        let is_pc_all = !registers_change && pstate.after_instruction() == pstate;
        if !pstate.aarch32() || is_pc_all {
            return Some(Resumption::Direct);
        }
        let address = eret::find(kernel, &self.guest_view::<K>(), self.eret)?;
        self.eret = address;
        Some(Resumption::ByEret(address))
    }

    /// Lets the guest take an exception for the exit at hand.
    #[cold]
    #[inline(never)]
    pub(super) fn inject(
        &mut self,
        vcpu: VcpuId,
        exception: GuestException,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        match exception::inject(kernel, exception) {
            Injection::Endless if self.is_only_live(vcpu) => {
                Outcome::End(End::Crash(CrashReason::EndlessException))
            }
            Injection::Endless | Injection::Taken => Outcome::Resume,
        }
    }

    /// Are all other vCPUs off? One that is on may mend what this one meets for ever.
    fn is_only_live(&self, vcpu: VcpuId) -> bool {
        self.live & !1_u64.wrapping_shl(vcpu.0.into()) == 0
    }
}
