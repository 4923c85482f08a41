//! Start, end and restart of the guest.
//!
//! The kernel has no call that empties a list register or resets the virtual CPU interface, so
//! a restart runs a few instructions of our own in the guest first, which complete every
//! interrupt that the last run left behind (GICv2 4.4, CPU interface registers). Nothing of
//! the last run executes any more.

use super::{Phase, Vm, byte_order::ByteOrders};
use crate::{
    Gpa, GpaRange, IntId, VcpuId,
    boot::{BootError, drain},
    exit::VmExit,
    kernel::{InterruptController, Kernel},
    memory::Backend,
    outcome::{CrashReason, End, Outcome},
    register::SystemRegister,
    vcpu::{Power, Vcpu},
    wake::WakeSource,
};
use vmm_config::{Action, ReservationKind};

/// Why the guest cannot be started.
pub type StartError = BootError;

/// What the caller does about the guest's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It starts anew; nothing to do.
    Restarted,
    /// It stays stopped.
    Stopped,
    /// The machine is to be switched off.
    MachineOff,
}

/// SCTLR_EL1 at reset: the bits that are RES1 in ARMv8.0, MMU and caches off.
const SCTLR_RESET: u64 = 0x30c5_0838;
/// MPIDR_EL1: bit 31 is RES1.
const MPIDR_RES1: u64 = 1 << 31;

const RESET_FAILED: Outcome = Outcome::End(End::Crash(CrashReason::ResetFailed));

impl<G: InterruptController> Vm<G> {
    /// Lays the images into guest RAM and starts vCPU 0.
    ///
    /// # Errors
    /// [`StartError`] when the image package is damaged or does not fit the guest's RAM.
    pub fn start(&mut self, kernel: &mut impl Kernel) -> Result<(), StartError> {
        let used = core::mem::replace(&mut self.used, true);
        for number in 0..self.package.segments() {
            let range = self.package.lay(number, &self.memory)?;
            self.clean(range, kernel);
        }
        self.gic.reset();
        self.vcpus = [Vcpu::default(); super::MAX_VCPUS];
        self.byte_orders = ByteOrders::default();
        self.set_phase(Phase::Running);
        for number in 0..self.guest.vcpus {
            self.set_power(VcpuId(number), Power::Off);
        }
        self.set_power(VcpuId(0), Power::On);
        self.resample_all(used, kernel);
        let (entry, device_tree) = (self.package.entry(), self.package.device_tree());
        Self::start_vcpu(VcpuId(0), entry, (device_tree.0, 0), kernel);
        Ok(())
    }

    /// Lets the guest, once its MMU is off, see what the VMM wrote.
    fn clean(&self, range: GpaRange, kernel: &mut impl Kernel) {
        if let Ok(address) = self.map.backend().vmm_address(range) {
            kernel.clean_cache(address, range.size());
        }
    }

    /// Unmasks every line that fired before the interrupt controller forgot it.
    fn resample_all(&self, used: bool, kernel: &mut impl Kernel) {
        let passed_through = self.guest.interrupts.iter();
        for intid in passed_through.filter_map(|one| IntId::new(one.intid.into())) {
            kernel.resample(VcpuId(0), intid);
        }
        if used {
            for number in 0..self.guest.vcpus {
                kernel.resample(VcpuId(number), IntId::VIRTUAL_TIMER);
            }
        }
    }

    fn reservation(&self, kind: ReservationKind) -> Option<Gpa> {
        let mut all = self.guest.reservations.iter();
        all.find(|one| one.kind == kind).map(|one| Gpa(one.base))
    }

    /// Starts a vCPU as out of reset, but for the bits `sctlr` that are set.
    pub(super) fn start_vcpu(
        vcpu: VcpuId,
        pc: Gpa,
        (argument, sctlr): (u64, u64),
        kernel: &mut impl Kernel,
    ) {
        let reset = [
            (SystemRegister::SctlrEl1, SCTLR_RESET | sctlr),
            (SystemRegister::CpacrEl1, 0),
            (SystemRegister::VbarEl1, 0),
            (SystemRegister::TcrEl1, 0),
            (SystemRegister::CntvCtlEl0, 0),
            (SystemRegister::CntkctlEl1, 0),
            (SystemRegister::VmpidrEl2, MPIDR_RES1 | u64::from(vcpu.0)),
        ];
        for (register, value) in reset {
            kernel.set_system_of(vcpu, register, value);
        }
        kernel.start(vcpu, pc.0, argument);
    }

    /// Acts on the guest's end by the policy of the system XML.
    pub fn end(&mut self, end: End, kernel: &mut impl Kernel) -> Ending {
        let policy = &self.guest.policy;
        let (action, restarts) = match end {
            End::PowerOff => (policy.power_off, &mut self.restarts.power_off),
            End::Reset => (policy.reset, &mut self.restarts.reset),
            End::Crash(_) => (policy.crash, &mut self.restarts.crash),
        };
        let may_restart = match action {
            Action::Restart { limit } => limit.is_none_or(|limit| *restarts < limit),
            Action::Stop | Action::MachineOff => false,
        };
        *restarts = restarts.saturating_add(u32::from(may_restart));
        for number in 0..self.guest.vcpus {
            kernel.suspend(VcpuId(number));
        }
        if let Some(source) = kernel.wake_source() {
            source.set(None);
        }
        self.set_phase(Phase::Stopped);
        match action {
            Action::MachineOff => Ending::MachineOff,
            Action::Restart { .. } if may_restart => {
                // From here on nothing is delivered.
                self.gic.reset();
                self.drain_from(VcpuId(0), kernel)
            }
            Action::Stop | Action::Restart { .. } => Ending::Stopped,
        }
    }

    /// Empties the interrupt interface of `vcpu`; the rest follows exit by exit.
    fn drain_from(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) -> Ending {
        let start = self
            .reservation(ReservationKind::Ram)
            .zip(self.reservation(ReservationKind::GicCpuInterface))
            .and_then(|(base, gicc)| {
                drain::lay(&self.memory, base, gicc, |index| {
                    self.gic.loaded(vcpu, index)
                })
            });
        let Some(start) = start else {
            return Ending::Stopped;
        };
        if let Ok(range) = GpaRange::new(start.pc, start.bytes) {
            self.clean(range, kernel);
        }
        self.set_phase(Phase::Draining(vcpu));
        Self::start_vcpu(vcpu, start.pc, (start.argument, 0), kernel);
        Ending::Restarted
    }

    /// Exits while the guest's own code does not run, at least not on this vCPU.
    ///
    /// Inlined for the exit's sake, which is in registers where this is called.
    #[inline(always)]
    pub(super) fn handle_stray_exit(
        &mut self,
        vcpu: VcpuId,
        exit: VmExit,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        match exit {
            VmExit::Maintenance { index } => self.drained(vcpu, index, kernel),
            VmExit::Trap { .. } => self.after_drain(vcpu, kernel),
            VmExit::PrivateInterrupt { .. } => self.stray_outcome(vcpu, Outcome::Resume),
            _ => self.stray_outcome(vcpu, RESET_FAILED),
        }
    }

    /// `outcome` if the exit is one of the drain.
    #[cold]
    #[inline(never)]
    fn stray_outcome(&self, vcpu: VcpuId, outcome: Outcome) -> Outcome {
        match self.phase {
            Phase::Draining(drained) if drained == vcpu => outcome,
            Phase::Running => Outcome::End(End::Crash(CrashReason::NotStarted)),
            Phase::Draining(_) | Phase::Stopped => Outcome::Drop,
        }
    }

    /// The drain has ended what a list register held.
    #[cold]
    #[inline(never)]
    fn drained(&mut self, vcpu: VcpuId, index: Option<usize>, kernel: &mut impl Kernel) -> Outcome {
        let outcome = self.stray_outcome(vcpu, Outcome::Resume);
        if outcome == Outcome::Resume {
            self.gic.maintenance(vcpu, index, kernel);
        }
        outcome
    }

    #[cold]
    #[inline(never)]
    fn after_drain(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) -> Outcome {
        let outcome = self.stray_outcome(vcpu, Outcome::Resume);
        if outcome != Outcome::Resume {
            return outcome;
        }
        kernel.suspend(vcpu);
        let next = VcpuId(vcpu.0.saturating_add(1));
        if next.0 < self.guest.vcpus {
            return match self.drain_from(next, kernel) {
                Ending::Restarted => Outcome::Drop,
                _ => RESET_FAILED,
            };
        }
        match self.start(kernel) {
            Ok(()) => Outcome::Drop,
            Err(_) => RESET_FAILED,
        }
    }
}
