//! The distributor as the machine drives it.

use vmm_machine::{
    IntId, VcpuId,
    kernel::{InterruptController, ListRegisters},
};

use crate::{Distributor, shadow::Shadow};

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> InterruptController
    for Distributor<VCPUS, SPI_WORDS, S>
{
    fn fire(&mut self, vcpu: VcpuId, intid: IntId) {
        Self::fire(self, vcpu, intid);
    }

    fn maintenance(&mut self, vcpu: VcpuId, index: Option<usize>, lines: &mut impl ListRegisters) {
        Self::maintenance(self, vcpu, index, lines);
    }

    fn settle(&mut self, vcpu: VcpuId, lines: &mut impl ListRegisters) {
        Self::settle(self, vcpu, lines);
    }

    fn has_deliverable(&self, vcpu: VcpuId) -> bool {
        Self::has_deliverable(self, vcpu)
    }

    fn is_enabled(&self, vcpu: VcpuId, intid: IntId) -> bool {
        let (word, bit) = Self::position(intid.number());
        self.enabled
            && self
                .bank(vcpu, word)
                .is_some_and(|bank| bank.enabled & bit != 0)
    }

    fn set_online(&mut self, vcpu: VcpuId, online: bool) {
        Self::set_online(self, vcpu, online);
    }

    fn loaded(&self, vcpu: VcpuId, index: usize) -> Option<IntId> {
        let slot = self.private.get(vcpu.index())?.slots.get(index)?;
        IntId::new(slot.number.into())
    }
}
