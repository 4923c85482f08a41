//! Synchronous exits: device accesses and firmware calls, many in a row.

use bare_metal::exception::catch;
use bare_metal::firmware::{Conduit, call, function};
use bare_metal::gic::{GICD, register};
use bare_metal::println;

use crate::mark::profiled;
use crate::{now, report};

/// The priorities of SPIs 60 to 63, which no device uses: read and written without side effect.
pub(crate) const DEFAULT_PLACE: u64 = GICD + register::IPRIORITYR + 60;

const TIMES: u64 = 1000;

/// Runs one instruction TIMES times, with `{place}` an address, and reports it.
macro_rules! measure {
    ($name:literal, $place:expr, $($text:literal),+) => {{
        let ticks = profiled($name, TIMES, || {
            let begin = now();
            // SAFETY: an access to a device register without side effect, or a firmware call that
            // changes x0 to x3 at most. What is changed is declared.
            unsafe {
                core::arch::asm!(
                    "2:", $($text,)+ "subs {left}, {left}, #1", "b.ne 2b",
                    "/* {place} */",
                    left = inout(reg) TIMES => _, place = in(reg) $place,
                    inout("x0") 0_u64 => _, out("x1") _, out("x2") _, inout("x3") 0_u64 => _,
                    in("x7") 0_u64, inout("x20") 0_u64 => _, options(nostack)
                );
            }
            now() - begin
        });
        report($name, ticks, TIMES);
    }};
}

/// Reports the reads and writes of `place`, and the calls.
pub(crate) fn run(place: u64) {
    println!("BENCH-INFO address {place:#x}");
    measure!("nothing", place, "nop");
    measure!("mmio-read-w0", place, "ldr w0, [{place}]");
    measure!("mmio-read-w3", place, "ldr w3, [{place}]");
    measure!("mmio-read-w20", place, "ldr w20, [{place}]");
    measure!("mmio-read-wzr", place, "ldr wzr, [{place}]");
    measure!("mmio-write-w0", place, "str w0, [{place}]");
    measure!("mmio-write-w20", place, "str w20, [{place}]");
    measure!("mmio-write-wzr", place, "str wzr, [{place}]");
    if is_there(Conduit::Smc) {
        measure!(
            "psci-version-smc",
            place,
            "movz w0, #0x8400, lsl #16",
            "smc #0"
        );
    }
    if is_there(Conduit::Hvc) {
        measure!(
            "psci-version-hvc",
            place,
            "movz w0, #0x8400, lsl #16",
            "hvc #0"
        );
    }
}

fn is_there(conduit: Conduit) -> bool {
    let (_, caught) = catch(|| call(conduit, function::VERSION, [0; 3]));
    caught.is_none()
}
