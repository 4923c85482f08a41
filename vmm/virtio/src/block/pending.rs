//! Requests that the disk has taken and not answered yet.

use super::{QUEUE_SIZE, disk::Token, request::Answer};

/// What each needs for its answer, by first descriptor.
#[derive(Debug)]
pub(super) struct Pending {
    answers: [Option<Answer>; QUEUE_SIZE as usize],
    epoch: u16,
}

impl Pending {
    pub(super) const NONE: Self = Self {
        answers: [const { None }; QUEUE_SIZE as usize],
        epoch: 0,
    };

    /// The name under which the disk gets the chain that begins at `head`.
    pub(super) fn token(&self, head: u16) -> Token {
        Token(u32::from(self.epoch) << 16 | u32::from(head))
    }

    pub(super) fn insert(&mut self, head: u16, answer: Answer) {
        if let Some(slot) = self.answers.get_mut(usize::from(head)) {
            *slot = Some(answer);
        }
    }

    /// The request that the disk answers; `None` when there is none of that name any more.
    pub(super) fn remove(&mut self, token: Token) -> Option<(u16, Answer)> {
        let head = token.0 as u16;
        if token != self.token(head) {
            return None;
        }
        let answer = self.answers.get_mut(usize::from(head))?.take()?;
        Some((head, answer))
    }

    /// No request is at work any more: answers that still come are nobody's.
    pub(super) fn forget(&mut self) {
        self.answers.fill(None);
        self.epoch = self.epoch.wrapping_add(1);
    }
}
