//! Trapped instructions: WFI, WFE, SMC and system registers.

use super::Vm;
use crate::{
    VcpuId,
    device::DeviceSet,
    exception::GuestException,
    kernel::{InterruptController, Kernel},
    outcome::Outcome,
    pstate::{Pstate, advance},
    syndrome::{CallTrap, Condition, Esr, ExceptionClass, SystemTrap},
    sysreg::{self, SystemAccess},
    wfx::{self, Wait},
};

impl<G: InterruptController, D: DeviceSet> Vm<'_, G, D> {
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
            ExceptionClass::Smc64 => {
                let immediate = CallTrap::from_bits(esr.iss()).imm16();
                self.call(vcpu, immediate, kernel)
            }
            ExceptionClass::SystemRegister => self.system_register(vcpu, esr, kernel),
            _ if !executes(esr, kernel) => match self.pass(esr, kernel) {
                Ok(()) => Outcome::Resume,
                Err(exception) => self.inject(vcpu, exception, kernel),
            },
            ExceptionClass::Wfx => self.wait(vcpu, esr, kernel),
            // Whatever else the processor traps from EL1 is an instruction that this machine
            // does not have.
            _ => self.inject(vcpu, GuestException::Undefined, kernel),
        }
    }

    fn wait(&mut self, vcpu: VcpuId, esr: Esr, kernel: &mut impl Kernel) -> Outcome {
        if let Err(exception) = self.pass(esr, kernel) {
            return self.inject(vcpu, exception, kernel);
        }
        match wfx::decode(esr) {
            Wait::Interrupt => self.sleep(vcpu, kernel),
            // A wait with a deadline may end early, and the guest looks at its clock then.
            Wait::InterruptUntil(_) | Wait::Yield => Outcome::Resume,
        }
    }

    /// Goes on behind the trapped instruction, or refuses it.
    #[inline(never)]
    fn pass(&mut self, esr: Esr, kernel: &mut impl Kernel) -> Result<(), GuestException> {
        let resumption = self
            .resumption(false, kernel)
            .ok_or(GuestException::Undefined)?;
        advance(kernel, esr.instruction_bytes());
        resumption.apply(kernel);
        Ok(())
    }

    fn system_register(&mut self, vcpu: VcpuId, esr: Esr, kernel: &mut impl Kernel) -> Outcome {
        let trap = SystemTrap::from_bits(esr.iss());
        match sysreg::classify(trap) {
            SystemAccess::Constant(value) => {
                sysreg::complete(trap, value, kernel);
                Outcome::Resume
            }
            SystemAccess::SendSgi { .. } | SystemAccess::Undefined => {
                self.inject(vcpu, GuestException::Undefined, kernel)
            }
        }
    }
}

/// Does the condition of a trapped instruction of AArch32 hold? A processor may trap one whose
/// condition fails (Arm ARM D24.2.40, COND).
fn executes(esr: Esr, kernel: &mut impl Kernel) -> bool {
    let pstate = Pstate::from_bits(kernel.pstate());
    if !pstate.aarch32() || !Condition::is_in(esr.ec()) {
        return true;
    }
    let condition = Condition::from_bits(esr.iss());
    pstate.holds(if condition.valid() {
        condition.cond()
    } else {
        pstate.thumb_condition()
    })
}
