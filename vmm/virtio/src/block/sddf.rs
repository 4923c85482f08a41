//! A disk behind sDDF's block queues.
//!
//! Every request gets contiguous cells of the data region, one for each block of 4 KiB that it
//! touches. A write that does not cover its first or last block reads them first; no other write
//! is at work meanwhile, so that none is lost.

mod cells;
mod transfer;

use core::sync::atomic::{Ordering, fence};

use vmm_device::{Channel, Effects};
use vmm_memory::RamSlice;
use vmm_sddf::{
    Misbehaved,
    block::{BLOCK_BYTES, BlockClient, Code, Request, Response, Status, StorageInfo},
};

use super::disk::{Completion, Disk, DiskError, Operation, SECTOR_BYTES, Submission, Token};
use crate::{
    Memory,
    memory::copy_from_guest,
    queue::{Reader, Writer},
};
use cells::{Cells, Run};
use transfer::{Blocks, Step, Transfer, Transfers};

/// Answers that belong to no request and are passed over in one call at most.
const MAX_RESPONSES: usize = 256;
const SECTORS_PER_BLOCK: u64 = BLOCK_BYTES / SECTOR_BYTES;

/// The flush by whose answer a disk is known to be ready. No transfer has this name.
const FIRST_FLUSH: Request = Request {
    code: Some(Code::Flush),
    offset: 0,
    block: 0,
    count: 0,
    id: u32::MAX,
};

/// A request that is at work no more, and how it ended.
type Ended = (Transfer, Result<(), DiskError>);

/// The client's end of the block queues. A server that breaks a rule is not listened to any
/// more: every request fails.
#[derive(Debug)]
pub struct SddfDisk<'r> {
    guest: &'r Memory,
    client: BlockClient<'r>,
    info: RamSlice<'r>,
    data: RamSlice<'r>,
    channel: Channel,
    cells: Cells,
    transfers: Transfers,
    /// Cells of the read that was handed out last.
    handed_out: Option<Run>,
    failed: Option<Misbehaved>,
}

impl<'r> SddfDisk<'r> {
    /// A disk for a guest with the RAM `guest`, with its page of information, its data region
    /// and the channel to the virtualiser.
    ///
    /// sDDF's virtualiser does not notify its clients when the disk gets ready, but then answers
    /// what they have asked before. So a disk that is not ready is asked for a flush.
    pub fn new(
        guest: &'r Memory,
        mut client: BlockClient<'r>,
        info: RamSlice<'r>,
        data: RamSlice<'r>,
        channel: Channel,
    ) -> Self {
        let mut failed = None;
        if StorageInfo::read(&info).is_none() {
            failed = client.request(FIRST_FLUSH).err();
            // Who gets ready looks for requests afterwards; so look here once more afterwards, as
            // the device does that is made of this disk.
            fence(Ordering::SeqCst);
        }
        Self {
            guest,
            client,
            info,
            data,
            channel,
            cells: Cells::new(data.size() / BLOCK_BYTES),
            transfers: Transfers::NONE,
            handed_out: None,
            failed,
        }
    }

    /// What the server did wrong.
    pub const fn failed(&self) -> Option<Misbehaved> {
        self.failed
    }

    fn information(&self) -> Option<StorageInfo> {
        StorageInfo::read(&self.info).filter(|_| self.failed.is_none())
    }

    /// The cells of a run as memory.
    fn memory_of(&self, run: Run, offset: u64, bytes: u64) -> Option<RamSlice<'r>> {
        let at = run.first.saturating_mul(BLOCK_BYTES).saturating_add(offset);
        self.data.part(at, bytes)
    }

    fn read(
        &mut self,
        token: Token,
        sector: u64,
        into: &Writer<'_, '_>,
        effects: &mut Effects,
    ) -> Submission {
        let blocks = Blocks::of(sector, into.remaining());
        if blocks.count == 0 {
            return Submission::Done(Ok(()));
        }
        let Some(run) = self.cells.take(blocks.count) else {
            return self.no_room();
        };
        self.start(token, blocks, run, Step::Read, effects)
    }

    fn write(
        &mut self,
        token: Token,
        sector: u64,
        from: Reader<'_, '_>,
        effects: &mut Effects,
    ) -> Submission {
        let blocks = Blocks::of(sector, from.remaining());
        if blocks.count == 0 {
            return Submission::Done(Ok(()));
        }
        if self.transfers.merges() || blocks.is_partial() && self.transfers.writes() {
            return Submission::Busy;
        }
        let Some(run) = self.cells.take(blocks.count) else {
            return self.no_room();
        };
        if !blocks.is_partial() {
            self.copy_in(run, 0, from);
            return self.start(token, blocks, run, Step::Write, effects);
        }
        // The data wait in cells of their own until the blocks around them are read.
        let Some(data) = self.cells.take(blocks.count) else {
            self.cells.give(run);
            return self.no_room();
        };
        self.copy_in(data, blocks.offset, from);
        self.start(token, blocks, run, Step::Merge { data }, effects)
    }

    fn copy_in(&self, run: Run, offset: u64, mut from: Reader<'_, '_>) {
        let mut at = run.first.saturating_mul(BLOCK_BYTES).saturating_add(offset);
        while let Some((gpa, length)) = from.next_piece(usize::MAX) {
            copy_from_guest(self.guest, gpa, length, &self.data, at);
            at = at.saturating_add(length as u64);
        }
    }

    /// Zeroes are written as any other data.
    fn zero(
        &mut self,
        token: Token,
        sector: u64,
        sectors: u32,
        effects: &mut Effects,
    ) -> Submission {
        let bytes = u64::from(sectors).saturating_mul(SECTOR_BYTES);
        let blocks = Blocks::of(sector, u32::try_from(bytes).unwrap_or(u32::MAX));
        if blocks.count == 0 {
            return Submission::Done(Ok(()));
        }
        if blocks.is_partial() || blocks.count > self.cells.all() {
            return Submission::Done(Err(DiskError::Unsupported));
        }
        if self.transfers.merges() {
            return Submission::Busy;
        }
        let Some(run) = self.cells.take(blocks.count) else {
            return self.no_room();
        };
        if let Some(memory) = self.memory_of(run, 0, bytes) {
            memory.fill_zero(0, bytes as usize);
        }
        self.start(token, blocks, run, Step::Write, effects)
    }

    /// A flush counts for all writes that were accepted before it, so these come first.
    fn flush(&mut self, token: Token, effects: &mut Effects) -> Submission {
        if self.transfers.writes() {
            return Submission::Busy;
        }
        self.start(token, Blocks::NONE, Run::NONE, Step::Flush, effects)
    }

    /// Cells come free when something that is at work ends; when nothing is, there are too few.
    fn no_room(&self) -> Submission {
        if self.transfers.is_empty() {
            return Submission::Done(Err(DiskError::Failed));
        }
        Submission::Busy
    }

    fn start(
        &mut self,
        token: Token,
        blocks: Blocks,
        run: Run,
        step: Step,
        effects: &mut Effects,
    ) -> Submission {
        let transfer = Transfer {
            token,
            blocks,
            run,
            step,
        };
        let Some(id) = self.transfers.insert(transfer) else {
            self.release(&transfer);
            return Submission::Busy;
        };
        match self.ask(id, &transfer, effects) {
            Ok(true) => Submission::Pending,
            Ok(false) => {
                self.transfers.remove(id);
                self.release(&transfer);
                Submission::Busy
            }
            Err(error) => {
                self.transfers.remove(id);
                self.release(&transfer);
                self.failed = Some(error);
                Submission::Done(Err(DiskError::Failed))
            }
        }
    }

    fn ask(
        &mut self,
        id: u32,
        transfer: &Transfer,
        effects: &mut Effects,
    ) -> Result<bool, Misbehaved> {
        let code = match transfer.step {
            Step::Read | Step::Merge { .. } => Code::Read,
            Step::Write => Code::Write,
            Step::Flush => Code::Flush,
        };
        let room = self.client.request(Request {
            code: Some(code),
            offset: transfer.run.first.saturating_mul(BLOCK_BYTES),
            block: transfer.blocks.first,
            count: u16::try_from(transfer.blocks.count).unwrap_or(u16::MAX),
            id,
        })?;
        if room {
            effects.notify(self.channel);
        }
        Ok(room)
    }

    fn release(&mut self, transfer: &Transfer) {
        self.cells.give(transfer.run);
        if let Step::Merge { data } = transfer.step {
            self.cells.give(data);
        }
    }

    /// Handles one answer; gives the request, and how it ended, if it has.
    fn answer(
        &mut self,
        response: Response,
        effects: &mut Effects,
    ) -> Result<Option<Ended>, Misbehaved> {
        let Some(mut transfer) = self.transfers.remove(response.id) else {
            // Nobody's: answered twice, or never asked for.
            return Ok(None);
        };
        let result = match response.status {
            Status::Ok => Ok(()),
            _ => Err(DiskError::Failed),
        };
        let (Ok(()), Step::Merge { data }) = (result, transfer.step) else {
            return Ok(Some((transfer, result)));
        };
        self.merge(&transfer, data);
        self.cells.give(data);
        transfer.step = Step::Write;
        // Its place has just become free, and so has one in the queue.
        if let Some(id) = self.transfers.insert(transfer) {
            if self.ask(id, &transfer, effects)? {
                return Ok(None);
            }
            self.transfers.remove(id);
        }
        Ok(Some((transfer, Err(DiskError::Failed))))
    }

    /// The next request that has ended.
    fn next_ended(&mut self, effects: &mut Effects) -> Result<Option<Ended>, Misbehaved> {
        for _ in 0..MAX_RESPONSES {
            let Some(response) = self.client.response()? else {
                return Ok(None);
            };
            let ended = self.answer(response, effects)?;
            if ended.is_some() {
                return Ok(ended);
            }
        }
        effects.defer();
        Ok(None)
    }

    /// Puts the data of a write over the blocks that were read.
    fn merge(&self, transfer: &Transfer, data: Run) {
        let Blocks { offset, bytes, .. } = transfer.blocks;
        let from = self.memory_of(data, offset, bytes);
        let into = self.memory_of(transfer.run, offset, bytes);
        if let (Some(from), Some(into)) = (from, into) {
            into.copy_from(0, &from, 0, bytes as usize);
        }
    }
}

impl Disk for SddfDisk<'_> {
    fn sectors(&self) -> u64 {
        self.information()
            .map_or(0, |info| info.blocks.saturating_mul(SECTORS_PER_BLOCK))
    }

    fn is_read_only(&self) -> bool {
        self.information().is_some_and(|info| info.read_only)
    }

    fn max_request_bytes(&self) -> u32 {
        // A write at an odd place needs its cells twice, and a block more.
        let half = self.cells.all() / 2;
        let bytes = half.saturating_sub(1).saturating_mul(BLOCK_BYTES);
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }

    fn submit(
        &mut self,
        token: Token,
        operation: Operation<'_, '_>,
        effects: &mut Effects,
    ) -> Submission {
        if self.failed.is_some() {
            return Submission::Done(Err(DiskError::Failed));
        }
        match operation {
            Operation::Read { sector, into } => self.read(token, sector, &into, effects),
            Operation::Write { sector, from } => self.write(token, sector, from, effects),
            Operation::Flush => self.flush(token, effects),
            Operation::WriteZeroes { sector, sectors } => {
                self.zero(token, sector, sectors, effects)
            }
            // It need not do anything.
            Operation::Discard { .. } => Submission::Done(Ok(())),
        }
    }

    fn poll(&mut self, effects: &mut Effects) -> Option<Completion<'_>> {
        if let Some(run) = self.handed_out.take() {
            self.cells.give(run);
        }
        let ended = match self.next_ended(effects) {
            Ok(ended) => ended,
            Err(error) => {
                self.failed = Some(error);
                None
            }
        };
        let ended = if self.failed.is_some() {
            // Of a server that is not trusted no answer is awaited.
            self.transfers
                .take_any()
                .map(|transfer| (transfer, Err(DiskError::Failed)))
        } else {
            ended
        };
        let (transfer, result) = ended?;
        let mut data = None;
        if transfer.step == Step::Read && result.is_ok() {
            let Blocks { offset, bytes, .. } = transfer.blocks;
            data = self.memory_of(transfer.run, offset, bytes);
            self.handed_out = Some(transfer.run);
        } else {
            self.release(&transfer);
        }
        Some(Completion {
            token: transfer.token,
            result,
            data,
        })
    }
}
