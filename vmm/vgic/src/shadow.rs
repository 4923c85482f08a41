//! A read-only copy of the distributor's registers in a page that the guest reads without an exit.

use vmm_machine::VcpuId;

use crate::Distributor;

/// Bytes of the distributor's registers.
const SIZE: u64 = 0x1000;

/// The page behind the copy.
///
/// The distributor tells it every word whose value, as vCPU 0 reads it, may have changed. Words
/// that were never told read as zero. Banked registers differ between vCPUs, so the page may be
/// mapped only to a guest with one vCPU.
pub trait Shadow {
    /// False when there is no page: nothing is computed for it then.
    const PRESENT: bool;

    /// The word at `offset`, a multiple of four below 0x1000, now reads as `value`.
    fn write(&mut self, offset: u64, value: u32);
}

/// No page: every read of the distributor exits.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoShadow;

impl Shadow for NoShadow {
    const PRESENT: bool = false;

    fn write(&mut self, _offset: u64, _value: u32) {}
}

impl<const VCPUS: usize, const SPI_WORDS: usize, S: Shadow> Distributor<VCPUS, SPI_WORDS, S> {
    /// Copies a register just written to the shadow page, if it lies there: an access of odd
    /// alignment at the page's end meets words behind it. State that several registers show is
    /// copied by [`Self::publish_state`].
    pub(crate) fn publish(&mut self, offset: u64) {
        if S::PRESENT && offset < SIZE {
            self.shadow.write(offset, self.read_word(VcpuId(0), offset));
        }
    }

    /// Copies what the registers show of the state of a word: enabled, pending, active.
    pub(crate) fn publish_state(&mut self, vcpu: VcpuId, word: usize) {
        if vcpu != VcpuId(0) && word == 0 {
            return;
        }
        let Some(bank) = self.bank(vcpu, word) else {
            return;
        };
        let states = [
            (0x100, bank.enabled),
            (0x200, bank.pending()),
            (0x300, bank.active()),
        ];
        let offset = (word as u64) << 2 & 0x7c;
        for (array, bits) in states {
            self.shadow.write(array | offset, bits);
            self.shadow.write(array | 0x80 | offset, bits);
        }
        if word == 0 {
            self.publish_sgis();
        }
    }

    /// Copies GICD_CPENDSGIR and GICD_SPENDSGIR, as far as they have changed. The page has one
    /// reader, so each SGI has one sender: bit 0 of its byte says that it is pending.
    fn publish_sgis(&mut self) {
        let Some(bank) = self.bank(VcpuId(0), 0) else {
            return;
        };
        let pending = bank.pending() & 0xffff;
        let changed = pending ^ self.published_sgis;
        if changed == 0 {
            return;
        }
        self.published_sgis = pending;
        for word in 0..4_u64 {
            if changed >> (word << 2) & 15 != 0 {
                let four = pending >> (word << 2) & 15;
                // Bit n to bit 8n.
                let bytes = four.wrapping_mul(0x0020_4081) & 0x0101_0101;
                for array in [0xf10, 0xf20] {
                    self.shadow.write(array | word << 2, bytes);
                }
            }
        }
    }

    /// Copies every register.
    pub(crate) fn publish_all(&mut self) {
        if S::PRESENT {
            for offset in (0..SIZE).step_by(4) {
                self.publish(offset);
            }
        }
    }
}
