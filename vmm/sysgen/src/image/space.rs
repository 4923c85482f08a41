//! The guest's RAM while images are placed into it: what may be used, and what is taken.

use std::ops::Range;

use crate::number;

/// RAM, in pieces that do not touch each other, and what lies in it already.
#[derive(Clone, Debug)]
pub struct Space {
    ram: Vec<Range<u64>>,
    /// Where may be placed what has no address of its own.
    pieces: Vec<Range<u64>>,
    /// What the pieces are, for messages.
    name: String,
    taken: Vec<Taken>,
}

#[derive(Clone, Debug)]
struct Taken {
    range: Range<u64>,
    what: String,
}

/// Something has no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {hint}")]
pub struct SpaceError {
    /// What has none, how large it is, and how much there is.
    pub problem: String,
    /// What to do.
    pub hint: String,
    /// Is the address that `load=` says the reason?
    pub by_load: bool,
}

impl SpaceError {
    /// One that is not about `load=`.
    pub(crate) fn new(problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            hint: hint.into(),
            by_load: false,
        }
    }
}

/// What is wanted: `size` bytes, `offset` after a multiple of `align`, inside `window`.
#[derive(Clone, Debug)]
pub(super) struct Wish<'a> {
    pub(super) what: &'a str,
    pub(super) size: u64,
    pub(super) align: u64,
    pub(super) offset: u64,
    pub(super) window: Range<u64>,
}

impl<'a> Wish<'a> {
    pub(super) fn new(what: &'a str, size: u64, align: u64) -> Self {
        Self {
            what,
            size,
            align,
            offset: 0,
            window: 0..u64::MAX,
        }
    }

    pub(super) fn after(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    pub(super) fn within(mut self, window: Range<u64>) -> Self {
        self.window = window;
        self
    }
}

impl Space {
    /// All of the guest's RAM. Pieces that touch are one.
    pub fn new(ram: impl IntoIterator<Item = Range<u64>>) -> Self {
        let ram = joined(ram);
        Self {
            pieces: ram.clone(),
            ram,
            name: "guest RAM".to_owned(),
            taken: Vec::new(),
        }
    }

    /// Is all of `range` RAM?
    pub fn contains(&self, range: &Range<u64>) -> bool {
        let mut pieces = self.ram.iter();
        pieces.any(|piece| piece.start <= range.start && range.end <= piece.end)
    }

    /// What has no address of its own is placed in `memory` only, which messages call `name`.
    pub fn limit(&mut self, memory: &[Range<u64>], name: impl Into<String>) {
        let memory = joined(memory.iter().cloned());
        let common = |piece: &Range<u64>| {
            let cut = |other: &Range<u64>| piece.start.max(other.start)..piece.end.min(other.end);
            memory.iter().map(cut).collect::<Vec<_>>()
        };
        self.pieces = joined(self.pieces.iter().flat_map(common));
        self.name = name.into();
    }

    /// Nothing may be placed on `range`, which is `what`.
    pub fn reserve(&mut self, range: Range<u64>, what: impl Into<String>) {
        if !range.is_empty() {
            let what = what.into();
            self.taken.push(Taken { range, what });
        }
    }

    /// The first byte of each piece.
    pub(super) fn starts(&self) -> Vec<u64> {
        self.pieces.iter().map(|piece| piece.start).collect()
    }

    /// Takes the lowest place that is free.
    pub(super) fn take(&mut self, wish: &Wish<'_>) -> Result<u64, SpaceError> {
        self.taken.sort_by_key(|taken| taken.range.start);
        let mut pieces = self.pieces.iter();
        let Some(base) = pieces.find_map(|piece| self.find(piece, wish)) else {
            return Err(self.too_small(wish));
        };
        self.reserve(base..base + wish.size, wish.what);
        Ok(base)
    }

    /// The lowest free place in one piece; `taken` is sorted.
    fn find(&self, piece: &Range<u64>, wish: &Wish<'_>) -> Option<u64> {
        let first = piece.start.max(wish.window.start);
        let end = piece.end.min(wish.window.end);
        // The aligned address in front of an offset has to be RAM as well.
        let aligned = |from: u64| from.checked_next_multiple_of(wish.align);
        let mut base = aligned(first)?.checked_add(wish.offset)?;
        for taken in self.taken.iter().map(|taken| &taken.range) {
            let wanted = base..base.checked_add(wish.size)?;
            if taken.start < wanted.end && wanted.start < taken.end {
                let after = taken.end.saturating_sub(wish.offset).max(first);
                base = aligned(after)?.checked_add(wish.offset)?;
            }
        }
        (base.checked_add(wish.size)? <= end).then_some(base)
    }

    /// Takes one certain place.
    pub(super) fn claim(&mut self, range: Range<u64>, what: &str) -> Result<(), SpaceError> {
        let Range { start, end } = range;
        let error = |problem: String, hint: &str| {
            SpaceError::new(format!("{what} ({start:#x} to {end:#x}) {problem}"), hint)
        };
        if !self.contains(&range) {
            let problem = format!("lies outside guest RAM, which is {}", list(&self.ram));
            return Err(error(problem, "link or load it inside"));
        }
        let overlap = |taken: &&Taken| taken.range.start < end && start < taken.range.end;
        if let Some(taken) = self.taken.iter().find(overlap) {
            let Range { start, end } = taken.range;
            let problem = format!("lies on {} ({start:#x} to {end:#x})", taken.what);
            return Err(error(problem, "link or load it elsewhere"));
        }
        self.reserve(range, what);
        Ok(())
    }

    fn too_small(&self, wish: &Wish<'_>) -> SpaceError {
        let mut wanted = format!("{} needs {}", wish.what, number::size(wish.size));
        if wish.offset > 0 {
            let align = number::size(wish.align);
            wanted += &format!(", {:#x} after a multiple of {align}", wish.offset);
        } else if wish.align > 0x1000 {
            wanted += &format!(" at a multiple of {}", number::size(wish.align));
        }
        let free = self.largest_free(&wish.window).map_or_else(
            || format!("nothing of {} is free", self.name),
            |free| {
                format!(
                    "the largest free part of {} is {}",
                    self.name,
                    list(&[free])
                )
            },
        );
        SpaceError::new(
            format!("{wanted}, but {free}"),
            "give the guest more RAM or use a smaller image",
        )
    }

    fn largest_free(&self, window: &Range<u64>) -> Option<Range<u64>> {
        let mut largest: Option<Range<u64>> = None;
        let mut consider = |range: Range<u64>| {
            let length = |range: &Range<u64>| range.end.saturating_sub(range.start);
            if length(&range) > largest.as_ref().map_or(0, length) {
                largest = Some(range);
            }
        };
        for piece in &self.pieces {
            let mut start = piece.start.max(window.start);
            let end = piece.end.min(window.end);
            for taken in &self.taken {
                consider(start..end.min(taken.range.start));
                start = start.max(taken.range.end);
            }
            consider(start..end);
        }
        largest
    }
}

/// Sorted, without empty ones, and what touches or overlaps made one.
fn joined(ranges: impl IntoIterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut sorted: Vec<Range<u64>> = ranges.into_iter().filter(|r| !r.is_empty()).collect();
    sorted.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match joined.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => joined.push(range),
        }
    }
    joined
}

/// Ranges with their sizes.
fn list(ranges: &[Range<u64>]) -> String {
    let texts = ranges.iter().map(|range| {
        let size = number::size(range.end - range.start);
        format!("{:#x} to {:#x} ({size})", range.start, range.end)
    });
    texts.collect::<Vec<_>>().join(", ")
}
