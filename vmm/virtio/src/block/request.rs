//! One request of the driver (Virtio 1.2, 5.2.6 "Device Operation"): a header that is read, data
//! in either direction, and one byte of status that is written last.

use vmm_arch::Gpa;
use zerocopy::{FromBytes, IntoBytes, LittleEndian, U32, U64};

use super::{
    MAX_ZEROED_SECTORS,
    config::Limits,
    disk::{Disk, DiskError, Operation, SECTOR_BYTES},
};
use crate::{
    Memory,
    queue::{Chain, Queue, Reader, Writer},
};

/// `struct virtio_blk_req`, as far as it is read.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes)]
#[repr(C)]
struct Header {
    kind: U32<LittleEndian>,
    reserved: U32<LittleEndian>,
    sector: U64<LittleEndian>,
}

/// `struct virtio_blk_discard_write_zeroes`.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes)]
#[repr(C)]
struct Range {
    sector: U64<LittleEndian>,
    sectors: U32<LittleEndian>,
    flags: U32<LittleEndian>,
}

/// The sectors may be given back (for VIRTIO_BLK_T_WRITE_ZEROES only).
const UNMAP: u32 = 1;

const STATUS_OK: u8 = 0;
const STATUS_IOERR: u8 = 1;
const STATUS_UNSUPP: u8 = 2;

/// What the driver asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
    Flush,
    Identify,
    Discard,
    WriteZeroes,
    /// A number that means nothing here.
    Unknown,
    /// The header is not complete.
    Malformed,
}

impl From<u32> for Kind {
    fn from(number: u32) -> Self {
        match number {
            0 => Self::Read,
            1 => Self::Write,
            4 => Self::Flush,
            8 => Self::Identify,
            11 => Self::Discard,
            13 => Self::WriteZeroes,
            _ => Self::Unknown,
        }
    }
}

/// A request, taken apart.
#[derive(Debug)]
pub(super) struct Request<'c, 'm> {
    pub(super) kind: Kind,
    pub(super) sector: u64,
    /// The data behind the header.
    pub(super) from: Reader<'c, 'm>,
    /// The room before the status.
    pub(super) into: Writer<'c, 'm>,
    pub(super) answer: Answer,
}

/// Where the status goes, and what the used ring tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    status: Gpa,
    /// Bytes of data that the device writes if all goes well.
    data: u32,
}

impl Answer {
    /// Writes the status and returns the chain.
    pub(super) fn give(
        self,
        memory: &Memory,
        requests: &mut Queue<'_>,
        head: u16,
        result: Result<(), DiskError>,
    ) {
        let (status, data) = match result {
            Ok(()) => (STATUS_OK, self.data),
            Err(DiskError::Failed) => (STATUS_IOERR, 0),
            Err(DiskError::Unsupported) => (STATUS_UNSUPP, 0),
        };
        // `Request::parse` found RAM there, and RAM does not go away.
        let _ = memory.write_u8(self.status, status);
        requests.push(head, data.saturating_add(1));
    }
}

impl<'c, 'm> Request<'c, 'm> {
    /// `None` when the chain has no room for a status.
    pub(super) fn parse(chain: &'c Chain, memory: &'m Memory) -> Option<Self> {
        let mut from = chain.reader(memory);
        let mut into = chain.writer(memory);
        let (status, _) = into.split_off_last(1).next_piece(1)?;
        let header = from.read_value::<Header>();
        let kind = header.map_or(Kind::Malformed, |header| header.kind.get().into());
        let data = match kind {
            Kind::Read => into.remaining(),
            Kind::Identify => into.remaining().min(size_of::<super::Serial>() as u32),
            _ => 0,
        };
        Some(Self {
            kind,
            sector: header.map_or(0, |header| header.sector.get()),
            from,
            into,
            answer: Answer { status, data },
        })
    }
}

/// What the disk is to do.
///
/// # Errors
/// [`DiskError`]: nothing, and this is the answer.
pub(super) fn operation<'c, 'm>(
    kind: Kind,
    sector: u64,
    mut from: Reader<'c, 'm>,
    into: Writer<'c, 'm>,
    disk: &impl Disk,
) -> Result<Operation<'c, 'm>, DiskError> {
    let writes = matches!(kind, Kind::Write | Kind::Discard | Kind::WriteZeroes);
    if writes && disk.is_read_only() {
        return Err(DiskError::Failed);
    }
    match kind {
        Kind::Read => {
            check_data(disk, sector, into.remaining())?;
            Ok(Operation::Read { sector, into })
        }
        Kind::Write => {
            check_data(disk, sector, from.remaining())?;
            Ok(Operation::Write { sector, from })
        }
        Kind::Flush => Ok(Operation::Flush),
        Kind::Discard => {
            let (sector, sectors) = range(&mut from, 0, disk)?;
            Ok(Operation::Discard { sector, sectors })
        }
        Kind::WriteZeroes => {
            let (sector, sectors) = range(&mut from, UNMAP, disk)?;
            Ok(Operation::WriteZeroes { sector, sectors })
        }
        Kind::Malformed => Err(DiskError::Failed),
        Kind::Identify | Kind::Unknown => Err(DiskError::Unsupported),
    }
}

/// Data are whole sectors of the disk, and no more than the driver was told.
fn check_data(disk: &impl Disk, sector: u64, bytes: u32) -> Result<(), DiskError> {
    let sectors = u64::from(bytes) / SECTOR_BYTES;
    let whole = u64::from(bytes).is_multiple_of(SECTOR_BYTES);
    if !whole || bytes > Limits::of(disk).request_bytes() {
        return Err(DiskError::Failed);
    }
    check_sectors(disk, sector, sectors)
}

fn check_sectors(disk: &impl Disk, sector: u64, sectors: u64) -> Result<(), DiskError> {
    let end = sector.checked_add(sectors);
    if end.is_some_and(|end| end <= disk.sectors()) {
        Ok(())
    } else {
        Err(DiskError::Failed)
    }
}

/// The one range of a discard or write-zeroes request, and flags of it that are known.
fn range(from: &mut Reader<'_, '_>, known: u32, disk: &impl Disk) -> Result<(u64, u32), DiskError> {
    let range: Range = from.read_value().ok_or(DiskError::Failed)?;
    if from.remaining() != 0 {
        return Err(DiskError::Failed);
    }
    if range.flags.get() & !known != 0 {
        return Err(DiskError::Unsupported);
    }
    let (sector, sectors) = (range.sector.get(), range.sectors.get());
    if sectors > MAX_ZEROED_SECTORS {
        return Err(DiskError::Failed);
    }
    check_sectors(disk, sector, sectors.into())?;
    Ok((sector, sectors))
}
