//! Software generated interrupts (GICv2 4.3.15 to 4.3.17: GICD_SGIR, GICD_CPENDSGIR,
//! GICD_SPENDSGIR). Each is pending once per sending CPU.

use vmm_machine::{IntId, VcpuId, kernel::ListRegisters};

use crate::{Distributor, distributor::Private, shadow::Shadow};

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Distributor<VCPUS, SPI_WORDS, S> {
    /// A write to GICD_SGIR.
    #[inline(never)]
    pub(crate) fn send_sgi(
        &mut self,
        sender: VcpuId,
        command: u32,
        backend: &mut impl ListRegisters,
    ) {
        let own = Self::vcpu_mask(sender);
        let listed = (command >> 16) as u8;
        let targets = match command >> 24 & 3 {
            0 => listed,
            1 => !own,
            2 => own,
            _ => 0,
        };
        let number = (command & 15) as usize;
        for vcpu in (0..VCPUS as u8).map(VcpuId) {
            if targets & Self::vcpu_mask(vcpu) != 0 {
                self.set_sgi_pending(vcpu, number, own, backend);
            }
        }
    }

    /// Sends SGI `number` to `vcpu` from each of `sources`.
    #[inline]
    pub(crate) fn set_sgi_pending(
        &mut self,
        vcpu: VcpuId,
        number: usize,
        sources: u8,
        backend: &mut impl ListRegisters,
    ) {
        let sources = sources & Self::all_vcpus();
        if let Some(private) = self.private.get_mut(vcpu.index()) {
            private.add_sources(number, sources);
            if let Some(intid) = IntId::new(number as u32 & 15) {
                self.announce(vcpu, intid, backend);
            }
        }
    }

    /// Takes back SGI `number` to `vcpu` from each of `sources`.
    pub(crate) fn clear_sgi_pending(&mut self, vcpu: VcpuId, number: usize, sources: u8) {
        if let Some(private) = self.private.get_mut(vcpu.index()) {
            private.remove_sources(number, sources);
            self.refresh_and_reconsider(vcpu, 0);
        }
    }

    /// Mask of the vCPUs that exist.
    pub(crate) const fn all_vcpus() -> u8 {
        u8::MAX >> 8_usize.saturating_sub(VCPUS)
    }
}

impl Private {
    /// GICD_SPENDSGIR: who has sent SGI `number`, and the vCPU has surely not taken it.
    pub(crate) fn pending_sources(&self, number: usize) -> u8 {
        let waiting = self.bank.carried & !self.bank.taken & (1 << (number & 31)) != 0;
        let held = if waiting {
            self.held_source.get(number)
        } else {
            None
        };
        self.sources.get(number).unwrap_or(&0) | held.unwrap_or(&0)
    }

    fn add_sources(&mut self, number: usize, sources: u8) {
        let (Some(pending), Some(held)) =
            (self.sources.get_mut(number), self.held_source.get(number))
        else {
            return;
        };
        *pending |= sources;
        let bit = 1 << (number & 31);
        self.bank.latch |= if sources != 0 { bit } else { 0 };
        if self.bank.held & bit != 0 && sources & held != 0 {
            self.bank.again |= bit;
        }
    }

    fn remove_sources(&mut self, number: usize, sources: u8) {
        let (Some(pending), Some(held)) =
            (self.sources.get_mut(number), self.held_source.get(number))
        else {
            return;
        };
        *pending &= !sources;
        let bit = 1 << (number & 31);
        if *pending == 0 {
            self.bank.latch &= !bit;
        }
        if sources & held != 0 {
            self.bank.again &= !bit;
            self.bank.carried &= !bit;
        }
    }

    /// SGI `number` goes into a list register, or merges with itself in there: takes the one
    /// source out that it stands for. The others keep it pending.
    pub(crate) fn load_sgi(&mut self, number: usize) {
        let (Some(pending), Some(held)) = (
            self.sources.get_mut(number),
            self.held_source.get_mut(number),
        ) else {
            return;
        };
        let bit = 1 << (number & 31);
        if self.bank.held & bit == 0 {
            *held = *pending & pending.wrapping_neg();
        }
        *pending &= !*held;
        let rest = *pending != 0;
        self.bank.load(bit);
        if rest {
            self.bank.latch |= bit;
        }
    }

    /// SGI `number` leaves the list registers untaken.
    pub(crate) fn unload_sgi(&mut self, number: usize) {
        let bit = 1 << (number & 31);
        let carried = self.bank.carried & bit != 0;
        self.bank.unload(bit);
        if let (Some(pending), Some(held)) =
            (self.sources.get_mut(number), self.held_source.get(number))
            && carried
        {
            *pending |= held;
        }
    }
}
