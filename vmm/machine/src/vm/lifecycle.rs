//! Start, end and restart of the guest.
//!
//! Before each run, the first too, a few instructions of our own run in every vCPU and bring it
//! to its reset state ([`reset`]): the kernel has no call that empties a list register, and
//! neither resets nor switches many registers. By then the images lie in RAM, so that caches
//! hold nothing of the last run afterwards. Nothing of the guest executes meanwhile.

use super::{Phase, Vm, byte_order::ByteOrders};
use crate::{
    Gpa, GpaRange, IntId, VcpuId,
    boot::{BootError, reset},
    device::DeviceSet,
    exit::VmExit,
    kernel::{InterruptController, Kernel},
    memory::Backend,
    outcome::{CrashReason, End, Outcome},
    processor,
    register::{Gpr, SystemRegister},
    syndrome::{Esr, ExceptionClass},
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

/// What a guest can write and the kernel keeps, but for these two. CNTVOFF_EL2 is not the
/// guest's.
const ZERO_AT_RESET: [SystemRegister; 21] = [
    SystemRegister::CpacrEl1,
    SystemRegister::Ttbr0El1,
    SystemRegister::Ttbr1El1,
    SystemRegister::TcrEl1,
    SystemRegister::MairEl1,
    SystemRegister::AmairEl1,
    SystemRegister::ContextidrEl1,
    SystemRegister::ActlrEl1,
    SystemRegister::Afsr0El1,
    SystemRegister::Afsr1El1,
    SystemRegister::EsrEl1,
    SystemRegister::FarEl1,
    SystemRegister::ParEl1,
    SystemRegister::VbarEl1,
    SystemRegister::TpidrEl1,
    SystemRegister::SpEl1,
    SystemRegister::ElrEl1,
    SystemRegister::SpsrEl1,
    SystemRegister::CntvCtlEl0,
    SystemRegister::CntvCvalEl0,
    SystemRegister::CntkctlEl1,
];

const RESET_FAILED: Outcome = Outcome::End(End::Crash(CrashReason::ResetFailed));

impl<G: InterruptController, D: DeviceSet> Vm<'_, G, D> {
    /// Lays the images into guest RAM, resets the vCPUs and starts vCPU 0; all but the first
    /// follows exit by exit.
    ///
    /// # Errors
    /// [`StartError`] when the image package is damaged or does not fit the guest's RAM.
    pub fn start(&mut self, kernel: &mut impl Kernel) -> Result<(), StartError> {
        for number in 0..self.package.segments() {
            self.package.lay(number, self.memory)?;
        }
        let ram = self.ranges(ReservationKind::Ram).map(|range| range.base());
        self.reset_page = self.package.free_page(self.memory, ram)?;
        self.reset_devices(kernel);
        // From here on nothing is delivered.
        self.gic.reset();
        self.reset_vcpu(VcpuId(0), kernel)
    }

    /// Lets a vCPU bring itself to its reset state.
    fn reset_vcpu(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) -> Result<(), StartError> {
        let page = self.reset_page;
        let ram = self.ranges(ReservationKind::Ram);
        let mut gicc = self.ranges(ReservationKind::GicCpuInterface);
        let gicc = gicc.next().ok_or(BootError::NoCpuInterface)?.base();
        let start = reset::lay(self.memory, page, ram, gicc, |index| {
            self.gic.loaded(vcpu, index)
        })
        .map_err(|_| BootError::NoFreePage)?;
        let page = GpaRange::new(page, reset::BYTES).map_err(|_| BootError::NoFreePage)?;
        if let Ok(address) = self.map.backend().vmm_address(page) {
            kernel.publish_code(address, page.size());
        }
        self.set_phase(Phase::Resetting(vcpu));
        Self::start_vcpu(vcpu, start.pc, (start.argument, 0), kernel);
        Ok(())
    }

    /// Starts vCPU 0 at the guest's first instruction.
    fn run(&mut self, kernel: &mut impl Kernel) {
        self.gic.reset();
        self.vcpus = [Vcpu::default(); super::MAX_VCPUS];
        self.byte_orders = ByteOrders::default();
        self.eret = 0;
        self.set_phase(Phase::Running);
        for number in 0..self.guest.vcpus {
            self.set_power(VcpuId(number), Power::Off);
        }
        self.set_power(VcpuId(0), Power::On);
        self.resample_all(kernel);
        let (entry, device_tree) = (self.package.entry(), self.package.device_tree());
        Self::start_vcpu(VcpuId(0), entry, (device_tree.0, 0), kernel);
        self.deliver_missed_signals(kernel);
    }

    /// Unmasks every line that fired before the interrupt controller forgot it.
    fn resample_all(&self, kernel: &mut impl Kernel) {
        let passed_through = self.guest.interrupts.iter();
        for intid in passed_through.filter_map(|one| IntId::new(one.intid.into())) {
            kernel.resample(VcpuId(0), intid);
        }
        for number in 0..self.guest.vcpus {
            kernel.resample(VcpuId(number), IntId::VIRTUAL_TIMER);
        }
    }

    fn ranges(&self, kind: ReservationKind) -> impl Iterator<Item = GpaRange> + use<G, D> {
        let all = self.guest.reservations.iter();
        all.filter(move |one| one.kind == kind)
            .filter_map(|one| GpaRange::new(Gpa(one.base), one.size).ok())
    }

    /// Starts a vCPU as out of reset, as far as the kernel's calls reach, but for the bits `sctlr`
    /// that are set.
    pub(super) fn start_vcpu(
        vcpu: VcpuId,
        pc: Gpa,
        (argument, sctlr): (u64, u64),
        kernel: &mut impl Kernel,
    ) {
        for register in ZERO_AT_RESET {
            kernel.set_system_of(vcpu, register, 0);
        }
        let mpidr = MPIDR_RES1 | u64::from(vcpu.0);
        kernel.set_system_of(vcpu, SystemRegister::SctlrEl1, SCTLR_RESET | sctlr);
        kernel.set_system_of(vcpu, SystemRegister::VmpidrEl2, mpidr);
        kernel.start(vcpu, pc.0, argument);
    }

    /// Acts on the guest's end by the policy of the system XML.
    pub fn end(&mut self, end: End, kernel: &mut impl Kernel) -> Ending {
        let policy = &self.guest.policy;
        let (action, restarts) = match end {
            End::PowerOff => (policy.power_off, &mut self.restarts.power_off),
            End::Reset => (policy.reset, &mut self.restarts.reset),
            End::Crash(_) | End::Refused(_) => (policy.crash, &mut self.restarts.crash),
        };
        let may_restart = match action {
            // It would be refused again.
            _ if matches!(end, End::Refused(_)) => false,
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
            Action::Restart { .. } if may_restart && self.start(kernel).is_ok() => {
                Ending::Restarted
            }
            Action::Stop | Action::Restart { .. } => Ending::Stopped,
        }
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
            VmExit::Maintenance { index } => self.list_register_ended(vcpu, index, kernel),
            VmExit::Trap { syndrome } => self.trap_of_reset(vcpu, syndrome, kernel),
            VmExit::PrivateInterrupt { .. } => self.stray_outcome(vcpu, Outcome::Resume),
            _ => self.stray_outcome(vcpu, RESET_FAILED),
        }
    }

    /// `outcome` if the exit is one of the reset.
    #[cold]
    #[inline(never)]
    fn stray_outcome(&self, vcpu: VcpuId, outcome: Outcome) -> Outcome {
        match self.phase {
            Phase::Resetting(reset) if reset == vcpu => outcome,
            Phase::Running => Outcome::End(End::Crash(CrashReason::NotStarted)),
            Phase::Resetting(_) | Phase::Stopped => Outcome::Drop,
        }
    }

    /// The reset has ended what a list register held.
    #[cold]
    #[inline(never)]
    fn list_register_ended(
        &mut self,
        vcpu: VcpuId,
        index: Option<usize>,
        kernel: &mut impl Kernel,
    ) -> Outcome {
        let outcome = self.stray_outcome(vcpu, Outcome::Resume);
        if outcome == Outcome::Resume {
            self.gic.maintenance(vcpu, index, kernel);
        }
        outcome
    }

    /// The SMC at the end of the reset, or a register that this kernel traps: it is left alone.
    #[cold]
    #[inline(never)]
    fn trap_of_reset(&mut self, vcpu: VcpuId, syndrome: u64, kernel: &mut impl Kernel) -> Outcome {
        let outcome = self.stray_outcome(vcpu, Outcome::Resume);
        if outcome != Outcome::Resume {
            return outcome;
        }
        if Esr::from_bits(syndrome).ec() == ExceptionClass::Smc64 {
            return self.after_reset(vcpu, kernel);
        }
        let pc = kernel.pc();
        kernel.set_pc(pc.wrapping_add(4));
        Outcome::Resume
    }

    fn after_reset(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) -> Outcome {
        let mut identification = [0; processor::REGISTERS];
        for (number, value) in (1..).zip(&mut identification) {
            *value = kernel.gpr(Gpr::from_field(number));
        }
        if let Some(feature) = processor::unsupported(&identification) {
            return Outcome::End(End::Refused(feature));
        }
        kernel.suspend(vcpu);
        let next = VcpuId(vcpu.0.saturating_add(1));
        if next.0 >= self.guest.vcpus {
            self.run(kernel);
            return Outcome::Started;
        }
        match self.reset_vcpu(next, kernel) {
            Ok(()) => Outcome::Drop,
            Err(_) => RESET_FAILED,
        }
    }
}
