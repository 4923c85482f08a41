//! Stage-2 faults: which handler answers, and what its answer means.

use super::backend::Backend;
use super::frame::Frame;
use super::map::{Backing, MemoryMap, Reserved, Use};
use super::reservation::MapError;
use vmm_arch::{AccessSize, Gpa, GpaRange};

/// What the guest wanted to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKind {
    /// Load.
    Read,
    /// Store.
    Write,
    /// Instruction fetch.
    Fetch,
}

/// An access that faulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Its first byte.
    pub gpa: Gpa,
    /// Its width.
    pub size: AccessSize,
    /// What it was.
    pub kind: AccessKind,
}

/// A fault as its handler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The access.
    pub access: Access,
    /// The reservation that holds all of the access; `None` for the handler of unreserved
    /// faults.
    pub range: Option<GpaRange>,
    /// Bytes from the start of that range; the address itself when there is none.
    pub offset: u64,
}

/// What becomes of a faulting access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultResult {
    /// The handler has emulated the access: go on behind the instruction.
    Handled,
    /// Nobody answers for this address: stop the guest, unless a fallback answered.
    Unhandled,
    /// Run the instruction again: it will not fault this time.
    Restart,
    /// Skip the instruction; its target register keeps its value.
    Ignore,
    /// Stop the guest.
    Error,
}

impl<H: Copy, F, B, const N: usize> MemoryMap<H, F, B, N>
where
    F: Iterator<Item = Frame> + Clone,
    B: Backend,
{
    /// Sets the handler that is asked about faults that no reservation answers.
    pub fn register_unhandled_handler(&mut self, handler: H) {
        self.unhandled = Some(handler);
    }

    /// Finds the answer to a fault: `dispatch` is called with the handler of the reservation
    /// that holds the whole access.
    ///
    /// A reservation whose mapping was deferred is mapped instead, and the access restarted;
    /// when that fails the answer is `Error`, and [`fault_error`](Self::fault_error) says why.
    /// An access in no reservation, or one whose handler answers `Unhandled`, goes to the
    /// handler for unreserved faults, if there is one.
    pub fn handle_fault(
        &mut self,
        access: Access,
        mut dispatch: impl FnMut(H, Fault) -> FaultResult,
    ) -> FaultResult {
        self.fault_error = None;
        match (self.reserved_fault(access, &mut dispatch), self.unhandled) {
            (FaultResult::Unhandled, Some(handler)) => dispatch(
                handler,
                Fault {
                    access,
                    range: None,
                    offset: access.gpa.0,
                },
            ),
            (answer, _) => answer,
        }
    }

    /// Why the last [`handle_fault`](Self::handle_fault) could not map a reservation; `None` when
    /// it could, or was not to.
    pub const fn fault_error(&self) -> Option<&MapError<B::Error>> {
        self.fault_error.as_ref()
    }

    fn reserved_fault(
        &mut self,
        access: Access,
        dispatch: &mut impl FnMut(H, Fault) -> FaultResult,
    ) -> FaultResult {
        let Some((range, offset, used)) = self.holding(access.gpa, access.size) else {
            return FaultResult::Unhandled;
        };
        match used {
            Use::Pool => FaultResult::Unhandled,
            Use::Reserved(Reserved {
                backing: Backing::Torn(_),
                ..
            }) => {
                self.fault_error = Some(MapError::NeedsFree(range));
                FaultResult::Error
            }
            Use::Reserved(Reserved {
                backing: Backing::Deferred(frames),
                ..
            }) => {
                let frames = frames.clone();
                self.map_deferred(access.gpa, range, frames)
            }
            Use::Reserved(reserved) => dispatch(
                reserved.handler,
                Fault {
                    access,
                    range: Some(range),
                    offset,
                },
            ),
        }
    }

    fn map_deferred(&mut self, gpa: Gpa, range: GpaRange, frames: F) -> FaultResult {
        let Some(index) = self.entries.index_of(gpa) else {
            return FaultResult::Unhandled;
        };
        match self.map_at(index, range, frames) {
            Ok(()) => FaultResult::Restart,
            Err(error) => {
                self.fault_error = Some(error);
                FaultResult::Error
            }
        }
    }
}

#[cfg(test)]
mod tests;
