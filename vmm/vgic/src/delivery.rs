//! Which interrupt goes into which list register (GICv2 5.2).
//!
//! A list register stays occupied until a maintenance interrupt reports the end of what it holds:
//! seL4 asks for that report with every interrupt it loads.

use vmm_machine::{
    IntId, VcpuId,
    kernel::{ListRegister, ListRegisters},
};

use crate::{
    Distributor,
    bank::Bank,
    distributor::Shared,
    list_registers::{MAXIMUM, Slot},
    shadow::Shadow,
};

/// Upper bound on the steps of one `settle`; each step of a round takes one candidate or one list
/// register out of consideration.
const STEPS: usize = 1024;

/// Where an interrupt can go.
enum Place {
    /// A list register that is empty.
    Free(usize),
    /// A list register whose content must make way, if the guest has not taken it.
    Instead(usize),
    /// The list register that holds the same interrupt.
    Merge(usize),
}

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Distributor<VCPUS, SPI_WORDS, S> {
    /// Puts the most urgent pending interrupts of a vCPU into its list registers. Cheap when
    /// nothing has changed; call it before the vCPU runs.
    #[inline]
    pub fn settle(&mut self, vcpu: VcpuId, backend: &mut impl ListRegisters) {
        let mask = Self::vcpu_mask(vcpu);
        if self.unsettled & mask != 0 {
            self.deliver(vcpu, backend);
            self.unsettled &= !mask;
        }
    }

    /// Settles every vCPU that needs it.
    #[inline]
    pub fn settle_all(&mut self, backend: &mut impl ListRegisters) {
        // An SPI that makes way for a more urgent one may move on to another vCPU.
        for _ in 0..VCPUS {
            if self.unsettled == 0 {
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
        if self
            .queues
            .get(vcpu.index())
            .is_some_and(|queue| queue.words != 0)
        {
            self.unsettled |= Self::vcpu_mask(vcpu);
        }
        if !ghost {
            self.end(vcpu, slot.number, backend);
        }
    }

    fn end(&mut self, vcpu: VcpuId, number: u16, backend: &mut impl ListRegisters) {
        let (word, bit) = Self::position(number);
        let Some(bank) = self.bank_mut(vcpu, word) else {
            return;
        };
        bank.release(bit);
        let masked = bank.masked & bit != 0;
        bank.masked &= !bit;
        self.refresh(vcpu, word);
        if masked && let Some(intid) = IntId::new(u32::from(number)) {
            backend.resample(vcpu, intid);
        }
    }

    /// Would a WFI of this vCPU end at once: is there an interrupt in its list registers that it
    /// has not surely taken, or one that waits for a free one?
    pub fn has_deliverable(&self, vcpu: VcpuId) -> bool {
        let index = vcpu.index();
        let (Some(queue), Some(private)) = (self.queues.get(index), self.private.get(index)) else {
            return false;
        };
        let slots = &private.slots;
        queue.words != 0 || slots.occupied & !slots.taken & !slots.ghosts != 0
    }

    fn deliver(&mut self, vcpu: VcpuId, backend: &mut impl ListRegisters) {
        if self.online & Self::vcpu_mask(vcpu) == 0 {
            return;
        }
        self.merge(vcpu, backend);
        for _ in 0..STEPS {
            let Some(next) = self.most_urgent(vcpu) else {
                return;
            };
            if !self.step(vcpu, next, backend) {
                break;
            }
        }
        self.forget_reports(vcpu);
    }

    /// Lets what is pending anew join itself in a list register, while the guest may not have
    /// taken it: it is one interrupt then.
    fn merge(&mut self, vcpu: VcpuId, backend: &mut impl ListRegisters) {
        for index in 0..MAXIMUM {
            let Some(slots) = self.private.get(vcpu.index()).map(|private| &private.slots) else {
                return;
            };
            if slots.occupied >> index == 0 {
                return;
            }
            let Some(slot) = slots.get(index) else {
                continue;
            };
            let ghost = slots.ghosts & slots.mask(index) != 0;
            let (word, bit) = Self::position(slot.number);
            let Some(bank) = self.bank(vcpu, word) else {
                continue;
            };
            if !ghost && bank.again & !bank.taken & bit != 0 {
                let priority = bank.priority.get((slot.number & 31) as usize);
                let priority = priority.copied().unwrap_or(0);
                self.step(vcpu, Slot { priority, ..slot }, backend);
            }
        }
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

    /// The candidate with the lowest priority value, of equals that with the lowest INTID.
    fn most_urgent(&self, vcpu: VcpuId) -> Option<Slot> {
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

    /// Brings one candidate further; false when it has to wait.
    fn step(&mut self, vcpu: VcpuId, next: Slot, backend: &mut impl ListRegisters) -> bool {
        let Some(place) = self.find_place(vcpu, next) else {
            return false;
        };
        let (word, bit) = Self::position(next.number);
        let Some(intid) = IntId::new(u32::from(next.number)) else {
            return false;
        };
        let Some(bank) = self.bank_mut(vcpu, word) else {
            return false;
        };
        if bank.stale() & bit != 0 {
            bank.masked &= !bit;
            self.refresh(vcpu, word);
            backend.resample(vcpu, intid);
            return true;
        }
        let entry = ListRegister {
            intid,
            priority: next.priority >> 3,
            group1: false,
        };
        match place {
            Place::Free(index) => {
                backend.load(vcpu, index, entry);
                self.note_loaded(vcpu, index, next);
            }
            Place::Instead(index) | Place::Merge(index) => {
                if backend.replace(vcpu, index, entry) {
                    if matches!(place, Place::Instead(_)) {
                        self.evict(vcpu, index);
                    }
                    self.note_loaded(vcpu, index, next);
                } else {
                    self.note_refused(vcpu, index, next.number);
                }
            }
        }
        true
    }

    /// Chooses, in this order: the list register that holds the same interrupt; one whose content
    /// should no longer be delivered; a free one; one whose line has dropped; the least urgent one
    /// if `next` is more urgent.
    fn find_place(&self, vcpu: VcpuId, next: Slot) -> Option<Place> {
        let slots = &self.private.get(vcpu.index())?.slots;
        if slots.occupied == 0 {
            return slots.free().map(Place::Free);
        }
        if let Some(index) = slots.find(next.number, u16::MAX) {
            return Some(Place::Merge(index));
        }
        let untaken = !slots.taken;
        if let Some((index, _)) = slots.iter(untaken & slots.ghosts).next() {
            return Some(Place::Instead(index));
        }
        let mut counted = slots.iter(untaken & !slots.ghosts);
        if let Some((index, _)) = counted.find(|&(_, slot)| self.is_withdrawn(vcpu, slot)) {
            return Some(Place::Instead(index));
        }
        if let Some(index) = slots.free() {
            return Some(Place::Free(index));
        }
        let quenched = |&(_, slot): &(usize, Slot)| self.is_quenched(vcpu, slot);
        let least = || slots.iter(untaken).max_by_key(|&(_, slot)| slot.priority);
        let victim = slots.iter(untaken).find(quenched).or_else(|| {
            let (index, slot) = least()?;
            (slot.priority > next.priority).then_some((index, slot))
        });
        victim.map(|(index, _)| Place::Instead(index))
    }

    /// Has the guest disabled, cleared or routed elsewhere what a list register holds?
    fn is_withdrawn(&self, vcpu: VcpuId, slot: Slot) -> bool {
        let (word, bit) = Self::position(slot.number);
        let Some(bank) = self.bank(vcpu, word) else {
            return true;
        };
        let cleared = bank.edge & !bank.carried & bit != 0;
        bank.enabled & bit == 0 || cleared || !self.is_target(vcpu, slot.number)
    }

    fn is_quenched(&self, vcpu: VcpuId, slot: Slot) -> bool {
        let (word, bit) = Self::position(slot.number);
        self.bank(vcpu, word)
            .is_none_or(|bank| bank.quenched() & bit != 0)
    }

    fn is_target(&self, vcpu: VcpuId, number: u16) -> bool {
        let (word, bit) = Self::position(number);
        let Some(shared) = word.checked_sub(1).and_then(|word| self.shared.get(word)) else {
            return true;
        };
        let targets = shared.target_mask::<VCPUS>(bit.trailing_zeros() as usize);
        targets & Self::vcpu_mask(vcpu) != 0
    }

    /// Takes back what list register `index` held until it was replaced.
    fn evict(&mut self, vcpu: VcpuId, index: usize) {
        let Some(private) = self.private.get_mut(vcpu.index()) else {
            return;
        };
        let Some(slot) = private.slots.get(index) else {
            return;
        };
        if private.slots.ghosts & private.slots.mask(index) != 0 {
            return;
        }
        let (word, bit) = Self::position(slot.number);
        if slot.number < 16 {
            private.unload_sgi(usize::from(slot.number));
        } else if let Some(bank) = self.bank_mut(vcpu, word) {
            bank.unload(bit);
        }
        self.refresh(vcpu, word);
    }

    /// List register `index` now holds `slot`, not taken yet.
    fn note_loaded(&mut self, vcpu: VcpuId, index: usize, slot: Slot) {
        let Some(private) = self.private.get_mut(vcpu.index()) else {
            return;
        };
        private.slots.set(index, slot);
        let (word, bit) = Self::position(slot.number);
        if slot.number < 16 {
            private.load_sgi(usize::from(slot.number));
        } else if let Some(bank) = self.bank_mut(vcpu, word) {
            bank.load(bit);
        }
        self.hold(vcpu, slot.number);
        self.refresh(vcpu, word);
    }

    /// The kernel says that the guest has taken what list register `index` holds. If that is a
    /// leftover of the interrupt `wanted` itself, it counts again, so that its end is noticed.
    fn note_refused(&mut self, vcpu: VcpuId, index: usize, wanted: u16) {
        let Some(private) = self.private.get_mut(vcpu.index()) else {
            return;
        };
        let slots = &mut private.slots;
        let Some(slot) = slots.get(index) else { return };
        let mask = slots.mask(index);
        slots.taken |= mask;
        if slot.number == wanted {
            slots.ghosts &= !mask;
        }
        if slots.ghosts & mask != 0 {
            return;
        }
        let (word, bit) = Self::position(slot.number);
        if let Some(bank) = self.bank_mut(vcpu, word) {
            bank.held |= bit;
            bank.take(bit);
        }
        self.hold(vcpu, slot.number);
        self.refresh(vcpu, word);
    }

    fn hold(&mut self, vcpu: VcpuId, number: u16) {
        let (word, bit) = Self::position(number);
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

impl Bank {
    /// The most urgent of the interrupts `waiting` in this bank, which is word `word`.
    fn most_urgent(&self, word: usize, waiting: u32) -> Option<Slot> {
        let mut best = None;
        let mut waiting = waiting;
        while waiting != 0 {
            let bit = waiting.trailing_zeros();
            waiting &= waiting.wrapping_sub(1);
            let candidate = Slot {
                number: (word << 5 | bit as usize) as u16,
                priority: *self.priority.get(bit as usize)?,
            };
            best = more_urgent(best, Some(candidate));
        }
        best
    }
}

/// The more urgent of two; of equals the first.
fn more_urgent(first: Option<Slot>, second: Option<Slot>) -> Option<Slot> {
    match (first, second) {
        (Some(a), Some(b)) if b.priority < a.priority => second,
        (None, _) => second,
        _ => first,
    }
}
