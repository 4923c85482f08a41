//! One client of a disk: its queues, and its requests that are at work.

use vmm_config::DriverClient;
use vmm_memory::RamSlice;
use vmm_sddf::{
    Misbehaved,
    block::{BlockServer, StorageInfo},
};

use super::{
    Failed, Operation, SECTOR_BYTES,
    partition::Partition,
    request::{Active, Limits, Next},
};
use crate::{
    ClientError, Dropped, Regions,
    client::{capacity, parameter},
};

/// Requests of a client that are at work at most; the rest waits in its queue.
const MAX_REQUESTS: usize = 16;

#[derive(Debug)]
pub(super) struct Client<'r> {
    name: &'static str,
    channel: u8,
    queues: BlockServer<'r>,
    data: RamSlice<'r>,
    limits: Limits,
    requests: [Option<Active>; MAX_REQUESTS],
    failed: bool,
    /// `failed` was told.
    told: bool,
}

impl<'r> Client<'r> {
    /// The client, which is told that the disk is ready.
    pub(super) fn new(
        client: &DriverClient,
        regions: &'r Regions,
        partition: Partition,
        read_only: bool,
    ) -> Result<Self, ClientError> {
        let [info, requests, responses, data] = regions.of_client(client)?;
        let queues = BlockServer::new(requests, responses, capacity(client)?)?;
        let limits = Limits {
            partition,
            data_bytes: data.size(),
            read_only: read_only || parameter(client, "read-only") == Some(1),
        };
        let told = StorageInfo {
            read_only: limits.read_only,
            sector_bytes: SECTOR_BYTES as u16,
            blocks: partition.blocks,
        };
        let window = client.windows.first();
        told.write(&info)
            .ok_or(ClientError::Region(window.map_or(0, |at| at.vmm_address)))?;
        Ok(Self {
            name: client.name,
            channel: client.channel,
            queues,
            data,
            limits,
            requests: [None; MAX_REQUESTS],
            failed: false,
            told: false,
        })
    }

    pub(super) const fn channel(&self) -> u8 {
        self.channel
    }

    pub(super) fn take_dropped(&mut self) -> Option<Dropped> {
        let new = self.failed && !self.told;
        self.told = self.failed;
        new.then_some(Dropped(self.name))
    }

    /// Takes requests while there is room, and no flush waits for those before it.
    pub(super) fn take_requests(&mut self) -> bool {
        let mut taken = false;
        for index in 0..MAX_REQUESTS {
            let ordered = self.requests.iter().flatten().any(Active::is_ordered);
            if self.failed || ordered {
                break;
            }
            let Some(place @ None) = self.requests.get_mut(index) else {
                continue;
            };
            match self.queues.request() {
                Ok(Some(request)) => *place = Some(Active::new(&request, &self.limits)),
                Ok(None) => break,
                Err(error) => self.drop_out(error),
            }
            taken = true;
        }
        taken
    }

    /// The next transfer that can be started; the data of a write are in `buffer` then.
    pub(super) fn next_transfer(&mut self, buffer: &RamSlice<'_>) -> Option<Next> {
        let next = self.next(buffer.size())?;
        if let Operation::Write { bytes, .. } = next.operation {
            let length = usize::try_from(bytes).ok()?;
            buffer.copy_from(0, &self.data, next.offset, length)?;
        }
        Some(next)
    }

    fn next(&mut self, bytes: u64) -> Option<Next> {
        let mut others = self.requests.iter().flatten();
        let waits = others.any(|one| !one.is_ordered() && !one.is_ended());
        let mut all = self.requests.iter_mut().enumerate();
        all.find_map(|(index, request)| {
            let request = request.as_mut()?;
            if request.is_ordered() {
                if waits {
                    return None;
                }
                request.pass_barrier();
            }
            request.next(index, bytes)
        })
    }

    pub(super) fn started(&mut self, next: &Next) {
        if let Some(Some(request)) = self.requests.get_mut(next.request) {
            request.started(next.operation);
        }
    }

    /// One of its transfers has ended; what was read is in `buffer`.
    pub(super) fn end_transfer(
        &mut self,
        request: usize,
        target: Option<(u64, usize)>,
        buffer: &RamSlice<'_>,
        result: Result<(), Failed>,
    ) {
        let Some(Some(request)) = self.requests.get_mut(request) else {
            return;
        };
        let mut failed = result.is_err();
        if let (Some((offset, length)), Ok(())) = (target, result) {
            // The place was found to be in the region when the request was taken.
            failed = self.data.copy_from(offset, buffer, 0, length).is_none();
        }
        request.end_transfer(failed);
    }

    /// Answers what has ended; is there an answer to be notified of?
    pub(super) fn answer(&mut self) -> bool {
        let mut answered = false;
        for index in 0..MAX_REQUESTS {
            let Some(place) = self.requests.get_mut(index) else {
                break;
            };
            let Some(request) = place.filter(Active::is_ended) else {
                continue;
            };
            match self.queues.respond(request.response()) {
                Ok(true) => {
                    *place = None;
                    answered = true;
                }
                // It has more unanswered than it has room for; its next signal is another try.
                Ok(false) => break,
                Err(error) => {
                    self.drop_out(error);
                    break;
                }
            }
        }
        answered
    }

    /// It broke a rule: nothing of it is looked at any more.
    fn drop_out(&mut self, _why: Misbehaved) {
        self.failed = true;
        self.requests = [None; MAX_REQUESTS];
    }
}
