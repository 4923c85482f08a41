//! One virtual machine: every exit goes in here and comes out as an [`Outcome`].
//!
//! The way of an exit: decode, find what answers, let it answer, settle the interrupts.

mod access;
mod byte_order;
mod call;
mod devices;
mod fresh_memory;
mod lifecycle;
mod resumption;
mod sleep;
mod trap;

pub use lifecycle::{Ending, StartError};

use vmm_config::{ChannelOwner, Guest, MAX_RESERVATIONS, MAX_VCPUS, ReservationKind};

use crate::{
    Gpa, IntId, VcpuId,
    boot::Package,
    device::{Channel, DeviceSet, Memory},
    exit::VmExit,
    kernel::{InterruptController, Kernel},
    memory::{FrameRun, MemoryMap, StaticBackend},
    outcome::{CrashReason, End, Outcome},
    vcpu::{Power, Vcpu},
};

/// The guest's memory map over what the system XML maps.
pub type Map = MemoryMap<ReservationKind, FrameRun, StaticBackend, MAX_RESERVATIONS>;

/// One virtual machine. What most exits use comes first, where short instructions reach it.
#[derive(Debug)]
#[repr(C)]
pub struct Vm<'m, G, D> {
    /// vCPUs whose exits come from the guest's own code: it runs, and they are not off. One bit
    /// each.
    live: u64,
    /// vCPUs whose virtual timer's interrupt may wait in a list register. One bit each.
    timers_fired: u64,
    /// Some vCPU waits for an interrupt.
    asleep: bool,
    /// The last exit was a store that is to be performed once more.
    repeating: bool,
    /// The exit at hand changed more than the PC, so that it cannot be repeated.
    emulated: bool,
    phase: Phase,
    byte_orders: byte_order::ByteOrders,
    gic: G,
    vcpus: [Vcpu; MAX_VCPUS],
    guest: &'static Guest,
    memory: &'m Memory,
    map: Map,
    package: Package,
    restarts: Restarts,
    devices: D,
    /// Devices that asked to go on before the VMM waits. One bit each.
    deferred: u64,
    /// Channels of devices that were signalled between two runs. One bit each.
    missed: u64,
    /// Where an ERET of the guest's was found.
    eret: u64,
    /// Page of RAM for the instructions that reset a vCPU.
    reset_page: Gpa,
}

/// Is `channel` among those that were signalled, one bit each?
pub fn is_signalled(channels: u64, channel: u8) -> bool {
    channels.checked_shr(channel.into()).unwrap_or(0) & 1 != 0
}

/// How often the guest was started anew, by how its run had ended.
#[derive(Clone, Copy, Debug, Default)]
struct Restarts {
    power_off: u32,
    reset: u32,
    crash: u32,
}

/// What the guest as a whole is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Not started, or ended.
    Stopped,
    /// Its own code runs.
    Running,
    /// Before a run: this vCPU brings itself to its reset state.
    Resetting(VcpuId),
}

impl<'m, G: InterruptController, D: DeviceSet> Vm<'m, G, D> {
    /// A machine that has not been started.
    pub fn new(
        guest: &'static Guest,
        map: Map,
        memory: &'m Memory,
        package: Package,
        gic: G,
        devices: D,
    ) -> Self {
        Self {
            guest,
            map,
            memory,
            package,
            gic,
            devices,
            deferred: 0,
            missed: 0,
            vcpus: [Vcpu::default(); MAX_VCPUS],
            phase: Phase::Stopped,
            live: 0,
            timers_fired: 0,
            asleep: false,
            repeating: false,
            emulated: false,
            restarts: Restarts::default(),
            eret: 0,
            byte_orders: byte_order::ByteOrders::default(),
            reset_page: Gpa(0),
        }
    }

    /// Handles one exit of `vcpu`.
    ///
    /// All of a device access but the device is inlined here; what is rarer is in functions of
    /// its own. The exit goes by value, so that it need not be in memory.
    #[inline(always)]
    pub fn handle_exit(&mut self, vcpu: VcpuId, exit: VmExit, kernel: &mut impl Kernel) -> Outcome {
        let outcome = match exit {
            _ if !self.is_live(vcpu) => self.handle_stray_exit(vcpu, exit, kernel),
            VmExit::Memory(fault) => {
                self.check_timer(vcpu, kernel);
                self.memory_fault(vcpu, fault, kernel)
            }
            VmExit::PrivateInterrupt { intid } => {
                self.gic.fire(vcpu, intid, kernel);
                self.timers_fired |= 1_u64.wrapping_shl(vcpu.0.into());
                Outcome::Resume
            }
            VmExit::Maintenance { index } => {
                self.gic.maintenance(vcpu, index, kernel);
                Outcome::Resume
            }
            VmExit::Hypercall => self.call(vcpu, 0, kernel),
            VmExit::Trap { syndrome } => {
                self.check_timer(vcpu, kernel);
                self.trap(vcpu, syndrome, kernel)
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
        // Between two runs nothing is lost: the next one begins by looking at every line, and by
        // telling the devices.
        if self.phase != Phase::Running {
            self.missed |= channels;
            return;
        }
        let mut is_wake = false;
        for entry in self.guest.channels {
            if !is_signalled(channels, entry.channel) {
                continue;
            }
            match entry.owner {
                ChannelOwner::Interrupt(intid) => {
                    if let Some(intid) = IntId::new(intid.into()) {
                        self.gic.fire(VcpuId(0), intid, kernel);
                    }
                }
                // Several tickers are one source.
                ChannelOwner::Wake => is_wake = true,
                ChannelOwner::Device { device, channel } => {
                    self.signal_device(device, Channel(channel), kernel);
                }
            }
        }
        if is_wake {
            self.alarm(kernel);
        }
        self.settle(kernel);
    }

    /// Gives every vCPU's list registers what its guest should see next, and wakes who has an
    /// interrupt to take.
    #[inline(never)]
    fn settle(&mut self, kernel: &mut impl Kernel) {
        // Between two runs nothing may be delivered, and nobody woken.
        if self.phase != Phase::Running {
            return;
        }
        self.settle_interrupts(kernel);
        if self.asleep {
            self.wake_sleeping_vcpus(kernel);
        }
    }

    /// Lets the guest perform its store to the interrupt controller once more, if asked for: it
    /// stays at the instruction.
    fn settle_interrupts(&mut self, kernel: &mut impl Kernel) {
        let is_first = !core::mem::take(&mut self.repeating);
        let may_repeat = !core::mem::take(&mut self.emulated);
        if !self.gic.settle(is_first, kernel) {
            return;
        }
        if may_repeat {
            let pc = kernel.pc();
            kernel.set_pc(pc.wrapping_sub(4));
            self.repeating = true;
        } else {
            self.gic.settle(false, kernel);
        }
    }

    #[inline(never)]
    fn wake_sleeping_vcpus(&mut self, kernel: &mut impl Kernel) {
        for vcpu in (0..self.guest.vcpus).map(VcpuId) {
            if self.power(vcpu) == Power::Waiting && self.gic.has_deliverable(vcpu) {
                self.wake(vcpu, kernel);
            }
        }
        // Another vCPU may have let a sleeper's timer through.
        if (0..self.guest.vcpus).any(|number| self.power(VcpuId(number)) == Power::Waiting) {
            self.ask_to_be_woken(kernel);
        }
    }

    #[inline(always)]
    fn check_timer(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) {
        if self.timers_fired.wrapping_shr(vcpu.0.into()) & 1 != 0 {
            self.withdraw_timer(vcpu, kernel);
        }
    }

    /// The guest may have stopped its virtual timer, or moved its deadline on, while the interrupt
    /// waits in a list register: it is not pending any more then.
    #[cold]
    #[inline(never)]
    fn withdraw_timer(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) {
        match self.gic.waits(vcpu, IntId::VIRTUAL_TIMER, kernel) {
            None => self.timers_fired &= !1_u64.wrapping_shl(vcpu.0.into()),
            Some(true) if !sleep::is_line_high(vcpu, kernel) => {
                self.gic.withdraw(vcpu, IntId::VIRTUAL_TIMER, kernel);
            }
            Some(_) => {}
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
        }
        self.gic.set_online(vcpu, power != Power::Off);
        self.update_summary();
    }

    fn set_phase(&mut self, phase: Phase) {
        self.phase = phase;
        self.update_summary();
    }

    #[inline(always)]
    fn is_live(&self, vcpu: VcpuId) -> bool {
        self.live.wrapping_shr(vcpu.0.into()) & 1 != 0
    }

    /// Brings `live` and `asleep` up to date after a change of what they sum up.
    fn update_summary(&mut self) {
        let running = self.phase == Phase::Running;
        (self.live, self.asleep) = (0, false);
        for vcpu in (0..self.guest.vcpus).map(VcpuId) {
            let Some(state) = self.vcpus.get(vcpu.index()) else {
                return;
            };
            if running && state.power != Power::Off {
                self.live |= 1_u64.wrapping_shl(vcpu.0.into());
            }
            self.asleep |= state.power == Power::Waiting;
        }
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
