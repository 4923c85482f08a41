//! Width of one access: the SAS field of a data abort's ISS (Arm ARM D24.2.40).

/// How many bytes one access moves; the variant's number is log2 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccessSize {
    /// One byte.
    Byte = 0,
    /// Two bytes.
    Half = 1,
    /// Four bytes.
    Word = 2,
    /// Eight bytes.
    Double = 3,
}

impl AccessSize {
    /// From log2 of the bytes, as SAS and the load/store encodings hold it (two bits are used).
    #[inline(always)]
    pub const fn from_log2(log2: u8) -> Self {
        match log2 & 3 {
            0 => Self::Byte,
            1 => Self::Half,
            2 => Self::Word,
            _ => Self::Double,
        }
    }

    /// Bytes moved.
    #[inline(always)]
    pub const fn bytes(self) -> u64 {
        1 << self as u32
    }

    /// Bits moved.
    #[inline(always)]
    pub const fn bits(self) -> u32 {
        8 << self as u32
    }

    /// Ones in every bit that the access moves.
    #[inline(always)]
    pub const fn mask(self) -> u64 {
        u64::MAX >> 64_u32.wrapping_sub(self.bits())
    }
}
