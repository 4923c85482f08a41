//! WFI as a real sleep: the vCPU is suspended until an interrupt is deliverable.
//!
//! While a vCPU is suspended the kernel does not watch its virtual timer, so the VMM asks its
//! wake source for a signal at the guest's deadline (Arm ARM D12.2.4, timer condition). At the
//! signal the vCPU goes on and nothing more: its timer's interrupt comes from its timer, so that
//! the guest finds CNTV_CTL_EL0 as it left it and a deadline that it moves on takes the interrupt
//! along.

use super::Vm;
use crate::{
    IntId, VcpuId,
    device::DeviceSet,
    kernel::{InterruptController, Kernel},
    outcome::Outcome,
    register::SystemRegister,
    vcpu::Power,
    wake::WakeSource,
};

const CNTV_CTL_ENABLE: u64 = 1;
const CNTV_CTL_IMASK: u64 = 2;
const CNTV_CTL_ISTATUS: u64 = 4;

/// A sleeper is woken so many counts before its deadline: about as many as the way from the
/// signal to its next instruction takes at the counters' usual 24 to 100 MHz. A WFI may end early
/// (Arm ARM D1.7.2).
const LEAD: u64 = 128;

impl<G: InterruptController, D: DeviceSet> Vm<'_, G, D> {
    /// Puts `vcpu` to sleep unless an interrupt is there already.
    ///
    /// Without a wake source the VMM cannot keep the guest's deadline, so the guest goes on at
    /// once and waits by itself.
    pub(super) fn sleep(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) -> Outcome {
        if kernel.wake_source().is_none() || self.gic.has_deliverable(vcpu) {
            return Outcome::Resume;
        }
        let deadline = Self::read_deadline(vcpu, kernel);
        if self.gic.is_enabled(vcpu, IntId::VIRTUAL_TIMER)
            && deadline.is_some_and(|at| is_near(at, kernel))
        {
            return Outcome::Resume;
        }
        self.set_power(vcpu, Power::Waiting);
        if let Some(state) = self.vcpus.get_mut(vcpu.index()) {
            state.deadline = deadline;
        }
        self.ask_to_be_woken(kernel);
        Outcome::Block
    }

    pub(super) fn wake(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) {
        self.set_power(vcpu, Power::On);
        self.ask_to_be_woken(kernel);
        kernel.resume(vcpu);
    }

    /// The wake source has signalled, perhaps too early: wakes every sleeper whose deadline is
    /// near. The kernel watches its timer again from then on, and reports it as ever.
    pub(super) fn alarm(&mut self, kernel: &mut impl Kernel) {
        for vcpu in (0..self.guest.vcpus).map(VcpuId) {
            if self.deadline(vcpu).is_some_and(|at| is_near(at, kernel)) {
                self.wake(vcpu, kernel);
            }
        }
        self.ask_to_be_woken(kernel);
    }

    /// The deadline of a sleeper that would see its timer's interrupt.
    fn deadline(&self, vcpu: VcpuId) -> Option<u64> {
        let sleeper = self.vcpus.get(vcpu.index());
        sleeper
            .filter(|state| state.power == Power::Waiting)
            .filter(|_| self.gic.is_enabled(vcpu, IntId::VIRTUAL_TIMER))
            .and_then(|state| state.deadline)
    }

    /// When the virtual timer of `vcpu`, which is about to sleep, would interrupt it; in counts
    /// of the physical counter.
    fn read_deadline(vcpu: VcpuId, kernel: &mut impl Kernel) -> Option<u64> {
        let control = kernel.system_of(vcpu, SystemRegister::CntvCtlEl0);
        if control & (CNTV_CTL_ENABLE | CNTV_CTL_IMASK) != CNTV_CTL_ENABLE {
            return None;
        }
        let compare = kernel.system_of(vcpu, SystemRegister::CntvCvalEl0);
        let offset = kernel.system_of(vcpu, SystemRegister::CntvoffEl2);
        Some(compare.saturating_add(offset))
    }

    /// Asks for a signal at the first deadline of all sleepers.
    pub(super) fn ask_to_be_woken(&self, kernel: &mut impl Kernel) {
        if let Some(source) = kernel.wake_source() {
            let deadlines = (0..self.guest.vcpus).filter_map(|n| self.deadline(VcpuId(n)));
            source.set(deadlines.min().map(|at| at.saturating_sub(LEAD)));
        }
    }
}

/// Does the virtual timer of a vCPU that has exited assert its interrupt?
pub(super) fn is_line_high(vcpu: VcpuId, kernel: &mut impl Kernel) -> bool {
    let control = kernel.system_of(vcpu, SystemRegister::CntvCtlEl0);
    control & (CNTV_CTL_ENABLE | CNTV_CTL_IMASK | CNTV_CTL_ISTATUS)
        == CNTV_CTL_ENABLE | CNTV_CTL_ISTATUS
}

/// Is it no longer worth sleeping until the counter reaches `deadline`?
fn is_near(deadline: u64, kernel: &mut impl Kernel) -> bool {
    deadline.saturating_sub(LEAD) <= kernel.now()
}
