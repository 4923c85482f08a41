//! The two halves of the address space, and how TCR_EL1 shapes their tables (Arm ARM D8.2).

use bitfield_struct::bitfield;

use super::Stage1;

/// TTBRn_EL1 without the ASID and CnP.
const TABLE_ADDRESS: u64 = 0x0000_ffff_ffff_fffe;

/// TCR_EL1 (Arm ARM D24.2.185).
#[bitfield(u64)]
#[derive(PartialEq, Eq)]
pub(super) struct TranslationControl {
    #[bits(6)]
    t0sz: u8,
    __: bool,
    epd0: bool,
    #[bits(6)]
    __: u8,
    #[bits(2)]
    tg0: u8,
    #[bits(6)]
    t1sz: u8,
    __: bool,
    epd1: bool,
    #[bits(6)]
    __: u8,
    #[bits(2)]
    tg1: u8,
    #[bits(5)]
    __: u8,
    tbi0: bool,
    tbi1: bool,
    /// Hardware sets the access flag.
    pub ha: bool,
    /// Hardware manages dirty state.
    pub hd: bool,
    hpd0: bool,
    hpd1: bool,
    #[bits(21)]
    __: u32,
}

/// One half of the address space.
pub(super) struct Half {
    /// Table base, as TTBRn_EL1 has it.
    ttbr: u64,
    /// Bits of address that the tables translate.
    address_bits: u32,
    /// log2 of the granule.
    pub(super) granule_bits: u32,
    /// Walks are disabled.
    pub(super) disabled: bool,
    /// The top byte of an address does not count.
    pub(super) ignore_top_byte: bool,
    /// Permissions in table descriptors do not count.
    pub(super) ignore_hierarchy: bool,
}

impl Half {
    /// The half that `address` lies in. Bit 55 tells the halves apart, whether or not the top byte counts.
    pub(super) fn of(stage1: &Stage1, address: u64) -> Self {
        let tcr = stage1.tcr;
        if address >> 55 & 1 == 0 {
            Self {
                ttbr: stage1.ttbr0,
                address_bits: address_bits(tcr.t0sz()),
                granule_bits: match tcr.tg0() {
                    1 => 16,
                    2 => 14,
                    _ => 12,
                },
                disabled: tcr.epd0(),
                ignore_top_byte: tcr.tbi0(),
                ignore_hierarchy: tcr.hpd0(),
            }
        } else {
            Self {
                ttbr: stage1.ttbr1,
                address_bits: address_bits(tcr.t1sz()),
                granule_bits: match tcr.tg1() {
                    3 => 16,
                    1 => 14,
                    _ => 12,
                },
                disabled: tcr.epd1(),
                ignore_top_byte: tcr.tbi1(),
                ignore_hierarchy: tcr.hpd1(),
            }
        }
    }

    /// Are the bits above the translated ones copies of bit 55?
    pub(super) fn covers(&self, address: u64) -> bool {
        let upper = (address << 8) as i64 >> 63;
        let unused = if self.ignore_top_byte {
            (address << 8) as i64 >> 8
        } else {
            address as i64
        };
        unused >> self.address_bits == upper
    }

    /// Bits of address that one level translates.
    const fn stride(&self) -> u32 {
        self.granule_bits.saturating_sub(3)
    }

    /// Levels of table, at least one and at most five.
    pub(super) fn levels(&self) -> u8 {
        let indexed = self.address_bits.saturating_sub(self.granule_bits);
        indexed.div_ceil(self.stride()).clamp(1, 5) as u8
    }

    /// The address bits below a level's index.
    const fn shift(&self, distance: u8) -> u32 {
        self.granule_bits
            .saturating_add(self.stride().saturating_mul(distance as u32))
    }

    /// The entry of a level's table for `address`. The first table may be smaller than a granule.
    pub(super) fn index(&self, address: u64, distance: u8) -> u64 {
        let translated = address & !(u64::MAX << self.address_bits);
        let entries = u64::MAX << self.stride();
        translated >> self.shift(distance) & !entries
    }

    /// Address of the first table, which is aligned to its own size.
    pub(super) fn first_table(&self) -> u64 {
        let bits = self
            .address_bits
            .saturating_sub(self.shift(self.levels().saturating_sub(1)));
        self.ttbr & TABLE_ADDRESS & u64::MAX << bits.saturating_add(3)
    }
}

/// Values that the architecture reserves act as the nearest that it allows.
fn address_bits(txsz: u8) -> u32 {
    64u32.saturating_sub(u32::from(txsz)).clamp(16, 52)
}
