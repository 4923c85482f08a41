//! The guest's own address translation, walked in software.
//!
//! Models stage 1 of the EL1&0 regime (Arm ARM D8.2 and D8.3): the 4 KiB, 16 KiB and 64 KiB
//! granules, both halves of the address space, blocks and pages, and the permissions of data
//! accesses. It is for the rare exit whose instruction has to be read from the guest.

use bitfield_struct::bitfield;

use crate::{
    Gpa,
    exception::Pstate,
    kernel::VcpuRegisters,
    memory::GuestMemory,
    register::SystemRegister,
    syndrome::{FaultStatus, WalkLevel},
};

mod descriptor;
#[cfg(test)]
mod tests;

use descriptor::{Descriptor, Permissions};

/// Guest memory, for instructions and translation tables.
pub trait ReadGuest {
    /// Eight bytes in little-endian order; `None` where no RAM is.
    fn read_u64(&self, address: Gpa) -> Option<u64>;
    /// Four bytes in little-endian order; `None` where no RAM is.
    fn read_u32(&self, address: Gpa) -> Option<u32>;
}

impl<const N: usize> ReadGuest for GuestMemory<N> {
    fn read_u64(&self, address: Gpa) -> Option<u64> {
        Self::read_u64(self, address).ok()
    }

    fn read_u32(&self, address: Gpa) -> Option<u32> {
        Self::read_u32(self, address).ok()
    }
}

/// Who accesses memory and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// An instruction fetch; the processor has checked its permission already.
    Fetch,
    /// A load or store.
    Data {
        /// With the rights of EL1 (of EL0 else).
        privileged: bool,
        /// PSTATE.PAN forbids EL1 the pages of EL0.
        pan: bool,
        /// It writes.
        write: bool,
    },
}

impl Access {
    /// A load or store with the rights that `pstate` gives, or with EL0's.
    pub const fn data(pstate: Pstate, unprivileged: bool, write: bool) -> Self {
        Self::Data {
            privileged: pstate.is_privileged() && !unprivileged,
            pan: pstate.pan(),
            write,
        }
    }
}

/// The registers that rule a vCPU's stage 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage1 {
    sctlr: u64,
    tcr: TranslationControl,
    ttbr0: u64,
    ttbr1: u64,
}

/// TCR_EL1 (Arm ARM D24.2.185).
#[bitfield(u64)]
#[derive(PartialEq, Eq)]
struct TranslationControl {
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
    ha: bool,
    /// Hardware manages dirty state.
    hd: bool,
    hpd0: bool,
    hpd1: bool,
    #[bits(21)]
    __: u32,
}

/// One half of the address space.
struct Half {
    /// Table base, as TTBRn_EL1 has it.
    ttbr: u64,
    /// Bits of address that the tables translate.
    address_bits: u32,
    /// log2 of the granule.
    granule_bits: u32,
    /// Walks are disabled.
    disabled: bool,
    /// The top byte of an address does not count.
    ignore_top_byte: bool,
    /// Permissions in table descriptors do not count.
    ignore_hierarchy: bool,
}

impl Stage1 {
    /// As the vCPU has it now; four registers are read.
    pub fn of(registers: &mut impl VcpuRegisters) -> Self {
        Self {
            sctlr: registers.system(SystemRegister::SctlrEl1),
            tcr: TranslationControl::from_bits(registers.system(SystemRegister::TcrEl1)),
            ttbr0: registers.system(SystemRegister::Ttbr0El1),
            ttbr1: registers.system(SystemRegister::Ttbr1El1),
        }
    }

    /// The guest-physical address behind `address`.
    ///
    /// # Errors
    /// The fault that the processor would report.
    pub fn translate(
        &self,
        guest: &impl ReadGuest,
        address: u64,
        access: Access,
    ) -> Result<Gpa, FaultStatus> {
        let half = self.half(address);
        if self.sctlr & 1 == 0 {
            return untranslated(&half, address);
        }
        if half.disabled || !half.covers(address) {
            return Err(FaultStatus::translation(WalkLevel::ZERO));
        }
        self.walk(&half, guest, address, access)
    }

    /// The instruction at `pc`.
    ///
    /// # Errors
    /// The fault that a fetch would report.
    pub fn fetch(&self, guest: &impl ReadGuest, pc: u64) -> Result<u32, FaultStatus> {
        let address = self.translate(guest, pc, Access::Fetch)?;
        guest.read_u32(address).ok_or(FaultStatus::EXTERNAL)
    }

    /// Bit 55 tells the halves apart, whether or not the top byte counts.
    fn half(&self, address: u64) -> Half {
        let tcr = self.tcr;
        if address >> 55 & 1 == 0 {
            Half {
                ttbr: self.ttbr0,
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
            Half {
                ttbr: self.ttbr1,
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

    fn walk(
        &self,
        half: &Half,
        guest: &impl ReadGuest,
        address: u64,
        access: Access,
    ) -> Result<Gpa, FaultStatus> {
        let mut permissions = Permissions::ALL;
        let mut table = half.ttbr & TABLE_ADDRESS & !half.first_table_mask();
        // At most five rounds: each level above the last, then the last.
        for distance in (0..half.levels()).rev() {
            let level = WalkLevel::above_last(distance);
            let index = half.index(address, distance);
            let entry = Gpa(table.wrapping_add(index << 3));
            let bits = guest
                .read_u64(entry)
                .ok_or(FaultStatus::external_on_walk(level))?;
            match Descriptor::decode(self.native(bits), half.granule_bits, distance) {
                Descriptor::Invalid => return Err(FaultStatus::translation(level)),
                Descriptor::Table {
                    base,
                    permissions: limit,
                } => {
                    table = base;
                    if !half.ignore_hierarchy {
                        permissions = permissions.limited_by(limit);
                    }
                }
                Descriptor::Leaf(leaf) => {
                    if !leaf.accessed && !self.tcr.ha() {
                        return Err(FaultStatus::access_flag(level));
                    }
                    let granted = permissions.limited_by(leaf.permissions(self.tcr.hd()));
                    if !granted.allow(access) {
                        return Err(FaultStatus::permission(level));
                    }
                    return Ok(leaf.address(address));
                }
            }
        }
        // The last level has no tables, so the loop does not end here.
        Err(FaultStatus::translation(WalkLevel::LAST))
    }

    /// Tables are in the byte order of SCTLR_EL1.EE.
    const fn native(&self, bits: u64) -> u64 {
        const EE: u64 = 1 << 25;
        if self.sctlr & EE == 0 {
            bits
        } else {
            bits.swap_bytes()
        }
    }
}

/// TTBRn_EL1 without the ASID and CnP.
const TABLE_ADDRESS: u64 = 0x0000_ffff_ffff_fffe;

/// Values that the architecture reserves act as the nearest that it allows.
fn address_bits(txsz: u8) -> u32 {
    64u32.saturating_sub(u32::from(txsz)).clamp(16, 52)
}

/// With the MMU off an address stands for itself.
fn untranslated(half: &Half, address: u64) -> Result<Gpa, FaultStatus> {
    let address = if half.ignore_top_byte {
        address & (u64::MAX >> 8)
    } else {
        address
    };
    match address >> 48 {
        0 => Ok(Gpa(address)),
        _ => Err(FaultStatus::address_size(WalkLevel::ZERO)),
    }
}

impl Half {
    /// Are the bits above the translated ones copies of bit 55?
    fn covers(&self, address: u64) -> bool {
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
    fn levels(&self) -> u8 {
        let indexed = self.address_bits.saturating_sub(self.granule_bits);
        indexed.div_ceil(self.stride()).clamp(1, 5) as u8
    }

    /// The address bits below a level's index.
    const fn shift(&self, distance: u8) -> u32 {
        self.granule_bits
            .saturating_add(self.stride().saturating_mul(distance as u32))
    }

    /// The entry of a level's table for `address`. The first table may be smaller than a granule.
    fn index(&self, address: u64, distance: u8) -> u64 {
        let translated = address & !(u64::MAX << self.address_bits);
        let entries = u64::MAX << self.stride();
        translated >> self.shift(distance) & !entries
    }

    /// The bits of TTBRn_EL1 below the first table's alignment.
    fn first_table_mask(&self) -> u64 {
        let bits = self
            .address_bits
            .saturating_sub(self.shift(self.levels().saturating_sub(1)));
        !(u64::MAX << bits.saturating_add(3))
    }
}
