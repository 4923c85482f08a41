//! Disjoint ranges in address order, each with a value: the one structure behind the memory
//! map, the RAM allocator and the windows to guest RAM.

use heapless::Vec;
use vmm_arch::{Gpa, GpaRange};

/// One range and what it is.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    /// Where.
    pub range: GpaRange,
    /// What.
    pub value: T,
}

/// Why a range cannot go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// Ranges never overlap.
    #[error("it overlaps {0}")]
    Overlap(GpaRange),
    /// The capacity is fixed when the program is built.
    #[error("all {0} entries are in use")]
    Full(usize),
}

/// At most `N` ranges; lookup is a binary search.
#[derive(Clone, Debug)]
pub struct RangeMap<T, const N: usize> {
    entries: Vec<Entry<T>, N>,
}

impl<T, const N: usize> Default for RangeMap<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> RangeMap<T, N> {
    /// No ranges.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// All ranges in address order.
    pub fn iter(&self) -> core::slice::Iter<'_, Entry<T>> {
        self.entries.iter()
    }

    /// The range at a place in the order.
    pub fn get(&self, index: usize) -> Option<&Entry<T>> {
        self.entries.get(index)
    }

    /// The value at a place in the order, to change.
    pub fn value_mut(&mut self, index: usize) -> Option<&mut T> {
        self.entries.get_mut(index).map(|entry| &mut entry.value)
    }

    /// Place in the order of the range that holds `address`.
    #[inline]
    pub fn index_of(&self, address: Gpa) -> Option<usize> {
        let index = self.above(address).checked_sub(1)?;
        let range = self.entries.get(index)?.range;
        range.contains(address).then_some(index)
    }

    /// The range that holds `address`.
    #[inline]
    pub fn find(&self, address: Gpa) -> Option<&Entry<T>> {
        let entry = self.entries.get(self.above(address).checked_sub(1)?)?;
        entry.range.contains(address).then_some(entry)
    }

    /// Number of ranges that begin at or below `address`.
    #[inline]
    fn above(&self, address: Gpa) -> usize {
        self.above_counted(address, || ())
    }

    /// As `above`; calls `compared` at each comparison.
    #[inline]
    pub(super) fn above_counted(&self, address: Gpa, mut compared: impl FnMut()) -> usize {
        self.entries.partition_point(|entry| {
            compared();
            entry.range.base() <= address
        })
    }

    /// The first range that shares a byte with `range`.
    pub fn overlapping(&self, range: &GpaRange) -> Option<GpaRange> {
        let first = self
            .entries
            .partition_point(|entry| entry.range.last() < range.base());
        let found = self.entries.get(first)?.range;
        found.overlaps(range).then_some(found)
    }

    /// Adds a range.
    ///
    /// # Errors
    /// [`InsertError`], and nothing changed.
    pub fn insert(&mut self, range: GpaRange, value: T) -> Result<(), InsertError> {
        if let Some(other) = self.overlapping(&range) {
            return Err(InsertError::Overlap(other));
        }
        let index = self.above(range.base());
        self.entries
            .insert(index, Entry { range, value })
            .map_err(|_| InsertError::Full(N))
    }

    /// Takes a range out.
    pub fn remove(&mut self, index: usize) -> Option<Entry<T>> {
        (index < self.entries.len()).then(|| self.entries.remove(index))
    }

    /// Gives `part` of the range at `index` another value; what is left of the range before and
    /// after keeps `rest`.
    ///
    /// # Errors
    /// [`InsertError::Full`] when the pieces do not fit, [`InsertError::Overlap`] when `part`
    /// is not inside the range; nothing changed.
    pub fn carve(
        &mut self,
        index: usize,
        part: GpaRange,
        value: T,
        rest: impl Fn() -> T,
    ) -> Result<(), InsertError> {
        let whole = match self.entries.get(index) {
            Some(entry) if entry.range.contains_range(&part) => entry.range,
            _ => return Err(InsertError::Overlap(part)),
        };
        let before = between(whole.base(), part.base());
        let after = part
            .last()
            .checked_add(1)
            .and_then(|base| GpaRange::new(base, whole.last().offset_from(part.last())?).ok());
        let more = before.iter().chain(&after).count();
        if N.saturating_sub(self.entries.len()) < more {
            return Err(InsertError::Full(N));
        }
        self.remove(index);
        for (range, value) in [
            before.map(|range| (range, rest())),
            Some((part, value)),
            after.map(|range| (range, rest())),
        ]
        .into_iter()
        .flatten()
        {
            self.insert(range, value)?;
        }
        Ok(())
    }

    /// Makes one range of the one at `index` and each neighbour that touches it and for which
    /// `same` holds.
    pub fn merge(&mut self, index: usize, same: impl Fn(&T, &T) -> bool) {
        self.merge_next(index, &same);
        if let Some(previous) = index.checked_sub(1) {
            self.merge_next(previous, &same);
        }
    }

    fn merge_next(&mut self, index: usize, same: &impl Fn(&T, &T) -> bool) {
        let next = index.saturating_add(1);
        let Some(joined) = self.get(index).zip(self.get(next)).and_then(|(a, b)| {
            let touch = touches(&a.range, &b.range) && same(&a.value, &b.value);
            touch.then(|| join(&a.range, &b.range)).flatten()
        }) else {
            return;
        };
        self.remove(next);
        if let Some(entry) = self.entries.get_mut(index) {
            entry.range = joined;
        }
    }

    /// The lowest place for `size` bytes at a multiple of `align` (a power of two) inside a
    /// range for which `free` holds, and that range's index.
    pub fn first_fit(
        &self,
        size: u64,
        align: u64,
        free: impl Fn(&T) -> bool,
    ) -> Option<(usize, GpaRange)> {
        self.iter().enumerate().find_map(|(index, entry)| {
            let base = entry.range.base().0.checked_next_multiple_of(align)?;
            let place = GpaRange::new(Gpa(base), size).ok()?;
            let fits = free(&entry.value) && entry.range.contains_range(&place);
            fits.then_some((index, place))
        })
    }
}

/// Does `high` begin right after the end of `low`?
pub fn touches(low: &GpaRange, high: &GpaRange) -> bool {
    low.last().checked_add(1) == Some(high.base())
}

/// The range from `low`'s first byte to `high`'s last.
fn join(low: &GpaRange, high: &GpaRange) -> Option<GpaRange> {
    GpaRange::new(low.base(), low.size().checked_add(high.size())?).ok()
}

/// The range from `from` up to but not including `to`, unless it is empty.
fn between(from: Gpa, to: Gpa) -> Option<GpaRange> {
    GpaRange::new(from, to.offset_from(from)?).ok()
}

#[cfg(test)]
mod tests;
