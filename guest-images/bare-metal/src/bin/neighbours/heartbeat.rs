//! A timer interrupt each millisecond, slept for, and how late each came.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bare_metal::{cpu, gic, println, read_system, timer};

/// Microseconds from beat to beat.
const PERIOD: u64 = 1000;
/// Beats of a round.
const BEATS: u64 = 100;
const ROUNDS: u32 = 3;

/// When the next beat is due.
static DUE: AtomicU64 = AtomicU64::new(0);
static BEATEN: AtomicU64 = AtomicU64::new(0);
/// Counts that the latest beat was late.
static WORST: AtomicU64 = AtomicU64::new(0);

/// Beats, and prints a line for each round.
pub(crate) fn run() {
    gic::init();
    gic::set_action(beat);
    gic::enable(timer::INTID);
    println!("HEARTBEAT begins");
    for _ in 0..ROUNDS {
        let (worst, elapsed) = round();
        println!("HEARTBEAT worst {worst} us, {BEATS} beats in {elapsed} us");
    }
    println!("HEARTBEAT ends");
}

/// One round: the worst lateness and how long it took, in microseconds.
fn round() -> (u64, u64) {
    BEATEN.store(0, Relaxed);
    WORST.store(0, Relaxed);
    let begin = timer::now();
    await_beat_at(begin + timer::ticks(PERIOD));
    while BEATEN.load(Relaxed) < BEATS {
        cpu::wait_for_interrupt();
        cpu::take_interrupts();
    }
    timer::stop();
    let elapsed = timer::now() - begin;
    (microseconds(WORST.load(Relaxed)), microseconds(elapsed))
}

fn await_beat_at(due: u64) {
    DUE.store(due, Relaxed);
    timer::fire_at(due);
}

/// The timer's interrupt.
fn beat(_intid: u32) {
    let due = DUE.load(Relaxed);
    let late = gic::time().saturating_sub(due);
    WORST.store(WORST.load(Relaxed).max(late), Relaxed);
    BEATEN.store(BEATEN.load(Relaxed) + 1, Relaxed);
    await_beat_at(due + timer::ticks(PERIOD));
}

/// Counts as microseconds, rounded up.
fn microseconds(counts: u64) -> u64 {
    (counts * 1_000_000).div_ceil(read_system!("cntfrq_el0"))
}
