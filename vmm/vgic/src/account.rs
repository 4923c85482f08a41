//! The account of what the list registers hold.
//!
//! A list register stays occupied until a maintenance interrupt reports the end of what it holds:
//! seL4 asks for that report with every interrupt it loads (GICv2 5.3.8, GICH_LRn.EOI).

use vmm_machine::{IntId, VcpuId, kernel::ListRegisters};

use crate::{Distributor, distributor::Shared, list_registers::Slot, shadow::Shadow};

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Distributor<VCPUS, SPI_WORDS, S> {
    /// The guest has ended what list register `index` of a vCPU held. `None`, the kernel's
    /// answer to an end of nothing, and list registers that hold nothing change nothing.
    pub fn maintenance(
        &mut self,
        vcpu: VcpuId,
        index: Option<usize>,
        backend: &mut impl ListRegisters,
    ) {
        let Some(private) = self.private.get_mut(vcpu.index()) else {
            return;
        };
        let slots = &mut private.slots;
        let Some((index, slot)) = index.and_then(|index| Some((index, slots.get(index)?))) else {
            return;
        };
        let ghost = slots.ghosts & slots.mask(index) != 0;
        slots.clear(index);
        let mask = Self::vcpu_mask(vcpu);
        if self
            .queues
            .get(vcpu.index())
            .is_some_and(|queue| queue.words != 0)
        {
            self.unsettled |= mask;
        }
        self.unsettled |= self.doubtful & mask;
        if !ghost {
            self.end(vcpu, slot.intid, backend);
        }
    }

    fn end(&mut self, vcpu: VcpuId, intid: IntId, backend: &mut impl ListRegisters) {
        let (word, bit) = Self::position(intid);
        let enabled = self.enabled;
        let Some(bank) = self.bank_mut(vcpu, word) else {
            return;
        };
        bank.release(bit);
        let masked = bank.masked & bit != 0;
        bank.masked &= !bit;
        let again = bank.candidates(enabled) & bit != 0;
        if again {
            self.announce(vcpu, intid, backend);
        } else if !self.is_idle() {
            self.refresh(vcpu, word);
        } else if S::PRESENT {
            self.publish_state(vcpu, word);
        }
        if masked {
            backend.resample(vcpu, intid);
        }
    }

    /// Takes back what list register `index` held until it was replaced.
    pub(crate) fn note_evicted(&mut self, vcpu: VcpuId, index: usize) {
        let Some(private) = self.private.get_mut(vcpu.index()) else {
            return;
        };
        let Some(slot) = private.slots.get(index) else {
            return;
        };
        if private.slots.ghosts & private.slots.mask(index) != 0 {
            return;
        }
        let (word, bit) = Self::position(slot.intid);
        if slot.intid.number() < 16 {
            private.unload_sgi(usize::from(slot.intid.number()));
        } else if let Some(bank) = self.bank_mut(vcpu, word) {
            bank.unload(bit);
        }
        self.refresh(vcpu, word);
    }

    /// List register `index`, which was free, now holds `slot`, not taken yet.
    #[inline(always)]
    pub(crate) fn note_loaded(&mut self, vcpu: VcpuId, index: usize, slot: Slot) {
        let Some(private) = self.private.get_mut(vcpu.index()) else {
            return;
        };
        private.slots.fill(index, slot);
        let (word, bit) = Self::position(slot.intid);
        if slot.intid.number() < 16 {
            private.load_sgi(usize::from(slot.intid.number()));
        } else if let Some(bank) = self.bank_mut(vcpu, word) {
            bank.load(bit);
        }
        self.hold(vcpu, slot.intid);
        if S::PRESENT {
            self.publish_state(vcpu, word);
        }
        if VCPUS > 1 {
            // Whoever sleeps on it has to be looked at.
            self.unsettled |= Self::vcpu_mask(vcpu);
        }
    }

    /// List register `index`, which held something, now holds `slot`, not taken yet.
    pub(crate) fn note_replaced(&mut self, vcpu: VcpuId, index: usize, slot: Slot) {
        self.note_loaded(vcpu, index, slot);
        if let Some(private) = self.private.get_mut(vcpu.index()) {
            private.slots.renew(index);
        }
        let (word, bit) = Self::position(slot.intid);
        if let Some(bank) = self.bank_mut(vcpu, word) {
            bank.renew(bit);
        }
    }

    /// The kernel says that the guest has taken what list register `index` holds. If that is a
    /// leftover of the interrupt `wanted` itself, it counts again, so that its end is noticed.
    pub(crate) fn note_refused(&mut self, vcpu: VcpuId, index: usize, wanted: IntId) {
        let Some(private) = self.private.get_mut(vcpu.index()) else {
            return;
        };
        let slots = &mut private.slots;
        let Some(slot) = slots.get(index) else { return };
        if slot.intid == wanted {
            slots.ghosts &= !slots.mask(index);
        }
        self.note_active(vcpu, index);
    }

    /// The guest has taken what list register `index` holds.
    pub(crate) fn note_active(&mut self, vcpu: VcpuId, index: usize) {
        let Some(private) = self.private.get_mut(vcpu.index()) else {
            return;
        };
        let slots = &mut private.slots;
        let Some(slot) = slots.get(index) else { return };
        let mask = slots.mask(index);
        slots.taken |= mask;
        if slots.ghosts & mask != 0 {
            return;
        }
        let (word, bit) = Self::position(slot.intid);
        if let Some(bank) = self.bank_mut(vcpu, word) {
            bank.held |= bit;
            bank.take(bit);
        }
        self.hold(vcpu, slot.intid);
        self.refresh(vcpu, word);
    }

    #[inline]
    fn hold(&mut self, vcpu: VcpuId, intid: IntId) {
        if VCPUS == 1 {
            return;
        }
        let (word, bit) = Self::position(intid);
        let shared = word
            .checked_sub(1)
            .and_then(|word| self.shared.get_mut(word));
        if let Some(holder) = shared
            .and_then(|shared: &mut Shared| shared.holder.get_mut(bit.trailing_zeros() as usize))
        {
            *holder = vcpu.0;
        }
    }
}
