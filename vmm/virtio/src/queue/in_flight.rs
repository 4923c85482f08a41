//! The chains that a device has taken and not returned, by their first descriptor.

use super::MAX_SIZE;

const WORDS: usize = MAX_SIZE as usize / 64;

/// One bit for each descriptor.
#[derive(Clone, Copy, Debug)]
pub(super) struct InFlight([u64; WORDS]);

impl InFlight {
    pub(super) const NONE: Self = Self([0; WORDS]);

    /// `false` when it was there already, or there is no such descriptor.
    pub(super) fn insert(&mut self, head: u16) -> bool {
        self.word(head).is_some_and(|(word, bit)| {
            let new = *word & bit == 0;
            *word |= bit;
            new
        })
    }

    /// `false` when it was not there.
    pub(super) fn remove(&mut self, head: u16) -> bool {
        self.word(head).is_some_and(|(word, bit)| {
            let there = *word & bit != 0;
            *word &= !bit;
            there
        })
    }

    fn word(&mut self, head: u16) -> Option<(&mut u64, u64)> {
        let word = self.0.get_mut(usize::from(head / 64))?;
        Some((word, 1 << (head % 64)))
    }
}
