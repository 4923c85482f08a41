//! From pending to a list register (GICv2 5.2).

use vmm_machine::{
    IntId, VcpuId,
    kernel::{Activity, ListRegisters},
};

use crate::{Distributor, choice::Place, list_registers::Slot, shadow::Shadow};

/// Upper bound on the steps of one `settle`; each step of a round takes one candidate or one list
/// register out of consideration.
const STEPS: usize = 1024;

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Distributor<VCPUS, SPI_WORDS, S> {
    /// Puts the most urgent pending interrupts of a vCPU into its list registers. Cheap when
    /// nothing has changed; call it before the vCPU runs.
    #[inline]
    pub fn settle(&mut self, vcpu: VcpuId, backend: &mut impl ListRegisters) {
        let mask = Self::vcpu_mask(vcpu);
        if self.unsettled & mask != 0 {
            self.deliver(vcpu, backend);
            if !self.repeat {
                self.unsettled &= !mask;
            }
        }
    }

    /// Settles every vCPU that needs it.
    #[inline]
    pub fn settle_all(&mut self, backend: &mut impl ListRegisters) {
        // An SPI that makes way may move on to another vCPU, and push another one there. Each
        // moves once at most, to its lowest target.
        let rounds = if VCPUS == 1 { 1 } else { STEPS };
        for _ in 0..rounds {
            if self.unsettled == 0 || self.repeat {
                return;
            }
            for vcpu in (0..VCPUS as u8).map(VcpuId) {
                self.settle(vcpu, backend);
            }
        }
    }

    /// The vCPUs that need a `settle`, bit n for vCPU n.
    pub const fn unsettled(&self) -> u8 {
        self.unsettled
    }

    /// Would a WFI of this vCPU end at once: is there an interrupt in its list registers that it
    /// has not surely taken, or one that waits for a free one? Asked after a `settle`.
    pub fn has_deliverable(&self, vcpu: VcpuId) -> bool {
        let index = vcpu.index();
        let (Some(queue), Some(private)) = (self.queues.get(index), self.private.get(index)) else {
            return false;
        };
        let slots = &private.slots;
        queue.words != 0 || slots.occupied & !slots.taken & !slots.ghosts != 0
    }

    #[inline(never)]
    fn deliver(&mut self, vcpu: VcpuId, backend: &mut impl ListRegisters) {
        let private = self.private.get(vcpu.index());
        let mut activity = Activity::Unknown;
        self.doubtful &= !Self::vcpu_mask(vcpu);
        if private.is_some_and(|private| private.slots.occupied != 0) {
            activity = backend.activity(vcpu);
            self.revise(vcpu, activity, backend);
        }
        if self.online & Self::vcpu_mask(vcpu) != 0 && !self.repeat {
            self.deliver_queue(vcpu, activity, backend);
        }
    }

    /// After a change that can only make one interrupt deliverable: most go into a list register
    /// at once, as nothing else waits.
    #[inline(never)]
    pub(crate) fn announce(
        &mut self,
        vcpu: VcpuId,
        intid: IntId,
        backend: &mut impl ListRegisters,
    ) {
        // With one vCPU an SPI needs no routing.
        let home = if VCPUS == 1 { VcpuId(0) } else { vcpu };
        match self.admit(home, intid) {
            Some((index, next)) => self.load(home, index, next, backend),
            None => self.refresh(vcpu, Self::position(intid).0),
        }
    }

    /// The list register for an interrupt that has no competitor.
    #[inline(always)]
    fn admit(&self, vcpu: VcpuId, intid: IntId) -> Option<(usize, Slot)> {
        let (word, bit) = Self::position(intid);
        let (queue, private) = (
            self.queues.get(vcpu.index())?,
            self.private.get(vcpu.index())?,
        );
        let alone = queue.words == 0 && private.slots.occupied == 0;
        let mine = word == 0 || VCPUS == 1;
        if !mine || !alone || self.open & Self::vcpu_mask(vcpu) == 0 {
            return None;
        }
        let bank = self.bank(vcpu, word)?;
        if bank.ready() & bit == 0 {
            return None;
        }
        let priority = bank.priority(intid);
        Some((private.slots.free()?, Slot { intid, priority }))
    }

    #[inline(never)]
    fn deliver_queue(
        &mut self,
        vcpu: VcpuId,
        activity: Activity,
        backend: &mut impl ListRegisters,
    ) {
        for _ in 0..STEPS {
            let Some(next) = self.most_urgent(vcpu) else {
                return;
            };
            if !self.step(vcpu, next, activity, backend) {
                break;
            }
        }
        self.forget_reports(vcpu);
    }

    /// What was reported in this exit and found no list register is out of date at the next.
    fn forget_reports(&mut self, vcpu: VcpuId) {
        let Some(&queue) = self.queues.get(vcpu.index()) else {
            return;
        };
        let mut words = queue.words;
        while words != 0 {
            let word = words.trailing_zeros() as usize;
            words &= words.wrapping_sub(1);
            let waiting = match word.checked_sub(1) {
                None => queue.private,
                Some(word) => queue.shared.get(word).copied().unwrap_or(0),
            };
            if let Some(bank) = self.bank_mut(vcpu, word) {
                bank.fresh &= !waiting;
            }
        }
    }

    /// Brings one candidate further; false when it has to wait.
    fn step(
        &mut self,
        vcpu: VcpuId,
        next: Slot,
        activity: Activity,
        backend: &mut impl ListRegisters,
    ) -> bool {
        let (word, bit) = Self::position(next.intid);
        let Some(place) = self.find_place(vcpu, next, activity) else {
            return false;
        };
        let Some(bank) = self.bank_mut(vcpu, word) else {
            return false;
        };
        if bank.stale() & bit != 0 {
            bank.masked &= !bit;
            backend.resample(vcpu, next.intid);
        } else if let Place::Free(index) = place {
            self.load(vcpu, index, next, backend);
        } else {
            self.replace(vcpu, place, next, backend);
        }
        self.refresh(vcpu, word);
        true
    }

    /// Puts `next` into a free list register.
    #[inline(always)]
    fn load(&mut self, vcpu: VcpuId, index: usize, next: Slot, backend: &mut impl ListRegisters) {
        backend.load(vcpu, index, next.entry());
        self.note_loaded(vcpu, index, next);
    }

    /// Puts `next` where something else is, or was not long ago.
    fn replace(
        &mut self,
        vcpu: VcpuId,
        place: Place,
        next: Slot,
        backend: &mut impl ListRegisters,
    ) {
        let (Place::Free(index) | Place::Instead(index) | Place::Merge(index)) = place;
        if backend.replace(vcpu, index, next.entry()) {
            if matches!(place, Place::Instead(_)) {
                self.note_evicted(vcpu, index);
            }
            self.note_replaced(vcpu, index, next);
        } else {
            self.note_refused(vcpu, index, next.intid);
        }
    }
}
