//! Trapped instructions: WFI, WFE, SMC and system registers.

use super::{Vm, access};
use crate::{
    VcpuId,
    exception::GuestException,
    kernel::{InterruptController, Kernel},
    outcome::Outcome,
    syndrome::{CallTrap, Esr, ExceptionClass, SystemTrap},
    sysreg::{self, SystemAccess},
    wfx::{self, Wait},
};

impl<G: InterruptController> Vm<G> {
    /// Handles a trapped instruction.
    #[inline(never)]
    pub(super) fn trap(
        &mut self,
        vcpu: VcpuId,
        syndrome: u64,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        let esr = Esr::from_bits(syndrome);
        match esr.ec() {
            ExceptionClass::Wfx => self.wait(vcpu, esr, kernel),
            ExceptionClass::Smc64 => {
                let immediate = CallTrap::from_bits(esr.iss()).imm16();
                self.call(vcpu, immediate, kernel)
            }
            ExceptionClass::SystemRegister => system_register(esr, kernel),
            // Whatever else the processor traps from EL1 is an instruction that this machine
            // does not have.
            _ => access::inject(GuestException::Undefined, kernel),
        }
    }

    fn wait(&mut self, vcpu: VcpuId, esr: Esr, kernel: &mut impl Kernel) -> Outcome {
        let pc = kernel.pc();
        kernel.set_pc(pc.wrapping_add(esr.instruction_bytes()));
        match wfx::decode(esr) {
            Wait::Interrupt => self.sleep(vcpu, kernel),
            // A wait with a deadline may end early, and the guest looks at its clock then.
            Wait::InterruptUntil(_) | Wait::Yield => Outcome::Resume,
        }
    }
}

fn system_register(esr: Esr, kernel: &mut impl Kernel) -> Outcome {
    let trap = SystemTrap::from_bits(esr.iss());
    match sysreg::classify(trap) {
        SystemAccess::Constant(value) => {
            sysreg::complete(trap, value, kernel);
            Outcome::Resume
        }
        SystemAccess::SendSgi { .. } | SystemAccess::Undefined => {
            access::inject(GuestException::Undefined, kernel)
        }
    }
}
