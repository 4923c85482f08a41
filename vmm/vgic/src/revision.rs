//! What the guest changes of an interrupt that already waits in a list register (GICv2 4.3: most
//! changes take effect on what is pending).
//!
//! The kernel overwrites a list register that is pending, and empties none. So an interrupt that
//! is not to be delivered any more stays there with the lowest priority, which no priority mask
//! lets through ([`PARKED`]), until something else takes its place. What the guest has taken must
//! not be overwritten: its end would go unnoticed, and it would come once more.

use vmm_machine::{
    VcpuId,
    kernel::{Activity, ListRegisters},
};

use crate::{
    Distributor,
    list_registers::{MAXIMUM, PARKED, Slot},
    shadow::Shadow,
};

/// What is to be done about one list register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Keep,
    /// Not to be delivered, at least for now.
    Park,
    /// To be delivered with this priority.
    Renew(u8),
    /// Pending anew, with this priority: one interrupt with what waits there.
    Merge(u8),
}

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Distributor<VCPUS, SPI_WORDS, S> {
    /// Brings the list registers of a vCPU in line with the distributor's registers.
    #[inline(never)]
    pub(crate) fn revise(
        &mut self,
        vcpu: VcpuId,
        activity: Activity,
        backend: &mut impl ListRegisters,
    ) {
        for index in 0..MAXIMUM {
            let Some(slots) = self.private.get(vcpu.index()).map(|private| &private.slots) else {
                return;
            };
            if slots.occupied >> index == 0 {
                return;
            }
            if let Some(slot) = slots.get(index) {
                let verdict = self.judge(vcpu, index, slot);
                self.carry_out(verdict, vcpu, (index, slot), activity, backend);
            }
        }
    }

    fn judge(&self, vcpu: VcpuId, index: usize, slot: Slot) -> Verdict {
        let (word, bit) = Self::position(slot.intid);
        let (Some(private), Some(bank)) = (self.private.get(vcpu.index()), self.bank(vcpu, word))
        else {
            return Verdict::Keep;
        };
        let mask = private.slots.mask(index);
        let is_ghost = private.slots.ghosts & mask != 0;
        let priority = bank.priority(slot.intid);
        if private.slots.taken & mask != 0 || is_ghost && slot.priority == PARKED {
            Verdict::Keep
        } else if is_ghost || self.is_withdrawn(vcpu, slot) || bank.quenched() & bit != 0 {
            Verdict::Park
        } else if bank.again & !bank.taken & bit != 0 {
            Verdict::Merge(priority)
        } else if priority != slot.priority {
            Verdict::Renew(priority)
        } else {
            Verdict::Keep
        }
    }

    fn carry_out(
        &mut self,
        verdict: Verdict,
        vcpu: VcpuId,
        (index, slot): (usize, Slot),
        activity: Activity,
        backend: &mut impl ListRegisters,
    ) {
        let may_be_taken = activity.may_include(slot.level());
        match verdict {
            Verdict::Keep => {}
            // What has been ended an instant ago, and not reported, is pending anew: no harm.
            Verdict::Merge(priority) if !may_be_taken => {
                self.renew(vcpu, index, Slot { priority, ..slot }, backend);
            }
            Verdict::Merge(_) if activity == Activity::Hidden => self.hold_back(vcpu, slot),
            // Taken or not: while its priority is active, it comes once, and not before the end.
            Verdict::Merge(priority) => {
                if priority != slot.priority {
                    self.doubtful |= Self::vcpu_mask(vcpu);
                }
                self.renew(vcpu, index, slot, backend);
            }
            Verdict::Park | Verdict::Renew(_) if may_be_taken => {
                self.doubtful |= Self::vcpu_mask(vcpu);
                if activity != Activity::Unknown {
                    self.hold_back(vcpu, slot);
                }
            }
            Verdict::Park | Verdict::Renew(_) if self.is_repeatable(vcpu) => self.repeat = true,
            Verdict::Park => self.park(vcpu, (index, slot), backend),
            Verdict::Renew(priority) => self.renew(vcpu, index, Slot { priority, ..slot }, backend),
        }
    }

    /// The store at hand can be performed once more, after the kernel has reported what the guest
    /// had ended just before it.
    const fn is_repeatable(&self, vcpu: VcpuId) -> bool {
        self.repeatable & Self::vcpu_mask(vcpu) != 0
    }

    /// Writes the same interrupt into its list register once more.
    fn renew(&mut self, vcpu: VcpuId, index: usize, slot: Slot, backend: &mut impl ListRegisters) {
        if backend.replace(vcpu, index, slot.entry()) {
            self.note_replaced(vcpu, index, slot);
        } else {
            self.note_refused(vcpu, index, slot.intid);
        }
        self.refresh(vcpu, Self::position(slot.intid).0);
    }

    /// Takes an interrupt back, and leaves in its list register what is never signalled.
    fn park(
        &mut self,
        vcpu: VcpuId,
        (index, slot): (usize, Slot),
        backend: &mut impl ListRegisters,
    ) {
        let parked = Slot {
            priority: PARKED,
            ..slot
        };
        if backend.replace(vcpu, index, parked.entry()) {
            self.note_evicted(vcpu, index);
            if let Some(private) = self.private.get_mut(vcpu.index()) {
                private.slots.park(index, parked);
            }
        } else {
            self.note_active(vcpu, index);
        }
    }

    /// What is pending anew waits for the end of what the list register holds.
    fn hold_back(&mut self, vcpu: VcpuId, slot: Slot) {
        let (word, bit) = Self::position(slot.intid);
        if let Some(bank) = self.bank_mut(vcpu, word) {
            bank.again &= !bit;
        }
        self.refresh(vcpu, word);
    }
}
