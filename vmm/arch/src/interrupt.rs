//! Names of interrupts and virtual CPUs (GICv2 architecture 2.2, "Interrupt types").

/// A virtual CPU of the guest, counted from zero as in the system XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct VcpuId(pub u8);

impl VcpuId {
    /// As an index of per-vCPU state.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An interrupt that a guest can receive: INTID 0 to 15 software generated, 16 to 31 private
/// peripheral (both banked per vCPU), 32 to 1019 shared peripheral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntId(u16);

impl IntId {
    /// The EL1 virtual timer's interrupt (Arm BSA: PPI 27).
    pub const VIRTUAL_TIMER: Self = Self(27);

    /// From the number in a register; `None` for the special INTIDs 1020 to 1023 and beyond.
    #[inline(always)]
    pub const fn new(intid: u32) -> Option<Self> {
        if intid < 1020 {
            Some(Self(intid as u16))
        } else {
            None
        }
    }

    /// The INTID as the registers hold it.
    #[inline(always)]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Has every vCPU its own state for it?
    pub const fn is_banked(self) -> bool {
        self.0 < 32
    }
}
