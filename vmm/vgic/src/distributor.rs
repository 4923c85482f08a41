//! The distributor's state, and which vCPU each pending interrupt waits for.

use vmm_machine::{IntId, VcpuId, kernel::ListRegisters};

use crate::{
    bank::Bank,
    list_registers::Slots,
    shadow::{NoShadow, Shadow},
};

/// GICD_ISENABLER0 after reset: SGIs are enabled. The architecture lets an implementation fix
/// them so, and many guests rely on it; those that clear the bits find them cleared.
const SGIS: u32 = 0xffff;

/// Interrupts of one vCPU: SGIs and PPIs.
#[derive(Clone, Debug)]
pub(crate) struct Private {
    pub(crate) bank: Bank,
    /// Per SGI: the vCPUs that have sent it (GICD_SPENDSGIR).
    pub(crate) sources: [u8; 16],
    /// Per SGI: the vCPU that sent the one in the list register, as a mask.
    pub(crate) held_source: [u8; 16],
    pub(crate) slots: Slots,
}

/// 32 SPIs.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) bank: Bank,
    /// GICD_ITARGETSR.
    pub(crate) targets: [u8; 32],
    /// For those in a list register: the vCPU it belongs to.
    pub(crate) holder: [u8; 32],
}

/// What waits for one vCPU: one bit per interrupt that `settle` has something to do for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue<const SPI_WORDS: usize> {
    /// Bit n: word n is not zero.
    pub(crate) words: u32,
    pub(crate) private: u32,
    pub(crate) shared: [u32; SPI_WORDS],
}

/// A GICv2 distributor for `VCPUS` vCPUs (1 to 8) and `SPI_WORDS` times 32 SPIs (0 to 31; the last
/// four INTIDs of 31 words do not exist).
///
/// Interrupt groups are not offered: every interrupt is in group 0, GICD_IGROUPR and
/// GICD_CTLR.EnableGrp1 read as zero and ignore writes, as on a GICv1 without the Security
/// Extensions. A GICv2 may have groups, but a guest at EL1 that leaves them alone cannot tell,
/// and one that writes ones everywhere, as boot code does, still gets its interrupts.
#[derive(Clone, Debug)]
pub struct Distributor<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow = NoShadow> {
    /// GICD_CTLR.EnableGrp0.
    pub(crate) enabled: bool,
    pub(crate) private: [Private; VCPUS],
    pub(crate) shared: [Shared; SPI_WORDS],
    /// vCPUs that run, as a mask: SPIs go to these only.
    pub(crate) online: u8,
    /// The same while the distributor is enabled, else none.
    pub(crate) open: u8,
    /// vCPUs for which `settle` may have something to do, as a mask.
    pub(crate) unsettled: u8,
    /// vCPUs whose list registers hold what the guest has changed and may have taken, as a mask:
    /// to be looked at again when it has ended something.
    pub(crate) doubtful: u8,
    /// The vCPU whose store may be performed once more without harm, as a mask.
    pub(crate) repeatable: u8,
    /// That store is to be performed once more.
    pub(crate) repeat: bool,
    pub(crate) queues: [Queue<SPI_WORDS>; VCPUS],
    pub(crate) shadow: S,
    /// SGIs that the shadow page shows as pending in GICD_SPENDSGIR.
    pub(crate) published_sgis: u32,
}

impl<const VCPUS: usize, const SPI_WORDS: usize> Distributor<VCPUS, SPI_WORDS> {
    /// At power-on; vCPU 0 online. `list_registers` is how many each vCPU has (up to 16 are used).
    pub fn new(list_registers: usize) -> Self {
        Self::with_shadow(list_registers, NoShadow)
    }
}

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Distributor<VCPUS, SPI_WORDS, S> {
    /// As [`Distributor::new`], with a page that the guest reads without an exit.
    pub fn with_shadow(list_registers: usize, shadow: S) -> Self {
        const {
            assert!(
                VCPUS >= 1 && VCPUS <= 8,
                "a GICv2 has 1 to 8 CPU interfaces"
            )
        };
        const { assert!(SPI_WORDS <= 31, "INTIDs end at 1019: 31 words of SPIs") };
        let private = || Private {
            bank: Bank::new(SGIS, SGIS),
            sources: [0; 16],
            held_source: [0; 16],
            slots: Slots::new(list_registers),
        };
        let shared = || Shared {
            bank: Bank::new(0, 0),
            targets: [0; 32],
            holder: [0; 32],
        };
        let queue = Queue {
            words: 0,
            private: 0,
            shared: [0; SPI_WORDS],
        };
        let mut distributor = Self {
            enabled: false,
            private: core::array::from_fn(|_| private()),
            shared: core::array::from_fn(|_| shared()),
            online: 1,
            open: 0,
            unsettled: 0,
            doubtful: 0,
            repeatable: 0,
            repeat: false,
            queues: [queue; VCPUS],
            shadow,
            published_sgis: 0,
        };
        distributor.publish_all();
        distributor
    }

    /// All registers as at power-on, vCPU 0 alone online. Lines keep their level. What list
    /// registers hold stays there and is replaced as soon as something else is pending.
    pub fn reset(&mut self) {
        self.enabled = false;
        self.online = 1;
        self.open = 0;
        for private in &mut self.private {
            private.bank.reset(SGIS, SGIS);
            private.sources = [0; 16];
            private.slots.ghosts = private.slots.occupied;
        }
        for shared in &mut self.shared {
            shared.bank.reset(0, 0);
            shared.targets = [0; 32];
        }
        self.refresh_all();
        self.publish_all();
    }

    /// Tells whether a vCPU runs. SPIs wait for a target that does; those in the list registers
    /// of a vCPU that goes off become pending again, unless the guest has surely taken them.
    pub fn set_online(&mut self, vcpu: VcpuId, online: bool) {
        let mask = Self::vcpu_mask(vcpu);
        let after = if online {
            self.online | mask
        } else {
            self.online & !mask
        };
        if self.online == after {
            return;
        }
        self.online = after;
        self.open = if self.enabled { after } else { 0 };
        if !online {
            self.abandon(vcpu);
        }
        self.forget_all_reports();
        self.refresh_all();
    }

    /// Takes the SPIs in the list registers of a vCPU back into the distributor.
    fn abandon(&mut self, vcpu: VcpuId) {
        let Some(private) = self.private.get_mut(vcpu.index()) else {
            return;
        };
        let slots = &mut private.slots;
        let mut abandoned = 0;
        for (index, slot) in slots.iter(!slots.ghosts) {
            if slot.intid.number() < 32 {
                continue;
            }
            let (word, bit) = Self::position(slot.intid);
            if let Some(bank) = Self::shared_bank(&mut self.shared, word) {
                if bank.taken & bit != 0 {
                    bank.release(bit);
                } else {
                    bank.unload(bit);
                }
                abandoned |= slots.mask(index);
            }
        }
        slots.ghosts |= abandoned;
    }

    /// Would a vCPU see this interrupt if its line fired now? One that the kernel masks since it
    /// fired last does not fire.
    pub fn is_enabled(&self, vcpu: VcpuId, intid: IntId) -> bool {
        let (word, bit) = Self::position(intid);
        let bank = self.bank(vcpu, word);
        self.enabled
            && bank.is_some_and(|bank| bank.enabled & !bank.active & !bank.masked & bit != 0)
    }

    /// If an interrupt is in a list register of this vCPU: has the guest surely not taken it?
    pub fn waits(
        &self,
        vcpu: VcpuId,
        intid: IntId,
        backend: &mut impl ListRegisters,
    ) -> Option<bool> {
        let slots = &self.private.get(vcpu.index())?.slots;
        let mut counted = slots.iter(!slots.ghosts);
        let (index, slot) = counted.find(|(_, slot)| slot.intid == intid)?;
        let is_taken = slots.taken & slots.mask(index) != 0;
        Some(!is_taken && !backend.activity(vcpu).may_include(slot.level()))
    }

    /// What list register `index` of a vCPU holds, as far as is known.
    pub fn loaded(&self, vcpu: VcpuId, index: usize) -> Option<IntId> {
        let slot = self.private.get(vcpu.index())?.slots.get(index)?;
        Some(slot.intid)
    }

    /// The bit of a vCPU in masks of vCPUs, zero when it does not exist.
    pub(crate) const fn vcpu_mask(vcpu: VcpuId) -> u8 {
        if vcpu.index() < VCPUS { 1 << vcpu.0 } else { 0 }
    }

    /// Word and bit of an INTID.
    #[inline(always)]
    pub(crate) const fn position(intid: IntId) -> (usize, u32) {
        let number = intid.number();
        ((number >> 5) as usize, 1 << (number & 31))
    }

    /// The bits of a word that stand for interrupts that exist.
    pub(crate) const fn implemented(word: usize) -> u32 {
        match word {
            0..31 => u32::MAX,
            31 => 0x0fff_ffff,
            _ => 0,
        }
    }

    #[inline(always)]
    fn shared_bank(shared: &mut [Shared; SPI_WORDS], word: usize) -> Option<&mut Bank> {
        Some(&mut shared.get_mut(word.checked_sub(1)?)?.bank)
    }

    /// The bank behind a word, word 0 as `vcpu` sees it.
    #[inline(always)]
    pub(crate) fn bank(&self, vcpu: VcpuId, word: usize) -> Option<&Bank> {
        match word.checked_sub(1) {
            None => Some(&self.private.get(vcpu.index())?.bank),
            Some(word) => Some(&self.shared.get(word)?.bank),
        }
    }

    /// As [`Self::bank`]; whoever changes it refreshes afterwards.
    #[inline(always)]
    pub(crate) fn bank_mut(&mut self, vcpu: VcpuId, word: usize) -> Option<&mut Bank> {
        match word {
            0 => Some(&mut self.private.get_mut(vcpu.index())?.bank),
            word => Self::shared_bank(&mut self.shared, word),
        }
    }

    /// Brings queues and shadow page up to date after a change in one bank.
    #[inline(never)]
    pub(crate) fn refresh(&mut self, vcpu: VcpuId, word: usize) {
        if word == 0 {
            self.refresh_private(vcpu);
        } else {
            self.refresh_shared(word);
        }
        if S::PRESENT {
            self.publish_state(vcpu, word);
        }
    }

    /// As [`Self::refresh`], when the change may also concern what list registers hold.
    #[inline(never)]
    pub(crate) fn refresh_and_reconsider(&mut self, vcpu: VcpuId, word: usize) {
        self.refresh(vcpu, word);
        let all = self.queues.iter().zip(&self.private);
        for (vcpu, (queue, private)) in all.enumerate() {
            if queue.words != 0 || private.slots.occupied != 0 {
                self.unsettled |= 1 << (vcpu & 7);
            }
        }
    }

    /// Does nothing wait, for any vCPU?
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.queues.iter().all(|queue| queue.words == 0)
    }

    fn refresh_private(&mut self, vcpu: VcpuId) {
        let index = vcpu.index();
        let (Some(private), Some(queue)) = (self.private.get(index), self.queues.get_mut(index))
        else {
            return;
        };
        let waiting = private.bank.candidates(self.enabled);
        if waiting & !queue.private != 0 {
            self.unsettled |= Self::vcpu_mask(vcpu);
        }
        queue.private = waiting;
        queue.words = queue.words & !1 | u32::from(waiting != 0);
    }

    fn refresh_shared(&mut self, word: usize) {
        let index = word.wrapping_sub(1);
        let Some(shared) = self.shared.get(index) else {
            return;
        };
        let waiting = shared.split::<VCPUS>(self.enabled, self.online);
        for (vcpu, (queue, waiting)) in self.queues.iter_mut().zip(waiting).enumerate() {
            let Some(bits) = queue.shared.get_mut(index) else {
                return;
            };
            if waiting & !*bits != 0 {
                self.unsettled |= 1 << (vcpu & 7);
            }
            *bits = waiting;
            let bit = 1 << (word & 31);
            queue.words = queue.words & !bit | if waiting == 0 { 0 } else { bit };
        }
    }

    /// What the kernel reported up to now is out of date; see [`Bank::stale`].
    pub(crate) fn forget_all_reports(&mut self) {
        let private = self.private.iter_mut().map(|private| &mut private.bank);
        let shared = self.shared.iter_mut().map(|shared| &mut shared.bank);
        private.chain(shared).for_each(|bank| bank.fresh = 0);
    }

    pub(crate) fn refresh_all(&mut self) {
        for vcpu in 0..VCPUS as u8 {
            self.refresh_and_reconsider(VcpuId(vcpu), 0);
        }
        for word in 1..=SPI_WORDS {
            self.refresh_and_reconsider(VcpuId(0), word);
        }
    }
}

impl Shared {
    /// Deals the candidates out to the vCPUs: to the one whose list register holds it, else to
    /// the lowest target that is online (GICv2 1.4.3, 1-N model). Those without one wait.
    fn split<const VCPUS: usize>(&self, enabled: bool, online: u8) -> [u32; VCPUS] {
        let mut waiting = [0; VCPUS];
        let mut candidates = self.bank.candidates(enabled);
        while candidates != 0 {
            let bit = candidates & candidates.wrapping_neg();
            let index = bit.trailing_zeros() as usize;
            candidates &= !bit;
            if let Some(bits) = waiting.get_mut(self.owner::<VCPUS>(index, online)) {
                *bits |= bit;
            }
        }
        waiting
    }

    fn owner<const VCPUS: usize>(&self, index: usize, online: u8) -> usize {
        if self.bank.held & (1 << (index & 31)) != 0 {
            return self.holder.get(index).map_or(0, |&vcpu| usize::from(vcpu));
        }
        (self.target_mask::<VCPUS>(index) & online).trailing_zeros() as usize
    }

    /// The vCPUs that an SPI may go to. With one vCPU, GICD_ITARGETSR does not exist.
    pub(crate) fn target_mask<const VCPUS: usize>(&self, index: usize) -> u8 {
        if VCPUS == 1 {
            return 1;
        }
        self.targets.get(index).copied().unwrap_or(0)
    }
}
