//! The only file that makes kernel calls: seL4's invocations for one virtual machine.
//!
//! Sources: seL4 16.0.0 reference manual chapters 6 and 10, Microkit 2.3 manual. Register
//! prefixes keep messages short: the kernel copies only as many registers as a message names,
//! in the order of `seL4_UserContext`.

use sel4::{Cap, CapType, IpcBuffer, MessageInfo, MessageInfoBuilder, cap, cap_type, sys};
use vmm_machine::{IntId, VcpuId, kernel::ListRegister};

const INPUT: cap::Endpoint = Cap::from_bits(1);
const REPLY: cap::Reply = Cap::from_bits(4);
const SMC_SLOT: u64 = 7;
const IRQ_BASE: u64 = 138;
const VM_TCB_BASE: u64 = 266;
const VCPU_BASE: u64 = 330;

/// Bit of a badge that says: a fault of a vCPU, whose identifier is in the low bits.
const FAULT_BADGE: u64 = 1 << 62;

/// Labels of fault messages.
pub(crate) mod fault {
    use sel4::sys::seL4_Fault_tag as tag;
    pub(crate) const CAP: u64 = tag::seL4_Fault_CapFault;
    pub(crate) const UNKNOWN_SYSCALL: u64 = tag::seL4_Fault_UnknownSyscall;
    pub(crate) const VM: u64 = tag::seL4_Fault_VMFault;
    pub(crate) const MAINTENANCE: u64 = tag::seL4_Fault_VGICMaintenance;
    pub(crate) const VCPU: u64 = tag::seL4_Fault_VCPUFault;
    pub(crate) const VPPI: u64 = tag::seL4_Fault_VPPIEvent;
}

/// What ended a wait.
pub(crate) enum Event {
    /// An exit of a vCPU: the message's label; its words are in the message registers.
    Exit(VcpuId, u64),
    /// Channels that were signalled, one bit each.
    Notified(u64),
}

/// How to enter the kernel for the next wait.
pub(crate) enum Next {
    /// Reply to the exit at hand with this many message registers, then wait.
    Reply(usize),
    /// Wait.
    Receive,
}

/// An invocation was refused; carries `seL4_Error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) u64);

/// The thread's own IPC buffer and, through it, every invocation.
pub(crate) struct Invoker<'a> {
    ipc: &'a mut IpcBuffer,
}

impl<'a> Invoker<'a> {
    pub(crate) fn new(ipc: &'a mut IpcBuffer) -> Self {
        Self { ipc }
    }

    /// Message register `index` of the last message.
    pub(crate) fn message(&self, index: usize) -> u64 {
        self.ipc.msg_regs().get(index).copied().unwrap_or(0)
    }

    /// Sets a message register of the next reply.
    pub(crate) fn set_message(&mut self, index: usize, value: u64) {
        if let Some(word) = self.ipc.msg_regs_mut().get_mut(index) {
            *word = value;
        }
    }

    /// Replies if there is something to reply to, and waits for the next event.
    pub(crate) fn wait(&mut self, next: Next) -> Event {
        let (info, badge) = match next {
            // Not ReplyRecv: its fast path never fits a fault and costs 135 instructions to
            // find that out.
            Next::Reply(length) => {
                REPLY
                    .with(&mut *self.ipc)
                    .nb_send_recv(message_info(0, length), INPUT, REPLY)
            }
            Next::Receive => INPUT.with(&mut *self.ipc).recv(REPLY),
        };
        if badge & FAULT_BADGE != 0 {
            Event::Exit(VcpuId((badge & 0xff) as u8), info.label())
        } else {
            Event::Notified(badge)
        }
    }

    /// Reads the first `words.len()` registers of a vCPU's thread, from `from` on into `words`.
    pub(crate) fn read_registers(&mut self, vcpu: VcpuId, words: &mut [u64], from: usize) {
        let count = words.len() as u64;
        let reply = tcb(vcpu)
            .with(&mut *self.ipc)
            .call_with_mrs(message_info(label::READ_REGISTERS, 2), [0, count]);
        check(reply.info.label());
        for (index, word) in words.iter_mut().enumerate().skip(from) {
            *word = match reply.msg.get(index) {
                Some(value) => *value,
                None => self.ipc.msg_regs().get(index).copied().unwrap_or(0),
            };
        }
    }

    /// Writes the first `words.len()` registers of a vCPU's thread; `resume` lets it run.
    pub(crate) fn write_registers(&mut self, vcpu: VcpuId, words: &[u64], resume: bool) {
        let at = |index: usize| words.get(index).copied().unwrap_or(0);
        if let (Some(source), Some(target)) = (
            words.get(2..),
            self.ipc.msg_regs_mut().get_mut(4..words.len().max(2) + 2),
        ) {
            target.copy_from_slice(source);
        }
        self.send(
            tcb(vcpu),
            message_info(label::WRITE_REGISTERS, words.len() + 2),
            [u64::from(resume), words.len() as u64, at(0), at(1)],
        );
    }

    /// TCB_Resume.
    pub(crate) fn resume(&mut self, vcpu: VcpuId) {
        self.send(tcb(vcpu), message_info(label::RESUME, 0), [0; 4]);
    }

    /// TCB_Suspend.
    pub(crate) fn suspend(&mut self, vcpu: VcpuId) {
        self.send(tcb(vcpu), message_info(label::SUSPEND, 0), [0; 4]);
    }

    /// ARM_VCPU_InjectIRQ into a list register that is known to be free.
    pub(crate) fn inject(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) {
        let word = inject_word(index, entry);
        self.send(vcpu_cap(vcpu), message_info(label::INJECT_IRQ, 1), [word, 0, 0, 0]);
    }

    /// ARM_VCPU_InjectIRQ, telling whether the kernel took it.
    pub(crate) fn try_inject(
        &mut self,
        vcpu: VcpuId,
        index: usize,
        entry: ListRegister,
    ) -> Result<(), Refused> {
        let word = inject_word(index, entry);
        let reply = vcpu_cap(vcpu)
            .with(&mut *self.ipc)
            .call_with_mrs(message_info(label::INJECT_IRQ, 1), [word]);
        match reply.info.label() {
            0 => Ok(()),
            error => Err(Refused(error)),
        }
    }

    /// How many list registers the kernel has: it says so when asked for one too many.
    pub(crate) fn list_registers(&mut self) -> usize {
        const FAR_TOO_MANY: u64 = 0xff;
        const RANGE_ERROR: u64 = sys::seL4_Error::seL4_RangeError as u64;
        let reply = vcpu_cap(VcpuId(0))
            .with(&mut *self.ipc)
            .call_with_mrs(message_info(label::INJECT_IRQ, 1), [FAR_TOO_MANY << 32]);
        let [_, last, ..] = reply.msg;
        match (reply.info.label(), usize::try_from(last)) {
            (RANGE_ERROR, Ok(last)) => last.saturating_add(1).min(64),
            _ => 1,
        }
    }

    /// ARM_VCPU_ReadRegs.
    pub(crate) fn read_system(&mut self, vcpu: VcpuId, field: u64) -> u64 {
        let reply = vcpu_cap(vcpu)
            .with(&mut *self.ipc)
            .call_with_mrs(message_info(label::READ_VCPU, 1), [field]);
        check(reply.info.label());
        let [value, ..] = reply.msg;
        value
    }

    /// ARM_VCPU_WriteRegs.
    pub(crate) fn write_system(&mut self, vcpu: VcpuId, field: u64, value: u64) {
        self.send(
            vcpu_cap(vcpu),
            message_info(label::WRITE_VCPU, 2),
            [field, value, 0, 0],
        );
    }

    /// ARM_VCPU_AckVPPI: unmasks a private interrupt that fired.
    pub(crate) fn acknowledge_private(&mut self, vcpu: VcpuId, intid: IntId) {
        self.send(
            vcpu_cap(vcpu),
            message_info(label::ACK_VPPI, 1),
            [u64::from(intid.number()), 0, 0, 0],
        );
    }

    /// IRQHandler_Ack of the `<irq>` with this channel.
    pub(crate) fn acknowledge(&mut self, channel: u8) {
        let handler: cap::IrqHandler = Cap::from_bits(IRQ_BASE + u64::from(channel));
        self.send(handler, message_info(label::ACK_IRQ, 0), [0; 4]);
    }

    /// Switches the machine off by the firmware's PSCI; returns if the PD may not (`smc="true"`
    /// is missing).
    pub(crate) fn machine_off(&mut self) {
        let smc: Cap<cap_type::Unspecified> = Cap::from_bits(SMC_SLOT);
        for (index, word) in self.ipc.msg_regs_mut().iter_mut().enumerate().take(8) {
            *word = if index == 0 { PSCI_SYSTEM_OFF } else { 0 };
        }
        let _ = smc
            .with(&mut *self.ipc)
            .call(message_info(label::SMC_CALL, 8));
    }

    /// An invocation that cannot fail unless the VMM is wrong: in release without the cost of
    /// an answer, in debug with a look at it.
    fn send<T: CapType>(&mut self, target: Cap<T>, info: MessageInfo, words: [u64; 4]) {
        if cfg!(debug_assertions) {
            let reply = target.with(&mut *self.ipc).call_with_mrs(info, words);
            check(reply.info.label());
        } else {
            target.with(&mut *self.ipc).send_with_mrs(info, words);
        }
    }
}

const PSCI_SYSTEM_OFF: u64 = 0x8400_0008;

/// Invocation labels of this kernel configuration.
mod label {
    use sel4::sys::invocation_label as label;
    pub(super) const READ_REGISTERS: u32 = label::TCBReadRegisters;
    pub(super) const WRITE_REGISTERS: u32 = label::TCBWriteRegisters;
    pub(super) const SUSPEND: u32 = label::TCBSuspend;
    pub(super) const RESUME: u32 = label::TCBResume;
    pub(super) const INJECT_IRQ: u32 = label::ARMVCPUInjectIRQ;
    pub(super) const READ_VCPU: u32 = label::ARMVCPUReadReg;
    pub(super) const WRITE_VCPU: u32 = label::ARMVCPUWriteReg;
    pub(super) const ACK_VPPI: u32 = label::ARMVCPUAckVPPI;
    pub(super) const ACK_IRQ: u32 = label::IRQAckIRQ;
    pub(super) const SMC_CALL: u32 = label::ARMSMCCall;
}

/// `seL4_VCPUReg` of each register, as the kernel numbers them.
pub(crate) use sys::seL4_VCPUReg as vcpu_field;

fn message_info(label: u32, length: usize) -> MessageInfo {
    MessageInfoBuilder::default()
        .label(u64::from(label))
        .length(length)
        .build()
}

fn tcb(vcpu: VcpuId) -> cap::Tcb {
    Cap::from_bits(VM_TCB_BASE + u64::from(vcpu.0))
}

fn vcpu_cap(vcpu: VcpuId) -> cap::VCpu {
    Cap::from_bits(VCPU_BASE + u64::from(vcpu.0))
}

/// The argument of ARM_VCPU_InjectIRQ: INTID, priority, group and index in one word.
fn inject_word(index: usize, entry: ListRegister) -> u64 {
    u64::from(entry.intid.number())
        | (u64::from(entry.priority) << 16)
        | (u64::from(entry.group1) << 24)
        | ((index as u64) << 32)
}

fn check(label: u64) {
    debug_assert_eq!(label, 0, "seL4 refused an invocation of the VMM");
}
