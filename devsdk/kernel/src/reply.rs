//! Reply object: remembers whom to answer, and along which calls a scheduling context was passed.
use crate::queue::ThreadId;
use crate::sched_context::SchedContextId;

/// Index of a reply object: its PD's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyId(pub u8);

impl ReplyId {
    /// Index into the table.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What follows a reply in a call chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Next {
    /// It is in no chain, or the chain was broken here.
    #[default]
    None,
    /// A newer call's reply.
    Reply(ReplyId),
    /// It is the newest; the scheduling context comes back with it.
    SchedContext(SchedContextId),
}

/// A reply object. `thread` is a caller blocked on it, or a receiver that waits with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reply {
    /// Who is linked to it.
    pub thread: Option<ThreadId>,
    /// The next older reply of the chain.
    pub previous: Option<ReplyId>,
    /// The next newer one, or the scheduling context.
    pub next: Next,
}
