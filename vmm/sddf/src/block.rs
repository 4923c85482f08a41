//! Block queues (include/sddf/blk/queue.h, storage_info.h): requests one way, answers the other.
//!
//! There are no flags: each end notifies after every batch.

use vmm_memory::RamSlice;

use crate::ring::{Consumer, IndexWidth, Layout, Misbehaved, Producer, RingError};

/// Bytes of a transfer block, the unit of all requests.
pub const BLOCK_BYTES: u64 = 4096;

const REQUEST_BYTES: usize = 32;
const RESPONSE_BYTES: usize = 12;

/// Where the parts of a request queue lie.
pub const REQUESTS: Layout = Layout {
    head: 0,
    tail: 4,
    width: IndexWidth::Word,
    entries: 16,
    entry_bytes: REQUEST_BYTES as u64,
};
/// Where the parts of a response queue lie.
pub const RESPONSES: Layout = Layout {
    head: 0,
    tail: 4,
    width: IndexWidth::Word,
    entries: 8,
    entry_bytes: RESPONSE_BYTES as u64,
};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Copy blocks from the disk.
    Read,
    /// Copy blocks to the disk.
    Write,
    /// Make what was written last.
    Flush,
    /// Do everything before it before anything after it.
    Barrier,
}

impl Code {
    const fn number(self) -> u32 {
        match self {
            Self::Read => 0,
            Self::Write => 1,
            Self::Flush => 2,
            Self::Barrier => 3,
        }
    }

    const fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Read),
            1 => Some(Self::Write),
            2 => Some(Self::Flush),
            3 => Some(Self::Barrier),
            _ => None,
        }
    }
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is to be done; `None`: a number that means nothing.
    pub code: Option<Code>,
    /// Where the data lie in the client's data region, a multiple of [`BLOCK_BYTES`].
    pub offset: u64,
    /// First block of the client's partition.
    pub block: u64,
    /// Blocks.
    pub count: u16,
    /// The client's name for it.
    pub id: u32,
}

impl Request {
    fn to_bytes(self) -> [u8; REQUEST_BYTES] {
        let mut words = [0; 4];
        let [code, offset, block, rest] = &mut words;
        *code = self
            .code
            .map_or(u64::from(u32::MAX), |code| code.number().into());
        *offset = self.offset;
        *block = self.block;
        *rest = u64::from(self.id) << 32 | u64::from(self.count);
        let mut bytes = [0; REQUEST_BYTES];
        for (to, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        bytes
    }

    fn from_bytes(bytes: [u8; REQUEST_BYTES]) -> Self {
        let mut words = [0; 4];
        for (word, from) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*from);
        }
        let [code, offset, block, rest] = words;
        Self {
            code: Code::from_number(code as u32),
            offset,
            block,
            count: rest as u16,
            id: (rest >> 32) as u32,
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok,
    /// It failed for no known reason.
    Unspecified,
    /// The request cannot be.
    InvalidParameter,
    /// The medium failed.
    Io,
    /// The medium is gone.
    NoDevice,
}

impl Status {
    const fn number(self) -> u32 {
        match self {
            Self::Ok => 0,
            Self::Unspecified => 1,
            Self::InvalidParameter => 2,
            Self::Io => 3,
            Self::NoDevice => 4,
        }
    }

    /// Numbers that mean nothing are failures.
    const fn from_number(number: u32) -> Self {
        match number {
            0 => Self::Ok,
            2 => Self::InvalidParameter,
            3 => Self::Io,
            4 => Self::NoDevice,
            _ => Self::Unspecified,
        }
    }
}

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// How it ended.
    pub status: Status,
    /// Blocks that were moved.
    pub count: u16,
    /// The client's name of the request.
    pub id: u32,
}

impl Response {
    fn to_bytes(self) -> [u8; RESPONSE_BYTES] {
        let status = u128::from(self.status.number());
        let word = status | u128::from(self.count) << 32 | u128::from(self.id) << 64;
        let [bytes @ .., _, _, _, _] = word.to_le_bytes();
        bytes
    }

    fn from_bytes(bytes: [u8; RESPONSE_BYTES]) -> Self {
        let [s0, s1, s2, s3, c0, c1, _, _, i0, i1, i2, i3] = bytes;
        Self {
            status: Status::from_number(u32::from_le_bytes([s0, s1, s2, s3])),
            count: u16::from_le_bytes([c0, c1]),
            id: u32::from_le_bytes([i0, i1, i2, i3]),
        }
    }
}

/// The end that has a disk.
#[derive(Debug)]
pub struct BlockClient<'r> {
    requests: Producer<'r, REQUEST_BYTES>,
    responses: Consumer<'r, RESPONSE_BYTES>,
    capacity: u32,
    /// Requests that are not answered.
    unanswered: u32,
}

impl<'r> BlockClient<'r> {
    /// The client of the two queues, of `capacity` entries each.
    ///
    /// # Errors
    /// [`RingError`]: the regions hold no such queues.
    pub fn new(
        requests: RamSlice<'r>,
        responses: RamSlice<'r>,
        capacity: u32,
    ) -> Result<Self, RingError> {
        Ok(Self {
            requests: Producer::new(requests, REQUESTS, capacity)?,
            responses: Consumer::new(responses, RESPONSES, capacity)?,
            capacity,
            unanswered: 0,
        })
    }

    /// Asks; `false` when there is no room. Notify the server after a batch. There are never more
    /// requests unanswered than the queue of answers has entries: no signal would tell the server
    /// that it has room again.
    ///
    /// # Errors
    /// [`Misbehaved`]: the server is not to be trusted.
    pub fn request(&mut self, request: Request) -> Result<bool, Misbehaved> {
        if self.unanswered >= self.capacity {
            return Ok(false);
        }
        let pushed = self.requests.push(&request.to_bytes())?;
        self.unanswered = self.unanswered.saturating_add(pushed.into());
        Ok(pushed)
    }

    /// The next answer. It may have any id.
    ///
    /// # Errors
    /// [`Misbehaved`]: the server is not to be trusted.
    pub fn response(&mut self) -> Result<Option<Response>, Misbehaved> {
        let response = self.responses.pop()?.map(Response::from_bytes);
        self.unanswered = self.unanswered.saturating_sub(response.is_some().into());
        Ok(response)
    }
}

/// The end that serves a disk.
#[derive(Debug)]
pub struct BlockServer<'r> {
    requests: Consumer<'r, REQUEST_BYTES>,
    responses: Producer<'r, RESPONSE_BYTES>,
}

impl<'r> BlockServer<'r> {
    /// The server of the two queues, of `capacity` entries each.
    ///
    /// # Errors
    /// [`RingError`]: the regions hold no such queues.
    pub fn new(
        requests: RamSlice<'r>,
        responses: RamSlice<'r>,
        capacity: u32,
    ) -> Result<Self, RingError> {
        Ok(Self {
            requests: Consumer::new(requests, REQUESTS, capacity)?,
            responses: Producer::new(responses, RESPONSES, capacity)?,
        })
    }

    /// The next request, of any content.
    ///
    /// # Errors
    /// [`Misbehaved`]: the client is not to be trusted.
    pub fn request(&mut self) -> Result<Option<Request>, Misbehaved> {
        Ok(self.requests.pop()?.map(Request::from_bytes))
    }

    /// Answers; `false` when there is no room. Notify the client after a batch.
    ///
    /// # Errors
    /// [`Misbehaved`]: the client is not to be trusted.
    pub fn respond(&mut self, response: Response) -> Result<bool, Misbehaved> {
        self.responses.push(&response.to_bytes())
    }
}

/// What is known of a disk, in a page that the server writes and the client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageInfo {
    /// It cannot be written.
    pub read_only: bool,
    /// Bytes of a sector of the medium.
    pub sector_bytes: u16,
    /// Size in blocks of [`BLOCK_BYTES`].
    pub blocks: u64,
}

const INFO_READ_ONLY: u64 = 64;
const INFO_READY: u64 = 65;
const INFO_SECTOR_SIZE: u64 = 66;
const INFO_CAPACITY: u64 = 80;
/// Bytes of the information.
pub const INFO_BYTES: u64 = 88;

impl StorageInfo {
    /// Reads the page; `None` while there is no medium.
    pub fn read(page: &RamSlice<'_>) -> Option<Self> {
        let [ready] = page.read_array(INFO_READY)?;
        // The rest is valid only then.
        core::sync::atomic::fence(core::sync::atomic::Ordering::Acquire);
        if ready == 0 {
            return None;
        }
        let [read_only] = page.read_array(INFO_READ_ONLY)?;
        Some(Self {
            read_only: read_only != 0,
            sector_bytes: page.read_u16(INFO_SECTOR_SIZE)?,
            blocks: page.read_u64(INFO_CAPACITY)?,
        })
    }

    /// Writes the page; `None` when it is too small.
    pub fn write(&self, page: &RamSlice<'_>) -> Option<()> {
        page.write(INFO_READ_ONLY, &[self.read_only.into()])?;
        page.write_u16(INFO_SECTOR_SIZE, self.sector_bytes)?;
        page.write_u64(INFO_CAPACITY, self.blocks)?;
        core::sync::atomic::fence(core::sync::atomic::Ordering::Release);
        page.write(INFO_READY, &[1])
    }
}

#[cfg(test)]
mod tests;
