//! The end of a protection domain: it prints why and executes a breakpoint, which is a fault.

#![allow(unsafe_code, reason = "the breakpoint instruction")]

use core::fmt;
use core::panic::Location;
#[cfg(target_os = "none")]
use core::panic::PanicInfo;

use crate::debug_println;
#[cfg(target_os = "none")]
use crate::pd_name;

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    debug_println!("{}: {}\n(aborted)", pd_name().unwrap_or("?"), info);
    trap()
}

#[track_caller]
pub(crate) fn abort(reason: fmt::Arguments<'_>) -> ! {
    let location = Location::caller();
    debug_println!("aborted at {location}:\n{reason}");
    trap()
}

#[cfg(target_arch = "aarch64")]
fn trap() -> ! {
    // SAFETY: an exception that this program cannot handle; the kernel stops it here.
    unsafe { core::arch::asm!("brk #1", options(noreturn, nostack)) }
}

/// For tests on the host.
#[cfg(not(target_arch = "aarch64"))]
fn trap() -> ! {
    extern crate std;
    std::process::abort()
}
