//! The guest's own address translation, walked in software.
//!
//! Models stage 1 of the EL1&0 regime (Arm ARM D8.2 and D8.3): the 4 KiB, 16 KiB and 64 KiB
//! granules, both halves of the address space, blocks and pages, and the permissions of data
//! accesses. It is for the rare exit whose instruction has to be read from the guest.

use crate::{
    Gpa,
    kernel::VcpuRegisters,
    memory::GuestMemory,
    pstate::{Pstate, SCTLR_EE},
    register::SystemRegister,
    syndrome::{FaultStatus, WalkLevel},
};

mod descriptor;
mod half;
#[cfg(test)]
mod tests;

use descriptor::{Descriptor, Permissions, Rules};
use half::{Half, TranslationControl};

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
    /// A fetch by EL1 that the processor has not done yet.
    PrivilegedFetch,
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
            // PSTATE.UAO makes the unprivileged instructions of EL1 like the others.
            privileged: pstate.is_privileged() && (!unprivileged || pstate.uao()),
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

impl Stage1 {
    /// As the vCPU has it now; four registers are read.
    #[inline(never)]
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
        let half = Half::of(self, address);
        if self.sctlr & 1 == 0 {
            return untranslated(&half, address);
        }
        if half.denies(access) || !half.covers(address) {
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

    fn walk(
        &self,
        half: &Half,
        guest: &impl ReadGuest,
        address: u64,
        access: Access,
    ) -> Result<Gpa, FaultStatus> {
        let mut permissions = Permissions::ALL;
        let mut table = self.in_range(half.first_table(), WalkLevel::ZERO)?;
        // At most five rounds: each level above the last, then the last.
        for distance in (0..half.levels()).rev() {
            let level = WalkLevel::above_last(distance);
            let index = half.index(address, distance);
            let entry = Gpa(table.wrapping_add(index << 3));
            let bits = guest
                .read_u64(entry)
                .ok_or(FaultStatus::external_on_walk(level))?;
            match Descriptor::decode(self.native(bits), half, distance) {
                Descriptor::Invalid => return Err(FaultStatus::translation(level)),
                Descriptor::Table {
                    base,
                    permissions: limit,
                } => {
                    table = self.in_range(base, level)?;
                    if !half.ignore_hierarchy {
                        permissions = permissions.limited_by(limit);
                    }
                }
                Descriptor::Leaf(leaf) => {
                    self.in_range(leaf.base(), level)?;
                    if !leaf.accessed && !self.tcr.ha() {
                        return Err(FaultStatus::access_flag(level));
                    }
                    let dirty_managed = self.tcr.ha() && self.tcr.hd();
                    let granted = permissions.limited_by(leaf.permissions(dirty_managed));
                    if !granted.allow(access, self.rules()) {
                        return Err(FaultStatus::permission(level));
                    }
                    return Ok(leaf.address(address));
                }
            }
        }
        // The last level has no tables, so the loop does not end here.
        Err(FaultStatus::translation(WalkLevel::LAST))
    }

    /// `base`, unless it is above the output addresses of TCR_EL1.IPS.
    fn in_range(&self, base: u64, level: WalkLevel) -> Result<u64, FaultStatus> {
        match base >> self.tcr.output_bits() {
            0 => Ok(base),
            _ => Err(FaultStatus::address_size(level)),
        }
    }

    const fn rules(&self) -> Rules {
        const WXN: u64 = 1 << 19;
        const EPAN: u64 = 1 << 57;
        Rules {
            no_execute_if_writable: self.sctlr & WXN != 0,
            pan_of_executable: self.sctlr & EPAN != 0,
        }
    }

    /// Tables are in the byte order of SCTLR_EL1.EE.
    const fn native(&self, bits: u64) -> u64 {
        if self.sctlr & SCTLR_EE == 0 {
            bits
        } else {
            bits.swap_bytes()
        }
    }
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
