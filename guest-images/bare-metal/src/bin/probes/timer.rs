//! The virtual timer and its level-triggered private interrupt.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::gic::{self, register};
use bare_metal::timer::{INTID, delay, fire_at, fire_in, has_fired, now, stop, ticks, wait_until};
use bare_metal::{cpu, read_system, write_system};

pub(crate) const CHECKS: &[Check] = &[
    ("timer-frequency", frequency),
    ("timer-fires", fires),
    ("timer-latched-while-disabled", latched_while_disabled),
    ("timer-stopped-while-disabled", stopped_while_disabled),
    ("timer-stopped-while-masked", stopped_while_masked),
    ("timer-level-comes-again", level_comes_again),
    ("timer-own-mask", own_mask),
    ("timer-in-the-past", in_the_past),
    ("timer-ticks", ticks_counted),
    ("timer-not-early", not_early),
];

/// A timer's second control bit: IMASK.
const IMASK: u64 = 2;

fn start() {
    stop();
    gic::disable(INTID);
    gic::write_bit(register::ICPENDR, INTID);
    cpu::take_interrupts();
    gic::forget();
}

fn finish() {
    cpu::mask_interrupts();
    stop();
    gic::disable(INTID);
}

/// Lets the timer fire and some time pass; tells whether it fired. (A loaded QEMU may be late.)
fn fire_and_pass() -> bool {
    fire_in(500);
    let fired = wait_until(has_fired);
    delay(500);
    fired
}

fn frequency() -> Outcome {
    let frequency = read_system!("cntfrq_el0");
    expect(
        "plausible frequency",
        true,
        (1_000_000..=1_000_000_000).contains(&frequency),
    )?;
    let first = now();
    expect("counter runs", true, wait_until(|| now() > first))
}

fn fires() -> Outcome {
    start();
    gic::enable(INTID);
    cpu::unmask_interrupts();
    fire_in(1000);
    let arrived = wait_until(|| gic::count(INTID) > 0);
    delay(3000);
    finish();
    expect("arrived", true, arrived)?;
    expect("taken", 1_u32, gic::count(INTID))
}

fn latched_while_disabled() -> Outcome {
    start();
    cpu::unmask_interrupts();
    let fired = fire_and_pass();
    let early = gic::count(INTID);
    let pending = gic::read_bit(register::ISPENDR, INTID);
    gic::enable(INTID);
    let arrived = wait_until(|| gic::count(INTID) > 0);
    delay(1000);
    finish();
    expect("fired", true, fired)?;
    expect("pending", true, pending)?;
    expect("taken while disabled", 0_u32, early)?;
    expect("arrived once enabled", true, arrived)?;
    expect("taken", 1_u32, gic::count(INTID))
}

/// The line is low again before the interrupt is enabled: nothing is left to deliver.
fn stopped_while_disabled() -> Outcome {
    start();
    cpu::unmask_interrupts();
    fire_and_pass();
    stop();
    gic::enable(INTID);
    delay(1000);
    finish();
    expect("taken", 0_u32, gic::count(INTID))
}

/// The same with the interrupt enabled and the CPU masked.
fn stopped_while_masked() -> Outcome {
    start();
    gic::enable(INTID);
    fire_and_pass();
    stop();
    // The monitor learns of the stop when it looks; a spurious interrupt is the worst it may cause.
    gic::read(register::ISPENDR);
    cpu::unmask_interrupts();
    delay(1000);
    finish();
    expect("at most one", true, gic::count(INTID) <= 1)?;
    start();
    gic::enable(INTID);
    cpu::unmask_interrupts();
    fire_in(500);
    let arrived = wait_until(|| gic::count(INTID) > 0);
    finish();
    expect("arrives the next time", true, arrived)
}

/// A handler that leaves the timer on is entered again.
fn level_comes_again() -> Outcome {
    start();
    gic::set_action(|_| {
        if gic::count(INTID) == 2 {
            stop();
        }
    });
    gic::enable(INTID);
    cpu::unmask_interrupts();
    fire_in(500);
    let arrived = wait_until(|| gic::count(INTID) == 3);
    delay(1000);
    finish();
    expect("arrived three times", true, arrived)?;
    expect("taken", 3_u32, gic::count(INTID))
}

fn own_mask() -> Outcome {
    start();
    gic::enable(INTID);
    cpu::unmask_interrupts();
    write_system!("cntv_cval_el0", now() + ticks(500));
    write_system!("cntv_ctl_el0", 1 | IMASK);
    wait_until(|| read_system!("cntv_ctl_el0") & 4 != 0);
    delay(500);
    let early = gic::count(INTID);
    let status = read_system!("cntv_ctl_el0");
    write_system!("cntv_ctl_el0", 1);
    let arrived = wait_until(|| gic::count(INTID) > 0);
    finish();
    expect("taken while IMASK", 0_u32, early)?;
    expect("ENABLE, IMASK, ISTATUS", 7_u64, status)?;
    expect("arrived", true, arrived)
}

fn in_the_past() -> Outcome {
    start();
    gic::enable(INTID);
    cpu::unmask_interrupts();
    fire_at(0);
    let arrived = wait_until(|| gic::count(INTID) > 0);
    finish();
    expect("arrived", true, arrived)?;
    expect("taken", 1_u32, gic::count(INTID))
}

fn ticks_counted() -> Outcome {
    start();
    gic::set_action(|_| {
        let next = read_system!("cntv_cval_el0") + ticks(1000);
        if gic::count(INTID) < 49 {
            fire_at(next);
        } else {
            stop();
        }
    });
    gic::enable(INTID);
    cpu::unmask_interrupts();
    let begin = now();
    fire_in(1000);
    let arrived = wait_until(|| gic::count(INTID) == 50);
    let took = now() - begin;
    delay(3000);
    finish();
    expect("arrived", true, arrived)?;
    expect("taken", 50_u32, gic::count(INTID))?;
    expect("not faster than the counter", true, took >= ticks(50_000))
}

fn not_early() -> Outcome {
    start();
    gic::enable(INTID);
    cpu::unmask_interrupts();
    for n in 1..10 {
        let deadline = now() + ticks(100 * n);
        let before = gic::count(INTID);
        fire_at(deadline);
        let arrived = wait_until(|| gic::count(INTID) > before);
        let time = gic::time();
        if !arrived || time < deadline {
            finish();
            expect("arrived", true, arrived)?;
            return expect("deadline", deadline, time);
        }
    }
    finish();
    Ok(())
}
