//! Who gets how much time: domains of one priority, and one with a budget.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use parity::domain::name;
use parity::timer;
use sel4_microkit::{debug_println, memory_region_symbol};

/// What the round robin's and the budget's domains share.
struct Shared {
    last: AtomicU64,
    turns: [AtomicU64; 2],
    done: AtomicU64,
}

#[expect(unsafe_code, reason = "shared memory")]
fn shared(use_it: impl FnOnce(&Shared)) {
    let region = memory_region_symbol!(shared_region: *mut Shared);
    // SAFETY: a zeroed page of at least its size, in which everyone uses only atomics.
    use_it(unsafe { region.as_ref() });
}

/// Two domains of one priority: each runs when the other's slice is over.
pub(crate) fn take_turns() {
    const TURNS: u64 = 10;
    let me = if name() == "left" { 1 } else { 2 };
    shared(|shared| {
        let mine = &shared.turns[me as usize - 1];
        while mine.load(SeqCst) < TURNS {
            if shared.last.swap(me, SeqCst) != me {
                mine.fetch_add(1, SeqCst);
            }
        }
    });
}

/// A fifth of the time, by budget 2000 and period 10000: gaps are what others get.
pub(crate) fn throttle() {
    const GAPS: u32 = 20;
    let (begin, mut last, mut gaps, mut lost) = (timer::now(), timer::now(), 0, 0);
    while gaps < GAPS {
        let now = timer::now();
        // Far more than an interrupt takes, far less than the 8000 that are missing.
        if now - last > timer::ticks(2000) {
            gaps += 1;
            lost += now - last;
        }
        last = now;
    }
    let share = 1000 - lost * 1000 / (last - begin);
    // A host that is busy with something else only lowers it.
    let verdict = if share < 400 {
        "not much more than a fifth"
    } else {
        "too much"
    };
    debug_println!("throttled had {verdict}");
    shared(|shared| shared.done.store(1, SeqCst));
}

/// Runs whenever the throttled domain may not, until that has seen enough.
pub(crate) fn fill() {
    shared(|shared| while shared.done.load(SeqCst) == 0 {});
}

/// Prints what the domains that could not print without being interrupted have counted.
pub(crate) fn tell() {
    shared(|shared| {
        let [left, right] = &shared.turns;
        debug_println!("left had {} turns", left.load(SeqCst));
        debug_println!("right had {} turns", right.load(SeqCst));
    });
}
