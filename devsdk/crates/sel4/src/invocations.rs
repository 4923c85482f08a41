//! Invocations of the objects that a virtual machine monitor holds.

use crate::sys::invocation_label as label;
use crate::{
    Cap, CapType, Error, InvocationContext, IpcBuffer, MessageInfoBuilder, Result, UserContext,
    VCpuReg, Word, cap, syscalls,
};

/// Calls the object with `arguments` as message registers; `answer` reads what it returned.
fn invoke<T: CapType, C: InvocationContext, R>(
    capability: Cap<T, C>,
    label: u32,
    arguments: &[Word],
    answer: impl FnOnce(&IpcBuffer) -> R,
) -> Result<R> {
    capability.invoke(|bits, buffer| {
        let registers = buffer.msg_regs_mut().iter_mut();
        registers
            .zip(arguments)
            .for_each(|(register, argument)| *register = *argument);
        let info = MessageInfoBuilder::default()
            .label(label.into())
            .length(arguments.len());
        let answered = syscalls::call(bits, buffer, info.build());
        // A label beyond 32 bits is no error of this kernel either way.
        match Error::from_sys(u32::try_from(answered.label()).unwrap_or(u32::MAX)) {
            None => Ok(answer(buffer)),
            Some(error) => Err(error),
        }
    })
}

fn nothing(_: &IpcBuffer) {}

fn first_register(buffer: &IpcBuffer) -> Word {
    let [first, ..] = buffer.inner().msg;
    first
}

/// The two words before the registers themselves: flags (bit 0, the architecture's part being 0) and count.
const REGISTER_ARGUMENTS: usize = 2;

impl<C: InvocationContext> cap::Tcb<C> {
    /// The first `count` registers in [`UserContext`]'s order, the others 0; `suspend` stops the thread first.
    pub fn tcb_read_registers(self, suspend: bool, count: Word) -> Result<UserContext> {
        invoke(
            self,
            label::TCBReadRegisters,
            &[suspend.into(), count],
            |buffer| {
                let mut registers = [0; UserContext::COUNT];
                let read = registers.iter_mut().zip(buffer.msg_regs()).zip(0..count);
                read.for_each(|((register, value), _)| *register = *value);
                UserContext::from_registers(registers)
            },
        )
    }

    /// Every register.
    pub fn tcb_read_all_registers(self, suspend: bool) -> Result<UserContext> {
        self.tcb_read_registers(suspend, UserContext::COUNT as Word)
    }

    /// Writes the first `count` registers; `resume` lets the thread run.
    pub fn tcb_write_registers(
        self,
        resume: bool,
        count: Word,
        regs: &mut UserContext,
    ) -> Result<()> {
        let mut arguments = [0; REGISTER_ARGUMENTS + UserContext::COUNT];
        let (head, registers) = arguments.split_at_mut(REGISTER_ARGUMENTS);
        head.copy_from_slice(&[resume.into(), count]);
        registers.copy_from_slice(&regs.to_registers());
        invoke(self, label::TCBWriteRegisters, &arguments, nothing)
    }

    /// Writes every register.
    pub fn tcb_write_all_registers(self, resume: bool, regs: &mut UserContext) -> Result<()> {
        self.tcb_write_registers(resume, UserContext::COUNT as Word, regs)
    }

    /// Lets the thread run.
    pub fn tcb_resume(self) -> Result<()> {
        invoke(self, label::TCBResume, &[], nothing)
    }

    /// Stops the thread and cancels what it waits for.
    pub fn tcb_suspend(self) -> Result<()> {
        invoke(self, label::TCBSuspend, &[], nothing)
    }
}

impl<C: InvocationContext> cap::IrqHandler<C> {
    /// Lets the interrupt arrive again.
    pub fn irq_handler_ack(self) -> Result<()> {
        invoke(self, label::IRQAckIRQ, &[], nothing)
    }
}

impl<C: InvocationContext> cap::VCpu<C> {
    /// A system register of the virtual CPU.
    pub fn vcpu_read_regs(self, field: VCpuReg) -> Result<Word> {
        invoke(
            self,
            label::ARMVCPUReadReg,
            &[field.into_sys()],
            first_register,
        )
    }

    /// Sets a system register of the virtual CPU.
    pub fn vcpu_write_regs(self, field: VCpuReg, value: Word) -> Result<()> {
        invoke(
            self,
            label::ARMVCPUWriteReg,
            &[field.into_sys(), value],
            nothing,
        )
    }

    /// Unmasks the virtual timer's interrupt after a VPPI event.
    pub fn vcpu_ack_vppi(self, irq: Word) -> Result<()> {
        invoke(self, label::ARMVCPUAckVPPI, &[irq], nothing)
    }

    /// Makes `virq` pending in list register `index`.
    pub fn vcpu_inject_irq(self, virq: u16, priority: u8, group: u8, index: u8) -> Result<()> {
        let packed = Word::from(virq)
            | Word::from(priority) << 16
            | Word::from(group) << 24
            | Word::from(index) << 32;
        invoke(self, label::ARMVCPUInjectIRQ, &[packed], nothing)
    }
}

#[cfg(test)]
mod tests;
