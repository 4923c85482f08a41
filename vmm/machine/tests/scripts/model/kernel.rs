//! seL4 as the machine sees it: threads, registers, list registers, masked lines, an alarm.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use vmm_machine::{
    Gpr, IntId, VcpuId,
    kernel::{Activity, Kernel, ListRegister, ListRegisters, VcpuRegisters},
    register::SystemRegister,
    wake::WakeSource,
};

use super::{
    cpu_interface::{CpuInterface, Entry},
    guest::addresses::WAKE_CHANNEL,
};

thread_local! {
    /// Stretches of guest RAM that the VMM cleaned and invalidated before it read them, by its
    /// address.
    pub(crate) static REFRESHED: RefCell<Vec<(u64, u64)>> = const { RefCell::new(Vec::new()) };
}

/// State of a vCPU's thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thread {
    /// Suspended, or never started.
    Inactive,
    Running,
    /// In an exit, until the reply.
    InExit,
}

/// One vCPU.
#[derive(Clone, Debug)]
pub(crate) struct ModelVcpu {
    pub(crate) thread: Thread,
    /// It sleeps in a WFI: inactive, and somebody has to resume it.
    pub(crate) asleep: bool,
    pub(crate) x: [u64; 31],
    pub(crate) pc: u64,
    pub sp_el0: u64,
    pub(crate) pstate: u64,
    system: BTreeMap<u8, u64>,
    pub(crate) interface: CpuInterface,
    /// The virtual timer's line fired and was not given back since.
    pub(crate) timer_masked: bool,
}

/// The kernel, and the hardware beneath it.
#[derive(Clone, Debug)]
pub(crate) struct ModelKernel {
    pub(crate) vcpus: Vec<ModelVcpu>,
    /// Whose exit is being handled.
    pub(crate) current: VcpuId,
    pub(crate) now: u64,
    /// What the VMM owns to be woken by.
    wake_source: Option<Alarm>,
    /// Shared lines that fired and were not given back since.
    pub(crate) masked_lines: BTreeSet<u16>,
    /// Lines given back, in order.
    pub(crate) resampled: Vec<(VcpuId, IntId)>,
    /// Channels that were notified, in order.
    pub(crate) notified: Vec<u8>,
    /// Instructions that a guest may execute, by the VMM's address.
    pub(crate) published: Vec<(u64, u64)>,
}

/// A timer that signals on [`WAKE_CHANNEL`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Alarm(Option<u64>);

impl WakeSource for Alarm {
    fn set(&mut self, deadline: Option<u64>) {
        self.0 = deadline;
    }

    fn is_signalled(&self, channels: u64) -> bool {
        channels & 1 << WAKE_CHANNEL != 0
    }
}

impl ModelKernel {
    pub(crate) fn new(vcpus: u8, list_registers: usize) -> Self {
        let vcpu = ModelVcpu {
            thread: Thread::Inactive,
            asleep: false,
            x: [0; 31],
            pc: 0,
            sp_el0: 0,
            pstate: 0,
            system: BTreeMap::new(),
            interface: CpuInterface::new(list_registers),
            timer_masked: false,
        };
        Self {
            vcpus: vec![vcpu; vcpus.into()],
            current: VcpuId(0),
            now: 0,
            wake_source: Some(Alarm::default()),
            masked_lines: BTreeSet::new(),
            resampled: Vec::new(),
            published: Vec::new(),
            notified: Vec::new(),
        }
    }

    /// The system gives the VMM nothing to be woken by.
    pub(crate) fn without_wake_source(mut self) -> Self {
        self.wake_source = None;
        self
    }

    /// What the wake source is set to.
    pub(crate) fn alarm(&self) -> Option<u64> {
        self.wake_source.and_then(|alarm| alarm.0)
    }

    fn current(&mut self) -> &mut ModelVcpu {
        &mut self.vcpus[self.current.index()]
    }

    /// Would the virtual timer interrupt this vCPU if it ran?
    pub(crate) fn timer_is_due(&self, vcpu: VcpuId) -> bool {
        let vcpu = &self.vcpus[vcpu.index()];
        let is_due = |deadline| deadline <= self.now;
        vcpu.deadline().is_some_and(is_due) && !vcpu.timer_masked
    }
}

impl ModelVcpu {
    /// When the virtual timer interrupts, if it is enabled and not masked.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let deadline = self
            .system(SystemRegister::CntvCvalEl0)
            .saturating_add(self.system(SystemRegister::CntvoffEl2));
        (self.system(SystemRegister::CntvCtlEl0) & 3 == 1).then_some(deadline)
    }

    /// seL4 takes no PSTATE of AArch32, and none but it with general-purpose registers: a
    /// thread in that state keeps all but its PC.
    pub(crate) fn expect_writable_since(&self, before: &Self) {
        if self.pstate & 0x10 != 0 && self.thread == Thread::InExit {
            assert_eq!(self.pstate, before.pstate, "the kernel would spoil it");
            assert_eq!(self.x, before.x, "the kernel would spoil PSTATE");
        }
    }

    pub(crate) fn system(&self, register: SystemRegister) -> u64 {
        self.system.get(&(register as u8)).copied().unwrap_or(0)
    }

    pub(crate) fn set_system(&mut self, register: SystemRegister, value: u64) {
        self.system.insert(register as u8, value);
    }
}

impl VcpuRegisters for ModelKernel {
    fn pc(&mut self) -> u64 {
        self.current().pc
    }

    fn set_pc(&mut self, pc: u64) {
        self.current().pc = pc;
    }

    fn gpr(&mut self, register: Gpr) -> u64 {
        let x = self.current().x.get(usize::from(register.number()));
        x.copied().unwrap_or(0)
    }

    fn set_gpr(&mut self, register: Gpr, value: u64) {
        let x = self.current().x.get_mut(usize::from(register.number()));
        if let Some(x) = x {
            *x = value;
        }
    }

    fn pstate(&mut self) -> u64 {
        self.current().pstate
    }

    fn set_pstate(&mut self, pstate: u64) {
        self.current().pstate = pstate;
    }

    fn sp_el0(&mut self) -> u64 {
        self.current().sp_el0
    }

    fn set_sp_el0(&mut self, value: u64) {
        self.current().sp_el0 = value;
    }

    fn system(&mut self, register: SystemRegister) -> u64 {
        self.current().system(register)
    }

    fn set_system(&mut self, register: SystemRegister, value: u64) {
        self.current().set_system(register, value);
    }
}

impl ListRegisters for ModelKernel {
    fn load(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) {
        assert!(entry.priority < 32 && !entry.group1);
        let interface = &mut self.vcpus[vcpu.index()].interface;
        assert_eq!(interface.entries[index], Entry::Empty, "loaded over it");
        interface.put(index, entry.intid.number(), entry.priority);
    }

    fn replace(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) -> bool {
        let interface = &mut self.vcpus[vcpu.index()].interface;
        match interface.entries[index] {
            Entry::Empty => panic!("replaced nothing"),
            Entry::Active(..) => false,
            Entry::Pending(..) | Entry::Ended(_) => {
                interface.put(index, entry.intid.number(), entry.priority);
                true
            }
        }
    }

    fn activity(&mut self, vcpu: VcpuId) -> Activity {
        let entries = &self.vcpus[vcpu.index()].interface.entries;
        let active = entries.iter().filter_map(|entry| match *entry {
            Entry::Active(_, priority) => Some(1 << priority),
            _ => None,
        });
        Activity::Priorities(active.fold(0, |all, one| all | one))
    }

    fn resample(&mut self, vcpu: VcpuId, intid: IntId) {
        self.resampled.push((vcpu, intid));
        if intid == IntId::VIRTUAL_TIMER {
            self.vcpus[vcpu.index()].timer_masked = false;
        } else {
            self.masked_lines.remove(&intid.number());
        }
    }
}

impl Kernel for ModelKernel {
    type WakeSource = Alarm;

    fn start(&mut self, vcpu: VcpuId, pc: u64, argument: u64) {
        let vcpu = &mut self.vcpus[vcpu.index()];
        (vcpu.thread, vcpu.asleep) = (Thread::Running, false);
        (vcpu.pc, vcpu.sp_el0, vcpu.pstate) = (pc, 0, 0x3c5);
        vcpu.x = [0; 31];
        vcpu.x[0] = argument;
    }

    fn resume(&mut self, vcpu: VcpuId) {
        let vcpu = &mut self.vcpus[vcpu.index()];
        assert!(vcpu.asleep, "resumed what does not sleep");
        (vcpu.thread, vcpu.asleep) = (Thread::Running, false);
    }

    fn suspend(&mut self, vcpu: VcpuId) {
        let vcpu = &mut self.vcpus[vcpu.index()];
        (vcpu.thread, vcpu.asleep) = (Thread::Inactive, false);
    }

    fn system_of(&mut self, vcpu: VcpuId, register: SystemRegister) -> u64 {
        let value = self.vcpus[vcpu.index()].system(register);
        let is_met = self.vcpus[vcpu.index()]
            .deadline()
            .is_some_and(|deadline| deadline <= self.now);
        match register {
            SystemRegister::CntvCtlEl0 if is_met => value | 4,
            _ => value,
        }
    }

    fn set_system_of(&mut self, vcpu: VcpuId, register: SystemRegister, value: u64) {
        self.vcpus[vcpu.index()].set_system(register, value);
    }

    fn now(&mut self) -> u64 {
        self.now
    }

    fn notify(&mut self, channel: u8) {
        self.notified.push(channel);
    }

    fn wake_source(&mut self) -> Option<&mut Alarm> {
        self.wake_source.as_mut()
    }

    fn publish_code(&mut self, vmm_address: u64, bytes: u64) {
        self.published.push((vmm_address, bytes));
    }

    fn refresh_cache(vmm_address: u64, bytes: u64) {
        REFRESHED.with_borrow_mut(|all| all.push((vmm_address, bytes)));
    }
}
