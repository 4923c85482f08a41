//! Measures exits from inside: one line `BENCH name nanoseconds` for each kind of work.
//!
//! Under `qemu -icount shift=0` an instruction takes one nanosecond, so that the figures are
//! instructions, the guest's own included: a loop of 3 around an access, of 4 around a call.
#![no_std]
#![no_main]
#![expect(unsafe_code, reason = "the measured instructions are inline assembly")]

mod exits;
mod idle;
mod interrupts;
mod mark;

use bare_metal::{gic, println, read_system, timer};

bare_metal::entry!(main);

fn main(dtb: u64) {
    println!("BENCH-INFO counter {}", read_system!("cntfrq_el0"));
    gic::init();
    let place =
        bare_metal::argument::number(dtb, b"bench.address=").unwrap_or(exits::DEFAULT_PLACE);
    exits::run(place);
    interrupts::run();
    idle::run();
    println!("BENCH-END");
}

/// Prints one figure: `ticks` of the counter for `times` runs.
fn report(name: &str, ticks: u64, times: u64) {
    let frequency = read_system!("cntfrq_el0");
    // Rounded, and wide enough for an hour of ticks.
    let nanoseconds = u128::from(ticks) * 1_000_000_000 / u128::from(frequency);
    let each = (nanoseconds + u128::from(times / 2)) / u128::from(times);
    println!("BENCH {name} {each}");
}

/// The counter, read when everything before is done.
fn now() -> u64 {
    bare_metal::instruction!("isb");
    timer::now()
}
