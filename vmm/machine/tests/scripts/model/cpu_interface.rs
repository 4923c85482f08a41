//! The virtual CPU interface of one vCPU: its list registers as hardware moves them (GICv2 5.2).

use std::collections::BTreeSet;

use vmm_machine::kernel::LOWEST_PRIORITY;

/// State of one list register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Entry {
    #[default]
    Empty,
    Pending(u16, u8),
    Active(u16, u8),
    /// Ended; the maintenance interrupt is still to be reported.
    Ended(u16),
}

impl Entry {
    pub(crate) fn number(self) -> Option<u16> {
        match self {
            Self::Pending(number, _) | Self::Active(number, _) | Self::Ended(number) => {
                Some(number)
            }
            Self::Empty => None,
        }
    }
}

/// GICV and the list registers behind it.
#[derive(Clone, Debug)]
pub(crate) struct CpuInterface {
    pub(crate) entries: Vec<Entry>,
    /// Shared interrupts that the vCPU held when it went off: others may have them by now.
    leftovers: BTreeSet<usize>,
}

impl CpuInterface {
    pub(crate) fn new(list_registers: usize) -> Self {
        Self {
            entries: vec![Entry::Empty; list_registers],
            leftovers: BTreeSet::new(),
        }
    }

    /// A read of GICC_IAR: the most urgent pending one, if it outranks what is active.
    pub(crate) fn acknowledge(&mut self) -> Option<u16> {
        let running = self.entries.iter().filter_map(|entry| match entry {
            Entry::Active(_, priority) => Some(*priority),
            _ => None,
        });
        let running = running.min().unwrap_or(LOWEST_PRIORITY);
        self.take_below(running)
    }

    /// A read of GICC_IAR after GICC_APR was cleared: what is active hides nothing.
    pub(crate) fn acknowledge_any(&mut self) -> Option<u16> {
        self.take_below(LOWEST_PRIORITY)
    }

    fn take_below(&mut self, running: u8) -> Option<u16> {
        let pending = self.entries.iter_mut().filter_map(|entry| match *entry {
            Entry::Pending(number, priority) => Some((priority, number, entry)),
            _ => None,
        });
        let (priority, number, entry) = pending.min_by_key(|one| (one.0, one.1))?;
        if priority >= running {
            return None;
        }
        *entry = Entry::Active(number, priority);
        Some(number)
    }

    /// A write to GICC_EOIR (GICC_DIR with split ends): was it active?
    pub(crate) fn end(&mut self, number: u16) -> bool {
        let active = |entry: &&mut Entry| matches!(**entry, Entry::Active(n, _) if n == number);
        let Some(entry) = self.entries.iter_mut().find(active) else {
            return false;
        };
        *entry = Entry::Ended(number);
        true
    }

    /// What the kernel reports of ended ones: the lowest list register, empty from now on.
    pub(crate) fn report(&mut self) -> Option<usize> {
        let ended = |entry: &Entry| matches!(entry, Entry::Ended(_));
        let index = self.entries.iter().position(ended)?;
        self.entries[index] = Entry::Empty;
        self.leftovers.remove(&index);
        Some(index)
    }

    /// Interrupts that wait to be taken, in the order of the list registers.
    pub(crate) fn pending(&self) -> Vec<u16> {
        let waiting = |entry: &Entry| match *entry {
            Entry::Pending(number, 0..LOWEST_PRIORITY) => Some(number),
            _ => None,
        };
        self.entries.iter().filter_map(waiting).collect()
    }

    /// Interrupts that were taken and not ended.
    pub(crate) fn active(&self) -> Vec<u16> {
        let active = |entry: &Entry| match *entry {
            Entry::Active(number, _) => Some(number),
            _ => None,
        };
        self.entries.iter().filter_map(active).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        let is_empty = |entry: &Entry| {
            // What is never signalled may stay.
            matches!(entry, Entry::Empty | Entry::Pending(_, LOWEST_PRIORITY))
        };
        self.entries.iter().all(is_empty)
    }

    pub(crate) fn put(&mut self, index: usize, number: u16, priority: u8) {
        let elsewhere = self
            .entries
            .iter()
            .enumerate()
            .any(|(other, entry)| other != index && entry.number() == Some(number));
        assert!(!elsewhere, "{number} in two list registers");
        self.entries[index] = Entry::Pending(number, priority);
        self.leftovers.remove(&index);
    }

    /// The vCPU goes off.
    pub(crate) fn leave(&mut self) {
        let shared = |entry: &Entry| entry.number().is_some_and(|number| number >= 32);
        let held = (0..).zip(&self.entries).filter(|(_, entry)| shared(entry));
        self.leftovers.extend(held.map(|(index, _)| index));
    }

    /// Is something pending that is no leftover?
    pub(crate) fn has_pending(&self) -> bool {
        let pending = |entry: &Entry| matches!(entry, Entry::Pending(_, 0..LOWEST_PRIORITY));
        let mut all = (0..).zip(&self.entries);
        all.any(|(index, entry)| pending(entry) && !self.leftovers.contains(&index))
    }
}
