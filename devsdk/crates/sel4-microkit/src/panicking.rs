//! The end of a protection domain: it prints why and executes a breakpoint, which is a fault.

#![allow(unsafe_code, reason = "the breakpoint instruction")]

use core::arch::asm;
use core::fmt;
use core::panic::{Location, PanicInfo};

use crate::debug_println;
use crate::pd_name;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    debug_println!("{}: {}", pd_name().unwrap_or("?"), info);
    trap()
}

#[track_caller]
pub(crate) fn abort(reason: fmt::Arguments<'_>) -> ! {
    let location = Location::caller();
    debug_println!("aborted at {location}:\n{reason}");
    trap()
}

fn trap() -> ! {
    // SAFETY: an exception that this program cannot handle; the kernel stops it here.
    unsafe { asm!("brk #1", options(noreturn, nostack)) }
}
