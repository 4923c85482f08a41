//! Counts of tests, as Rust's test harness prints them.

use std::fmt;
use std::ops::AddAssign;

/// So many tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Ran and were right.
    pub passed: u64,
    /// Ran and were wrong, or could not be built.
    pub failed: u64,
    /// Were not run.
    pub skipped: u64,
}

impl Tally {
    /// What one line of a test program adds: `test result: ok. 3 passed; 0 failed; 1 ignored; ...`
    pub fn of_line(line: &str) -> Self {
        let mut tally = Self::default();
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return tally;
        };
        for count in counts.split("; ") {
            match count
                .split_once(' ')
                .map(|(number, what)| (number.parse(), what))
            {
                Some((Ok(number), "passed")) => tally.passed = number,
                Some((Ok(number), "failed")) => tally.failed = number,
                Some((Ok(number), "ignored")) => tally.skipped = number,
                _ => {}
            }
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted_and_summed() {
        let mut sum = Tally::default();
        sum += Tally::of_line(
            "test result: ok. 14 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out",
        );
        sum += Tally::of_line(
            "test result: FAILED. 1 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out",
        );
        assert_eq!(sum.to_string(), "15 passed, 3 failed, 2 skipped");
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in ["test a ... ok", "running 3 tests", "", "3 passed; 1 failed"] {
            assert_eq!(Tally::of_line(line), Tally::default(), "{line}");
        }
    }
}
