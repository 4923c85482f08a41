//! A request of a client while it is at work.

use vmm_sddf::block::{BLOCK_BYTES, Code, Request, Response, Status};

use super::{Operation, SECTOR_BYTES, partition::Partition};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Flush,
    Barrier,
}

/// A request that is not answered yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Active {
    kind: Kind,
    id: u32,
    count: u16,
    status: Status,
    /// First sector of what no transfer was started for.
    sector: u64,
    /// Where its data lie in the client's region.
    offset: u64,
    /// Bytes that no transfer was started for; of a flush or barrier, one until its turn.
    left: u64,
    transfers: usize,
}

/// A transfer that may be started for a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    /// The place of the request among its client's.
    pub(super) request: usize,
    pub(super) operation: Operation,
    /// Where its data lie in the client's region.
    pub(super) offset: u64,
}

impl Next {
    /// For a read: where the data go.
    pub(super) fn target(&self) -> Option<(u64, usize)> {
        match self.operation {
            Operation::Read { bytes, .. } => Some((self.offset, usize::try_from(bytes).ok()?)),
            Operation::Write { .. } | Operation::Flush => None,
        }
    }
}

/// Where a request's data may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) partition: Partition,
    /// Bytes of the client's data region.
    pub(super) data_bytes: u64,
    pub(super) read_only: bool,
}

impl Active {
    /// A request that was just taken. One that cannot be has ended already.
    pub(super) fn new(request: &Request, limits: &Limits) -> Self {
        let kind = match request.code {
            Some(Code::Read) => Some(Kind::Read),
            Some(Code::Write) if !limits.read_only => Some(Kind::Write),
            Some(Code::Flush) => Some(Kind::Flush),
            Some(Code::Barrier) => Some(Kind::Barrier),
            Some(Code::Write) | None => None,
        };
        let refused = Self {
            kind: kind.unwrap_or(Kind::Barrier),
            id: request.id,
            count: request.count,
            status: Status::InvalidParameter,
            sector: 0,
            offset: 0,
            left: 0,
            transfers: 0,
        };
        let Some(kind) = kind else {
            return refused;
        };
        let accepted = Self {
            status: Status::Ok,
            left: 1,
            ..refused
        };
        if matches!(kind, Kind::Flush | Kind::Barrier) {
            return accepted;
        }
        let place = limits
            .partition
            .sector(request.block, request.count.into())
            .zip(limits.bytes(request));
        place.map_or(refused, |(sector, left)| Self {
            sector,
            offset: request.offset,
            left,
            ..accepted
        })
    }

    /// It waits until the requests before it have ended.
    pub(super) const fn is_ordered(&self) -> bool {
        matches!(self.kind, Kind::Flush | Kind::Barrier) && self.left != 0
    }

    pub(super) const fn is_ended(&self) -> bool {
        self.left == 0 && self.transfers == 0
    }

    /// The turn of a barrier has come: it is done.
    pub(super) fn pass_barrier(&mut self) {
        if self.kind == Kind::Barrier {
            self.left = 0;
        }
    }

    /// The next transfer, of at most `bytes` bytes.
    pub(super) fn next(&self, request: usize, bytes: u64) -> Option<Next> {
        let bytes = self.left.min(bytes);
        let sector = self.sector;
        let operation = match self.kind {
            Kind::Read => Operation::Read { sector, bytes },
            Kind::Write => Operation::Write { sector, bytes },
            Kind::Flush => Operation::Flush,
            Kind::Barrier => return None,
        };
        (bytes != 0).then_some(Next {
            request,
            operation,
            offset: self.offset,
        })
    }

    pub(super) fn started(&mut self, operation: Operation) {
        self.transfers = self.transfers.saturating_add(1);
        let bytes = match operation {
            Operation::Read { bytes, .. } | Operation::Write { bytes, .. } => bytes,
            Operation::Flush => 1,
        };
        self.left = self.left.saturating_sub(bytes);
        self.offset = self.offset.saturating_add(bytes);
        let sectors = bytes.checked_div(SECTOR_BYTES).unwrap_or(0);
        self.sector = self.sector.saturating_add(sectors);
    }

    /// One of its transfers has ended. After a failure no more are started.
    pub(super) fn end_transfer(&mut self, failed: bool) {
        self.transfers = self.transfers.saturating_sub(1);
        if failed {
            self.status = Status::Io;
            self.left = 0;
        }
    }

    pub(super) fn response(&self) -> Response {
        Response {
            status: self.status,
            count: if self.status == Status::Ok {
                self.count
            } else {
                0
            },
            id: self.id,
        }
    }
}

impl Limits {
    /// Bytes of a request whose data lie in the client's region, at whole blocks.
    fn bytes(&self, request: &Request) -> Option<u64> {
        let bytes = u64::from(request.count).checked_mul(BLOCK_BYTES)?;
        let end = request.offset.checked_add(bytes)?;
        let aligned = request.offset.is_multiple_of(BLOCK_BYTES);
        (bytes != 0 && aligned && end <= self.data_bytes).then_some(bytes)
    }
}
