//! Features and configuration space (Virtio 1.2, 5.2.3 and 5.2.4).

use virtio_spec::blk::F;
use zerocopy::{Immutable, IntoBytes, LittleEndian, U16, U32, U64};

use super::{
    MAX_SEGMENT_BYTES, MAX_SEGMENTS, MAX_ZEROED_SECTORS,
    disk::{Disk, SECTOR_BYTES},
};

const PAGE_BYTES: u32 = 4096;
/// log2 of the sectors of a page, which the disk does best with.
const PAGE_SECTORS_LOG2: u8 = 3;

pub(super) fn features(read_only: bool) -> u64 {
    let always = F::SIZE_MAX | F::SEG_MAX | F::BLK_SIZE | F::FLUSH | F::TOPOLOGY;
    let other = if read_only {
        F::RO
    } else {
        F::DISCARD | F::WRITE_ZEROES
    };
    (always | other).bits().to_ne() as u64
}

/// `struct virtio_blk_config`, up to the last field of a feature that is offered.
#[derive(Debug, IntoBytes, Immutable)]
#[repr(C)]
struct Config {
    capacity: U64<LittleEndian>,
    size_max: U32<LittleEndian>,
    seg_max: U32<LittleEndian>,
    geometry: [u8; 4],
    blk_size: U32<LittleEndian>,
    physical_block_exp: u8,
    alignment_offset: u8,
    min_io_size: U16<LittleEndian>,
    opt_io_size: U32<LittleEndian>,
    writeback: u8,
    unused0: u8,
    num_queues: U16<LittleEndian>,
    max_discard_sectors: U32<LittleEndian>,
    max_discard_seg: U32<LittleEndian>,
    discard_sector_alignment: U32<LittleEndian>,
    max_write_zeroes_sectors: U32<LittleEndian>,
    max_write_zeroes_seg: U32<LittleEndian>,
    write_zeroes_may_unmap: u8,
    unused1: [u8; 3],
}

/// How large requests may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    segments: u32,
    segment_bytes: u32,
}

impl Limits {
    /// As many segments as the queue has room for, each as large as the disk allows; fewer
    /// segments only when they would be smaller than a page.
    pub(super) fn of(disk: &impl Disk) -> Self {
        let most = disk.max_request_bytes();
        let pages = most / MAX_SEGMENTS / PAGE_BYTES;
        let segment_bytes = pages
            .saturating_mul(PAGE_BYTES)
            .clamp(PAGE_BYTES, MAX_SEGMENT_BYTES);
        Self {
            segments: most
                .checked_div(segment_bytes)
                .unwrap_or(1)
                .clamp(1, MAX_SEGMENTS),
            segment_bytes,
        }
    }

    /// Bytes of data of the largest request.
    pub(super) const fn request_bytes(self) -> u32 {
        self.segments.saturating_mul(self.segment_bytes)
    }
}

/// Copies from `offset` on what lies there.
pub(super) fn read(sectors: u64, limits: Limits, offset: u64, bytes: &mut [u8]) {
    let config = Config {
        capacity: sectors.into(),
        size_max: limits.segment_bytes.into(),
        seg_max: limits.segments.into(),
        geometry: [0; 4],
        blk_size: (SECTOR_BYTES as u32).into(),
        physical_block_exp: PAGE_SECTORS_LOG2,
        alignment_offset: 0,
        min_io_size: (1 << PAGE_SECTORS_LOG2).into(),
        opt_io_size: 0.into(),
        writeback: 0,
        unused0: 0,
        num_queues: 1.into(),
        max_discard_sectors: MAX_ZEROED_SECTORS.into(),
        max_discard_seg: 1.into(),
        discard_sector_alignment: 1.into(),
        max_write_zeroes_sectors: MAX_ZEROED_SECTORS.into(),
        max_write_zeroes_seg: 1.into(),
        write_zeroes_may_unmap: 1,
        unused1: [0; 3],
    };
    crate::model::copy_config(config.as_bytes(), offset, bytes);
}
