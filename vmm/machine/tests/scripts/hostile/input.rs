//! Choices taken from bytes: of a property test, or of a fuzzer.

/// The bytes that are left. Past their end everything is zero.
#[derive(Debug)]
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    pub(crate) fn word(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    /// A number that is small, an address, or anything.
    pub(crate) fn number(&mut self) -> u64 {
        match self.byte() {
            0..100 => self.byte().into(),
            100..200 => u64::from(self.word()),
            200..230 => u64::from(self.word()) << 32 | u64::from(self.word()),
            230..240 => u64::MAX,
            _ => 1 << (self.byte() & 63),
        }
    }
}
