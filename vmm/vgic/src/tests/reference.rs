//! A slow GICv2 distributor, written from the architecture alone: one record per interrupt and
//! vCPU, every register decoded byte by byte.
//!
//! It does not decide what goes into list registers; it says what may, what must, and what the
//! guest's acknowledge does (GICv2 3.2.4, "Interrupt handling state machine").

use super::model::{Entry, Hardware, Sight};

/// One interrupt, as one vCPU sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt {
    pub(super) enabled: bool,
    pub(super) edge: bool,
    pub(super) priority: u8,
    pub(super) targets: u8,
    /// Pending by an edge or by GICD_ISPENDR.
    pub(super) latch: bool,
    /// Was the latch ever set?
    pub(super) latched_once: bool,
    /// The true level of the line.
    pub(super) high: bool,
    /// Made active by GICD_ISACTIVER.
    pub(super) active: bool,
    /// For SGIs: who has sent it.
    pub(super) sources: u8,
    /// For SGIs in a list register: whose it is.
    pub(super) loaded_source: u8,
}

pub(super) struct Reference {
    pub(super) vcpus: u8,
    pub(super) limit: u16,
    pub(super) enabled: bool,
    pub(super) online: u8,
    private: Vec<Vec<Interrupt>>,
    shared: Vec<Interrupt>,
}

fn private() -> Vec<Interrupt> {
    let sgi = Interrupt {
        enabled: true,
        edge: true,
        ..Interrupt::default()
    };
    (0..32)
        .map(|n| {
            if n < 16 {
                sgi.clone()
            } else {
                Interrupt::default()
            }
        })
        .collect()
}

impl Reference {
    pub(super) fn new(vcpus: usize, spi_words: usize) -> Self {
        let limit = (32 * (spi_words as u16 + 1)).min(1020);
        Self {
            vcpus: vcpus as u8,
            limit,
            enabled: false,
            online: 1,
            private: vec![private(); vcpus],
            shared: vec![Interrupt::default(); usize::from(limit - 32)],
        }
    }

    pub(super) fn reset(&mut self) {
        let old = std::mem::replace(self, Self::new(1, 0));
        *self = Self::new(old.private.len(), 0);
        self.limit = old.limit;
        self.shared = vec![Interrupt::default(); old.shared.len()];
        for vcpu in 0..self.vcpus {
            for number in 0..self.limit {
                self.get_mut(vcpu, number).unwrap().high = old.get(vcpu, number).unwrap().high;
            }
        }
    }

    pub(super) fn get(&self, vcpu: u8, number: u16) -> Option<&Interrupt> {
        match number {
            0..32 => Some(&self.private[usize::from(vcpu)][usize::from(number)]),
            _ => self.shared.get(usize::from(number) - 32),
        }
    }

    pub(super) fn get_mut(&mut self, vcpu: u8, number: u16) -> Option<&mut Interrupt> {
        match number {
            0..32 => Some(&mut self.private[usize::from(vcpu)][usize::from(number)]),
            _ => self.shared.get_mut(usize::from(number) - 32),
        }
    }

    pub(super) fn pending(&self, vcpu: u8, number: u16) -> bool {
        let i = self.get(vcpu, number).unwrap();
        if number < 16 {
            i.sources != 0
        } else {
            i.latch || i.high && !i.edge
        }
    }

    /// May it go into a list register of this vCPU?
    pub(super) fn deliverable(&self, vcpu: u8, number: u16) -> bool {
        let i = self.get(vcpu, number).unwrap();
        let target = number < 32 || self.vcpus == 1 || i.targets & 1 << vcpu != 0;
        let online = self.online & 1 << vcpu != 0;
        self.enabled && online && target && i.enabled && !i.active && self.pending(vcpu, number)
    }

    /// Is this the vCPU that it goes to?
    pub(super) fn due(&self, vcpu: u8, number: u16) -> bool {
        self.deliverable(vcpu, number)
            && (number < 32 || (0..vcpu).all(|lower| !self.deliverable(lower, number)))
    }

    /// It goes into a list register.
    pub(super) fn load(&mut self, vcpu: u8, number: u16) {
        let i = self.get_mut(vcpu, number).unwrap();
        i.loaded_source = i.sources & i.sources.wrapping_neg();
    }

    /// The guest has acknowledged it.
    pub(super) fn acknowledge(&mut self, vcpu: u8, number: u16) {
        let i = self.get_mut(vcpu, number).unwrap();
        i.latch = false;
        i.sources &= !i.loaded_source;
    }

    /// An emulated line, or one that the kernel watches.
    pub(super) fn set_line(&mut self, vcpu: u8, number: u16, high: bool) {
        let Some(i) = self.get_mut(vcpu, number) else {
            return;
        };
        i.latch |= number >= 16 && i.edge && high && !i.high;
        i.latched_once |= i.latch;
        i.high = high;
    }

    pub(super) fn write(&mut self, vcpu: u8, offset: u64, bytes: &[u8], hardware: &Hardware) {
        let whole = |at: u64| offset <= at && at + 4 <= offset + bytes.len() as u64;
        if whole(0xf00) {
            let at = (0xf00 - offset) as usize;
            let command = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            self.send(vcpu, command);
        }
        for (at, &byte) in (offset..).zip(bytes) {
            self.write_byte(vcpu, at, byte, hardware);
        }
    }

    fn send(&mut self, sender: u8, command: u32) {
        for vcpu in 0..self.vcpus {
            let hit = match command >> 24 & 3 {
                0 => command >> 16 >> vcpu & 1 != 0,
                1 => vcpu != sender,
                2 => vcpu == sender,
                _ => false,
            };
            if hit {
                self.get_mut(vcpu, command as u16 & 15).unwrap().sources |= 1 << sender;
            }
        }
    }

    fn write_byte(&mut self, vcpu: u8, offset: u64, byte: u8, hardware: &Hardware) {
        let vcpus = self.vcpus;
        let all = ((1_u16 << vcpus) - 1) as u8;
        match offset {
            0 => self.enabled = byte & 1 != 0,
            0x100..0x400 => {
                let first = (offset as u16 & 0x7f) * 8;
                for number in (0..8)
                    .filter(|bit| byte >> bit & 1 != 0)
                    .map(|bit| first + bit)
                {
                    self.write_bit(vcpu, offset >> 7, number, hardware);
                }
            }
            0x400..0x800 => {
                if let Some(i) = self.get_mut(vcpu, offset as u16 & 0x3ff) {
                    i.priority = byte & 0xf8;
                }
            }
            0x820..0xc00 if vcpus > 1 => {
                if let Some(i) = self.get_mut(vcpu, offset as u16 & 0x3ff) {
                    i.targets = byte & all;
                }
            }
            0xc08..0xd00 => {
                for field in 0..4 {
                    let number = (offset as u16 & 0xff) * 4 + field;
                    if let Some(i) = self.get_mut(vcpu, number) {
                        i.edge = byte >> (field * 2 + 1) & 1 != 0;
                    }
                }
            }
            0xf10..0xf20 => self.get_mut(vcpu, offset as u16 & 15).unwrap().sources &= !byte,
            0xf20..0xf30 => self.get_mut(vcpu, offset as u16 & 15).unwrap().sources |= byte & all,
            _ => {}
        }
    }

    fn write_bit(&mut self, vcpu: u8, array: u64, number: u16, hardware: &Hardware) {
        let counted = hardware.counts(vcpu, number);
        let Some(i) = self.get_mut(vcpu, number) else {
            return;
        };
        match array {
            2 => i.enabled = true,
            3 => i.enabled = false,
            4 if number >= 16 => (i.latch, i.latched_once) = (true, true),
            5 if number >= 16 => i.latch = false,
            6 if !counted => i.active = true,
            7 => i.active = false,
            _ => {}
        }
    }

    /// A byte of a register whose reading does not depend on what list registers hold.
    pub(super) fn read_byte(&self, vcpu: u8, offset: u64) -> Option<u8> {
        let bits = |first: u16, field: fn(&Interrupt) -> bool| {
            (0..8).fold(0, |byte, bit| {
                let set = self.get(vcpu, first + bit).is_some_and(field);
                byte | u8::from(set) << bit
            })
        };
        let byte =
            |field: fn(&Interrupt) -> u8| self.get(vcpu, offset as u16 & 0x3ff).map_or(0, field);
        Some(match offset {
            0 => self.enabled.into(),
            1..4 => 0,
            0x100..0x200 => bits((offset as u16 & 0x7f) * 8, |i| i.enabled),
            0x200..0x400 | 4..0x0c | 0xf10..0xf30 | 0xfd0..0x1000 => return None,
            0x400..0x800 => byte(|i| i.priority),
            0x800..0xc00 if self.vcpus == 1 => 0,
            0x800..0x820 => 1 << vcpu,
            0x820..0xc00 => byte(|i| i.targets),
            0xc00..0xd00 => (0..4).fold(0, |byte, field| {
                let number = (offset as u16 & 0xff) * 4 + field;
                let edge = self.get(vcpu, number).is_some_and(|i| i.edge);
                byte | u8::from(edge) << (field * 2 + 1)
            }),
            _ => 0,
        })
    }

    /// Everything that is due is in a list register, or only less urgent things are not. Where
    /// the VMM sees active priorities, one that waits with an active priority keeps its place: it
    /// may be the active one.
    pub(super) fn check(&self, hardware: &Hardware) {
        for (vcpu, entries) in (0..self.vcpus).zip(&hardware.entries) {
            let active = hardware.active_priorities[usize::from(vcpu)];
            let is_kept =
                |priority: u8| hardware.sight == Sight::Priorities && active >> priority & 1 != 0;
            let waiting = (0..self.limit)
                .filter(|&number| self.due(vcpu, number) && !hardware.anywhere(vcpu, number));
            for number in waiting {
                let priority = self.get(vcpu, number).unwrap().priority >> 3;
                for entry in entries {
                    match *entry {
                        Entry::Empty => panic!("{number} waits for {vcpu} in spite of {entries:?}"),
                        // The end of what is pending anew goes unreported.
                        Entry::Pending(other, _)
                            if hardware.pending_anew.contains(&(vcpu, other)) => {}
                        Entry::Pending(_, loaded) => assert!(
                            loaded <= priority || is_kept(loaded),
                            "{number} ({priority}) waits for {vcpu} behind {entries:?}"
                        ),
                        Entry::Active(..) | Entry::Ended(_) => {}
                    }
                }
            }
        }
    }
}
