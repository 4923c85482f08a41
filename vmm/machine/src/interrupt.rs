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

/// An interrupt that a guest can receive, INTID 0 to 1019.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntId {
    /// Software generated, 0 to 15, banked per vCPU.
    Sgi(u8),
    /// Private peripheral, INTID 16 to 31 (held as INTID), banked per vCPU.
    Ppi(u8),
    /// Shared peripheral, INTID 32 to 1019 (held as INTID).
    Spi(u16),
}

impl IntId {
    /// The EL1 virtual timer's interrupt (Arm BSA: PPI 27).
    pub const VIRTUAL_TIMER: Self = Self::Ppi(27);

    /// From the number in a register; `None` for the special INTIDs 1020 to 1023 and beyond.
    pub const fn new(intid: u32) -> Option<Self> {
        match intid {
            0..=15 => Some(Self::Sgi(intid as u8)),
            16..=31 => Some(Self::Ppi(intid as u8)),
            32..=1019 => Some(Self::Spi(intid as u16)),
            _ => None,
        }
    }

    /// The INTID as the registers hold it.
    pub const fn number(self) -> u16 {
        match self {
            Self::Sgi(id) | Self::Ppi(id) => id as u16,
            Self::Spi(id) => id,
        }
    }

    /// Has every vCPU its own state for it?
    pub const fn is_banked(self) -> bool {
        !matches!(self, Self::Spi(_))
    }
}
