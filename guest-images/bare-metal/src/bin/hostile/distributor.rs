//! Nonsense written to the distributor.

use bare_metal::check::{Check, Outcome};
use bare_metal::exception::catch;
use bare_metal::gic::{self, GICC, GICD, register};
use bare_metal::{cpu, load, store, timer};

use crate::random::Random;
use crate::still_works;

pub(crate) const CHECKS: &[Check] = &[
    ("hostile-random-widths", random_widths),
    ("hostile-all-ones", || everywhere(u32::MAX)),
    ("hostile-all-zeros", || everywhere(0)),
    ("hostile-everything-pending", everything_pending),
    ("hostile-wrong-end-of-interrupt", wrong_end_of_interrupt),
    ("hostile-interrupt-storm", interrupt_storm),
    ("hostile-enable-and-disable", enable_and_disable),
];

/// Every width at any alignment, over the distributor's page and what lies behind it.
fn random_widths() -> Outcome {
    let mut random = Random::new(1);
    let ((), _) = catch(|| {
        for _ in 0..4000 {
            let span = if random.below(2) == 0 {
                0x1000
            } else {
                0x1_0000
            };
            let at = GICD + u64::from(random.below(span));
            let value = u64::from(random.next()) << 32 | u64::from(random.next());
            match random.below(8) {
                0 => _ = load!("ldrb {value:w}, [{address}]", at),
                1 => _ = load!("ldrsh {value}, [{address}]", at),
                2 => _ = load!("ldr {value:w}, [{address}]", at),
                3 => _ = load!("ldr {value}, [{address}]", at),
                4 => store!("strb {value:w}, [{address}]", at, value),
                5 => store!("strh {value:w}, [{address}]", at, value),
                6 => store!("str {value:w}, [{address}]", at, value),
                _ => store!("str {value}, [{address}]", at, value),
            }
        }
    });
    still_works()
}

fn everywhere(value: u32) -> Outcome {
    let ((), _) = catch(|| {
        for offset in (0..0x1000).step_by(4) {
            gic::write(offset, value);
        }
        for offset in 0..0x1000 {
            cpu::write8(GICD + offset, value as u8);
        }
    });
    still_works()
}

/// All interrupts enabled and pending at one priority, taken for some milliseconds.
fn everything_pending() -> Outcome {
    for word in 0..32 {
        gic::write(register::ISENABLER + 4 * word, u32::MAX);
        gic::write(register::ISPENDR + 4 * word, u32::MAX);
    }
    gic::set_action(|_| timer::stop());
    cpu::unmask_interrupts();
    timer::delay(20_000);
    cpu::mask_interrupts();
    still_works()
}

/// Ends of interrupts that were never taken, twice, and out of order.
fn wrong_end_of_interrupt() -> Outcome {
    let mut random = Random::new(2);
    let ((), _) = catch(|| {
        for n in 0..500 {
            gic::write_interface(gic::interface::EOIR, random.next());
            gic::write_interface(gic::interface::EOIR, n);
        }
        gic::write(register::ISACTIVER + 4, u32::MAX);
        gic::write(register::ICACTIVER + 4, u32::MAX);
        _ = cpu::read32(GICC + 0xffc);
    });
    still_works()
}

/// A level that stays high through a thousand handlers.
fn interrupt_storm() -> Outcome {
    gic::forget();
    gic::set_action(|intid| {
        if gic::count(intid) >= 1000 {
            timer::stop();
        }
    });
    gic::enable(timer::INTID);
    cpu::unmask_interrupts();
    timer::fire_at(0);
    timer::wait_until(|| gic::count(timer::INTID) > 1000);
    cpu::mask_interrupts();
    still_works()
}

/// The timer's interrupt switched on and off while its line is high.
fn enable_and_disable() -> Outcome {
    gic::forget();
    timer::fire_at(0);
    for _ in 0..200 {
        gic::enable(timer::INTID);
        gic::disable(timer::INTID);
        gic::write_bit(register::ISPENDR, timer::INTID);
        gic::write_bit(register::ICPENDR, timer::INTID);
    }
    cpu::take_interrupts();
    timer::stop();
    still_works()
}
