//! What the VMM believes to be in one vCPU's list registers (GICv2 5.3.8).

use vmm_machine::{
    IntId,
    kernel::{LOWEST_PRIORITY, ListRegister},
};

/// At most this many list registers of a vCPU are used; hardware has four as a rule.
pub(crate) const MAXIMUM: usize = 16;

/// The priority of what is in a list register and is not to be delivered.
pub(crate) const PARKED: u8 = LOWEST_PRIORITY << 3;

/// One list register in use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) intid: IntId,
    /// The priority it was loaded with, as in GICD_IPRIORITYR.
    pub(crate) priority: u8,
}

impl Slot {
    /// The five bits of priority that a list register has.
    #[inline]
    pub(crate) const fn level(self) -> u8 {
        self.priority >> 3
    }

    /// As the kernel wants it; five bits of priority.
    #[inline]
    pub(crate) const fn entry(self) -> ListRegister {
        ListRegister {
            intid: self.intid,
            priority: self.level(),
            group1: false,
        }
    }
}

/// Masks over the list registers of one vCPU.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    slots: [Slot; MAXIMUM],
    /// List registers that exist.
    implemented: u16,
    /// Loaded, and the end not yet reported.
    pub(crate) occupied: u16,
    /// The guest has surely taken it: it cannot be replaced.
    pub(crate) taken: u16,
    /// Left over from before a reset or from a vCPU that went off, or not to be delivered any
    /// more: the distributor no longer counts it, but the list register still holds it.
    pub(crate) ghosts: u16,
}

impl Slots {
    pub(crate) const fn new(list_registers: usize) -> Self {
        let count = match list_registers {
            0 => 1,
            1..MAXIMUM => list_registers,
            _ => MAXIMUM,
        };
        Self {
            slots: [Slot {
                intid: IntId::VIRTUAL_TIMER,
                priority: 0,
            }; MAXIMUM],
            implemented: u16::MAX >> MAXIMUM.saturating_sub(count),
            occupied: 0,
            taken: 0,
            ghosts: 0,
        }
    }

    /// The mask of one list register, zero when there is none with this index.
    pub(crate) const fn mask(&self, index: usize) -> u16 {
        if index < MAXIMUM {
            (1 << index) & self.implemented
        } else {
            0
        }
    }

    /// The lowest free list register.
    pub(crate) const fn free(&self) -> Option<usize> {
        match self.implemented & !self.occupied {
            0 => None,
            free => Some(free.trailing_zeros() as usize),
        }
    }

    /// What list register `index` holds.
    pub(crate) fn get(&self, index: usize) -> Option<Slot> {
        if self.occupied & self.mask(index) == 0 {
            return None;
        }
        self.slots.get(index).copied()
    }

    /// Which list register holds `intid`.
    pub(crate) fn find(&self, intid: IntId) -> Option<usize> {
        let holds = |&(_, slot): &(usize, Slot)| slot.intid == intid;
        self.iter(u16::MAX).find(holds).map(|(index, _)| index)
    }

    /// The occupied list registers of those in `among`.
    pub(crate) fn iter(&self, among: u16) -> impl Iterator<Item = (usize, Slot)> + '_ {
        let among = among & self.occupied;
        let slots = self.slots.iter().copied().enumerate();
        slots.filter(move |&(index, _)| among & self.mask(index) != 0)
    }

    /// Remembers a load of list register `index`.
    #[inline(always)]
    pub(crate) fn fill(&mut self, index: usize, slot: Slot) {
        self.occupied |= self.mask(index);
        if let Some(entry) = self.slots.get_mut(index) {
            *entry = slot;
        }
    }

    /// What list register `index` holds counts, and the guest has not taken it.
    pub(crate) fn renew(&mut self, index: usize) {
        let mask = self.mask(index);
        self.taken &= !mask;
        self.ghosts &= !mask;
    }

    /// What list register `index` holds is not to be delivered.
    pub(crate) fn park(&mut self, index: usize, slot: Slot) {
        self.ghosts |= self.mask(index);
        self.fill(index, slot);
    }

    /// The guest has ended what list register `index` held.
    pub(crate) fn clear(&mut self, index: usize) {
        let mask = self.mask(index);
        self.occupied &= !mask;
        self.taken &= !mask;
        self.ghosts &= !mask;
    }
}
