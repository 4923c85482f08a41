//! The distributor as the machine drives it.

use vmm_machine::{
    IntId, VcpuId,
    device::Access,
    kernel::{InterruptController, ListRegisters},
};

use crate::{Distributor, shadow::Shadow};

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> InterruptController
    for Distributor<VCPUS, SPI_WORDS, S>
{
    #[inline(always)]
    fn read(&mut self, access: Access) -> u64 {
        Self::read(self, access)
    }

    #[inline(always)]
    fn write(&mut self, access: Access, value: u64, lines: &mut impl ListRegisters) {
        Self::write(self, access, value, lines);
    }

    fn reset(&mut self) {
        Self::reset(self);
    }

    fn set_line(&mut self, intid: IntId, high: bool, lines: &mut impl ListRegisters) {
        // What settles next is not a store to the distributor.
        self.repeatable = 0;
        Self::set_line(self, VcpuId(0), intid, high, lines);
    }

    #[inline]
    fn fire(&mut self, vcpu: VcpuId, intid: IntId, lines: &mut impl ListRegisters) {
        Self::fire(self, vcpu, intid, lines);
    }

    fn maintenance(&mut self, vcpu: VcpuId, index: Option<usize>, lines: &mut impl ListRegisters) {
        Self::maintenance(self, vcpu, index, lines);
    }

    /// All vCPUs at once: what makes way on one may move to another.
    #[inline]
    fn settle(&mut self, is_first: bool, lines: &mut impl ListRegisters) -> bool {
        if !is_first {
            self.repeatable = 0;
        }
        self.settle_all(lines);
        self.repeatable = 0;
        core::mem::take(&mut self.repeat)
    }

    #[inline]
    fn is_settled(&self) -> bool {
        self.unsettled() == 0
    }

    fn has_deliverable(&self, vcpu: VcpuId) -> bool {
        Self::has_deliverable(self, vcpu)
    }

    fn waits(&self, vcpu: VcpuId, intid: IntId, lines: &mut impl ListRegisters) -> Option<bool> {
        Self::waits(self, vcpu, intid, lines)
    }

    fn withdraw(&mut self, vcpu: VcpuId, intid: IntId, lines: &mut impl ListRegisters) {
        Self::withdraw(self, vcpu, intid, lines);
    }

    fn is_enabled(&self, vcpu: VcpuId, intid: IntId) -> bool {
        Self::is_enabled(self, vcpu, intid)
    }

    fn set_online(&mut self, vcpu: VcpuId, online: bool) {
        Self::set_online(self, vcpu, online);
    }

    fn loaded(&self, vcpu: VcpuId, index: usize) -> Option<IntId> {
        Self::loaded(self, vcpu, index)
    }
}
