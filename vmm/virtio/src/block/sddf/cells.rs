//! Which cells of the data region are in use.

/// Most cells that are used: 16 MiB.
const MAX_CELLS: usize = 4096;
const WORDS: usize = MAX_CELLS / 64;

/// Contiguous cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: u64,
    count: u64,
}

impl Run {
    pub(super) const NONE: Self = Self { first: 0, count: 0 };
}

/// One bit for each cell that is taken.
#[derive(Debug)]
pub(super) struct Cells {
    taken: [u64; WORDS],
    all: u64,
}

impl Cells {
    /// `all` cells, none of them taken; those beyond what can be kept are left unused.
    pub(super) const fn new(all: u64) -> Self {
        Self {
            taken: [0; WORDS],
            all: if all < MAX_CELLS as u64 {
                all
            } else {
                MAX_CELLS as u64
            },
        }
    }

    pub(super) const fn all(&self) -> u64 {
        self.all
    }

    /// Takes the first `count` cells in a row that are free.
    pub(super) fn take(&mut self, count: u64) -> Option<Run> {
        let mut first = 0;
        let mut length = 0;
        for cell in 0..self.all {
            if length == count {
                break;
            }
            if self.is_taken(cell) {
                first = cell.saturating_add(1);
                length = 0;
            } else {
                length = length.saturating_add(1);
            }
        }
        let run = (length == count && count != 0).then_some(Run { first, count })?;
        self.set(run, true);
        Some(run)
    }

    pub(super) fn give(&mut self, run: Run) {
        self.set(run, false);
    }

    fn is_taken(&self, cell: u64) -> bool {
        let word = self.taken.get((cell / 64) as usize);
        word.is_none_or(|word| word & (1 << (cell % 64)) != 0)
    }

    fn set(&mut self, run: Run, taken: bool) {
        for cell in run.first..run.first.saturating_add(run.count) {
            if let Some(word) = self.taken.get_mut((cell / 64) as usize) {
                let bit = 1 << (cell % 64);
                *word = if taken { *word | bit } else { *word & !bit };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_the_first_that_fit() {
        let mut cells = Cells::new(8);
        let run = |first, count| Some(Run { first, count });
        assert_eq!(cells.take(3), run(0, 3));
        assert_eq!(cells.take(3), run(3, 3));
        assert_eq!(cells.take(3), None);
        assert_eq!(cells.take(2), run(6, 2));
        assert_eq!(cells.take(1), None);
        cells.give(Run { first: 0, count: 3 });
        cells.give(Run { first: 6, count: 2 });
        assert_eq!(cells.take(4), None, "five are free, but not in a row");
        assert_eq!(cells.take(0), None);
        assert_eq!(cells.take(2), run(0, 2));
    }

    #[test]
    fn a_large_region_is_used_in_part() {
        let mut cells = Cells::new(u64::MAX);
        assert_eq!(cells.all(), MAX_CELLS as u64);
        assert!(cells.take(MAX_CELLS as u64).is_some());
        assert!(cells.take(1).is_none());
    }
}
