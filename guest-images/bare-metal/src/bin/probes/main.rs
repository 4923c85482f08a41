//! Checks the monitor from inside a VM with one CPU: a line per check, a count, power off.
#![no_std]
#![no_main]

mod aarch32;
mod aborts;
mod byte_order;
mod firmware;
mod forms;
mod interrupts;
mod kept;
mod loads;
mod sleep;
mod software_interrupts;
mod start;
mod stores;
mod system_registers;
mod timer;
mod uart;
mod waiting_interrupts;
mod vectors;

use bare_metal::check::Report;
use bare_metal::gic;

bare_metal::entry!(main);

fn main(dtb: u64) {
    let mut report = Report::default();
    report.add("start-state", start::start_state(dtb));
    gic::init();
    for checks in [
        loads::CHECKS,
        stores::CHECKS,
        forms::CHECKS,
        aborts::CHECKS,
        interrupts::CHECKS,
        software_interrupts::CHECKS,
        waiting_interrupts::CHECKS,
        timer::CHECKS,
        sleep::CHECKS,
        uart::CHECKS,
        firmware::CHECKS,
        kept::CHECKS,
        system_registers::CHECKS,
        vectors::CHECKS,
        byte_order::CHECKS,
        aarch32::CHECKS,
    ] {
        report.run(checks);
    }
    report.close();
}
