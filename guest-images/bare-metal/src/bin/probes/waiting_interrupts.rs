//! Changes of an interrupt that waits: they take effect before it is taken, and once.
//!
//! Interrupts stay masked at the CPU and are taken by hand, so that each step can be looked at.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::gic::{self, interface, register};
use bare_metal::{timer, write_system};

pub(crate) const CHECKS: &[Check] = &[
    ("waiting-priority-raised", priority_raised),
    ("waiting-priority-lowered", priority_lowered),
    ("waiting-priority-order", priority_order),
    ("waiting-disabled", disabled),
    ("waiting-ppi-disabled", private_disabled),
    ("waiting-sgi-cleared", sgi_cleared),
    ("waiting-cleared", cleared),
    ("waiting-distributor-off", distributor_off),
    ("waiting-changed-behind-its-end", changed_behind_its_end),
    ("waiting-disabled-in-handler", disabled_in_handler),
    ("active-changed", active_changed),
    ("active-distributor-off", active_distributor_off),
    ("waiting-more-than-list-registers", more_than_list_registers),
    ("nested-more-than-list-registers", nested),
    ("split-ends", split_ends),
    ("split-ends-hold-back", split_ends_hold_back),
    ("waiting-timer-moved-on", timer_moved_on),
];

/// SPIs that no device of the machine uses: six from here on.
const SPI: u32 = 64;
const SPURIOUS: u32 = 1023;
/// GICC_CTLR: EnableGrp0, and with EOImode.
const CTLR: u32 = 1;
const CTLR_SPLIT: u32 = 0x201;

fn acknowledge() -> u32 {
    gic::read_interface(interface::IAR) & 0x3ff
}

/// Ends an interrupt, and gives the end time to be seen.
fn end(intid: u32) {
    gic::write_interface(interface::EOIR, intid);
    timer::delay(5);
}

fn deactivate(intid: u32) {
    gic::write_interface(interface::DIR, intid);
    timer::delay(5);
}

/// Edge-triggered, enabled, and pending.
fn raise(intid: u32, priority: u8) {
    if intid >= 32 {
        gic::set_edge(intid, true);
    }
    gic::set_priority(intid, priority);
    gic::enable(intid);
    gic::write_bit(register::ISPENDR, intid);
}

/// Nothing waits, nothing is active, all as it was before.
fn clean() {
    gic::write_interface(interface::CTLR, CTLR);
    gic::write_interface(interface::PMR, 0xff);
    for intid in SPI..SPI + 6 {
        gic::disable(intid);
        gic::write_bit(register::ICPENDR, intid);
        gic::set_edge(intid, false);
        gic::set_priority(intid, 0xa0);
    }
}

/// Takes and ends `intid`, which must be the only one.
fn expect_once(what: &'static str, intid: u32) -> Outcome {
    let first = acknowledge();
    if first < 1020 {
        end(first);
    }
    let second = acknowledge();
    if second < 1020 {
        end(second);
    }
    expect(what, intid, first)?;
    expect("nothing more", SPURIOUS, second)
}

/// Cleans up whatever the outcome.
fn done(outcome: Outcome) -> Outcome {
    clean();
    outcome
}

fn priority_raised() -> Outcome {
    gic::write_interface(interface::PMR, 0x80);
    raise(SPI, 0xa0);
    let early = acknowledge();
    gic::set_priority(SPI, 0x20);
    let outcome = expect("masked", SPURIOUS, early).and(expect_once("let through", SPI));
    done(outcome)
}

fn priority_lowered() -> Outcome {
    gic::write_interface(interface::PMR, 0x80);
    raise(SPI, 0x20);
    gic::set_priority(SPI, 0xa0);
    let early = acknowledge();
    gic::write_interface(interface::PMR, 0xff);
    let outcome = expect("let through", SPURIOUS, early).and(expect_once("taken", SPI));
    done(outcome)
}

fn priority_order() -> Outcome {
    raise(SPI, 0x40);
    gic::set_priority(SPI, 0xc0);
    raise(SPI + 1, 0x80);
    let first = acknowledge();
    end(first);
    let outcome = expect("first", SPI + 1, first).and(expect_once("second", SPI));
    done(outcome)
}

fn disabled() -> Outcome {
    raise(SPI, 0x80);
    gic::disable(SPI);
    let early = acknowledge();
    let pending = gic::read_bit(register::ISPENDR, SPI);
    gic::enable(SPI);
    let outcome = expect("taken while disabled", SPURIOUS, early)
        .and(expect("pending", true, pending))
        .and(expect_once("enabled again", SPI));
    done(outcome)
}

/// PPI 26 has no source here.
fn private_disabled() -> Outcome {
    const PPI: u32 = 26;
    raise(PPI, 0x80);
    gic::disable(PPI);
    let early = acknowledge();
    gic::enable(PPI);
    let outcome = expect("taken while disabled", SPURIOUS, early)
        .and(expect_once("enabled again", PPI));
    gic::write_bit(register::ICPENDR, PPI);
    gic::disable(PPI);
    done(outcome)
}

fn sgi_cleared() -> Outcome {
    gic::write(register::SGIR, 2 << 24 | 3);
    gic::write(register::CPENDSGIR, 1 << 24);
    done(expect("taken", SPURIOUS, acknowledge()))
}

fn cleared() -> Outcome {
    raise(SPI, 0x80);
    gic::write_bit(register::ICPENDR, SPI);
    let taken = acknowledge();
    gic::write_bit(register::ISPENDR, SPI);
    let outcome = expect("taken", SPURIOUS, taken).and(expect_once("pending again", SPI));
    done(outcome)
}

fn distributor_off() -> Outcome {
    raise(SPI, 0x80);
    raise(SPI + 1, 0x80);
    gic::write(register::CTLR, 0);
    let early = acknowledge();
    gic::write(register::CTLR, 1);
    let first = acknowledge();
    end(first);
    let outcome = expect("taken while off", SPURIOUS, early)
        .and(expect("first", SPI, first))
        .and(expect_once("second", SPI + 1));
    done(outcome)
}

/// The end and the change follow each other at once: it must not come again.
fn changed_behind_its_end() -> Outcome {
    let changes: [fn(); 3] = [
        || gic::set_priority(SPI, 0x20),
        || {
            gic::disable(SPI);
            gic::enable(SPI);
        },
        || {
            gic::write(register::CTLR, 0);
            gic::write(register::CTLR, 1);
        },
    ];
    for change in changes {
        raise(SPI, 0x80);
        let taken = acknowledge();
        gic::write_interface(interface::EOIR, taken);
        change();
        let again = acknowledge();
        let outcome = expect("taken", SPI, taken).and(expect("again", SPURIOUS, again));
        clean();
        outcome?;
    }
    Ok(())
}

/// Another one of the same priority waits, and is disabled while the first is active.
fn disabled_in_handler() -> Outcome {
    raise(SPI, 0x80);
    raise(SPI + 1, 0x80);
    let first = acknowledge();
    gic::disable(SPI + 1);
    end(first);
    let early = acknowledge();
    gic::enable(SPI + 1);
    let outcome = expect("first", SPI, first)
        .and(expect("taken while disabled", SPURIOUS, early))
        .and(expect_once("enabled again", SPI + 1));
    done(outcome)
}

/// Disabled, enabled, raised and lowered while it is active: its end is its end.
fn active_changed() -> Outcome {
    raise(SPI, 0x80);
    let taken = acknowledge();
    gic::disable(SPI);
    gic::set_priority(SPI, 0x10);
    gic::enable(SPI);
    let early = acknowledge();
    gic::set_priority(SPI, 0xc0);
    end(taken);
    let late = acknowledge();
    let outcome = expect("taken", SPI, taken)
        .and(expect("nested in itself", SPURIOUS, early))
        .and(expect("after its end", SPURIOUS, late));
    done(outcome)
}

fn active_distributor_off() -> Outcome {
    raise(SPI, 0x80);
    let taken = acknowledge();
    gic::write(register::CTLR, 0);
    end(taken);
    gic::write(register::CTLR, 1);
    let outcome = expect("taken", SPI, taken).and(expect("again", SPURIOUS, acknowledge()));
    done(outcome)
}

fn more_than_list_registers() -> Outcome {
    gic::write_interface(interface::PMR, 0);
    for n in 0..6 {
        raise(SPI + n, 0xc0 - 0x10 * n as u8);
    }
    gic::write_interface(interface::PMR, 0xff);
    for n in (0..6).rev() {
        let taken = acknowledge();
        end(taken);
        if taken != SPI + n {
            return done(expect("order", SPI + n, taken));
        }
    }
    done(expect("nothing more", SPURIOUS, acknowledge()))
}

/// Six, each more urgent than the one that is handled. However deep they nest, each comes once.
fn nested() -> Outcome {
    let mut active = [0; 6];
    let (mut depth, mut seen, mut times) = (0, 0_u32, 0_u32);
    let mut take = |active: &mut [u32; 6], depth: &mut usize| {
        let taken = acknowledge();
        if let Some(place) = active.get_mut(*depth)
            && taken < 1020
        {
            *place = taken;
            *depth += 1;
            seen |= 1 << (taken.wrapping_sub(SPI) & 31);
            times += 1;
        }
    };
    for n in 0..6 {
        raise(SPI + n, 0xc0 - 0x10 * n as u8);
        take(&mut active, &mut depth);
    }
    while depth > 0 {
        depth -= 1;
        end(active[depth]);
        take(&mut active, &mut depth);
    }
    let outcome = expect("all", 0x3f_u32, seen).and(expect("each once", 6_u32, times));
    done(outcome)
}

/// Six whose priority is dropped at once and which are deactivated late: all come, in order.
fn split_ends() -> Outcome {
    gic::write_interface(interface::CTLR, CTLR_SPLIT);
    for n in 0..6 {
        raise(SPI + n, 0x40 + 8 * n as u8);
    }
    let (mut taken, mut deactivated) = (0, 0);
    let mut outcome = Ok(());
    while taken < 6 && outcome.is_ok() {
        let intid = acknowledge();
        if intid < 1020 {
            outcome = expect("order", SPI + taken, intid);
            end(intid);
            taken += 1;
        } else if deactivated < taken {
            deactivate(SPI + deactivated);
            deactivated += 1;
        } else {
            outcome = expect("taken", 6_u32, taken);
        }
    }
    for n in deactivated..6 {
        deactivate(SPI + n);
    }
    done(outcome.and(expect("nothing more", SPURIOUS, acknowledge())))
}

/// Pending again while it is active, though its priority has dropped.
fn split_ends_hold_back() -> Outcome {
    gic::write_interface(interface::CTLR, CTLR_SPLIT);
    raise(SPI, 0x80);
    let first = acknowledge();
    end(first);
    gic::write_bit(register::ISPENDR, SPI);
    let early = acknowledge();
    deactivate(SPI);
    let second = acknowledge();
    end(second);
    deactivate(SPI);
    let outcome = expect("first", SPI, first)
        .and(expect("while active", SPURIOUS, early))
        .and(expect("once deactivated", SPI, second))
        .and(expect("nothing more", SPURIOUS, acknowledge()));
    done(outcome)
}

/// The deadline moves on while the interrupt waits behind the priority mask.
fn timer_moved_on() -> Outcome {
    const TIMER: u32 = timer::INTID;
    gic::write_interface(interface::PMR, 0);
    gic::enable(TIMER);
    timer::fire_in(100);
    let fired = timer::wait_until(timer::has_fired);
    timer::delay(500);
    write_system!("cntv_cval_el0", timer::now() + timer::ticks(1_000_000));
    // A store, so that a monitor looks at the timer also where loads do not exit.
    gic::enable(TIMER);
    let pending = gic::read_bit(register::ISPENDR, TIMER);
    gic::write_interface(interface::PMR, 0xff);
    let early = acknowledge();
    timer::fire_in(100);
    timer::wait_until(timer::has_fired);
    timer::delay(500);
    let late = acknowledge();
    timer::stop();
    end(late);
    gic::disable(TIMER);
    let outcome = expect("fired", true, fired)
        .and(expect("pending", false, pending))
        .and(expect("taken", SPURIOUS, early))
        .and(expect("at the new deadline", TIMER, late));
    done(outcome)
}
