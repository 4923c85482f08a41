//! The kernel calls of one virtual machine, as seL4 has them (seL4 16.0.0 manual, chapters 6
//! and 10).
//!
//! `vmm/pd` makes them; host tests have a model of the kernel in their place. Threads' registers
//! move as a prefix of `seL4_UserContext`: see [`context`](crate::context).

use crate::{
    IntId, VcpuId,
    kernel::{Activity, ListRegister},
    register::SystemRegister,
    wake::WakeSource,
};

/// Registers of a thread; the last two are thread-local ones, which no exit needs.
pub const REGISTERS: usize = 36;

/// Words of a message that travel in CPU registers.
pub const FAST_WORDS: usize = 4;

/// Labels of fault messages.
pub mod fault {
    /// A system call of seL4's that needs a capability.
    pub const CAP: u64 = 1;
    /// Any other system call: an HVC of the guest.
    pub const UNKNOWN_SYSCALL: u64 = 2;
    /// A stage-2 fault.
    pub const VM: u64 = 6;
    /// A list register became free.
    pub const MAINTENANCE: u64 = 7;
    /// A trapped instruction.
    pub const VCPU: u64 = 8;
    /// A private interrupt of the vCPU.
    pub const VPPI: u64 = 9;
}

/// A received message; [`Calls::message_rest`] gives what it has beyond these words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// What it is; of an exit, one of [`fault`].
    pub label: u64,
    /// The first words.
    pub words: [u64; FAST_WORDS],
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An exit of a vCPU.
    Exit(VcpuId, Message),
    /// Channels that were signalled, one bit each.
    Notified(u64),
}

/// The kernel calls. None fails unless the VMM is wrong.
pub trait Calls {
    /// What is sent before a wait, by the same system call.
    type Answer: Copy;
    /// See [`wake_source`](Self::wake_source).
    type WakeSource: WakeSource;

    /// Nothing is sent.
    const NO_ANSWER: Self::Answer;
    /// The reply to the exit at hand, with `length` words of [`set_reply`](Self::set_reply).
    fn reply(length: usize) -> Self::Answer;
    /// The acknowledgement of the interrupt of `channel`.
    fn acknowledgement(channel: u8) -> Self::Answer;
    /// Sends `answer`, and waits. `None` only in tests, which end so.
    fn wait(&mut self, answer: Self::Answer) -> Option<Event>;
    /// Sends `answer`, and gives the event that is there already, if there is one.
    fn poll(&mut self, answer: Self::Answer) -> Option<Event>;
    /// Signals the protection domain at the other end of `channel`.
    fn notify(&mut self, channel: u8);
    /// The last message, from its fifth word on.
    fn message_rest<const N: usize>(&self) -> [u64; N];
    /// Sets words of the next reply.
    fn set_reply<const N: usize>(&mut self, words: [u64; N]);

    /// Reads the first `count` registers of a vCPU's thread into `words`; what else is in
    /// `words` is lost.
    fn read_registers(&mut self, vcpu: VcpuId, words: &mut [u64; REGISTERS], count: usize);
    /// Writes the first `count` of `words` to a vCPU's thread; `resume` lets it run.
    fn write_registers(
        &mut self,
        vcpu: VcpuId,
        words: &[u64; REGISTERS],
        count: usize,
        resume: bool,
    );
    /// Lets a vCPU's thread run.
    fn resume(&mut self, vcpu: VcpuId);
    /// Stops a vCPU's thread.
    fn suspend(&mut self, vcpu: VcpuId);
    /// An EL1 system register.
    fn read_system(&mut self, vcpu: VcpuId, register: SystemRegister) -> u64;
    /// Sets an EL1 system register.
    fn write_system(&mut self, vcpu: VcpuId, register: SystemRegister, value: u64);

    /// How many list registers each vCPU has.
    fn list_registers(&mut self) -> usize;
    /// Puts a pending interrupt into list register `index`, which is known to be free.
    fn inject(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister);
    /// The same for one that may not be free; `false`, and nothing changed, when the kernel
    /// refuses.
    fn try_inject(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) -> bool;
    /// What the vCPU that ran last may have taken and not ended.
    fn activity(&mut self) -> Activity;
    /// Unmasks a private interrupt that fired.
    fn acknowledge_private(&mut self, vcpu: VcpuId, intid: IntId);
    /// Acknowledges the interrupt of `channel`.
    fn acknowledge(&mut self, channel: u8);

    /// The physical counter (CNTPCT_EL0).
    fn now(&mut self) -> u64;
    /// What this VMM may be woken by; `None` when the system gives it nothing.
    fn wake_source(&mut self) -> Option<&mut Self::WakeSource>;
    /// Makes `bytes` of guest RAM at `vmm_address`, written by the VMM, visible to a guest
    /// whose MMU is off, as data and as instructions.
    fn publish_code(&mut self, vmm_address: u64, bytes: u64);
    /// Makes `bytes` of guest RAM at `vmm_address`, written by a guest past its caches, visible
    /// to the VMM.
    fn refresh_cache(vmm_address: u64, bytes: u64);
    /// Switches the machine off by the firmware's PSCI; returns if the protection domain may
    /// not (`smc="true"` is missing).
    fn machine_off(&mut self);
}
