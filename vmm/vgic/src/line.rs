//! Interrupt lines: what devices and the kernel tell the distributor.

use vmm_machine::{IntId, VcpuId, kernel::ListRegisters};

use crate::{Distributor, shadow::Shadow};

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Distributor<VCPUS, SPI_WORDS, S> {
    /// The line of an emulated device is high or low. `vcpu` matters for PPIs only.
    pub fn set_line(
        &mut self,
        vcpu: VcpuId,
        intid: IntId,
        high: bool,
        backend: &mut impl ListRegisters,
    ) {
        let (word, bit) = Self::position(intid);
        if Self::implemented(word) & bit == 0 {
            return;
        }
        let Some(bank) = self.bank_mut(vcpu, word) else {
            return;
        };
        let before = bank.level;
        bank.level = if high { before | bit } else { before & !bit };
        if bank.level == before {
            return;
        }
        if high {
            bank.set_latch(bit & bank.edge & Self::lines(word));
            self.announce(vcpu, intid, backend);
        } else if bank.held & bit != 0 || !self.is_idle() {
            self.refresh_and_reconsider(vcpu, word);
        } else if S::PRESENT {
            self.publish_state(vcpu, word);
        }
    }

    /// A hardware line fired, and the kernel masked it: the virtual timer, or the interrupt of a
    /// device that the guest drives itself. Settle the vCPU before it runs again.
    ///
    /// The kernel is asked to unmask it when the guest has ended the interrupt. What cannot be
    /// delivered now is not kept as pending, since the guest may silence the source in the
    /// meantime: the kernel is asked when it can be delivered. An edge-triggered one stays pending.
    #[inline(never)]
    pub fn fire(&mut self, vcpu: VcpuId, intid: IntId, backend: &mut impl ListRegisters) {
        let (word, bit) = Self::position(intid);
        if Self::implemented(word) & Self::lines(word) & bit == 0 {
            return;
        }
        let Some(bank) = self.bank_mut(vcpu, word) else {
            return;
        };
        bank.masked |= bit;
        bank.set_latch(bit & bank.edge);
        bank.fresh |= bit & !bank.edge & !bank.held;
        self.announce(vcpu, intid, backend);
    }

    /// The line of a level-sensitive interrupt that the kernel reported has dropped: it is not
    /// pending any more, and the kernel watches the line again.
    pub fn withdraw(&mut self, vcpu: VcpuId, intid: IntId, backend: &mut impl ListRegisters) {
        let (word, bit) = Self::position(intid);
        let Some(bank) = self.bank_mut(vcpu, word) else {
            return;
        };
        if bank.masked & bit != 0 {
            bank.masked &= !bit;
            bank.fresh &= !bit;
            backend.resample(vcpu, intid);
            self.refresh_and_reconsider(vcpu, word);
        }
    }

    /// The bits of a word that have lines: SGIs have none.
    const fn lines(word: usize) -> u32 {
        if word == 0 { 0xffff_0000 } else { u32::MAX }
    }
}
