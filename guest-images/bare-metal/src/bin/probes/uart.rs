//! A passed-through device with a level-triggered interrupt: the PL011's transmitter.

use bare_metal::check::{Check, Outcome, expect};
use bare_metal::console::{ICR, IMSC, RIS, UART};
use bare_metal::cpu::{self, read32, write32};
use bare_metal::gic::{self, UART_INTID, register};
use bare_metal::{println, timer};

pub(crate) const CHECKS: &[Check] = &[
    ("uart-interrupt", interrupt),
    ("uart-level-comes-again", level_comes_again),
    ("uart-latched-while-disabled", latched_while_disabled),
];

const TRANSMIT: u32 = 1 << 5;

/// Printing makes the transmit interrupt's condition true; `IMSC` decides when it shows.
fn start() {
    write32(UART + IMSC, 0);
    write32(UART + ICR, 0x7ff);
    gic::disable(UART_INTID);
    gic::forget();
    println!("# a line to transmit");
}

fn quiet() {
    write32(UART + ICR, TRANSMIT);
}

fn finish() {
    cpu::mask_interrupts();
    write32(UART + IMSC, 0);
    quiet();
    gic::disable(UART_INTID);
    gic::write_bit(register::ICPENDR, UART_INTID);
}

fn interrupt() -> Outcome {
    for round in 1..=10 {
        start();
        gic::set_action(|_| quiet());
        gic::enable(UART_INTID);
        let raw = read32(UART + RIS) & TRANSMIT;
        cpu::unmask_interrupts();
        write32(UART + IMSC, TRANSMIT);
        let arrived = timer::wait_until(|| gic::count(UART_INTID) > 0);
        timer::delay(300);
        finish();
        expect("raw status", TRANSMIT, raw)?;
        expect(
            "arrived in round",
            round,
            if arrived { round } else { 0_u64 },
        )?;
        expect("taken", 1_u32, gic::count(UART_INTID))?;
    }
    Ok(())
}

/// A handler that does not clear the condition is entered again.
fn level_comes_again() -> Outcome {
    start();
    gic::set_action(|intid| {
        if gic::count(intid) == 2 {
            quiet();
        }
    });
    gic::enable(UART_INTID);
    cpu::unmask_interrupts();
    write32(UART + IMSC, TRANSMIT);
    let arrived = timer::wait_until(|| gic::count(UART_INTID) == 3);
    timer::delay(300);
    finish();
    expect("arrived three times", true, arrived)?;
    expect("taken", 3_u32, gic::count(UART_INTID))
}

fn latched_while_disabled() -> Outcome {
    start();
    gic::set_action(|_| quiet());
    cpu::unmask_interrupts();
    write32(UART + IMSC, TRANSMIT);
    timer::delay(500);
    let early = gic::count(UART_INTID);
    gic::enable(UART_INTID);
    let arrived = timer::wait_until(|| gic::count(UART_INTID) > 0);
    timer::delay(300);
    finish();
    expect("taken while disabled", 0_u32, early)?;
    expect("arrived", true, arrived)?;
    expect("taken", 1_u32, gic::count(UART_INTID))
}
