//! Copies between the VMM and the buffers of a request, however these are cut into segments.

use vmm_arch::Gpa;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::Segment;
use crate::Memory;

/// A place in a list of segments.
#[derive(Clone, Debug)]
struct Cursor<'c> {
    segments: &'c [Segment],
    /// Bytes of the first segment that are behind the place.
    done: u32,
    /// Bytes from the place to the end.
    left: u32,
}

impl<'c> Cursor<'c> {
    /// At the start of segments that have less than 4 GiB together.
    fn new(segments: &'c [Segment]) -> Self {
        let bytes = |sum: u32, one: &Segment| sum.saturating_add(one.length);
        Self {
            segments,
            done: 0,
            left: segments.iter().fold(0, bytes),
        }
    }

    fn skip(&mut self, bytes: u32) {
        let mut left = bytes;
        while let Some((_, length)) = self.advance(left as usize) {
            left = left.saturating_sub(u32::try_from(length).unwrap_or(u32::MAX));
        }
    }

    /// The next piece of at most `limit` bytes that lies in one segment, and moves behind it.
    fn advance(&mut self, limit: usize) -> Option<(Gpa, usize)> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX).min(self.left);
        loop {
            let (first, rest) = self.segments.split_first()?;
            let left = first.length.saturating_sub(self.done);
            let length = left.min(limit);
            if length == 0 {
                if limit == 0 {
                    return None;
                }
                (self.segments, self.done) = (rest, 0);
                continue;
            }
            let gpa = first.gpa.checked_add(self.done.into())?;
            self.done = self.done.saturating_add(length);
            self.left = self.left.saturating_sub(length);
            return Some((gpa, usize::try_from(length).ok()?));
        }
    }
}

/// Reads the readable segments of a chain.
#[derive(Clone, Debug)]
pub struct Reader<'c, 'm> {
    memory: &'m Memory,
    cursor: Cursor<'c>,
}

impl<'c, 'm> Reader<'c, 'm> {
    pub(super) fn new(memory: &'m Memory, segments: &'c [Segment]) -> Self {
        let cursor = Cursor::new(segments);
        Self { memory, cursor }
    }

    /// Bytes not read yet.
    pub const fn remaining(&self) -> u32 {
        self.cursor.left
    }

    /// Copies out as many bytes as there are, at most `bytes.len()`; gives their number.
    pub fn read(&mut self, bytes: &mut [u8]) -> usize {
        let mut done = 0_usize;
        while let Some(rest) = bytes.get_mut(done..)
            && let Some((gpa, length)) = self.cursor.advance(rest.len())
            && let Some(piece) = rest.get_mut(..length)
            && self.memory.read(gpa, piece).is_ok()
        {
            done = done.saturating_add(length);
        }
        done
    }

    /// Passes over bytes.
    pub fn skip(&mut self, bytes: u32) {
        self.cursor.skip(bytes);
    }

    /// Reads a structure; `None` when the buffers end before it does.
    pub fn read_value<T: FromBytes + IntoBytes>(&mut self) -> Option<T> {
        let mut value = T::new_zeroed();
        let bytes = value.as_mut_bytes();
        (self.read(bytes) == size_of::<T>()).then_some(value)
    }

    /// The next piece that lies in one segment, of at most `limit` bytes, without copying it.
    pub fn next_piece(&mut self, limit: usize) -> Option<(Gpa, usize)> {
        self.cursor.advance(limit)
    }
}

/// Writes the writable segments of a chain.
#[derive(Clone, Debug)]
pub struct Writer<'c, 'm> {
    memory: &'m Memory,
    cursor: Cursor<'c>,
    written: u32,
}

impl<'c, 'm> Writer<'c, 'm> {
    pub(super) fn new(memory: &'m Memory, segments: &'c [Segment]) -> Self {
        let cursor = Cursor::new(segments);
        Self {
            memory,
            cursor,
            written: 0,
        }
    }

    /// Bytes that there is room for.
    pub const fn remaining(&self) -> u32 {
        self.cursor.left
    }

    /// Cuts the last `bytes` bytes off, and gives a writer for these. With fewer bytes left,
    /// this writer keeps none, and the other gets what there is.
    #[must_use]
    pub fn split_off_last(&mut self, bytes: u32) -> Self {
        let mut last = self.clone();
        self.cursor.left = self.cursor.left.saturating_sub(bytes);
        last.cursor.skip(self.cursor.left);
        last.written = 0;
        last
    }

    /// Bytes passed so far: the length that goes into the used ring.
    pub const fn written(&self) -> u32 {
        self.written
    }

    /// Passes over bytes, which count as written.
    pub fn skip(&mut self, bytes: u32) {
        let before = self.cursor.left;
        self.cursor.skip(bytes);
        let passed = before.saturating_sub(self.cursor.left);
        self.written = self.written.saturating_add(passed);
    }

    /// Copies in as many bytes as there is room for; gives their number.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0_usize;
        while let Some(rest) = bytes.get(done..)
            && let Some((gpa, length)) = self.next_piece(rest.len())
            && let Some(piece) = rest.get(..length)
            && self.memory.write(gpa, piece).is_ok()
        {
            done = done.saturating_add(length);
        }
        done
    }

    /// Writes a structure; `false` when there is no room for all of it.
    pub fn write_value<T: IntoBytes + Immutable>(&mut self, value: &T) -> bool {
        self.write(value.as_bytes()) == size_of::<T>()
    }

    /// The next piece that lies in one segment, of at most `limit` bytes, for somebody else to
    /// fill. It counts as written.
    pub fn next_piece(&mut self, limit: usize) -> Option<(Gpa, usize)> {
        let (gpa, length) = self.cursor.advance(limit)?;
        let bytes = u32::try_from(length).unwrap_or(u32::MAX);
        self.written = self.written.saturating_add(bytes);
        Some((gpa, length))
    }
}
