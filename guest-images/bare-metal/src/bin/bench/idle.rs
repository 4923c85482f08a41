//! A second of idleness, for a host that counts instructions.

use bare_metal::{cpu, timer};

use crate::interrupts::taken;
use crate::mark::profiled;
use crate::report;

/// Wakes in a second.
const WAKES: u64 = 10;

/// Sleeps a second with a timer of 10 Hz, and reports how long that took.
pub(crate) fn run() {
    let begin = timer::now();
    profiled("idle-second", 1, || sleep(WAKES));
    report("idle-second-nanoseconds", timer::now() - begin, 1);
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
