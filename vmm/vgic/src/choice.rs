//! Which interrupt comes next, and which list register it may have.

use vmm_machine::{IntId, VcpuId, kernel::Activity};

use crate::{Distributor, bank::Bank, list_registers::Slot, shadow::Shadow};

/// Where an interrupt can go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// A list register that is empty.
    Free(usize),
    /// A list register whose content must make way, if the guest has not taken it.
    Instead(usize),
    /// The list register that holds the same interrupt.
    Merge(usize),
}

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Distributor<VCPUS, SPI_WORDS, S> {
    /// The candidate with the lowest priority value, of equals that with the lowest INTID.
    #[inline]
    pub(crate) fn most_urgent(&self, vcpu: VcpuId) -> Option<Slot> {
        let queue = self.queues.get(vcpu.index())?;
        let mut best = None;
        let mut words = queue.words;
        while words != 0 {
            let word = words.trailing_zeros() as usize;
            words &= words.wrapping_sub(1);
            let waiting = match word.checked_sub(1) {
                None => queue.private,
                Some(word) => *queue.shared.get(word)?,
            };
            let candidate = self.bank(vcpu, word)?.most_urgent(word, waiting);
            best = more_urgent(best, candidate);
        }
        best
    }

    /// Chooses, in this order: the list register that holds the same interrupt; one whose content
    /// should no longer be delivered; a free one; one whose line has dropped; the least urgent one
    /// if `next` is more urgent.
    #[inline]
    pub(crate) fn find_place(&self, vcpu: VcpuId, next: Slot, activity: Activity) -> Option<Place> {
        let slots = &self.private.get(vcpu.index())?.slots;
        if slots.occupied == 0 {
            return slots.free().map(Place::Free);
        }
        self.find_place_among_others(vcpu, next, activity)
    }

    #[inline(never)]
    fn find_place_among_others(
        &self,
        vcpu: VcpuId,
        next: Slot,
        activity: Activity,
    ) -> Option<Place> {
        let slots = &self.private.get(vcpu.index())?.slots;
        if let Some(index) = slots.find(next.intid) {
            return Some(Place::Merge(index));
        }
        let untaken = !slots.taken;
        if let Some((index, _)) = slots.iter(untaken & slots.ghosts).next() {
            return Some(Place::Instead(index));
        }
        let replaceable = |&(_, slot): &(usize, Slot)| {
            activity == Activity::Unknown || !activity.may_include(slot.level())
        };
        let counted = || slots.iter(untaken & !slots.ghosts).filter(replaceable);
        if let Some((index, _)) = counted().find(|&(_, slot)| self.is_withdrawn(vcpu, slot)) {
            return Some(Place::Instead(index));
        }
        if let Some(index) = slots.free() {
            return Some(Place::Free(index));
        }
        let quenched = |&(_, slot): &(usize, Slot)| self.is_quenched(vcpu, slot);
        let least = || counted().max_by_key(|&(_, slot)| slot.priority);
        let victim = counted().find(quenched).or_else(|| {
            let (index, slot) = least()?;
            (slot.priority > next.priority).then_some((index, slot))
        });
        victim.map(|(index, _)| Place::Instead(index))
    }

    /// Has the guest disabled, cleared or routed elsewhere what a list register holds?
    pub(crate) fn is_withdrawn(&self, vcpu: VcpuId, slot: Slot) -> bool {
        let (word, bit) = Self::position(slot.intid);
        let Some(bank) = self.bank(vcpu, word) else {
            return true;
        };
        let cleared = bank.edge & !bank.carried & bit != 0;
        !self.enabled || bank.enabled & bit == 0 || cleared || !self.is_target(vcpu, slot.intid)
    }

    fn is_quenched(&self, vcpu: VcpuId, slot: Slot) -> bool {
        let (word, bit) = Self::position(slot.intid);
        self.bank(vcpu, word)
            .is_none_or(|bank| bank.quenched() & bit != 0)
    }

    fn is_target(&self, vcpu: VcpuId, intid: IntId) -> bool {
        let (word, bit) = Self::position(intid);
        let Some(shared) = word.checked_sub(1).and_then(|word| self.shared.get(word)) else {
            return true;
        };
        let targets = shared.target_mask::<VCPUS>(bit.trailing_zeros() as usize);
        targets & Self::vcpu_mask(vcpu) != 0
    }
}

impl Bank {
    /// The most urgent of the interrupts `waiting` in this bank, which is word `word`.
    #[inline]
    fn most_urgent(&self, word: usize, waiting: u32) -> Option<Slot> {
        let mut best = None;
        let mut waiting = waiting;
        while waiting != 0 {
            let bit = waiting.trailing_zeros();
            waiting &= waiting.wrapping_sub(1);
            let intid = IntId::new((word as u32) << 5 | bit)?;
            let priority = self.priority(intid);
            best = more_urgent(best, Some(Slot { intid, priority }));
        }
        best
    }
}

/// The more urgent of two; of equals the first.
#[inline]
fn more_urgent(first: Option<Slot>, second: Option<Slot>) -> Option<Slot> {
    match (first, second) {
        (Some(a), Some(b)) if b.priority < a.priority => second,
        (None, _) => second,
        _ => first,
    }
}
