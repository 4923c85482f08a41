//! One virtual machine: every exit goes in here and comes out as an [`Outcome`].
//!
//! The way of an exit: decode, find what answers, let it answer, settle the interrupts.

mod access;
mod call;
mod lifecycle;
mod sleep;
mod trap;

pub use lifecycle::{Ending, StartError};

use vmm_config::{Guest, MAX_RAM, MAX_RESERVATIONS, MAX_VCPUS, ReservationKind};

use crate::{
    VcpuId,
    boot::Package,
    exit::VmExit,
    kernel::{InterruptController, Kernel},
    memory::{FrameRun, GuestMemory, MemoryMap, StaticBackend},
    outcome::{CrashReason, End, Outcome},
    vcpu::{Power, Vcpu},
};

/// The guest's memory map over what the system XML maps.
pub type Map = MemoryMap<ReservationKind, FrameRun, StaticBackend, MAX_RESERVATIONS>;

/// One virtual machine.
#[derive(Debug)]
pub struct Vm<G> {
    guest: &'static Guest,
    map: Map,
    memory: GuestMemory<MAX_RAM>,
    package: Package,
    gic: G,
    vcpus: [Vcpu; MAX_VCPUS],
    phase: Phase,
    restarts: u32,
}

/// What the guest as a whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Not started, or ended.
    Stopped,
    /// Its own code runs.
    Running,
    /// Between two runs: this vCPU's interrupt interface is being put back to its reset state.
    Draining(VcpuId),
}

impl<G: InterruptController> Vm<G> {
    /// A machine that has not been started.
    pub fn new(
        guest: &'static Guest,
        map: Map,
        memory: GuestMemory<MAX_RAM>,
        package: Package,
        gic: G,
    ) -> Self {
        Self {
            guest,
            map,
            memory,
            package,
            gic,
            vcpus: [Vcpu::default(); MAX_VCPUS],
            phase: Phase::Stopped,
            restarts: 0,
        }
    }

    /// Handles one exit of `vcpu`.
    #[inline(always)]
    pub fn handle_exit(
        &mut self,
        vcpu: VcpuId,
        exit: &VmExit,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        if self.phase != Phase::Running {
            return self.handle_exit_between_runs(vcpu, exit, kernel);
        }
        if self.power(vcpu) == Power::Off {
            return Outcome::End(End::Crash(CrashReason::NotStarted));
        }
        let outcome = match exit {
            VmExit::Memory(fault) => self.memory_fault(vcpu, fault, kernel),
            VmExit::Trap { syndrome } => self.trap(vcpu, *syndrome, kernel),
            VmExit::Hypercall => self.call(vcpu, 0, kernel),
            VmExit::Maintenance { index } => self.maintenance(vcpu, *index, kernel),
            VmExit::PrivateInterrupt { intid } => {
                self.gic.fire(vcpu, *intid);
                Outcome::Resume
            }
            VmExit::Unknown { .. } => Outcome::End(End::Crash(CrashReason::UnknownExit)),
        };
        if !self.gic.is_settled() {
            self.settle(kernel);
        }
        outcome
    }

    /// Channels of the VMM were signalled, one bit each.
    pub fn handle_notification(&mut self, channels: u64, kernel: &mut impl Kernel) {
        // Between two runs nothing is lost: the next one begins by looking at every line.
        if self.phase != Phase::Running {
            return;
        }
        let is_signalled = |channel: u8| channels.checked_shr(channel.into()).unwrap_or(0) & 1 != 0;
        for interrupt in self.guest.interrupts {
            if is_signalled(interrupt.channel)
                && let Some(intid) = crate::IntId::new(interrupt.intid.into())
            {
                self.gic.fire(VcpuId(0), intid);
            }
        }
        if self.guest.wake_timer.is_some_and(is_signalled) {
            self.alarm(kernel);
        }
        self.settle(kernel);
    }

    /// Gives every vCPU's list registers what its guest should see next, and wakes who has an
    /// interrupt to take.
    #[inline(never)]
    fn settle(&mut self, kernel: &mut impl Kernel) {
        for number in 0..self.guest.vcpus {
            let vcpu = VcpuId(number);
            self.gic.settle(vcpu, kernel);
            self.release_timer(vcpu, kernel);
            if self.power(vcpu) == Power::Waiting && self.gic.has_deliverable(vcpu) {
                self.wake(vcpu, kernel);
            }
        }
        // Another vCPU may have let a sleeper's timer through.
        if (0..self.guest.vcpus).any(|number| self.power(VcpuId(number)) == Power::Waiting) {
            self.set_alarm(kernel);
        }
    }

    fn power(&self, vcpu: VcpuId) -> Power {
        self.vcpus
            .get(vcpu.index())
            .map_or(Power::Off, |state| state.power)
    }

    fn set_power(&mut self, vcpu: VcpuId, power: Power) {
        if let Some(state) = self.vcpus.get_mut(vcpu.index()) {
            state.power = power;
            state.timer_masked &= power != Power::Off;
        }
        self.gic.set_online(vcpu, power != Power::Off);
    }

    /// The guest's description.
    pub const fn guest(&self) -> &'static Guest {
        self.guest
    }

    /// The guest-physical map.
    pub const fn map(&self) -> &Map {
        &self.map
    }
}
