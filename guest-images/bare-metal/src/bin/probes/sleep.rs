//! WFI and WFE: they end, with interrupts masked or not, and what woke stays pending.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::gic::{self, register};
use bare_metal::timer::{
    INTID, delay, fire_at, fire_in, has_fired, now, stop, ticks, wait_until,
};
use bare_metal::{cpu, instruction, read_system, write_system};

pub(crate) const CHECKS: &[Check] = &[
    ("wfi-masked", masked),
    ("wfi-unmasked", unmasked),
    ("wfi-pending-already", pending_already),
    ("wfi-loop", in_a_loop),
    ("wfi-sleeps", sleeps),
    ("wfi-sgi-pending", sgi_pending),
    ("wfi-timer-control", timer_control),
    ("wfi-deadline-moved-on", deadline_moved_on),
    ("wfi-deadline-moved-on-in-handler", deadline_moved_on_in_handler),
    ("wfe-ends", wfe_ends),
    ("yield-ends", yield_ends),
];

/// CNTV_CTL_EL0 as the handler found it.
static CONTROL: AtomicU64 = AtomicU64::new(0);

fn start() {
    stop();
    gic::disable(INTID);
    gic::write_bit(register::ICPENDR, INTID);
    cpu::take_interrupts();
    gic::forget();
    gic::enable(INTID);
}

fn finish() {
    cpu::mask_interrupts();
    stop();
    gic::disable(INTID);
}

/// Masked at the CPU, the interrupt wakes WFI and is taken only when let in.
fn masked() -> Outcome {
    start();
    fire_in(2000);
    // WFI may end for no reason, so the timer says when it is over.
    while !has_fired() {
        cpu::wait_for_interrupt();
    }
    let early = gic::count(INTID);
    let pending = gic::read_interface(gic::interface::HPPIR) & 0x3ff;
    cpu::unmask_interrupts();
    delay(500);
    finish();
    expect("taken while masked", 0_u32, early)?;
    expect("highest pending", INTID, pending)?;
    expect("taken", 1_u32, gic::count(INTID))
}

/// A flag set by the handler ends the loop: the instruction after WFI is reached.
///
/// The handler sets the timer again, in case the first interrupt comes between the look and WFI.
fn unmasked() -> Outcome {
    start();
    gic::set_action(|_| fire_in(2000));
    cpu::unmask_interrupts();
    fire_in(2000);
    while gic::count(INTID) == 0 {
        cpu::wait_for_interrupt();
    }
    finish();
    expect("taken", true, gic::count(INTID) > 0)
}

fn pending_already() -> Outcome {
    start();
    fire_in(100);
    let fired = wait_until(has_fired);
    delay(300);
    let before = now();
    cpu::wait_for_interrupt();
    let waited = now() - before;
    finish();
    expect("fired", true, fired)?;
    expect("ends at once", true, waited < ticks(100_000))
}

fn in_a_loop() -> Outcome {
    start();
    gic::set_action(|_| fire_in(1000));
    cpu::unmask_interrupts();
    fire_in(1000);
    while gic::count(INTID) < 20 {
        cpu::wait_for_interrupt();
    }
    finish();
    cpu::take_interrupts();
    expect("at least", true, gic::count(INTID) >= 20)
}

/// Few wake-ups while nothing happens for 50 ms: WFI really waits.
fn sleeps() -> Outcome {
    start();
    fire_in(50_000);
    let mut wakes = 0_u64;
    while !has_fired() {
        cpu::wait_for_interrupt();
        wakes += 1;
    }
    finish();
    expect("wakes at most 100 times", true, wakes <= 100)
}

fn sgi_pending() -> Outcome {
    start();
    gic::write(register::SGIR, 2 << 24 | 3);
    // The timer ends a sleep that the SGI does not.
    fire_in(100_000);
    cpu::wait_for_interrupt();
    let fired = has_fired();
    let early = gic::count(3);
    cpu::unmask_interrupts();
    delay(300);
    finish();
    expect("the timer had to end it", false, fired)?;
    expect("taken while masked", 0_u32, early)?;
    expect("taken", 1_u32, gic::count(3))
}

/// What ended the wait does not show in the timer's own registers.
fn timer_control() -> Outcome {
    start();
    let deadline = now() + ticks(2000);
    fire_at(deadline);
    while !has_fired() {
        cpu::wait_for_interrupt();
    }
    let (control, compare) = (read_system!("cntv_ctl_el0"), read_system!("cntv_cval_el0"));
    gic::set_action(|_| {
        CONTROL.store(read_system!("cntv_ctl_el0"), Relaxed);
        stop();
    });
    cpu::unmask_interrupts();
    let arrived = wait_until(|| gic::count(INTID) > 0);
    finish();
    expect("ENABLE, ISTATUS", 5_u64, control)?;
    expect("CVAL", deadline, compare)?;
    expect("arrived", true, arrived)?;
    expect("in the handler", 5_u64, CONTROL.load(Relaxed))
}

/// The timer's line drops when its deadline moves on: nothing is pending, nothing is taken.
fn deadline_moved_on() -> Outcome {
    start();
    fire_in(2000);
    while !has_fired() {
        cpu::wait_for_interrupt();
    }
    delay(100);
    write_system!("cntv_cval_el0", now() + ticks(100_000));
    // A store, so that a monitor looks at the timer also where loads do not exit.
    gic::enable(INTID);
    let pending = gic::read_bit(register::ISPENDR, INTID);
    cpu::unmask_interrupts();
    delay(500);
    cpu::mask_interrupts();
    let early = gic::count(INTID);
    // And comes at the new one.
    write_system!("cntv_cval_el0", now() + ticks(1000));
    cpu::unmask_interrupts();
    let arrived = wait_until(|| gic::count(INTID) > 0);
    finish();
    expect("pending", false, pending)?;
    expect("taken", 0_u32, early)?;
    expect("arrived", true, arrived)
}

/// A handler that sets the next deadline is entered once for each.
fn deadline_moved_on_in_handler() -> Outcome {
    start();
    gic::set_action(|_| fire_in(3000));
    cpu::unmask_interrupts();
    fire_in(1000);
    while gic::count(INTID) == 0 {
        cpu::wait_for_interrupt();
    }
    let control = read_system!("cntv_ctl_el0");
    delay(1000);
    let early = gic::count(INTID);
    while gic::count(INTID) == 1 {
        cpu::wait_for_interrupt();
    }
    finish();
    expect("ENABLE", 1_u64, control)?;
    expect("taken at the second deadline", 1_u32, early)
}

/// The event register is set first, so WFE ends even where nothing else would wake it.
fn wfe_ends() -> Outcome {
    for _ in 0..10 {
        instruction!("sevl\nwfe");
        instruction!("sev\nwfe");
    }
    start();
    gic::set_action(|_| fire_in(1000));
    cpu::unmask_interrupts();
    fire_in(1000);
    while gic::count(INTID) == 0 {
        instruction!("wfe");
    }
    finish();
    expect("taken", true, gic::count(INTID) > 0)
}

fn yield_ends() -> Outcome {
    instruction!("yield\nyield\nnop");
    Ok(())
}
