//! From the image package to guest RAM.
//!
//! The package's layout is [`vmm_config::package`]; it lies in memory that the guest cannot
//! reach, so every start of the guest finds the same images.

pub mod reset;
#[cfg(test)]
mod tests;

use vmm_config::package::{HEADER_BYTES, Header, SEGMENT_BYTES, Segment};

use crate::{
    Gpa, GpaRange,
    memory::{AccessError, GuestMemory, SourceWindow},
};

/// Why the images cannot be laid into guest RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BootError {
    /// The region does not begin with a package that this VMM knows.
    #[error(
        "the guest image region holds no image package of version {}",
        vmm_config::package::VERSION
    )]
    NoPackage,
    /// A record or its data lies outside the package, or the package outside the region.
    #[error("the guest image package is cut short")]
    Truncated,
    /// A segment lies outside guest RAM.
    #[error("segment at {base:#x}, {size:#x} bytes: {error}")]
    Segment {
        /// Where it was to go.
        base: u64,
        /// Its bytes in RAM.
        size: u64,
        /// What is wrong.
        error: AccessError,
    },
    /// Every page of RAM has a part of an image in it.
    #[error("the images leave no page of guest RAM free")]
    NoFreePage,
    /// Without GICC registers an interrupt cannot be ended.
    #[error("the guest has no GIC CPU interface")]
    NoCpuInterface,
    /// A segment has no bytes, wraps, or more data than room.
    #[error("segment at {base:#x} is not well formed")]
    Malformed {
        /// Where it was to go.
        base: u64,
    },
}

/// The guest's images.
///
/// The region may have room for more than the package and be unmapped behind it: beyond the
/// header, nothing is read that the header's `length` does not cover.
#[derive(Debug)]
pub struct Package {
    source: SourceWindow,
    header: Header,
}

impl Package {
    /// Opens the package at the start of `source`.
    ///
    /// # Errors
    /// [`BootError`] when there is none, or it is longer than the region.
    pub fn open(source: SourceWindow) -> Result<Self, BootError> {
        let mut bytes = [0; HEADER_BYTES];
        source.read(0, &mut bytes).ok_or(BootError::NoPackage)?;
        let header = Header::decode(&bytes).ok_or(BootError::NoPackage)?;
        if header.length > source.size() {
            return Err(BootError::Truncated);
        }
        let package = Self { source, header };
        package.check_covers(0, HEADER_BYTES as u64)?;
        Ok(package)
    }

    /// The first instruction.
    pub const fn entry(&self) -> Gpa {
        Gpa(self.header.entry)
    }

    /// Where the device tree lies once the images are laid down.
    pub const fn device_tree(&self) -> Gpa {
        Gpa(self.header.device_tree)
    }

    /// Number of segments.
    pub const fn segments(&self) -> u32 {
        self.header.segments
    }

    /// Lays one segment into RAM and says where. Its zeroes are written too, at every start:
    /// RAM that seL4 takes for a device, as on QEMU, keeps what firmware or a guest left there.
    ///
    /// # Errors
    /// [`BootError`], and no byte of RAM has changed.
    pub fn lay<const N: usize>(
        &self,
        number: u32,
        memory: &GuestMemory<N>,
    ) -> Result<GpaRange, BootError> {
        let segment = self.segment(number)?;
        let malformed = BootError::Malformed { base: segment.base };
        let range = GpaRange::new(Gpa(segment.base), segment.size).map_err(|_| malformed)?;
        let rest = segment.size.checked_sub(segment.length).ok_or(malformed)?;
        let refuse = |error| BootError::Segment {
            base: segment.base,
            size: segment.size,
            error,
        };
        // All of it, also what needs no byte written.
        memory.check(range).map_err(refuse)?;
        if segment.length > 0 {
            memory
                .copy_in(range.base(), &self.source, segment.offset, segment.length)
                .map_err(refuse)?;
        }
        let tail = range.base().checked_add(segment.length);
        if let Some(Ok(zeroes)) = tail.map(|base| GpaRange::new(base, rest)) {
            memory.fill_zero(zeroes).map_err(refuse)?;
        }
        Ok(range)
    }

    /// The first page of RAM, [`reset::BYTES`] long, that no image lies in: at the start of one
    /// of `ram`, or behind a segment.
    ///
    /// # Errors
    /// [`BootError`] when there is none, or a segment cannot be read.
    pub fn free_page<const N: usize>(
        &self,
        memory: &GuestMemory<N>,
        ram: impl Iterator<Item = Gpa>,
    ) -> Result<Gpa, BootError> {
        for base in ram {
            if self.is_free(base, memory)? {
                return Ok(base);
            }
        }
        for number in 0..self.header.segments {
            let segment = self.segment(number)?;
            let end = segment.base.saturating_add(segment.size);
            let page = end.checked_next_multiple_of(reset::BYTES).map(Gpa);
            if let Some(page) = page
                && self.is_free(page, memory)?
            {
                return Ok(page);
            }
        }
        Err(BootError::NoFreePage)
    }

    #[inline(never)]
    fn is_free<const N: usize>(
        &self,
        page: Gpa,
        memory: &GuestMemory<N>,
    ) -> Result<bool, BootError> {
        let Ok(page) = GpaRange::new(page, reset::BYTES) else {
            return Ok(false);
        };
        let mut is_free = memory.contains(page);
        for number in 0..self.header.segments {
            let segment = self.segment(number)?;
            let taken = GpaRange::new(Gpa(segment.base), segment.size);
            is_free &= !taken.is_ok_and(|taken| taken.overlaps(&page));
        }
        Ok(is_free)
    }

    #[inline(never)]
    fn segment(&self, number: u32) -> Result<Segment, BootError> {
        let offset = u64::from(number)
            .checked_mul(SEGMENT_BYTES as u64)
            .and_then(|bytes| bytes.checked_add(HEADER_BYTES as u64))
            .ok_or(BootError::Truncated)?;
        self.check_covers(offset, SEGMENT_BYTES as u64)?;
        let mut bytes = [0; SEGMENT_BYTES];
        self.source
            .read(offset, &mut bytes)
            .ok_or(BootError::Truncated)?;
        let segment = Segment::decode(&bytes).ok_or(BootError::Truncated)?;
        self.check_covers(segment.offset, segment.length)?;
        Ok(segment)
    }

    fn check_covers(&self, offset: u64, length: u64) -> Result<(), BootError> {
        match offset.checked_add(length) {
            Some(end) if end <= self.header.length => Ok(()),
            _ => Err(BootError::Truncated),
        }
    }
}
