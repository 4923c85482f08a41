//! The virtual timer, and waits that end by themselves.

use crate::{cpu, read_system, write_system};

/// The virtual timer's interrupt.
pub const INTID: u32 = 27;
const ENABLE: u64 = 1;

/// CNTVCT_EL0.
pub fn now() -> u64 {
    read_system!("cntvct_el0")
}

/// Counter ticks of so many microseconds.
pub fn ticks(microseconds: u64) -> u64 {
    microseconds * read_system!("cntfrq_el0") / 1_000_000
}

/// Lets the timer fire when the counter reaches `deadline`.
pub fn fire_at(deadline: u64) {
    write_system!("cntv_cval_el0", deadline);
    write_system!("cntv_ctl_el0", ENABLE);
}

/// Lets the timer fire so many microseconds from now.
pub fn fire_in(microseconds: u64) {
    fire_at(now() + ticks(microseconds));
}

/// Turns the timer off, so that its line is low.
pub fn stop() {
    write_system!("cntv_ctl_el0", 0);
}

/// Is the timer's condition met?
pub fn has_fired() -> bool {
    read_system!("cntv_ctl_el0") & 5 == 5
}

/// Spins so many microseconds.
pub fn delay(microseconds: u64) {
    let end = now() + ticks(microseconds);
    while now() < end {}
}

/// Waits until `condition` holds, at most 100 ms with interrupts as they are; tells whether it does.
pub fn wait_until(condition: impl Fn() -> bool) -> bool {
    let end = now() + ticks(100_000);
    while now() < end {
        if condition() {
            return true;
        }
        cpu::read32(crate::console::UART + crate::console::FR);
    }
    condition()
}
