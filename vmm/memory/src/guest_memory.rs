//! The only way to guest RAM: copies whose every byte is checked to be RAM beforehand.

use super::range_map::{InsertError, RangeMap};
use super::raw::{RamWindow, SourceWindow};
use vmm_arch::address::RangeError;
use vmm_arch::{Gpa, GpaRange};
use zerocopy::{FromBytes, IntoBytes};

/// Why guest memory was not touched; no byte was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The address is somebody's mistake, usually the guest's.
    #[error("{0} is not guest RAM")]
    NotRam(Gpa),
    /// Address plus length has no end.
    #[error("{length:#x} bytes at {gpa}: {error}")]
    Range {
        /// First byte.
        gpa: Gpa,
        /// Bytes.
        length: u64,
        /// What is wrong with them.
        error: RangeError,
    },
    /// The copy reaches past the end of its source.
    #[error("{length:#x} bytes at offset {offset:#x} exceed the source of {size:#x} bytes")]
    Source {
        /// Where the copy begins.
        offset: u64,
        /// Bytes to copy.
        length: u64,
        /// Bytes that the source has.
        size: u64,
    },
}

/// Guest RAM, in at most `N` windows. Windows that touch act as one.
///
/// Copies go through `&self`: the guest is another writer whatever Rust borrows.
#[derive(Debug)]
pub struct GuestMemory<const N: usize> {
    windows: RangeMap<RamWindow, N>,
}

impl<const N: usize> Default for GuestMemory<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// A stretch of guest RAM inside one window.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'m> {
    window: &'m RamWindow,
    range: GpaRange,
    at: u64,
}

impl Chunk<'_> {
    /// The guest-physical addresses.
    pub const fn range(&self) -> GpaRange {
        self.range
    }

    /// Bytes from the start of the range that is touched to the start of this chunk.
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// Bytes of the chunk.
    pub fn size(&self) -> usize {
        // A window lies in the VMM's address space, so its size fits.
        usize::try_from(self.range.size()).unwrap_or(usize::MAX)
    }

    /// Copies the chunk's bytes out.
    ///
    /// # Errors
    /// [`AccessError::NotRam`] when `bytes` is longer than the chunk.
    pub fn read(&self, bytes: &mut [u8]) -> Result<(), AccessError> {
        let length = bytes.len();
        self.checked(length, |offset| self.window.read(offset, bytes))
    }

    /// Copies bytes to the start of the chunk.
    ///
    /// # Errors
    /// [`AccessError::NotRam`] when `bytes` is longer than the chunk.
    pub fn write(&self, bytes: &[u8]) -> Result<(), AccessError> {
        self.checked(bytes.len(), |offset| self.window.write(offset, bytes))
    }

    fn fill_zero(&self) -> Result<(), AccessError> {
        let length = self.size();
        self.checked(length, |offset| self.window.fill_zero(offset, length))
    }

    fn copy_in(&self, source: &SourceWindow, offset: u64) -> Result<(), AccessError> {
        let length = self.size();
        let source_offset = offset.saturating_add(self.at);
        self.checked(length, |offset| {
            self.window.copy_in(offset, source, source_offset, length)
        })
    }

    fn checked(
        &self,
        length: usize,
        copy: impl FnOnce(u64) -> Option<()>,
    ) -> Result<(), AccessError> {
        let base = self.range.base();
        (length <= self.size())
            .then(|| base.offset_from(self.window.range().base()))
            .flatten()
            .and_then(copy)
            .ok_or(AccessError::NotRam(base))
    }
}

impl<const N: usize> GuestMemory<N> {
    /// No RAM.
    pub const fn new() -> Self {
        Self {
            windows: RangeMap::new(),
        }
    }

    /// Adds RAM.
    ///
    /// # Errors
    /// [`InsertError`] when it overlaps RAM that is there, or all `N` windows are used.
    pub fn add(&mut self, window: RamWindow) -> Result<(), InsertError> {
        self.windows.insert(window.range(), window)
    }

    /// Is every byte of `range` RAM?
    pub fn contains(&self, range: GpaRange) -> bool {
        self.check(range).is_ok()
    }

    /// Copies `bytes.len()` bytes out.
    ///
    /// # Errors
    /// [`AccessError`], and no byte copied.
    pub fn read(&self, gpa: Gpa, bytes: &mut [u8]) -> Result<(), AccessError> {
        let Some(range) = range_of(gpa, bytes.len() as u64)? else {
            return Ok(());
        };
        let mut rest = bytes;
        self.try_touch(range, &mut |chunk| {
            let (piece, after) = core::mem::take(&mut rest)
                .split_at_mut_checked(chunk.size())
                .ok_or(AccessError::NotRam(chunk.range().base()))?;
            rest = after;
            chunk.read(piece)
        })
    }

    /// Copies `bytes` in.
    ///
    /// # Errors
    /// [`AccessError`], and no byte copied.
    pub fn write(&self, gpa: Gpa, bytes: &[u8]) -> Result<(), AccessError> {
        let Some(range) = range_of(gpa, bytes.len() as u64)? else {
            return Ok(());
        };
        let mut rest = bytes;
        self.try_touch(range, &mut |chunk| {
            let (piece, after) = rest
                .split_at_checked(chunk.size())
                .ok_or(AccessError::NotRam(chunk.range().base()))?;
            rest = after;
            chunk.write(piece)
        })
    }

    /// Copies `length` bytes of `source`, from `offset` on, to `gpa`.
    ///
    /// # Errors
    /// [`AccessError`], and no byte copied.
    pub fn copy_in(
        &self,
        gpa: Gpa,
        source: &SourceWindow,
        offset: u64,
        length: u64,
    ) -> Result<(), AccessError> {
        let size = source.size();
        if offset.checked_add(length).is_none_or(|end| end > size) {
            return Err(AccessError::Source {
                offset,
                length,
                size,
            });
        }
        match range_of(gpa, length)? {
            Some(range) => self.try_touch(range, &mut |chunk| chunk.copy_in(source, offset)),
            None => Ok(()),
        }
    }

    /// Zeroes `range`.
    ///
    /// # Errors
    /// [`AccessError`], and no byte zeroed.
    pub fn fill_zero(&self, range: GpaRange) -> Result<(), AccessError> {
        self.try_touch(range, &mut |chunk| chunk.fill_zero())
    }

    /// Calls `visit` for each stretch of `range` that lies in one window, in address order.
    ///
    /// # Errors
    /// [`AccessError`], and no stretch visited.
    pub fn touch(
        &self,
        range: GpaRange,
        mut visit: impl FnMut(Chunk<'_>),
    ) -> Result<(), AccessError> {
        self.try_touch(range, &mut |chunk| {
            visit(chunk);
            Ok(())
        })
    }

    /// Not generic, as every kind of copy would have its own.
    fn try_touch(
        &self,
        range: GpaRange,
        visit: &mut dyn FnMut(Chunk<'_>) -> Result<(), AccessError>,
    ) -> Result<(), AccessError> {
        let first = self.chunk(range, range.base())?;
        if first.range == range {
            return visit(first);
        }
        self.check(range)?;
        let mut next = Some(range.base());
        while let Some(gpa) = next {
            let chunk = self.chunk(range, gpa)?;
            visit(chunk)?;
            next = following(&range, &chunk.range);
        }
        Ok(())
    }

    /// Is every byte RAM? Ends: each step goes on in a higher window.
    pub fn check(&self, range: GpaRange) -> Result<(), AccessError> {
        let mut next = Some(range.base());
        while let Some(gpa) = next {
            next = following(&range, &self.chunk(range, gpa)?.range);
        }
        Ok(())
    }

    /// The window that holds `gpa`.
    pub(crate) fn window_at(&self, gpa: Gpa) -> Option<&RamWindow> {
        Some(&self.windows.find(gpa)?.value)
    }

    /// The part of `range` from `gpa` on that lies in one window.
    fn chunk(&self, range: GpaRange, gpa: Gpa) -> Result<Chunk<'_>, AccessError> {
        let not_ram = AccessError::NotRam(gpa);
        let window = self.window_at(gpa).ok_or(not_ram)?;
        let last = window.range().last().min(range.last());
        let size = last.offset_from(gpa).and_then(|rest| rest.checked_add(1));
        let stretch = size.and_then(|size| GpaRange::new(gpa, size).ok());
        Ok(Chunk {
            window,
            range: stretch.ok_or(not_ram)?,
            at: gpa.offset_from(range.base()).ok_or(not_ram)?,
        })
    }

    fn load<T: FromBytes + IntoBytes>(&self, gpa: Gpa) -> Result<T, AccessError> {
        if let Some(entry) = self.windows.find(gpa)
            && let Some(offset) = gpa.offset_from(entry.range.base())
            && let Some(value) = entry.value.load(offset)
        {
            return Ok(value);
        }
        let mut value = T::new_zeroed();
        self.read(gpa, value.as_mut_bytes())?;
        Ok(value)
    }

    fn store<T: IntoBytes + zerocopy::Immutable + Copy>(
        &self,
        gpa: Gpa,
        value: T,
    ) -> Result<(), AccessError> {
        if let Some(entry) = self.windows.find(gpa)
            && let Some(offset) = gpa.offset_from(entry.range.base())
            && entry.value.store(offset, value).is_some()
        {
            return Ok(());
        }
        self.write(gpa, value.as_bytes())
    }
}

macro_rules! integers {
    ($($integer:ty: $read:ident, $write:ident;)*) => {
        impl<const N: usize> GuestMemory<N> {$(
            /// A little-endian integer: one load when it is aligned.
            ///
            /// # Errors
            /// [`AccessError`] when not all of it is RAM.
            #[inline]
            pub fn $read(&self, gpa: Gpa) -> Result<$integer, AccessError> {
                self.load(gpa).map(<$integer>::from_le)
            }

            /// Writes a little-endian integer: one store when it is aligned.
            ///
            /// # Errors
            /// [`AccessError`] when not all of it is RAM; nothing is written.
            #[inline]
            pub fn $write(&self, gpa: Gpa, value: $integer) -> Result<(), AccessError> {
                self.store(gpa, value.to_le())
            }
        )*}
    };
}

integers! {
    u8: read_u8, write_u8;
    u16: read_u16, write_u16;
    u32: read_u32, write_u32;
    u64: read_u64, write_u64;
}

/// The range of a copy; `None` when it moves nothing.
fn range_of(gpa: Gpa, length: u64) -> Result<Option<GpaRange>, AccessError> {
    match GpaRange::new(gpa, length) {
        Ok(range) => Ok(Some(range)),
        Err(RangeError::Empty) => Ok(None),
        Err(error) => Err(AccessError::Range { gpa, length, error }),
    }
}

/// The address after `part`, while it lies in `whole`.
fn following(whole: &GpaRange, part: &GpaRange) -> Option<Gpa> {
    let next = part.last().checked_add(1)?;
    (part.last() < whole.last()).then_some(next)
}

#[cfg(test)]
pub(super) mod tests;
