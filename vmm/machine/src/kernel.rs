//! What the machine asks of the kernel beneath it.
//!
//! `vmm/pd` answers with seL4's calls, the tests with a model. All calls are about a vCPU that
//! is not running: one whose exit is being handled, or one that waits.

use crate::{Gpr, IntId, VcpuId, device::Access, register::SystemRegister, wake::WakeSource};

/// Registers of the vCPU whose exit is being handled.
///
/// An implementation reads from the kernel only what is asked for, and writes back once, at
/// the end of the exit.
pub trait VcpuRegisters {
    /// Address of the instruction that exited, or what [`set_pc`](Self::set_pc) made of it.
    fn pc(&mut self) -> u64;
    /// Continue at `pc`.
    fn set_pc(&mut self, pc: u64);
    /// `register` is the one that this exit will read or set, as a rule: a hint, to be given
    /// before anything else is asked for.
    fn prepare(&mut self, register: Gpr) {
        let _ = register;
    }
    /// A general-purpose register; the zero register reads as zero.
    fn gpr(&mut self, register: Gpr) -> u64;
    /// Sets a general-purpose register; the zero register ignores it.
    fn set_gpr(&mut self, register: Gpr, value: u64);
    /// PSTATE at the exit, in SPSR's layout.
    fn pstate(&mut self) -> u64;
    /// Continue with this PSTATE.
    fn set_pstate(&mut self, pstate: u64);
    /// SP_EL0.
    fn sp_el0(&mut self) -> u64;
    /// Sets SP_EL0.
    fn set_sp_el0(&mut self, value: u64);
    /// An EL1 system register.
    fn system(&mut self, register: SystemRegister) -> u64;
    /// Sets an EL1 system register.
    fn set_system(&mut self, register: SystemRegister, value: u64);
}

/// One virtual interrupt as it goes into a list register (GICv2 5.3.8, GICH_LRn).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListRegister {
    /// The interrupt.
    pub intid: IntId,
    /// Five bits of priority, 0 the most urgent.
    pub priority: u8,
    /// Group 1 when true; a guest that sets only GICC_CTLR bit 0 uses group 0.
    pub group1: bool,
}

/// Which interrupts in the list registers of a vCPU the guest may have taken (made active) unnoticed.
///
/// The kernel refuses to replace an active one by a copy that it saved when another vCPU last
/// took this one's place, so with one vCPU it never refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// The VMM does not see the virtual CPU interface.
    Unknown,
    /// Those with one of these priorities, bit n for the five-bit priority n (GICV_APR).
    Priorities(u32),
    /// Any: GICV_CTLR.EOImode is set, so an interrupt stays active after its priority dropped.
    Hidden,
}

impl Activity {
    /// May the guest have taken an interrupt that was loaded with this five-bit priority? The
    /// lowest is never signalled.
    pub const fn may_include(self, priority: u8) -> bool {
        match self {
            _ if priority >= LOWEST_PRIORITY => false,
            Self::Unknown | Self::Hidden => true,
            Self::Priorities(active) => active >> priority & 1 != 0,
        }
    }
}

/// The lowest five-bit priority: GICV_PMR, which has five bits too, masks it whatever its value.
pub const LOWEST_PRIORITY: u8 = 31;

/// The list registers of the vCPUs and the masked lines behind them.
///
/// No call reads a list register, so the interrupt controller keeps its own account.
pub trait ListRegisters {
    /// Puts a pending interrupt into list register `index`, which the caller knows to be free.
    fn load(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister);
    /// Replaces what list register `index` holds if the guest has not taken it yet;
    /// `false`, and nothing changed, when it is active.
    fn replace(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) -> bool;
    /// What [`replace`](Self::replace) may overwrite although the guest has taken it.
    fn activity(&mut self, vcpu: VcpuId) -> Activity;
    /// Lets a line that the kernel masked when it fired be seen again. If it is still high,
    /// the kernel reports it anew.
    fn resample(&mut self, vcpu: VcpuId, intid: IntId);
}

/// Everything else that the kernel does for the machine.
pub trait Kernel: VcpuRegisters + ListRegisters {
    /// See [`wake_source`](Self::wake_source).
    type WakeSource: WakeSource;

    /// Lets a stopped vCPU run from `pc` at EL1 with all interrupts masked, x0 = `argument`, and
    /// all else that the kernel keeps for its thread zero: X1 to X30, SP_EL0, TPIDR_EL0 and
    /// TPIDRRO_EL0.
    fn start(&mut self, vcpu: VcpuId, pc: u64, argument: u64);
    /// Lets a suspended vCPU go on where it was.
    fn resume(&mut self, vcpu: VcpuId);
    /// Stops a vCPU; whatever exit it waits in is forgotten.
    fn suspend(&mut self, vcpu: VcpuId);
    /// An EL1 system register of any vCPU that is not running.
    fn system_of(&mut self, vcpu: VcpuId, register: SystemRegister) -> u64;
    /// Sets an EL1 system register of any vCPU that is not running.
    fn set_system_of(&mut self, vcpu: VcpuId, register: SystemRegister, value: u64);
    /// The physical counter (CNTPCT_EL0).
    fn now(&mut self) -> u64;
    /// Signals the protection domain at the other end of `channel`.
    fn notify(&mut self, channel: u8);
    /// What this VMM may be woken by; `None` when the system gives it nothing, and then there is
    /// nothing that could be touched.
    fn wake_source(&mut self) -> Option<&mut Self::WakeSource>;
    /// Lets a guest whose MMU is off execute `bytes` of instructions that the VMM has written at
    /// `vmm_address`: data cleaned to memory, then instruction caches invalidated.
    fn publish_code(&mut self, vmm_address: u64, bytes: u64);
    /// Lets the VMM read what a guest whose MMU is off has written to memory at `vmm_address`:
    /// data cleaned and invalidated.
    fn refresh_cache(vmm_address: u64, bytes: u64);
}

/// The virtual interrupt controller as the machine drives it: a device, and the interrupts
/// behind it.
///
/// Every offset and width has an answer: what the device does not define reads as zero and
/// ignores writes. What makes an interrupt pending may put it into a list register at once.
pub trait InterruptController {
    /// The value of a load, with nothing above the bits that `access.size` covers.
    fn read(&mut self, access: Access) -> u64;
    /// A store; of `value` only the bits count that `access.size` covers.
    fn write(&mut self, access: Access, value: u64, lines: &mut impl ListRegisters);
    /// Back to the state at power-on.
    fn reset(&mut self);
    /// The line of an emulated device is high or low.
    fn set_line(&mut self, intid: IntId, high: bool, lines: &mut impl ListRegisters);
    /// A line that the kernel masks when it fires has fired.
    fn fire(&mut self, vcpu: VcpuId, intid: IntId, lines: &mut impl ListRegisters);
    /// The kernel says that list register `index` became free.
    fn maintenance(&mut self, vcpu: VcpuId, index: Option<usize>, lines: &mut impl ListRegisters);
    /// Gives the list registers of every vCPU what the guest should see next.
    ///
    /// `true` if nothing was settled yet: the exit is a store that had better be performed once
    /// more, after the kernel has reported what the guest ended just before it. Asked for only
    /// when the last exit was not (`is_first`).
    fn settle(&mut self, is_first: bool, lines: &mut impl ListRegisters) -> bool;
    /// Has nothing changed since the last [`settle`](Self::settle) of every vCPU, neither what
    /// is to be delivered nor what one vCPU lets through to another?
    fn is_settled(&self) -> bool;
    /// Has the guest an interrupt to take, now or as soon as it unmasks?
    fn has_deliverable(&self, vcpu: VcpuId) -> bool;
    /// If `intid` is in a list register of this vCPU: has the guest surely not taken it?
    fn waits(&self, vcpu: VcpuId, intid: IntId, lines: &mut impl ListRegisters) -> Option<bool>;
    /// The line of `intid`, which the kernel has reported, has dropped since.
    fn withdraw(&mut self, vcpu: VcpuId, intid: IntId, lines: &mut impl ListRegisters);
    /// Would the guest see `intid` if it fired now? One that has fired and that the kernel masks
    /// since cannot.
    fn is_enabled(&self, vcpu: VcpuId, intid: IntId) -> bool;
    /// Only vCPUs that are on take part in routing.
    fn set_online(&mut self, vcpu: VcpuId, online: bool);
    /// What list register `index` holds, as far as is known.
    fn loaded(&self, vcpu: VcpuId, index: usize) -> Option<IntId>;
}
