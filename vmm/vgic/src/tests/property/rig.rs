//! A distributor, the hardware beneath it, and the reference beside it.

use std::collections::BTreeSet;

use vmm_machine::{AccessSize, VcpuId};

use super::{Page, SPI_WORDS, WATCHED, story::Step};
use crate::{
    Distributor,
    tests::{
        model::{Entry, Hardware, Machine, intid},
        reference::Reference,
    },
};

pub(super) struct Rig<const VCPUS: usize> {
    pub(super) machine: Machine<VCPUS, SPI_WORDS, Page>,
    pub(super) reference: Reference,
    /// Watched lines that the kernel has masked.
    masked: BTreeSet<(u8, u16)>,
    /// Maintenance interrupts come late, or the kernel agrees to every replacement: what has an
    /// edge may then come twice.
    pub(super) loose: bool,
    pub(super) late: bool,
    /// What each vCPU has taken and not ended, the newest last.
    taken: Vec<Vec<u16>>,
    /// What each has ended and not deactivated.
    dropped: Vec<Vec<u16>>,
    steps: usize,
}

impl<const VCPUS: usize> Rig<VCPUS> {
    pub(super) fn new(list_registers: usize) -> Self {
        let machine = Machine {
            gic: Distributor::with_shadow(list_registers, Page(vec![0; 1024])),
            hardware: Hardware::new(VCPUS, list_registers),
            store: None,
        };
        Self {
            machine,
            reference: Reference::new(VCPUS, SPI_WORDS),
            masked: BTreeSet::new(),
            loose: false,
            late: false,
            taken: vec![Vec::new(); VCPUS],
            dropped: vec![Vec::new(); VCPUS],
            steps: 0,
        }
    }

    /// Opens every gate, lives through the story, and comes to rest.
    pub(super) fn play(&mut self, story: &[Step]) {
        for vcpu in 0..VCPUS as u8 {
            self.online(vcpu, true);
            for word in 0..=SPI_WORDS as u64 {
                self.write(vcpu, 0x100 + word * 4, AccessSize::Word, u64::MAX);
            }
        }
        for number in 32..u64::from(self.reference.limit) {
            self.write(0, 0x800 + number, AccessSize::Byte, 7);
        }
        self.write(0, 0, AccessSize::Word, 1);
        for step in story {
            self.step(step);
        }
        self.drain();
    }

    pub(super) fn step(&mut self, step: &Step) {
        match *step {
            Step::Write {
                vcpu,
                offset,
                size,
                value,
            } => self.write(vcpu, offset, size, value),
            Step::Line { vcpu, number, high } => self.line(vcpu, number, high),
            Step::Acknowledge { vcpu } => {
                self.acknowledge(vcpu);
            }
            Step::End { vcpu, newest } => self.end(vcpu, newest),
            Step::Online { vcpu, online } => self.online(vcpu, online),
            Step::Report { vcpu } => self.report(vcpu),
            Step::Reset => self.reset(),
        }
        self.run();
        self.check();
        self.steps += 1;
        if self.steps.is_multiple_of(8) {
            self.check_registers();
        }
    }

    pub(super) fn write(&mut self, vcpu: u8, offset: u64, size: AccessSize, value: u64) {
        let value = value & size.mask();
        let bytes = value.to_le_bytes();
        let bytes = &bytes[..size.bytes() as usize];
        self.reference
            .write(vcpu, offset, bytes, &self.machine.hardware);
        let access = Machine::<VCPUS, SPI_WORDS, Page>::access(vcpu, offset, size);
        self.machine.perform(access, value);
    }

    fn line(&mut self, vcpu: u8, number: u16, high: bool) {
        if WATCHED.contains(&number) {
            self.reference.get_mut(vcpu, number).unwrap().high = high;
        } else {
            self.reference.set_line(vcpu, number, high);
            let Machine { gic, hardware, .. } = &mut self.machine;
            gic.set_line(VcpuId(vcpu), intid(number), high, hardware);
        }
    }

    fn acknowledge(&mut self, vcpu: u8) -> Option<u16> {
        if self.reference.online & 1 << vcpu == 0 {
            return None;
        }
        let number = self.machine.acknowledge(vcpu)?;
        let hardware = &self.machine.hardware;
        let mut here = hardware
            .places(vcpu, number)
            .into_iter()
            .filter(|place| place.0 == vcpu);
        if here.any(|place| !hardware.ghosts.contains(&place)) {
            self.reference.acknowledge(vcpu, number);
        }
        self.taken[usize::from(vcpu)].push(number);
        Some(number)
    }

    /// Ends what the vCPU has taken last; a careless guest what it has taken first.
    fn end(&mut self, vcpu: u8, newest: bool) {
        let index = usize::from(vcpu);
        let taken = &mut self.taken[index];
        let number = match taken.len().checked_sub(1) {
            None => None,
            Some(_) if self.loose && !newest => Some(taken.remove(0)),
            Some(last) => Some(taken.remove(last)),
        };
        if let Some(number) = number {
            self.machine.hardware.end(vcpu, number);
            self.dropped[index].push(number);
        }
        // With split ends, all that wait for it are deactivated now and then.
        if self.machine.hardware.split_ends && newest {
            for number in std::mem::take(&mut self.dropped[index]) {
                self.machine.hardware.deactivate(vcpu, number);
                self.report(vcpu);
            }
        }
        if number.is_some() && !self.late {
            self.report(vcpu);
        }
    }

    fn report(&mut self, vcpu: u8) {
        let hardware = &mut self.machine.hardware;
        let index = hardware.report(vcpu);
        self.machine.gic.maintenance(VcpuId(vcpu), index, hardware);
    }

    pub(super) fn online(&mut self, vcpu: u8, online: bool) {
        let entries = &self.machine.hardware.entries[usize::from(vcpu)];
        let busy = |entry: &Entry| matches!(entry, Entry::Active(32.., _) | Entry::Ended(32..));
        if !online && entries.iter().any(busy) {
            return;
        }
        if !online {
            for (index, entry) in entries.iter().enumerate() {
                if entry.number().is_some_and(|number| number >= 32) {
                    self.machine.hardware.ghosts.insert((vcpu, index));
                }
            }
        }
        let mask = 1 << vcpu;
        self.reference.online &= !mask;
        self.reference.online |= if online { mask } else { 0 };
        self.machine.gic.set_online(VcpuId(vcpu), online);
    }

    fn reset(&mut self) {
        self.machine.gic.reset();
        self.reference.reset();
        for (vcpu, entries) in (0..).zip(&self.machine.hardware.entries) {
            for (index, entry) in entries.iter().enumerate() {
                if *entry != Entry::Empty {
                    self.machine.hardware.ghosts.insert((vcpu, index));
                }
            }
        }
    }

    /// Settles, and lets the kernel report watched lines, until nothing happens any more.
    fn run(&mut self) {
        for _ in 0..100 {
            self.machine.settle();
            self.judge();
            for (vcpu, intid) in std::mem::take(&mut self.machine.hardware.resampled) {
                let vcpu = if intid.is_banked() { vcpu.0 } else { 0 };
                assert!(
                    self.masked.remove(&(vcpu, intid.number())),
                    "{intid:?} was not masked"
                );
            }
            if !self.fire_watched() {
                return;
            }
        }
        panic!("lines are reported for ever");
    }

    fn fire_watched(&mut self) -> bool {
        let mut fired = false;
        for number in WATCHED {
            for vcpu in 0..if number < 32 { VCPUS as u8 } else { 1 } {
                let interrupt = self.reference.get_mut(vcpu, number).unwrap();
                if interrupt.high && self.masked.insert((vcpu, number)) {
                    interrupt.latch |= interrupt.edge;
                    interrupt.latched_once |= interrupt.edge;
                    let Machine { gic, hardware, .. } = &mut self.machine;
                    gic.fire(VcpuId(vcpu), intid(number), hardware);
                    fired = true;
                    self.machine.settle();
                    self.judge();
                }
            }
        }
        fired
    }

    /// Nothing goes to the guest that the architecture would not send.
    fn judge(&mut self) {
        for load in std::mem::take(&mut self.machine.hardware.loads) {
            let interrupt = self.reference.get(load.vcpu, load.number).unwrap();
            // What may be active is merged with its old priority.
            let kept = load.merged && load.kept;
            assert!(kept || load.priority == interrupt.priority >> 3, "{load:?}");
            let edge = interrupt.edge || interrupt.latched_once;
            if load.merged {
                // A line that the kernel reported may have dropped since, unknown to the VMM.
                let reported = WATCHED.contains(&load.number);
                let pending = self.reference.pending(load.vcpu, load.number);
                assert!(self.loose || pending || reported, "{load:?}");
                // What has come twice held no sender before.
                if self.loose && interrupt.loaded_source == 0 {
                    self.reference.load(load.vcpu, load.number);
                }
                continue;
            }
            let due = self.reference.deliverable(load.vcpu, load.number);
            assert!(due || self.loose && edge, "{load:?} for no reason");
            self.reference.load(load.vcpu, load.number);
        }
    }

    /// What waits in a list register is what the architecture would signal, with its priority.
    fn check_waiting(&self) {
        let hardware = &self.machine.hardware;
        if self.loose || hardware.split_ends {
            return;
        }
        let online = |vcpu: u8| self.reference.online & 1 << vcpu != 0;
        let all = (0..).zip(&hardware.entries);
        for (vcpu, entries) in all.filter(|&(vcpu, _)| online(vcpu)) {
            let active = hardware.active_priorities[usize::from(vcpu)];
            // The kernel reports it before the guest does anything else.
            if entries.iter().any(|entry| matches!(entry, Entry::Ended(_))) {
                continue;
            }
            // The end of what is pending anew goes unreported.
            if hardware.pending_anew.iter().any(|one| one.0 == vcpu) {
                continue;
            }
            for (index, entry) in entries.iter().enumerate() {
                let &Entry::Pending(number, priority) = entry else {
                    continue;
                };
                // After a reset the instructions that run before the guest take it away.
                if hardware.ghosts.contains(&(vcpu, index)) {
                    continue;
                }
                // Of several with an active priority, one is active: the VMM cannot tell which.
                let may_be_active = active >> priority & 1 != 0;
                if entry.is_at_rest() || may_be_active {
                    continue;
                }
                let expected = self.reference.get(vcpu, number).unwrap().priority >> 3;
                assert_eq!(priority, expected, "{number} of {vcpu}");
                let reported = WATCHED.contains(&number);
                let due = reported || self.reference.deliverable(vcpu, number);
                assert!(due, "{number} of {vcpu} waits for no reason");
            }
        }
    }

    fn check(&self) {
        let hardware = &self.machine.hardware;
        // With split ends nobody knows which of them can make way for a more urgent one.
        if !hardware.split_ends {
            self.reference.check(hardware);
        }
        self.check_waiting();
        for vcpu in 0..VCPUS as u8 {
            let mut due = (0..self.reference.limit).any(|number| self.reference.due(vcpu, number));
            for (index, entry) in hardware.entries[usize::from(vcpu)].iter().enumerate() {
                let counts = !hardware.ghosts.contains(&(vcpu, index));
                due |= counts && *entry != Entry::Empty;
                if counts && matches!(entry, Entry::Pending(..)) {
                    assert!(self.machine.gic.has_deliverable(VcpuId(vcpu)));
                }
            }
            // A line that was reported and waits for a list register may have dropped since.
            due |= !self.masked.is_empty();
            due |= self.reference.online & 1 << vcpu == 0;
            assert!(due || !self.machine.gic.has_deliverable(VcpuId(vcpu)));
            self.check_state(vcpu);
        }
    }

    fn check_registers(&self) {
        for (vcpu, offset) in (0..VCPUS as u8)
            .flat_map(|vcpu| (0..0x1000).step_by(4).map(move |offset| (vcpu, offset)))
        {
            let gic = &self.machine.gic;
            let word = gic.read_word(VcpuId(vcpu), offset);
            for (at, byte) in (offset..).zip(word.to_le_bytes()) {
                if let Some(expected) = self.reference.read_byte(vcpu, at) {
                    assert_eq!(byte, expected, "offset {at:#x} of {vcpu}");
                }
            }
            if VCPUS == 1 {
                assert_eq!(
                    gic.shadow.0[(offset / 4) as usize],
                    word,
                    "shadow at {offset:#x}"
                );
            }
        }
    }

    /// Pending and active, of what is in no list register.
    fn check_state(&self, vcpu: u8) {
        let gic = &self.machine.gic;
        for number in (0..self.reference.limit).filter(|number| !WATCHED.contains(number)) {
            if self.machine.hardware.counts(vcpu, number) {
                continue;
            }
            let bit = |array: u64| {
                let word = gic.read_word(VcpuId(vcpu), array + u64::from(number / 32) * 4);
                word >> (number % 32) & 1 != 0
            };
            let pending = self.reference.pending(vcpu, number);
            assert!(
                self.loose || bit(0x200) == pending,
                "{number} of {vcpu} pending"
            );
            assert_eq!(bit(0x200), bit(0x280));
            let active = self.reference.get(vcpu, number).unwrap().active;
            assert!(
                self.loose || bit(0x300) == active,
                "{number} of {vcpu} active"
            );
        }
    }

    /// Opens every gate and lets the guest handle everything: nothing may be left behind.
    pub(super) fn drain(&mut self) {
        for vcpu in 0..VCPUS as u8 {
            self.online(vcpu, true);
            for word in 0..=SPI_WORDS as u64 {
                self.write(vcpu, 0x100 + word * 4, AccessSize::Word, u64::MAX);
                self.write(vcpu, 0x380 + word * 4, AccessSize::Word, u64::MAX);
            }
        }
        for number in 0..u64::from(self.reference.limit) {
            for vcpu in 0..VCPUS as u8 {
                self.write(vcpu, 0x400 + number, AccessSize::Byte, 0x50);
            }
        }
        for number in 32..u64::from(self.reference.limit) {
            let target = 1 << (number % VCPUS as u64);
            self.write(0, 0x800 + number, AccessSize::Byte, target);
        }
        self.write(0, 0, AccessSize::Word, 1);
        self.run();
        for _ in 0..2000 {
            let mut busy = false;
            for vcpu in 0..VCPUS as u8 {
                let before = self.machine.hardware.entries[usize::from(vcpu)].clone();
                if let Some(number) = self.acknowledge(vcpu) {
                    self.line(vcpu, number, false);
                }
                self.end(vcpu, true);
                self.report(vcpu);
                self.run();
                self.check();
                busy |= before.iter().any(|entry| !entry.is_at_rest());
            }
            if !busy {
                return self.check_rest();
            }
        }
        panic!(
            "the guest never comes to rest: {:?}",
            self.machine.hardware.entries
        );
    }

    fn check_rest(&self) {
        for vcpu in 0..VCPUS as u8 {
            for number in 0..self.reference.limit {
                assert!(
                    !self.reference.pending(vcpu, number),
                    "{number} of {vcpu} is lost"
                );
            }
            assert!(!self.machine.gic.has_deliverable(VcpuId(vcpu)));
        }
    }
}
