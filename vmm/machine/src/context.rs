//! The exit at hand: registers read when asked for, in the shortest prefix, written back once.
//!
//! The kernel moves registers as a prefix of `seL4_UserContext`: pc, SP_EL0, SPSR, x0 to x8,
//! x16 to x18, x29, x30, x9 to x15, x19 to x28.

use vmm_config::PassthroughInterrupt;

use crate::{
    Gpr, IntId, VcpuId,
    calls::{Calls, Message, REGISTERS, fault},
    kernel::{Activity, Kernel, ListRegister, ListRegisters, VcpuRegisters},
    register::SystemRegister,
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

/// No vCPU has the exit at hand.
const NOBODY: VcpuId = VcpuId(u8::MAX);

/// The exit at hand and the way to the kernel.
#[derive(Debug)]
pub struct Context<C> {
    calls: C,
    words: [u64; REGISTERS],
    /// Positions in `words` that must go back, one bit each.
    changed: u64,
    /// Length of the prefix that `words` holds.
    loaded: usize,
    vcpu: VcpuId,
    message: Message,
    interrupts: &'static [PassthroughInterrupt],
}

impl<C: Calls> Context<C> {
    /// No exit yet. `interrupts` are those of passed-through devices.
    pub fn new(calls: C, interrupts: &'static [PassthroughInterrupt]) -> Self {
        Self {
            calls,
            words: [0; REGISTERS],
            changed: 0,
            loaded: 0,
            vcpu: VcpuId(0),
            message: Message::default(),
            interrupts,
        }
    }

    /// The kernel calls.
    pub const fn calls(&mut self) -> &mut C {
        &mut self.calls
    }

    /// The message of the exit at hand.
    pub(crate) const fn message(&self) -> &Message {
        &self.message
    }

    /// Starts a new exit.
    #[inline(always)]
    pub(crate) fn begin(&mut self, vcpu: VcpuId, message: Message) {
        self.vcpu = vcpu;
        self.message = message;
        self.loaded = 0;
        self.changed = 0;
    }

    /// What comes now is no exit of a vCPU.
    pub(crate) const fn begin_notification(&mut self) {
        self.vcpu = NOBODY;
    }

    /// The exit's message told the pc.
    #[inline(always)]
    pub(crate) fn set_known_pc(&mut self, pc: u64) {
        self.words[PC] = pc;
        self.loaded = 1;
    }

    /// The exit is an HVC: its message holds x0 to x7, pc, SP_EL0, LR and SPSR.
    #[inline(always)]
    pub(crate) fn load_call(&mut self) {
        let [x0, x1, x2, x3] = self.message.words;
        let [x4, x5, x6, x7, pc, sp_el0, _lr, spsr] = self.calls.message_rest();
        if let Some(head) = self.words.first_chunk_mut::<HYPERCALL_PREFIX>() {
            *head = [pc, sp_el0, spsr, x0, x1, x2, x3, x4, x5, x6, x7];
        }
        self.loaded = HYPERCALL_PREFIX;
    }

    /// Writes back what changed; gives the reply that lets the vCPU go on.
    #[inline(always)]
    pub(crate) fn resume(&mut self) -> C::Answer {
        if self.message.label == fault::UNKNOWN_SYSCALL && self.changed & !REPLIED == 0 {
            let [pc, _, _, x0, x1, x2, x3, x4, x5, x6, x7, ..] = self.words;
            self.calls.set_reply([x0, x1, x2, x3, x4, x5, x6, x7, pc]);
            return C::reply(HYPERCALL_REPLY);
        }
        self.write_back();
        C::reply(0)
    }

    /// Writes back what changed; the vCPU stays where it is.
    #[inline(always)]
    pub(crate) fn write_back(&mut self) {
        // What goes back is a prefix, up to the last that has changed.
        let length = u64::BITS.wrapping_sub(self.changed.leading_zeros()) as usize;
        if length > 0 {
            self.calls
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
        self.calls
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
        self.load(index.wrapping_add(1));
        self.words.get(index).copied().unwrap_or(0)
    }

    #[inline(always)]
    fn set_word(&mut self, index: usize, value: u64) {
        // A prefix goes back whole, so everything before the register must be known.
        if index != PC {
            self.load(index.wrapping_add(1));
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

impl<C: Calls> VcpuRegisters for Context<C> {
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
            self.fetch(index.wrapping_add(1));
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

impl<C: Calls> ListRegisters for Context<C> {
    fn load(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) {
        self.calls.inject(vcpu, index, entry);
    }

    fn replace(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) -> bool {
        self.calls.try_inject(vcpu, index, entry)
    }

    fn activity(&mut self, vcpu: VcpuId) -> Activity {
        if self.vcpu != NOBODY && self.vcpu != vcpu {
            // Another vCPU has run since: the kernel has saved this one's list registers.
            return Activity::Priorities(0);
        }
        self.calls.activity()
    }

    fn resample(&mut self, vcpu: VcpuId, intid: IntId) {
        if intid == IntId::VIRTUAL_TIMER {
            self.calls.acknowledge_private(vcpu, intid);
            return;
        }
        let number = intid.number();
        if let Some(interrupt) = self.interrupts.iter().find(|one| one.intid == number) {
            self.calls.acknowledge(interrupt.channel);
        }
    }
}

impl<C: Calls> Kernel for Context<C> {
    type WakeSource = C::WakeSource;

    fn start(&mut self, vcpu: VcpuId, pc: u64, argument: u64) {
        let mut words = [0; REGISTERS];
        let [first, _, pstate, x0, ..] = &mut words;
        (*first, *pstate, *x0) = (pc, START_PSTATE, argument);
        self.calls.write_registers(vcpu, &words, REGISTERS, true);
    }

    fn resume(&mut self, vcpu: VcpuId) {
        self.calls.resume(vcpu);
    }

    fn suspend(&mut self, vcpu: VcpuId) {
        self.calls.suspend(vcpu);
    }

    fn system_of(&mut self, vcpu: VcpuId, register: SystemRegister) -> u64 {
        self.calls.read_system(vcpu, register)
    }

    fn set_system_of(&mut self, vcpu: VcpuId, register: SystemRegister, value: u64) {
        self.calls.write_system(vcpu, register, value);
    }

    fn now(&mut self) -> u64 {
        self.calls.now()
    }

    fn notify(&mut self, channel: u8) {
        self.calls.notify(channel);
    }

    fn wake_source(&mut self) -> Option<&mut C::WakeSource> {
        self.calls.wake_source()
    }

    fn publish_code(&mut self, vmm_address: u64, bytes: u64) {
        self.calls.publish_code(vmm_address, bytes);
    }

    fn refresh_cache(vmm_address: u64, bytes: u64) {
        C::refresh_cache(vmm_address, bytes);
    }
}
