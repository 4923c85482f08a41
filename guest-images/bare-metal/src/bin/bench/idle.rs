//! A second of idleness between two marks, for the host to count instructions.

use bare_metal::{cpu, println, timer};

use crate::interrupts::taken;
use crate::report;

/// Wakes in a second.
const WAKES: u64 = 10;

/// Sleeps a second with a timer of 10 Hz, and reports how long that took.
///
/// Half a second of sleep follows, so that a host that asks QEMU for its count of instructions
/// when it reads a mark gets it before anything else happens.
pub(crate) fn run() {
    println!("BENCH-MARK idle-begin");
    let begin = timer::now();
    sleep(WAKES);
    let end = timer::now();
    println!("BENCH-MARK idle-end");
    sleep(WAKES / 2);
    report("idle-second-nanoseconds", end - begin, 1);
}

/// Sleeps for so many wakes.
fn sleep(wakes: u64) {
    let period = timer::ticks(1_000_000 / WAKES);
    let begin = timer::now();
    for n in 1..=wakes {
        let before = taken();
        timer::fire_at(begin + n * period);
        while taken() == before {
            cpu::wait_for_interrupt();
        }
    }
}
