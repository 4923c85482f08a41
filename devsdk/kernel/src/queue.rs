//! Queue of threads: at endpoints and notifications by priority, at a priority by turn.
use heapless::Vec;

use devsdk_image::{MAX_PDS, MAX_VCPUS};

/// Most threads of a system.
pub const MAX_THREADS: usize = MAX_PDS + MAX_VCPUS;

/// Index of a thread: PDs in the system description's order, then vCPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadId(pub u8);

impl ThreadId {
    /// Index into the thread table.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// An ordered set of threads.
#[derive(Debug, Default)]
pub struct ThreadQueue(Vec<ThreadId, MAX_THREADS, u8>);

impl ThreadQueue {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The first thread.
    #[must_use]
    pub fn first(&self) -> Option<ThreadId> {
        self.0.first().copied()
    }

    /// Whether nothing is queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts a thread first. A thread is in at most one queue, so there is always room.
    pub fn push_front(&mut self, thread: ThreadId) {
        let inserted = self.0.insert(0, thread);
        debug_assert!(inserted.is_ok(), "a thread was queued twice");
    }

    /// Puts a thread last.
    pub fn push_back(&mut self, thread: ThreadId) {
        self.insert_before(thread, |_| false);
    }

    /// Puts a thread before the first one for which `before` holds.
    pub fn insert_before(&mut self, thread: ThreadId, before: impl FnMut(&ThreadId) -> bool) {
        let index = self.0.iter().position(before).unwrap_or(self.0.len());
        let inserted = self.0.insert(index, thread);
        debug_assert!(inserted.is_ok(), "a thread was queued twice");
    }

    /// Takes a thread out, if it is in.
    pub fn remove(&mut self, thread: ThreadId) {
        self.0.retain(|other| *other != thread);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_removal_is_exact() {
        let mut queue = ThreadQueue::new();
        for id in [1, 2, 3] {
            queue.push_back(ThreadId(id));
        }
        queue.push_front(ThreadId(0));
        queue.insert_before(ThreadId(9), |other| other.0 == 2);
        queue.remove(ThreadId(0));
        queue.remove(ThreadId(7));
        assert_eq!(queue.first(), Some(ThreadId(1)));
        assert_eq!(queue.0.as_slice(), [1, 9, 2, 3].map(ThreadId));
    }
}
