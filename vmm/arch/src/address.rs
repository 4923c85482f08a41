//! Guest-physical addresses and ranges: the stage-2 input address space (Arm ARM D8.1).

use core::fmt;

/// A guest-physical address (an intermediate physical address in the Arm ARM's words).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Gpa(pub u64);

impl Gpa {
    /// The address `bytes` further on; `None` past the end of the address space.
    pub const fn checked_add(self, bytes: u64) -> Option<Self> {
        match self.0.checked_add(bytes) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Distance in bytes from `base`; `None` when this address lies below it.
    pub const fn offset_from(self, base: Self) -> Option<u64> {
        self.0.checked_sub(base.0)
    }

    /// Is the address a multiple of `align`? False for an `align` of zero.
    pub const fn is_aligned(self, align: u64) -> bool {
        match self.0.checked_rem(align) {
            Some(rest) => rest == 0,
            None => false,
        }
    }
}

impl fmt::Debug for Gpa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Display for Gpa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// Why a [`GpaRange`] cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// A range holds at least one byte.
    #[error("a range of zero bytes")]
    Empty,
    /// The last byte must have an address.
    #[error("the range runs past the end of the address space")]
    Wraps,
}

/// A run of guest-physical addresses that is never empty and never wraps.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct GpaRange {
    first: u64,
    last: u64,
}

impl GpaRange {
    /// `size` bytes from `base` on.
    ///
    /// # Errors
    /// [`RangeError`] when `size` is zero or the last byte has no address.
    pub const fn new(base: Gpa, size: u64) -> Result<Self, RangeError> {
        let Some(rest) = size.checked_sub(1) else {
            return Err(RangeError::Empty);
        };
        match base.0.checked_add(rest) {
            Some(last) => Ok(Self {
                first: base.0,
                last,
            }),
            None => Err(RangeError::Wraps),
        }
    }

    /// Address of the first byte.
    pub const fn base(&self) -> Gpa {
        Gpa(self.first)
    }

    /// Address of the last byte (inclusive, so that a range may end at 2^64).
    pub const fn last(&self) -> Gpa {
        Gpa(self.last)
    }

    /// Bytes in the range; saturates at `u64::MAX` for the whole address space.
    pub const fn size(&self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }

    /// Does the range hold `address`?
    pub const fn contains(&self, address: Gpa) -> bool {
        self.first <= address.0 && address.0 <= self.last
    }

    /// Does the range hold every byte of `other`?
    pub const fn contains_range(&self, other: &Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }

    /// Do the ranges share a byte?
    pub const fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl fmt::Debug for GpaRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}..={:#x}", self.first, self.last)
    }
}

impl fmt::Display for GpaRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_wrapping_ranges_are_refused() {
        assert_eq!(GpaRange::new(Gpa(0x1000), 0), Err(RangeError::Empty));
        assert_eq!(
            GpaRange::new(Gpa(u64::MAX), 2),
            Err(RangeError::Wraps),
            "the last byte would lie at 2^64"
        );
    }

    #[test]
    fn a_range_may_end_at_the_end_of_the_address_space() {
        let range = GpaRange::new(Gpa(u64::MAX - 0xfff), 0x1000).unwrap();
        assert!(range.contains(Gpa(u64::MAX)));
        assert_eq!(range.size(), 0x1000);
    }

    #[test]
    fn neighbours_do_not_overlap() {
        let low = GpaRange::new(Gpa(0x1000), 0x1000).unwrap();
        let high = GpaRange::new(Gpa(0x2000), 0x1000).unwrap();
        assert!(!low.overlaps(&high));
        assert!(!low.contains(high.base()));
        assert!(low.contains(Gpa(0x1fff)));
    }
}
