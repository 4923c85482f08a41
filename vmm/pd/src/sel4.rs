//! The only file that makes kernel calls: seL4's invocations for one virtual machine.
//!
//! Sources: seL4 16.0.0 reference manual chapters 6 and 10, Microkit 2.3 manual. Register
//! prefixes keep messages short: the kernel copies only as many registers as a message names,
//! in the order of `seL4_UserContext`.

mod system_call;

use sel4::{IpcBuffer, sys};
use vmm_machine::{
    IntId, VcpuId,
    calls::{Calls, Event, FAST_WORDS, Message, REGISTERS, fault},
    kernel::{Activity, ListRegister},
    register::SystemRegister,
};

use crate::{cache, counter, cpu_interface, wake::Source};
use system_call::{call, send, send_and_receive, signal, tag};

// Capabilities of a protection domain, by their place (Microkit's libmicrokit).
const INPUT: u64 = 1;
const REPLY: u64 = 4;
const SMC_SLOT: u64 = 7;
const NOTIFICATION_BASE: u64 = 10;
const IRQ_BASE: u64 = 138;
const VM_TCB_BASE: u64 = 266;
const VCPU_BASE: u64 = 330;

/// Bit of a badge that says: a fault of a vCPU, whose identifier is in the low bits.
const FAULT_BADGE: u64 = 1 << 62;

// The numbers that the machine knows are those of this kernel.
const _: () = {
    use sel4::sys::seL4_Fault_tag as tag;
    assert!(fault::CAP == tag::seL4_Fault_CapFault);
    assert!(fault::UNKNOWN_SYSCALL == tag::seL4_Fault_UnknownSyscall);
    assert!(fault::VM == tag::seL4_Fault_VMFault);
    assert!(fault::MAINTENANCE == tag::seL4_Fault_VGICMaintenance);
    assert!(fault::VCPU == tag::seL4_Fault_VCPUFault);
    assert!(fault::VPPI == tag::seL4_Fault_VPPIEvent);
    assert!(FAST_WORDS == sys::seL4_FastMessageRegisters as usize);
};

/// What is sent before a wait, by the same system call.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    call: i64,
    target: u64,
    tag: u64,
}

#[inline(always)]
fn event(badge: u64, message: Message) -> Event {
    if badge & FAULT_BADGE != 0 {
        Event::Exit(VcpuId((badge & 0xff) as u8), message)
    } else {
        Event::Notified(badge)
    }
}

/// Signals the protection domain at the other end of `channel`.
pub(crate) fn notify(channel: u8) {
    signal(NOTIFICATION_BASE + u64::from(channel));
}

/// The thread's own IPC buffer and, through it, every invocation.
pub(crate) struct Invoker<'a> {
    ipc: &'a mut IpcBuffer,
    wake_source: Option<Source>,
}

impl<'a> Invoker<'a> {
    pub(crate) fn new(ipc: &'a mut IpcBuffer, wake_source: Option<Source>) -> Self {
        Self { ipc, wake_source }
    }
}

impl Calls for Invoker<'_> {
    type Answer = Answer;
    type WakeSource = Source;

    const NO_ANSWER: Answer = Answer {
        call: sys::syscall_id::Recv as i64,
        target: 0,
        tag: 0,
    };

    /// Not by ReplyRecv: its fast path never fits a fault and costs 135 instructions to find
    /// that out.
    #[inline(always)]
    fn reply(length: usize) -> Answer {
        Answer {
            call: sys::syscall_id::NBSendRecv as i64,
            target: REPLY,
            tag: tag(0, length),
        }
    }

    fn acknowledgement(channel: u8) -> Answer {
        Answer {
            call: sys::syscall_id::NBSendRecv.into(),
            target: interrupt(channel),
            tag: tag(label::ACK_IRQ, 0),
        }
    }

    fn poll(&mut self, answer: Answer) -> Option<Event> {
        const NB_RECV: i64 = sys::syscall_id::NBRecv as i64;
        if answer.target != 0 {
            let [a, b, c, d, ..] = self.ipc.inner().msg;
            send(self.ipc, answer.target, answer.tag, [a, b, c, d]);
        }
        match send_and_receive(self.ipc, NB_RECV, (0, 0), INPUT, REPLY) {
            (0, _) => None,
            (badge, message) => Some(event(badge, message)),
        }
    }

    fn notify(&mut self, channel: u8) {
        notify(channel);
    }

    /// The last message, from its fifth word on.
    fn message_rest<const N: usize>(&self) -> [u64; N] {
        let rest = self.ipc.msg_regs().get(FAST_WORDS..);
        rest.and_then(|words| words.first_chunk().copied())
            .unwrap_or([0; N])
    }

    /// Sets words of the next reply.
    fn set_reply<const N: usize>(&mut self, words: [u64; N]) {
        if let Some(target) = self.ipc.msg_regs_mut().first_chunk_mut() {
            *target = words;
        }
    }

    /// Sends `answer`, and waits.
    #[inline(always)]
    fn wait(&mut self, answer: Answer) -> Option<Event> {
        let Answer { call, target, tag } = answer;
        let (badge, message) = send_and_receive(self.ipc, call, (target, tag), INPUT, REPLY);
        Some(event(badge, message))
    }

    /// Reads the first `count` registers of a vCPU's thread into `words`; what else is in
    /// `words` is lost.
    #[inline(always)]
    fn read_registers(&mut self, vcpu: VcpuId, words: &mut [u64; REGISTERS], count: usize) {
        let request = tag(label::READ_REGISTERS, 2);
        let reply = call(self.ipc, tcb(vcpu), request, [0, count as u64, 0, 0]);
        check(reply.label);
        if let Some(first) = words.first_chunk_mut() {
            *first = reply.words;
        }
        copy(words, self.ipc.msg_regs(), count);
    }

    /// Writes the first `count` of `words` to a vCPU's thread; `resume` lets it run.
    #[inline(always)]
    fn write_registers(
        &mut self,
        vcpu: VcpuId,
        words: &[u64; REGISTERS],
        count: usize,
        resume: bool,
    ) {
        let [first, second, third, fourth, ..] = *words;
        // Behind the two words that say how many come.
        if let [_, _, message @ ..] = self.ipc.msg_regs_mut() {
            if count > 2
                && let [_, _, word2, word3, ..] = message
            {
                (*word2, *word3) = (third, fourth);
            }
            copy(message, words, count);
        }
        self.send(
            tcb(vcpu),
            (label::WRITE_REGISTERS, count + 2),
            [u64::from(resume), count as u64, first, second],
        );
    }

    /// TCB_Resume.
    fn resume(&mut self, vcpu: VcpuId) {
        self.send(tcb(vcpu), (label::RESUME, 0), [0; 4]);
    }

    /// TCB_Suspend.
    fn suspend(&mut self, vcpu: VcpuId) {
        self.send(tcb(vcpu), (label::SUSPEND, 0), [0; 4]);
    }

    /// ARM_VCPU_InjectIRQ into a list register that is known to be free.
    fn inject(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) {
        let word = inject_word(index, entry);
        self.send(vcpu_cap(vcpu), (label::INJECT_IRQ, 1), [word, 0, 0, 0]);
    }

    /// ARM_VCPU_InjectIRQ, telling whether the kernel took it.
    fn try_inject(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) -> bool {
        let word = inject_word(index, entry);
        let reply = self.call(vcpu_cap(vcpu), (label::INJECT_IRQ, 1), word);
        reply.label == 0
    }

    /// How many list registers the kernel has: it says so when asked for one too many.
    fn list_registers(&mut self) -> usize {
        const FAR_TOO_MANY: u64 = 0xff;
        const RANGE_ERROR: u64 = sys::seL4_Error::seL4_RangeError as u64;
        let invocation = (label::INJECT_IRQ, 1);
        let reply = self.call(vcpu_cap(VcpuId(0)), invocation, FAR_TOO_MANY << 32);
        let [_, last, ..] = reply.words;
        match (reply.label, usize::try_from(last)) {
            (RANGE_ERROR, Ok(last)) => last.saturating_add(1).min(64),
            _ => 1,
        }
    }

    /// ARM_VCPU_ReadRegs.
    fn read_system(&mut self, vcpu: VcpuId, register: SystemRegister) -> u64 {
        let reply = self.call(vcpu_cap(vcpu), (label::READ_VCPU, 1), field(register));
        check(reply.label);
        let [value, ..] = reply.words;
        value
    }

    /// ARM_VCPU_WriteRegs.
    fn write_system(&mut self, vcpu: VcpuId, register: SystemRegister, value: u64) {
        self.send(
            vcpu_cap(vcpu),
            (label::WRITE_VCPU, 2),
            [field(register), value, 0, 0],
        );
    }

    /// ARM_VCPU_AckVPPI: unmasks a private interrupt that fired.
    fn acknowledge_private(&mut self, vcpu: VcpuId, intid: IntId) {
        self.send(
            vcpu_cap(vcpu),
            (label::ACK_VPPI, 1),
            [u64::from(intid.number()), 0, 0, 0],
        );
    }

    /// IRQHandler_Ack of the `<irq>` with this channel.
    fn acknowledge(&mut self, channel: u8) {
        self.send(interrupt(channel), (label::ACK_IRQ, 0), [0; 4]);
    }

    /// Switches the machine off by the firmware's PSCI; returns if the PD may not (`smc="true"`
    /// is missing).
    fn machine_off(&mut self) {
        self.ipc
            .msg_regs_mut()
            .iter_mut()
            .take(8)
            .for_each(|word| *word = 0);
        self.call(SMC_SLOT, (label::SMC_CALL, 8), PSCI_SYSTEM_OFF);
    }

    fn activity(&mut self) -> Activity {
        cpu_interface::activity()
    }

    fn now(&mut self) -> u64 {
        counter::now()
    }

    fn wake_source(&mut self) -> Option<&mut Source> {
        self.wake_source.as_mut()
    }

    fn publish_code(&mut self, vmm_address: u64, bytes: u64) {
        cache::publish_code(vmm_address, bytes);
    }

    fn refresh_cache(vmm_address: u64, bytes: u64) {
        cache::refresh(vmm_address, bytes);
    }
}

impl Invoker<'_> {
    /// An invocation with one word in registers, and its answer.
    fn call(&mut self, target: u64, (label, length): (u32, usize), word: u64) -> Message {
        call(self.ipc, target, tag(label, length), [word, 0, 0, 0])
    }

    /// An invocation that cannot fail unless the VMM is wrong: in release without the cost of
    /// an answer, in debug with a look at it.
    #[inline(always)]
    fn send(&mut self, target: u64, (label, length): (u32, usize), words: [u64; FAST_WORDS]) {
        let tag = tag(label, length);
        if cfg!(debug_assertions) {
            check(call(self.ipc, target, tag, words).label);
        } else {
            send(self.ipc, target, tag, words);
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

/// The kernel's number for a register.
fn field(register: SystemRegister) -> u64 {
    use sys::seL4_VCPUReg as field;
    let number = match register {
        SystemRegister::SctlrEl1 => field::seL4_VCPUReg_SCTLR,
        SystemRegister::CpacrEl1 => field::seL4_VCPUReg_CPACR,
        SystemRegister::Ttbr0El1 => field::seL4_VCPUReg_TTBR0,
        SystemRegister::Ttbr1El1 => field::seL4_VCPUReg_TTBR1,
        SystemRegister::TcrEl1 => field::seL4_VCPUReg_TCR,
        SystemRegister::MairEl1 => field::seL4_VCPUReg_MAIR,
        SystemRegister::AmairEl1 => field::seL4_VCPUReg_AMAIR,
        SystemRegister::ContextidrEl1 => field::seL4_VCPUReg_CIDR,
        SystemRegister::ActlrEl1 => field::seL4_VCPUReg_ACTLR,
        SystemRegister::Afsr0El1 => field::seL4_VCPUReg_AFSR0,
        SystemRegister::Afsr1El1 => field::seL4_VCPUReg_AFSR1,
        SystemRegister::EsrEl1 => field::seL4_VCPUReg_ESR,
        SystemRegister::FarEl1 => field::seL4_VCPUReg_FAR,
        SystemRegister::ParEl1 => field::seL4_VCPUReg_PAR,
        SystemRegister::VbarEl1 => field::seL4_VCPUReg_VBAR,
        SystemRegister::TpidrEl1 => field::seL4_VCPUReg_TPIDR_EL1,
        SystemRegister::VmpidrEl2 => field::seL4_VCPUReg_VMPIDR_EL2,
        SystemRegister::SpEl1 => field::seL4_VCPUReg_SP_EL1,
        SystemRegister::ElrEl1 => field::seL4_VCPUReg_ELR_EL1,
        SystemRegister::SpsrEl1 => field::seL4_VCPUReg_SPSR_EL1,
        SystemRegister::CntvCtlEl0 => field::seL4_VCPUReg_CNTV_CTL,
        SystemRegister::CntvCvalEl0 => field::seL4_VCPUReg_CNTV_CVAL,
        SystemRegister::CntvoffEl2 => field::seL4_VCPUReg_CNTVOFF,
        SystemRegister::CntkctlEl1 => field::seL4_VCPUReg_CNTKCTL_EL1,
    };
    number.into()
}

fn tcb(vcpu: VcpuId) -> u64 {
    VM_TCB_BASE + u64::from(vcpu.0)
}

fn interrupt(channel: u8) -> u64 {
    IRQ_BASE + u64::from(channel)
}

fn vcpu_cap(vcpu: VcpuId) -> u64 {
    VCPU_BASE + u64::from(vcpu.0)
}

/// Copies the words from the fifth up to `to`, and a few more: whole blocks, without a call.
#[inline(always)]
fn copy(target: &mut [u64], source: &[u64], to: usize) {
    const BLOCK: usize = 8;
    if to <= FAST_WORDS {
        return;
    }
    let (Some(target), Some(source)) = (target.get_mut(FAST_WORDS..), source.get(FAST_WORDS..))
    else {
        return;
    };
    let blocks = target
        .chunks_exact_mut(BLOCK)
        .zip(source.chunks_exact(BLOCK));
    for (target, source) in blocks.take(to.saturating_sub(FAST_WORDS).div_ceil(BLOCK)) {
        if let (Some(target), Some(&[a, b, c, d, e, f, g, h])) = (
            target.first_chunk_mut::<BLOCK>(),
            source.first_chunk::<BLOCK>(),
        ) {
            *target = [a, b, c, d, e, f, g, h];
        }
    }
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
