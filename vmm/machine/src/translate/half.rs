//! The two halves of the address space, and how TCR_EL1 shapes their tables (Arm ARM D8.2).

use bitfield_struct::bitfield;

use super::{Access, Stage1};

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
    /// Size of output addresses.
    #[bits(3)]
    ips: u8,
    #[bits(2)]
    __: u8,
    tbi0: bool,
    tbi1: bool,
    /// Hardware sets the access flag.
    pub ha: bool,
    /// Hardware manages dirty state.
    pub hd: bool,
    hpd0: bool,
    hpd1: bool,
    #[bits(12)]
    __: u16,
    /// EL0 has no access to the half.
    e0pd0: bool,
    e0pd1: bool,
    #[bits(2)]
    __: u8,
    /// 52 bits of address with the 4 KiB and 16 KiB granules (LPA2).
    ds: bool,
    #[bits(4)]
    __: u8,
}

impl TranslationControl {
    /// Bits of an output address. Values that the architecture reserves act as the largest.
    pub(super) const fn output_bits(self) -> u32 {
        match self.ips() {
            0 => 32,
            1 => 36,
            2 => 40,
            3 => 42,
            4 => 44,
            5 => 48,
            _ => 52,
        }
    }

    /// Output addresses of 52 bits make blocks possible one level higher.
    const fn has_large_blocks(self, granule_bits: u32) -> bool {
        match granule_bits {
            16 => self.output_bits() == 52,
            _ => self.ds(),
        }
    }
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
    disabled: bool,
    /// Accesses with the rights of EL0 are not translated.
    no_user: bool,
    /// Blocks may be one level higher.
    large_blocks: bool,
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
            let granule_bits = match tcr.tg0() {
                1 => 16,
                2 => 14,
                _ => 12,
            };
            Self {
                ttbr: stage1.ttbr0,
                address_bits: address_bits(tcr.t0sz(), granule_bits == 16 || tcr.ds()),
                granule_bits,
                disabled: tcr.epd0(),
                no_user: tcr.e0pd0(),
                large_blocks: tcr.has_large_blocks(granule_bits),
                ignore_top_byte: tcr.tbi0(),
                ignore_hierarchy: tcr.hpd0(),
            }
        } else {
            let granule_bits = match tcr.tg1() {
                3 => 16,
                1 => 14,
                _ => 12,
            };
            Self {
                ttbr: stage1.ttbr1,
                address_bits: address_bits(tcr.t1sz(), granule_bits == 16 || tcr.ds()),
                granule_bits,
                disabled: tcr.epd1(),
                no_user: tcr.e0pd1(),
                large_blocks: tcr.has_large_blocks(granule_bits),
                ignore_top_byte: tcr.tbi1(),
                ignore_hierarchy: tcr.hpd1(),
            }
        }
    }

    /// Is no walk done for such an access?
    pub(super) const fn denies(&self, access: Access) -> bool {
        let user = matches!(
            access,
            Access::Data {
                privileged: false,
                ..
            }
        );
        self.disabled || self.no_user && user
    }

    /// May an entry `distance` levels above the last be a block (Arm ARM table D8-16)?
    pub(super) const fn has_blocks(&self, distance: u8) -> bool {
        match (self.granule_bits, distance) {
            (_, 1) | (12, 2) => true,
            (12, 3) | (14 | 16, 2) => self.large_blocks,
            _ => false,
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
fn address_bits(txsz: u8, large: bool) -> u32 {
    let most = if large { 52 } else { 48 };
    64u32.saturating_sub(u32::from(txsz)).clamp(16, most)
}
