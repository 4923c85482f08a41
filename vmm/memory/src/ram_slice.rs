//! A stretch of guest RAM that is found and checked once, for structures that are used often.

use crate::{GuestMemory, RamWindow};
use vmm_arch::GpaRange;

/// Guest RAM inside one window. Loads and stores in it search nothing; the guest may change
/// what is there at any time.
#[derive(Clone, Copy, Debug)]
pub struct RamSlice<'m> {
    window: &'m RamWindow,
    /// Bytes from the start of the window.
    start: u64,
    size: u64,
}

impl RamSlice<'_> {
    /// Bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// `size` bytes from `offset` on; `None` when not all of them lie in the slice.
    pub fn part(self, offset: u64, size: u64) -> Option<Self> {
        let end = offset.checked_add(size)?;
        let start = self.start.checked_add(offset)?;
        (end <= self.size).then_some(Self {
            start,
            size,
            ..self
        })
    }

    /// Where `length` bytes at `offset` lie in the window, if they lie in the slice.
    fn at(&self, offset: u64, length: usize) -> Option<u64> {
        let end = offset.checked_add(length as u64)?;
        if end > self.size {
            return None;
        }
        self.start.checked_add(offset)
    }

    /// Copies out; `None`, and `bytes` unchanged, when not all of them lie in the slice.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> Option<()> {
        self.window.read(self.at(offset, bytes.len())?, bytes)
    }

    /// Copies bytes out; `None` when not all of them lie in the slice.
    pub fn read_array<const N: usize>(&self, offset: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.read(offset, &mut bytes)?;
        Some(bytes)
    }

    /// Copies in; `None`, and nothing written, when not all bytes lie in the slice.
    pub fn write(&self, offset: u64, bytes: &[u8]) -> Option<()> {
        self.window.write(self.at(offset, bytes.len())?, bytes)
    }

    /// Copies `length` bytes of `source` in; `None`, and nothing written, when not all of them
    /// lie in both slices.
    pub fn copy_from(
        &self,
        offset: u64,
        source: &RamSlice<'_>,
        source_offset: u64,
        length: usize,
    ) -> Option<()> {
        let to = self.at(offset, length)?;
        let from = source.at(source_offset, length)?;
        self.window.copy_in_ram(to, source.window, from, length)
    }

    /// Zeroes bytes; `None`, and nothing written, when not all of them lie in the slice.
    pub fn fill_zero(&self, offset: u64, length: usize) -> Option<()> {
        self.window.fill_zero(self.at(offset, length)?, length)
    }
}

macro_rules! integers {
    ($($integer:ty: $read:ident, $write:ident;)*) => {
        impl RamSlice<'_> {$(
            /// A little-endian integer, by one load; `None` when it is not aligned or not inside.
            #[inline]
            pub fn $read(&self, offset: u64) -> Option<$integer> {
                let at = self.at(offset, size_of::<$integer>())?;
                self.window.load(at).map(<$integer>::from_le)
            }

            /// Writes a little-endian integer, by one store; `None`, and nothing written, when
            /// it is not aligned or not inside.
            #[inline]
            pub fn $write(&self, offset: u64, value: $integer) -> Option<()> {
                let at = self.at(offset, size_of::<$integer>())?;
                self.window.store(at, value.to_le())
            }
        )*}
    };
}

integers! {
    u16: read_u16, write_u16;
    u32: read_u32, write_u32;
    u64: read_u64, write_u64;
}

impl<const N: usize> GuestMemory<N> {
    /// The RAM at `range`; `None` when not all of it lies in one window.
    pub fn slice(&self, range: GpaRange) -> Option<RamSlice<'_>> {
        let window = self.window_at(range.base())?;
        let all = window.range().contains_range(&range);
        Some(RamSlice {
            start: range.base().offset_from(window.range().base())?,
            size: range.size(),
            window: all.then_some(window)?,
        })
    }
}

#[cfg(test)]
mod tests;
