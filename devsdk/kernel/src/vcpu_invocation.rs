//! Methods of a vCPU: inject an interrupt, read and write registers, acknowledge the timer.
use bitfield_struct::bitfield;

use crate::abi::{MAX_IRQ, VIRTUAL_TIMER_IRQ, label};
use crate::invocation::Request;
use crate::kernel::Kernel;
use crate::list_register::{ACTIVE, ListRegister, PENDING};
use crate::machine::gich;
use crate::message::SyscallError;
use crate::objects::VcpuId;
use crate::thread::State;
use crate::user_error;
use crate::vcpu_register::VcpuRegister;

/// The word that asks for an interrupt.
#[bitfield(u64)]
struct Injection {
    intid: u16,
    priority: u8,
    group: u8,
    index: u8,
    #[bits(24)]
    __: u32,
}

const TRUNCATED: Result<(), SyscallError> = Err(SyscallError::TruncatedMessage);

impl Kernel {
    /// Does what a vCPU's capability was invoked for.
    ///
    /// # Errors
    /// [`SyscallError`] when it is refused.
    pub fn decode_vcpu(&mut self, request: Request, vcpu: VcpuId) -> Result<(), SyscallError> {
        match request.label {
            label::VCPU_SET_TCB => {
                // No PD needs it: its vCPUs have their threads.
                user_error!(
                    self,
                    "decodeVCPUSetTCB",
                    561,
                    "VCPU SetTCB: Truncated message."
                );
                TRUNCATED
            }
            label::VCPU_READ_REG => self.decode_read(request, vcpu),
            label::VCPU_WRITE_REG => self.decode_write(request, vcpu),
            label::VCPU_INJECT_IRQ => self.decode_inject(request, vcpu),
            label::VCPU_ACK_VPPI => self.decode_acknowledge(request, vcpu),
            _ => {
                user_error!(
                    self,
                    "decodeARMVCPUInvocation",
                    517,
                    "VCPU: Illegal operation."
                );
                Err(SyscallError::IllegalOperation)
            }
        }
    }

    fn decode_read(&mut self, request: Request, vcpu: VcpuId) -> Result<(), SyscallError> {
        if request.length < 1 {
            user_error!(
                self,
                "decodeVCPUReadReg",
                377,
                "VCPUReadReg: Truncated message."
            );
            return TRUNCATED;
        }
        let field = self.message_word(request.thread, 0);
        let Some(register) = VcpuRegister::from_number(field) else {
            user_error!(
                self,
                "decodeVCPUReadReg",
                385,
                "VCPUReadReg: Invalid field {field:#x}."
            );
            return Err(SyscallError::InvalidArgument(1));
        };
        let value = self.read_vcpu_register(vcpu, register);
        self.answer_words(request, &[value]);
        Ok(())
    }

    fn decode_write(&mut self, request: Request, vcpu: VcpuId) -> Result<(), SyscallError> {
        if request.length < 2 {
            user_error!(
                self,
                "decodeVCPUWriteReg",
                341,
                "VCPUWriteReg: Truncated message."
            );
            return TRUNCATED;
        }
        let field = self.message_word(request.thread, 0);
        let value = self.message_word(request.thread, 1);
        let Some(register) = VcpuRegister::from_number(field) else {
            user_error!(
                self,
                "decodeVCPUWriteReg",
                348,
                "VCPUWriteReg: Invalid field {field:#x}."
            );
            return Err(SyscallError::InvalidArgument(1));
        };
        self.set_state(request.thread, State::Restart);
        self.write_vcpu_register(vcpu, register, value);
        Ok(())
    }

    fn decode_inject(&mut self, request: Request, vcpu: VcpuId) -> Result<(), SyscallError> {
        if request.length < 1 {
            return TRUNCATED;
        }
        let word = Injection::from_bits(self.message_word(request.thread, 0));
        let in_range = |value: u64, most: u64| {
            if value > most {
                Err(SyscallError::RangeError(0, most))
            } else {
                Ok(())
            }
        };
        in_range(u64::from(word.intid()), 1023)?;
        in_range(u64::from(word.priority()), 31)?;
        in_range(u64::from(word.group()), 1)?;
        in_range(u64::from(word.index()), gich::count() as u64 - 1)?;
        let index = usize::from(word.index());
        // Only the saved copy is looked at; a pending interrupt is overwritten.
        if self.vcpu(vcpu).list_registers[index].state() == ACTIVE {
            user_error!(
                self,
                "decodeVCPUInjectIRQ",
                485,
                "VGIC List register in use."
            );
            return Err(SyscallError::DeleteFirst);
        }
        let value = ListRegister::new()
            .with_intid(u32::from(word.intid()))
            .with_priority(u32::from(word.priority()))
            .with_group1(word.group() == 1)
            .with_maintenance(true)
            .with_state(PENDING);
        self.set_state(request.thread, State::Restart);
        self.inject(vcpu, index, value);
        Ok(())
    }

    fn decode_acknowledge(&mut self, request: Request, vcpu: VcpuId) -> Result<(), SyscallError> {
        if request.length < 1 {
            return TRUNCATED;
        }
        let irq = self.message_word(request.thread, 0);
        if irq > MAX_IRQ {
            let shown = irq as i32;
            user_error!(
                self,
                "Arch_checkIRQ",
                63,
                "Rejecting request for IRQ {shown}. IRQ is out of range [0..{MAX_IRQ}]."
            );
            return Err(SyscallError::RangeError(0, MAX_IRQ));
        }
        if irq != u64::from(VIRTUAL_TIMER_IRQ) {
            user_error!(
                self,
                "decodeVCPUAckVPPI",
                541,
                "VCPUAckVPPI: Invalid irq number."
            );
            return Err(SyscallError::InvalidArgument(0));
        }
        self.set_state(request.thread, State::Restart);
        self.vcpu(vcpu).vtimer_masked = false;
        Ok(())
    }
}
