//! A second of idleness between two marks, for the host to count instructions.

use bare_metal::{cpu, println, timer};

use crate::interrupts::taken;
use crate::report;

/// Wakes in the second.
const WAKES: u64 = 10;

/// Sleeps a second with a timer of 10 Hz, and reports how long that took.
pub(crate) fn run() {
    println!("BENCH-MARK idle-begin");
    let period = timer::ticks(1_000_000 / WAKES);
    let begin = timer::now();
    for n in 1..=WAKES {
        let before = taken();
        timer::fire_at(begin + n * period);
        while taken() == before {
            cpu::wait_for_interrupt();
        }
    }
    let end = timer::now();
    println!("BENCH-MARK idle-end");
    report("idle-second-nanoseconds", end - begin, 1);
}
