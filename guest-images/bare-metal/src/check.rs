//! Checks and their report: one line each, and a closing count.

use crate::println;

/// What a check found wrong.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    what: &'static str,
    expected: u64,
    got: u64,
}

/// A check's result.
pub type Outcome = Result<(), Failure>;

/// A check with the name it is reported under.
pub type Check = (&'static str, fn() -> Outcome);

/// Fails unless `got` is `expected`; `what` names the part of the check.
pub fn expect(what: &'static str, expected: impl Into<u64>, got: impl Into<u64>) -> Outcome {
    let (expected, got) = (expected.into(), got.into());
    if expected == got {
        Ok(())
    } else {
        Err(Failure {
            what,
            expected,
            got,
        })
    }
}

/// Counts what passed and what failed.
#[derive(Debug, Default)]
pub struct Report {
    passed: u32,
    failed: u32,
}

impl Report {
    /// Runs the checks, one line each.
    pub fn run(&mut self, checks: &[Check]) {
        for (name, check) in checks {
            self.add(name, check());
        }
    }

    /// Reports one check's result.
    pub fn add(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("PROBE {name}: ok");
            }
            Err(failure) => {
                self.failed += 1;
                println!(
                    "PROBE {name}: FAIL {} expected {:#x} got {:#x}",
                    failure.what, failure.expected, failure.got
                );
            }
        }
    }

    /// Prints the closing line.
    pub fn close(&self) {
        println!("PROBES passed {} failed {}", self.passed, self.failed);
    }
}
