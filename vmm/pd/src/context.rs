//! The exit at hand: registers read when asked for, in the shortest prefix, written back once.
//!
//! The kernel moves registers as a prefix of `seL4_UserContext`: pc, SP_EL0, SPSR, x0 to x8,
//! x16 to x18, x29, x30, x9 to x15, x19 to x28.

use vmm_machine::{
    Gpr, IntId, VcpuId,
    kernel::{Kernel, ListRegister, ListRegisters, VcpuRegisters},
    register::SystemRegister,
};

use crate::{
    cache, counter,
    sel4::{Answer, Invoker, Message, REGISTERS, fault, vcpu_field},
    wake::Source,
};

const PC: usize = 0;
const SP_EL0: usize = 1;
const SPSR: usize = 2;

/// Position of x0 to x30 in the kernel's order; the zero register has none.
const POSITION: [u8; 31] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 17, 18, 19, 20, 21, 22, 23, 12, 13, 14, 24, 25, 26, 27, 28, 29,
    30, 31, 32, 33, 15, 16,
];

/// Registers that a hypercall's message carries: pc, SP_EL0, SPSR and x0 to x7.
const HYPERCALL_PREFIX: usize = 11;
/// Message registers of the reply to a hypercall: x0 to x7 and the pc.
const HYPERCALL_REPLY: usize = 9;
/// The registers of that reply, one bit for each position.
const REPLIED: u64 = 0b111_1111_1001;

/// PSTATE of a vCPU that starts: EL1h, debug, SError, IRQ and FIQ masked.
const START_PSTATE: u64 = 0x3c5;

/// The exit at hand and the way to the kernel.
pub(crate) struct Context<'a> {
    pub(crate) invoker: Invoker<'a>,
    words: [u64; REGISTERS],
    /// Positions in `words` that must go back, one bit each.
    changed: u64,
    /// Length of the prefix that `words` holds.
    loaded: usize,
    vcpu: VcpuId,
    pub(crate) message: Message,
    interrupts: &'static [vmm_config::PassthroughInterrupt],
    wake_source: Option<Source>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        invoker: Invoker<'a>,
        interrupts: &'static [vmm_config::PassthroughInterrupt],
        wake_source: Option<Source>,
    ) -> Self {
        Self {
            invoker,
            words: [0; REGISTERS],
            changed: 0,
            loaded: 0,
            vcpu: VcpuId(0),
            message: Message::default(),
            interrupts,
            wake_source,
        }
    }

    /// The channel of the wake source's interrupt, if it has one.
    pub(crate) fn wake_interrupt(&self) -> Option<u8> {
        self.wake_source.as_ref()?.interrupt()
    }

    /// Starts a new exit.
    #[inline(always)]
    pub(crate) fn begin(&mut self, vcpu: VcpuId, message: Message) {
        self.vcpu = vcpu;
        self.message = message;
        self.loaded = 0;
        self.changed = 0;
    }

    /// The exit's message told the pc.
    #[inline(always)]
    pub(crate) fn know_pc(&mut self, pc: u64) {
        self.words[PC] = pc;
        self.loaded = 1;
    }

    /// The exit is an HVC: its message holds x0 to x7, pc, SP_EL0, LR and SPSR.
    #[inline(always)]
    pub(crate) fn know_call(&mut self) {
        let [x0, x1, x2, x3] = self.message.words;
        let [x4, x5, x6, x7, pc, sp_el0, _lr, spsr] = self.invoker.message_rest();
        if let Some(head) = self.words.first_chunk_mut::<HYPERCALL_PREFIX>() {
            *head = [pc, sp_el0, spsr, x0, x1, x2, x3, x4, x5, x6, x7];
        }
        self.loaded = HYPERCALL_PREFIX;
    }

    /// Writes back what changed; gives the reply that lets the vCPU go on.
    #[inline(always)]
    pub(crate) fn resume(&mut self) -> Answer {
        if self.message.label == fault::UNKNOWN_SYSCALL && self.changed & !REPLIED == 0 {
            let [pc, _, _, x0, x1, x2, x3, x4, x5, x6, x7, ..] = self.words;
            self.invoker.set_reply([x0, x1, x2, x3, x4, x5, x6, x7, pc]);
            return Answer::reply(HYPERCALL_REPLY);
        }
        self.write_back();
        Answer::reply(0)
    }

    /// Writes back what changed; the vCPU stays where it is.
    #[inline(always)]
    pub(crate) fn write_back(&mut self) {
        // What goes back is a prefix, up to the last that has changed.
        let length = (u64::BITS - self.changed.leading_zeros()) as usize;
        if length > 0 {
            self.invoker
                .write_registers(self.vcpu, &self.words, length, false);
            self.changed = 0;
        }
    }

    /// Makes the first `length` registers known.
    #[inline(always)]
    fn load(&mut self, length: usize) {
        if length > self.loaded {
            self.fetch_around_changes(length);
        }
    }

    /// Reads the first `length` registers.
    #[inline(always)]
    fn fetch(&mut self, length: usize) {
        self.invoker
            .read_registers(self.vcpu, &mut self.words, length);
        self.loaded = length;
    }

    /// Reads the first `length` registers, but for those that have changed here.
    #[inline(never)]
    fn fetch_around_changes(&mut self, length: usize) {
        if self.changed == 0 {
            return self.fetch(length);
        }
        let before = self.words;
        let changed = core::mem::take(&mut self.changed);
        self.fetch(length);
        for (index, (word, before)) in self.words.iter_mut().zip(before).enumerate() {
            if changed & (1 << index) != 0 {
                *word = before;
            }
        }
        self.changed = changed;
    }

    #[inline(always)]
    fn word(&mut self, index: usize) -> u64 {
        self.load(index + 1);
        self.words.get(index).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn set_word(&mut self, index: usize, value: u64) {
        // A prefix goes back whole, so everything before the register must be known.
        if index != PC {
            self.load(index + 1);
        }
        if let Some(word) = self.words.get_mut(index) {
            *word = value;
            self.changed |= 1 << index;
        }
    }
}

#[inline(always)]
fn position(register: Gpr) -> Option<usize> {
    let position = POSITION.get(usize::from(register.number()))?;
    Some(usize::from(*position))
}

impl VcpuRegisters for Context<'_> {
    fn pc(&mut self) -> u64 {
        self.word(PC)
    }

    #[inline(always)]
    fn set_pc(&mut self, pc: u64) {
        self.set_word(PC, pc);
    }

    #[inline(always)]
    fn prepare(&mut self, register: Gpr) {
        if let Some(index) = position(register)
            && self.changed == 0
            && index >= self.loaded
        {
            self.fetch(index + 1);
        }
    }

    #[inline(always)]
    fn gpr(&mut self, register: Gpr) -> u64 {
        position(register).map_or(0, |index| self.word(index))
    }

    #[inline(always)]
    fn set_gpr(&mut self, register: Gpr, value: u64) {
        if let Some(index) = position(register) {
            self.set_word(index, value);
        }
    }

    fn pstate(&mut self) -> u64 {
        self.word(SPSR)
    }

    fn set_pstate(&mut self, pstate: u64) {
        self.set_word(SPSR, pstate);
    }

    fn sp_el0(&mut self) -> u64 {
        self.word(SP_EL0)
    }

    fn set_sp_el0(&mut self, value: u64) {
        self.set_word(SP_EL0, value);
    }

    fn system(&mut self, register: SystemRegister) -> u64 {
        self.system_of(self.vcpu, register)
    }

    fn set_system(&mut self, register: SystemRegister, value: u64) {
        self.set_system_of(self.vcpu, register, value);
    }
}

impl ListRegisters for Context<'_> {
    fn load(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) {
        self.invoker.inject(vcpu, index, entry);
    }

    fn replace(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) -> bool {
        self.invoker.try_inject(vcpu, index, entry)
    }

    fn resample(&mut self, vcpu: VcpuId, intid: IntId) {
        if intid == IntId::VIRTUAL_TIMER {
            self.invoker.acknowledge_private(vcpu, intid);
            return;
        }
        let number = intid.number();
        if let Some(interrupt) = self.interrupts.iter().find(|one| one.intid == number) {
            self.invoker.acknowledge(interrupt.channel);
        }
    }
}

impl Kernel for Context<'_> {
    type WakeSource = Source;

    fn start(&mut self, vcpu: VcpuId, pc: u64, argument: u64) {
        let mut words = [0; REGISTERS];
        let [first, _, pstate, x0, ..] = &mut words;
        (*first, *pstate, *x0) = (pc, START_PSTATE, argument);
        self.invoker.write_registers(vcpu, &words, REGISTERS, true);
    }

    fn resume(&mut self, vcpu: VcpuId) {
        self.invoker.resume(vcpu);
    }

    fn suspend(&mut self, vcpu: VcpuId) {
        self.invoker.suspend(vcpu);
    }

    fn system_of(&mut self, vcpu: VcpuId, register: SystemRegister) -> u64 {
        self.invoker.read_system(vcpu, field(register))
    }

    fn set_system_of(&mut self, vcpu: VcpuId, register: SystemRegister, value: u64) {
        self.invoker.write_system(vcpu, field(register), value);
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

/// The kernel's number for a register.
fn field(register: SystemRegister) -> u64 {
    use vcpu_field as field;
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
