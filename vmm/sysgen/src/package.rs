//! The guest image package: header, records and data in one file (see `vmm_config::package`).

use vmm_config::package::{HEADER_BYTES, Header, MAX_SEGMENTS, SEGMENT_BYTES, Segment};

use crate::image::{ImageError, Part};

/// Packs the parts.
///
/// # Errors
/// When there are more parts than a package holds.
pub fn pack(parts: &[Part], entry: u64, device_tree: u64) -> Result<Vec<u8>, ImageError> {
    let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    if count > MAX_SEGMENTS {
        return Err(ImageError::Space(format!(
            "the guest image has {count} parts, but a package holds {MAX_SEGMENTS}; \
             link the kernel with fewer segments"
        )));
    }
    let mut offset = HEADER_BYTES + parts.len() * SEGMENT_BYTES;
    let mut records = Vec::new();
    let mut data = Vec::new();
    for part in parts {
        records.extend(
            Segment {
                base: part.base,
                size: part.size,
                offset: offset as u64,
                length: part.data.len() as u64,
            }
            .encode(),
        );
        data.extend_from_slice(&part.data);
        data.resize(data.len().next_multiple_of(8), 0);
        offset = HEADER_BYTES + parts.len() * SEGMENT_BYTES + data.len();
    }
    let header = Header {
        segments: count,
        entry,
        device_tree,
        length: offset as u64,
    };
    let mut package = header.encode().to_vec();
    package.extend(records);
    package.extend(data);
    Ok(package)
}
