//! The guest image package: header, records and data in one file (see `vmm_config::package`).
//!
//! Long stretches of zeroes are left out, as far as there are records: what the VMM writes
//! itself need not be loaded, mapped and copied.

use std::ops::Range;

use vmm_config::package::{HEADER_BYTES, Header, MAX_SEGMENTS, SEGMENT_BYTES, Segment};

use crate::image::{Part, SpaceError};

/// Where stretches of zeroes begin and end.
const PAGE: usize = 0x1000;
/// Pages of zeroes that are worth a record.
const WORTH: usize = 8;

/// Packs the parts.
///
/// # Errors
/// When there are more parts than a package holds.
pub fn pack(parts: &[Part], entry: u64, device_tree: u64) -> Result<Vec<u8>, SpaceError> {
    let most = MAX_SEGMENTS as usize;
    let Some(spare) = most.checked_sub(parts.len()) else {
        return Err(SpaceError::new(
            format!(
                "the guest image has {} parts, but a package holds {most}",
                parts.len()
            ),
            "link the kernel with fewer segments",
        ));
    };
    let parts = without_zeroes(parts, spare);
    let mut offset = HEADER_BYTES + parts.len() * SEGMENT_BYTES;
    let mut records = Vec::new();
    let mut data = Vec::new();
    for part in &parts {
        records.extend(
            Segment {
                base: part.base,
                size: part.size,
                offset: offset as u64,
                length: part.data.len() as u64,
            }
            .encode(),
        );
        data.extend_from_slice(part.data);
        data.resize(data.len().next_multiple_of(8), 0);
        offset = HEADER_BYTES + parts.len() * SEGMENT_BYTES + data.len();
    }
    let header = Header {
        segments: parts.len() as u32,
        entry,
        device_tree,
        length: offset as u64,
    };
    let mut package = header.encode().to_vec();
    package.extend(records);
    package.extend(data);
    Ok(package)
}

/// A part, or a piece of one.
struct Piece<'a> {
    base: u64,
    size: u64,
    data: &'a [u8],
}

/// The parts without their longest stretches of zeroes, in at most `spare` more pieces.
fn without_zeroes(parts: &[Part], spare: usize) -> Vec<Piece<'_>> {
    let all = parts.iter().map(|part| zeroes(&part.data));
    let mut gaps: Vec<(usize, Range<usize>)> = all
        .enumerate()
        .flat_map(|(number, gaps)| gaps.into_iter().map(move |gap| (number, gap)))
        .collect();
    gaps.sort_by_key(|(_, gap)| std::cmp::Reverse(gap.len()));
    gaps.truncate(spare);
    gaps.sort_by_key(|(number, gap)| (*number, gap.start));
    let mut pieces = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let gaps = gaps.iter().filter(|(of, _)| *of == number);
        cut(part, gaps.map(|(_, gap)| gap.clone()), &mut pieces);
    }
    pieces
}

/// Cuts a part behind each of the gaps; the gap is what a piece has beyond its data.
fn cut<'a>(part: &'a Part, gaps: impl Iterator<Item = Range<usize>>, pieces: &mut Vec<Piece<'a>>) {
    let tail = part.data.len()..part.size as usize;
    let mut start = 0;
    for gap in gaps.chain([tail]) {
        if gap.end > start {
            pieces.push(Piece {
                base: part.base + start as u64,
                size: (gap.end - start) as u64,
                data: &part.data[start..gap.start],
            });
        }
        start = gap.end;
    }
}

/// The long stretches of zeroes.
fn zeroes(data: &[u8]) -> Vec<Range<usize>> {
    let pages = data.chunks(PAGE);
    let empty: Vec<bool> = pages
        .map(|page| page.iter().all(|&byte| byte == 0))
        .collect();
    let mut found = Vec::new();
    let mut start = 0;
    for run in empty.chunk_by(|one, next| one == next) {
        let end = start + run.len();
        if run[0] && run.len() >= WORTH {
            found.push(start * PAGE..data.len().min(end * PAGE));
        }
        start = end;
    }
    found
}
