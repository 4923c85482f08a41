//! WFI as a real sleep: the vCPU is suspended until an interrupt is deliverable.
//!
//! While a vCPU is suspended the kernel does not watch its virtual timer, so the VMM asks its
//! wake source for a signal at the guest's deadline (Arm ARM D12.2.4, timer condition).

use super::Vm;
use crate::{
    IntId, VcpuId,
    boot::reset::MAX_LIST_REGISTERS,
    kernel::{InterruptController, Kernel},
    outcome::Outcome,
    register::SystemRegister,
    vcpu::Power,
    wake::WakeSource,
};

const CNTV_CTL_ENABLE: u64 = 1;
const CNTV_CTL_IMASK: u64 = 2;

impl<G: InterruptController> Vm<G> {
    /// Puts `vcpu` to sleep unless an interrupt is there already.
    ///
    /// Without a wake source the VMM cannot keep the guest's deadline, so the guest goes on at
    /// once and waits by itself.
    pub(super) fn sleep(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) -> Outcome {
        if kernel.wake_source().is_none() || self.gic.has_deliverable(vcpu) {
            return Outcome::Resume;
        }
        self.set_power(vcpu, Power::Waiting);
        let deadline = Self::read_deadline(vcpu, kernel);
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

    /// The wake source has signalled, perhaps too early: looks at every sleeper's deadline.
    pub(super) fn alarm(&mut self, kernel: &mut impl Kernel) {
        for number in 0..self.guest.vcpus {
            let vcpu = VcpuId(number);
            if self.deadline(vcpu).is_some_and(|at| at <= kernel.now()) {
                self.expire(vcpu, kernel);
            }
        }
        self.ask_to_be_woken(kernel);
    }

    /// Delivers the virtual timer's interrupt to a sleeper.
    ///
    /// The timer is masked at its source, or the kernel would report it once more as soon as
    /// the vCPU runs. ISTATUS stays set, so the guest's handler sees what it expects; the
    /// mask goes when the guest completes the interrupt.
    fn expire(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) {
        kernel.set_system_of(
            vcpu,
            SystemRegister::CntvCtlEl0,
            CNTV_CTL_ENABLE | CNTV_CTL_IMASK,
        );
        if let Some(state) = self.vcpus.get_mut(vcpu.index()) {
            state.timer_masked = true;
            state.deadline = None;
        }
        self.sum_up();
        self.gic.fire(vcpu, IntId::VIRTUAL_TIMER, kernel);
    }

    /// A list register became free.
    #[inline(always)]
    pub(super) fn maintenance(
        &mut self,
        vcpu: VcpuId,
        index: Option<usize>,
        kernel: &mut impl Kernel,
    ) {
        if self.asleep {
            self.end_of_timer(vcpu, index, kernel);
        }
        self.gic.maintenance(vcpu, index, kernel);
    }

    /// Is it the virtual timer's interrupt that ended?
    #[inline(never)]
    fn end_of_timer(&mut self, vcpu: VcpuId, index: Option<usize>, kernel: &mut impl Kernel) {
        if let Some(index) = index
            && self.gic.loaded(vcpu, index) == Some(IntId::VIRTUAL_TIMER)
        {
            self.unmask_timer(vcpu, kernel);
        }
    }

    /// Takes back the mask of [`expire`](Self::expire), unless the guest has programmed the
    /// timer since. A guest that masks its timer in the handler, as Linux does, and leaves it
    /// so, may see the interrupt once more.
    fn unmask_timer(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) {
        let Some(state) = self.vcpus.get_mut(vcpu.index()) else {
            return;
        };
        if !core::mem::take(&mut state.timer_masked) {
            return;
        }
        self.sum_up();
        let control = kernel.system_of(vcpu, SystemRegister::CntvCtlEl0);
        if control & 3 == CNTV_CTL_ENABLE | CNTV_CTL_IMASK {
            kernel.set_system_of(vcpu, SystemRegister::CntvCtlEl0, CNTV_CTL_ENABLE);
        }
    }

    /// Takes the mask back as soon as the interrupt that [`expire`](Self::expire) fired is in no
    /// list register: others were more urgent, and the kernel has to report the timer again.
    pub(super) fn release_timer(&mut self, vcpu: VcpuId, kernel: &mut impl Kernel) {
        let state = self.vcpus.get(vcpu.index());
        if !state.is_some_and(|state| state.timer_masked) {
            return;
        }
        let holds = |index| self.gic.loaded(vcpu, index) == Some(IntId::VIRTUAL_TIMER);
        if !(0..MAX_LIST_REGISTERS).any(holds) {
            self.unmask_timer(vcpu, kernel);
        }
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
            source.set(deadlines.min());
        }
    }
}
