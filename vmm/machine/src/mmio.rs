//! One load or store by the guest, as the bus has to perform it.
//!
//! Models the data abort's instruction syndrome (Arm ARM D24.2.40, "ISS encoding for an
//! exception from a Data Abort") and the width and sign rules of A64 loads.

use crate::{
    AccessSize, Gpa, Gpr,
    exception::GuestException,
    exit::MemoryFault,
    syndrome::{DataAbort, Esr, FaultStatus},
};

#[cfg(test)]
mod tests;

/// One access of one element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MmioAccess {
    /// Where the first byte lies.
    pub gpa: Gpa,
    /// Width.
    pub size: AccessSize,
    /// Load or store, and its register.
    pub direction: Direction,
}

/// Which way the data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the device into a register.
    Load {
        /// The register that receives the value.
        target: Gpr,
        /// Copy the element's top bit upwards (LDRSB, LDRSH, LDRSW).
        sign_extend: bool,
        /// The target is an X register; a W target ends with its upper half zero.
        wide: bool,
    },
    /// From a register to the device.
    Store {
        /// The register that holds the value.
        source: Gpr,
    },
}

impl Direction {
    /// The register that takes part.
    #[inline(always)]
    pub const fn register(self) -> Gpr {
        match self {
            Self::Load { target, .. } => target,
            Self::Store { source } => source,
        }
    }
}

/// Which byte of an element comes first in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The lowest one.
    Little,
    /// The highest one.
    Big,
}

impl ByteOrder {
    /// From register to device or back: devices are little-endian. Only the bits that `size`
    /// covers count, and nothing is above them in a big-endian result.
    #[inline(always)]
    pub const fn convert(self, value: u64, size: AccessSize) -> u64 {
        match self {
            Self::Little => value,
            Self::Big => value.swap_bytes() >> 64_u32.wrapping_sub(size.bits()),
        }
    }
}

/// What a memory fault turns out to be, if no access that the syndrome describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undescribed {
    /// A load or store that the syndrome does not describe: see [`emulate`](crate::emulate).
    NoSyndrome,
    /// Cache maintenance: nothing to do but step over the instruction.
    Skip,
    /// The guest is to be told that the access failed; [`locate`](crate::emulate::locate) finds
    /// the address that this exception leaves out.
    Inject(GuestException),
}

impl MmioAccess {
    /// The access at `gpa` that a syndrome with its `isv` set describes.
    #[inline(always)]
    pub fn of(gpa: Gpa, iss: DataAbort) -> Self {
        Self {
            gpa,
            size: AccessSize::from_log2(iss.sas()),
            direction: direction(iss),
        }
    }

    /// Does it write?
    #[inline]
    pub const fn is_write(&self) -> bool {
        matches!(self.direction, Direction::Store { .. })
    }

    /// Is the address a multiple of the width? Device memory allows no other access: on real
    /// hardware the guest gets an alignment fault.
    #[inline(always)]
    pub const fn is_aligned(&self) -> bool {
        self.gpa.is_aligned(self.size.bytes())
    }

    /// What the target register of a load holds afterwards, all 64 bits of it, when the device
    /// answered `value`, which has nothing above the access's width.
    #[inline(always)]
    pub const fn extend(&self, value: u64) -> u64 {
        match self.direction {
            Direction::Load {
                sign_extend: true,
                wide,
                ..
            } => sign_extend(value, self.size, wide),
            _ => value,
        }
    }
}

/// The access, if the fault is a stage-2 miss of one that the processor describes in full.
#[inline(always)]
pub fn described(fault: &MemoryFault) -> Option<DataAbort> {
    let iss = DataAbort::from_bits(Esr::from_bits(fault.syndrome).iss());
    let plain = !fault.fetch && !iss.s1ptw() && !iss.cm() && iss.isv();
    (plain && iss.dfsc().is_stage2_miss()).then_some(iss)
}

/// What a fault is that has not been [`described`].
///
/// No register is read. Fetches, faults on the guest's own table walks and faults that are not
/// a stage-2 miss end as an exception for the guest.
pub fn decode(fault: &MemoryFault) -> Undescribed {
    if fault.fetch {
        return Undescribed::Inject(GuestException::InstructionAbort {
            status: FaultStatus::EXTERNAL,
        });
    }
    let iss = DataAbort::from_bits(Esr::from_bits(fault.syndrome).iss());
    if iss.s1ptw() || !iss.dfsc().is_stage2_miss() {
        return Undescribed::Inject(GuestException::DataAbort {
            status: refused(iss.dfsc()),
            address: None,
            write: iss.wnr(),
        });
    }
    if iss.cm() {
        return Undescribed::Skip;
    }
    Undescribed::NoSyndrome
}

/// LDRSB, LDRSH and LDRSW; few drivers use them.
#[cold]
#[inline(never)]
const fn sign_extend(value: u64, size: AccessSize, wide: bool) -> u64 {
    let unused = 64_u32.wrapping_sub(size.bits());
    let extended = ((value << unused) as i64 >> unused) as u64;
    if wide {
        extended
    } else {
        extended & AccessSize::Word.mask()
    }
}

#[inline(always)]
fn direction(iss: DataAbort) -> Direction {
    let register = Gpr::from_field(iss.srt());
    if iss.wnr() {
        Direction::Store { source: register }
    } else {
        Direction::Load {
            target: register,
            sign_extend: iss.sse(),
            // A doubleword has no W register to go to.
            wide: iss.sf() || iss.sas() == 3,
        }
    }
}

/// The guest's own view of a fault that emulation cannot help: the same status where the
/// architecture has it for EL1, an external abort for the rest.
const fn refused(status: FaultStatus) -> FaultStatus {
    match status {
        FaultStatus::ALIGNMENT | FaultStatus::UNSUPPORTED_EXCLUSIVE => status,
        _ => FaultStatus::EXTERNAL,
    }
}
