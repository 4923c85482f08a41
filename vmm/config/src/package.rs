//! The guest image package: what sysgen packs into the prefilled region and the VMM unpacks.
//!
//! Little-endian, everything 8-byte aligned: a [`Header`] of 40 bytes, `segments` records of
//! 32 bytes, then the data at the offsets that the records name. Segments are laid into guest
//! RAM at every start of the guest; what a segment's `size` has beyond its `length` is zero.

/// First eight bytes of a package.
pub const MAGIC: [u8; 8] = *b"VMMGUEST";
/// Layout version.
pub const VERSION: u32 = 1;
/// Bytes of an encoded [`Header`].
pub const HEADER_BYTES: usize = 40;
/// Bytes of an encoded [`Segment`].
pub const SEGMENT_BYTES: usize = 32;
/// Most segments that a package holds.
pub const MAX_SEGMENTS: u32 = 16;

/// What a package says of its guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Number of segment records.
    pub segments: u32,
    /// Where vCPU 0 starts (guest-physical; the MMU is off).
    pub entry: u64,
    /// Guest-physical address of the device tree, given in x0.
    pub device_tree: u64,
    /// Bytes of the whole package.
    pub length: u64,
}

/// One run of bytes for guest RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it goes.
    pub base: u64,
    /// Bytes in guest RAM.
    pub size: u64,
    /// Offset of its data in the package.
    pub offset: u64,
    /// Bytes of data, at most `size`.
    pub length: u64,
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let slice = bytes.get(at..)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*slice))
}

impl Header {
    /// Reads the header; `None` when it is not a package of this version.
    pub fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let tag = word(bytes, 8)?;
        if bytes.first_chunk::<8>()? != &MAGIC || (tag & 0xffff_ffff) != u64::from(VERSION) {
            return None;
        }
        let segments = u32::try_from(tag >> 32).ok()?;
        if segments > MAX_SEGMENTS {
            return None;
        }
        Some(Self {
            segments,
            entry: word(bytes, 16)?,
            device_tree: word(bytes, 24)?,
            length: word(bytes, 32)?,
        })
    }

    /// The header's bytes.
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let tag = u64::from(VERSION) | (u64::from(self.segments) << 32);
        let mut bytes = [0; HEADER_BYTES];
        let fields = [
            u64::from_le_bytes(MAGIC),
            tag,
            self.entry,
            self.device_tree,
            self.length,
        ];
        write_words(&mut bytes, &fields);
        bytes
    }
}

impl Segment {
    /// Reads one record.
    pub fn decode(bytes: &[u8; SEGMENT_BYTES]) -> Option<Self> {
        Some(Self {
            base: word(bytes, 0)?,
            size: word(bytes, 8)?,
            offset: word(bytes, 16)?,
            length: word(bytes, 24)?,
        })
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; SEGMENT_BYTES] {
        let mut bytes = [0; SEGMENT_BYTES];
        write_words(
            &mut bytes,
            &[self.base, self.size, self.offset, self.length],
        );
        bytes
    }
}

fn write_words(bytes: &mut [u8], words: &[u64]) {
    for (chunk, value) in bytes.chunks_exact_mut(8).zip(words) {
        chunk.copy_from_slice(&value.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_segment_survive_a_round_trip() {
        let header = Header {
            segments: 3,
            entry: 0x4020_0000,
            device_tree: 0x4f00_0000,
            length: 0x1234,
        };
        assert_eq!(Header::decode(&header.encode()), Some(header));
        let segment = Segment {
            base: 1,
            size: 2,
            offset: 3,
            length: 4,
        };
        assert_eq!(Segment::decode(&segment.encode()), Some(segment));
    }

    #[test]
    fn foreign_bytes_are_not_a_package() {
        assert_eq!(Header::decode(&[0; HEADER_BYTES]), None);
        let mut bytes = Header {
            segments: MAX_SEGMENTS + 1,
            entry: 0,
            device_tree: 0,
            length: 0,
        }
        .encode();
        assert_eq!(Header::decode(&bytes), None, "too many segments");
        bytes[8] = 9;
        assert_eq!(Header::decode(&bytes), None, "another version");
    }
}
