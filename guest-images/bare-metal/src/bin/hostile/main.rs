//! A guest that does what no guest should. Each act must end with an exception or a value, and
//! leave the monitor alive: a line says that control came back.
#![no_std]
#![no_main]

mod calls;
mod distributor;
mod encodings;
mod random;
mod translation;
mod wild;

use bare_metal::check::{Outcome, Report, expect};
use bare_metal::timer::{INTID, fire_in, stop, wait_until};
use bare_metal::{cpu, gic};

bare_metal::entry!(main);

fn main(_dtb: u64) {
    gic::init();
    let mut report = Report::default();
    for checks in [
        distributor::CHECKS,
        wild::CHECKS,
        calls::CHECKS,
        encodings::CHECKS,
        translation::CHECKS,
    ] {
        report.run(checks);
    }
    report.add("hostile-all-still-works", still_works());
    report.close();
}

/// Sets the interrupt controller up afresh and takes a timer interrupt and an SGI.
pub(crate) fn still_works() -> Outcome {
    cpu::mask_interrupts();
    gic::init();
    gic::enable(INTID);
    cpu::unmask_interrupts();
    fire_in(500);
    let timer = wait_until(|| gic::count(INTID) > 0);
    gic::write(gic::register::SGIR, 2 << 24 | 4);
    let sgi = wait_until(|| gic::count(4) > 0);
    cpu::mask_interrupts();
    stop();
    gic::disable(INTID);
    expect("timer interrupt", true, timer)?;
    expect("software interrupt", true, sgi)
}
