//! The kernel and the hardware beneath the distributor: list registers, the virtual CPU
//! interface of each vCPU, and lines that the kernel masks when they fire.

use std::collections::BTreeSet;

use vmm_machine::{
    AccessSize, IntId, VcpuId,
    device::{Access, Region},
    kernel::{Activity, InterruptController, LOWEST_PRIORITY, ListRegister, ListRegisters},
};

use crate::{Distributor, Shadow};

/// State of one list register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Empty,
    Pending(u16, u8),
    Active(u16, u8),
    /// Ended, and the maintenance interrupt not yet reported.
    Ended(u16),
}

impl Entry {
    pub(super) fn number(self) -> Option<u16> {
        match self {
            Self::Pending(number, _) | Self::Active(number, _) | Self::Ended(number) => {
                Some(number)
            }
            Self::Empty => None,
        }
    }

    /// Empty, or never to be signalled.
    pub(super) fn is_at_rest(self) -> bool {
        matches!(self, Self::Empty | Self::Pending(_, LOWEST_PRIORITY))
    }
}

/// An interrupt went into a list register.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) vcpu: u8,
    pub(super) number: u16,
    pub(super) priority: u8,
    /// The list register held the same interrupt already.
    pub(super) merged: bool,
    /// With the same priority.
    pub(super) kept: bool,
}

/// What the VMM sees of the virtual CPU interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    Nothing,
    /// GICV_APR and GICV_CTLR.
    Priorities,
}

/// List registers of all vCPUs, and what the guest has acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Hardware {
    pub(super) entries: Vec<Vec<Entry>>,
    /// Calls of `load` and `replace` so far.
    pub(super) injections: usize,
    /// What went into list registers, to be judged by the reference.
    pub(super) loads: Vec<Load>,
    /// Entries that the distributor no longer counts, by vCPU and index.
    pub(super) ghosts: BTreeSet<(u8, usize)>,
    /// Pending in a list register, put there while they were active: their end goes unnoticed.
    pub(super) pending_anew: BTreeSet<(u8, u16)>,
    /// Lines given back to the kernel, in order.
    pub(super) resampled: Vec<(VcpuId, IntId)>,
    /// The kernel sees active list registers only in a copy of long ago: it never refuses.
    pub(super) blind: bool,
    pub(super) sight: Sight,
    /// GICV_APR of each vCPU.
    pub(super) active_priorities: Vec<u32>,
    /// GICV_CTLR.EOImode: GICV_EOIR drops the priority only, GICV_DIR deactivates.
    pub(super) split_ends: bool,
}

impl Hardware {
    pub(super) fn new(vcpus: usize, list_registers: usize) -> Self {
        Self {
            entries: vec![vec![Entry::Empty; list_registers]; vcpus],
            injections: 0,
            loads: Vec::new(),
            ghosts: BTreeSet::new(),
            pending_anew: BTreeSet::new(),
            resampled: Vec::new(),
            blind: false,
            sight: Sight::Priorities,
            active_priorities: vec![0; vcpus],
            split_ends: false,
        }
    }

    /// A read of GICC_IAR: the most urgent pending entry that outranks the active priorities. The
    /// lowest priority never does.
    pub(super) fn acknowledge(&mut self, vcpu: u8) -> Option<u16> {
        let entries = &mut self.entries[usize::from(vcpu)];
        let active = &mut self.active_priorities[usize::from(vcpu)];
        let running = active.trailing_zeros().min(31) as u8;
        let best = entries.iter_mut().filter_map(|entry| match *entry {
            Entry::Pending(number, priority) => Some((priority, number, entry)),
            _ => None,
        });
        let (priority, number, entry) = best.min_by_key(|best| (best.0, best.1))?;
        if priority >= running {
            return None;
        }
        *entry = Entry::Active(number, priority);
        *active |= 1 << priority;
        self.pending_anew.remove(&(vcpu, number));
        Some(number)
    }

    /// A write to GICC_EOIR: the list register to be reported, if there is one.
    pub(super) fn end(&mut self, vcpu: u8, number: u16) -> Option<usize> {
        let active = &mut self.active_priorities[usize::from(vcpu)];
        let entries = self.entries[usize::from(vcpu)].iter();
        let mut own = entries.filter_map(|entry| match *entry {
            Entry::Active(n, priority) if n == number => Some(1 << priority),
            _ => None,
        });
        // The guest ends in order, or else each its own.
        let highest = *active & active.wrapping_neg();
        *active &= !own
            .next()
            .filter(|own| *active & own != 0)
            .unwrap_or(highest);
        if self.split_ends {
            return None;
        }
        self.deactivate(vcpu, number)
    }

    /// A write to GICC_DIR.
    pub(super) fn deactivate(&mut self, vcpu: u8, number: u16) -> Option<usize> {
        let entries = &mut self.entries[usize::from(vcpu)];
        let held = |entry: &Entry| matches!(*entry, Entry::Active(n, _) if n == number);
        let index = entries.iter().position(held)?;
        entries[index] = Entry::Ended(number);
        Some(index)
    }

    /// The kernel reports the lowest ended list register.
    pub(super) fn report(&mut self, vcpu: u8) -> Option<usize> {
        let entries = &mut self.entries[usize::from(vcpu)];
        let ended = |entry: &Entry| matches!(entry, Entry::Ended(_));
        let index = entries.iter().position(ended)?;
        entries[index] = Entry::Empty;
        self.ghosts.remove(&(vcpu, index));
        Some(index)
    }

    /// Where an interrupt is: vCPU and index of each list register.
    pub(super) fn places(&self, vcpu: u8, number: u16) -> Vec<(u8, usize)> {
        let all = (0_u8..).zip(&self.entries).flat_map(|(vcpu, entries)| {
            entries
                .iter()
                .enumerate()
                .map(move |(index, &entry)| ((vcpu, index), entry))
        });
        let of = |&(place, entry): &((u8, usize), Entry)| {
            (number >= 32 || place.0 == vcpu) && entry.number() == Some(number)
        };
        all.filter(of).map(|(place, _)| place).collect()
    }

    /// Is it in a list register, as far as the distributor should know?
    pub(super) fn counts(&self, vcpu: u8, number: u16) -> bool {
        self.places(vcpu, number)
            .iter()
            .any(|place| !self.ghosts.contains(place))
    }

    /// Can it not be loaded for `vcpu` since it is in some list register?
    pub(super) fn anywhere(&self, vcpu: u8, number: u16) -> bool {
        let here = |place: &(u8, usize)| place.0 == vcpu;
        self.counts(vcpu, number) || self.places(vcpu, number).iter().any(here)
    }

    fn put(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) {
        let slot = &mut self.entries[vcpu.index()][index];
        let ghost = self.ghosts.remove(&(vcpu.0, index));
        let number = entry.intid.number();
        if let Entry::Active(before, _) = *slot {
            assert!(!self.split_ends || ghost, "{before} is not deactivated yet");
            self.pending_anew.insert((vcpu.0, number));
        }
        if entry.priority == LOWEST_PRIORITY && slot.number() == Some(number) {
            // Parked, or the guest has chosen this priority: signalled it is not.
            *slot = Entry::Pending(number, entry.priority);
            self.ghosts.insert((vcpu.0, index));
            return;
        }
        self.loads.push(Load {
            vcpu: vcpu.0,
            number,
            priority: entry.priority,
            merged: slot.number() == Some(number) && !ghost,
            kept: match *slot {
                Entry::Pending(_, before) | Entry::Active(_, before) => before == entry.priority,
                Entry::Empty | Entry::Ended(_) => true,
            },
        });
        *slot = Entry::Pending(number, entry.priority);
        self.check();
    }

    /// No INTID may be in two list registers of a vCPU (GICv2 5.3.8).
    fn check(&self) {
        for entries in &self.entries {
            let mut seen = BTreeSet::new();
            for number in entries.iter().filter_map(|entry| entry.number()) {
                assert!(seen.insert(number), "{number} twice in {entries:?}");
            }
        }
    }
}

impl ListRegisters for Hardware {
    fn load(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) {
        self.injections += 1;
        assert!(entry.priority < 32);
        assert!(!entry.group1);
        let slot = self.entries[vcpu.index()][index];
        assert_eq!(slot, Entry::Empty, "loaded over something");
        self.put(vcpu, index, entry);
    }

    fn replace(&mut self, vcpu: VcpuId, index: usize, entry: ListRegister) -> bool {
        self.injections += 1;
        let slot = self.entries[vcpu.index()][index];
        assert_ne!(slot, Entry::Empty, "replaced nothing");
        if matches!(slot, Entry::Active(..)) && !self.blind {
            if slot.number() == Some(entry.intid.number()) {
                self.ghosts.remove(&(vcpu.0, index));
            }
            return false;
        }
        self.put(vcpu, index, entry);
        true
    }

    fn activity(&mut self, vcpu: VcpuId) -> Activity {
        match self.sight {
            Sight::Nothing => Activity::Unknown,
            Sight::Priorities if self.split_ends => Activity::Hidden,
            Sight::Priorities => Activity::Priorities(self.active_priorities[vcpu.index()]),
        }
    }

    fn resample(&mut self, vcpu: VcpuId, intid: IntId) {
        self.resampled.push((vcpu, intid));
    }
}

/// A distributor with hardware beneath it: one guest.
pub(super) struct Machine<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow = crate::NoShadow> {
    pub(super) gic: Distributor<VCPUS, SPI_WORDS, S>,
    pub(super) hardware: Hardware,
    /// The store of the exit at hand.
    pub(super) store: Option<(Access, u64)>,
}

impl<const VCPUS: usize, const SPI_WORDS: usize> Machine<VCPUS, SPI_WORDS> {
    /// Powered on, the distributor enabled, all vCPUs online.
    pub(super) fn new(list_registers: usize) -> Self {
        let mut machine = Self {
            gic: Distributor::new(list_registers),
            hardware: Hardware::new(VCPUS, list_registers),
            store: None,
        };
        for vcpu in 0..VCPUS as u8 {
            machine.gic.set_online(VcpuId(vcpu), true);
        }
        machine.write(0, 0x000, 1);
        machine
    }
}

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Machine<VCPUS, SPI_WORDS, S> {
    pub(super) fn access(vcpu: u8, offset: u64, size: AccessSize) -> Access {
        Access {
            region: Region(0),
            vcpu: VcpuId(vcpu),
            offset,
            size,
        }
    }

    pub(super) fn read(&mut self, vcpu: u8, offset: u64) -> u32 {
        self.gic.read(Self::access(vcpu, offset, AccessSize::Word)) as u32
    }

    pub(super) fn write(&mut self, vcpu: u8, offset: u64, value: u32) {
        self.perform(Self::access(vcpu, offset, AccessSize::Word), value.into());
        self.settle();
    }

    /// Performs a store, to be settled.
    pub(super) fn perform(&mut self, access: Access, value: u64) {
        self.gic.write(access, value, &mut self.hardware);
        self.store = Some((access, value));
    }

    pub(super) fn write_byte(&mut self, vcpu: u8, offset: u64, value: u8) {
        self.perform(Self::access(vcpu, offset, AccessSize::Byte), value.into());
        self.settle();
    }

    /// Settles as the machine does: where the distributor asks for it, the store is performed
    /// once more after all reports.
    pub(super) fn settle(&mut self) {
        let store = self.store.take();
        let is_first = store.is_some();
        if InterruptController::settle(&mut self.gic, is_first, &mut self.hardware) {
            let (access, value) = store.expect("nothing to perform once more");
            while let Some(index) = self.hardware.report(access.vcpu.0) {
                self.gic
                    .maintenance(access.vcpu, Some(index), &mut self.hardware);
            }
            self.gic.write(access, value, &mut self.hardware);
            assert!(!InterruptController::settle(
                &mut self.gic,
                false,
                &mut self.hardware
            ));
        }
        assert_eq!(self.gic.unsettled(), 0);
    }

    /// Enables an interrupt with a priority; SPIs go to vCPU 0.
    pub(super) fn enable(&mut self, vcpu: u8, number: u16, priority: u8) {
        let id = u64::from(number);
        self.write_byte(vcpu, 0x400 + id, priority);
        if number >= 32 {
            self.write_byte(vcpu, 0x800 + id, 1);
        }
        self.write(vcpu, 0x100 + id / 32 * 4, 1 << (id % 32));
    }

    pub(super) fn line(&mut self, vcpu: u8, number: u16, high: bool) {
        self.gic
            .set_line(VcpuId(vcpu), intid(number), high, &mut self.hardware);
        self.settle();
    }

    pub(super) fn fire(&mut self, vcpu: u8, number: u16) {
        self.gic
            .fire(VcpuId(vcpu), intid(number), &mut self.hardware);
        self.settle();
    }

    pub(super) fn acknowledge(&mut self, vcpu: u8) -> Option<u16> {
        self.hardware.acknowledge(vcpu)
    }

    /// Ends an interrupt and lets the kernel report it.
    pub(super) fn end(&mut self, vcpu: u8, number: u16) {
        self.hardware.end(vcpu, number);
        self.report(vcpu);
    }

    pub(super) fn report(&mut self, vcpu: u8) {
        let index = self.hardware.report(vcpu);
        self.gic
            .maintenance(VcpuId(vcpu), index, &mut self.hardware);
        self.settle();
    }

    /// Acknowledges and ends everything, and says in which order it came.
    pub(super) fn drain(&mut self, vcpu: u8) -> Vec<u16> {
        let mut order = Vec::new();
        while let Some(number) = self.acknowledge(vcpu) {
            order.push(number);
            self.end(vcpu, number);
            assert!(order.len() < 10_000, "the guest never comes to rest");
        }
        order
    }
}

pub(super) fn intid(number: u16) -> IntId {
    IntId::new(number.into()).unwrap()
}
